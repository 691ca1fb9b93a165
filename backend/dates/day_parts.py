# dates/day_parts.py -- at which time the parts of a day are: the morning, the evening.
import datetime as dt

# Nobody says when the evening is: a part of the day means its usual hour, as in other lists of tasks.
PART_TIMES = {
    "morning": dt.time(9),
    "noon": dt.time(12),
    "afternoon": dt.time(15),
    "evening": dt.time(19),
    "night": dt.time(21),
}


def choose_usual_time(part: str | None, date: dt.date, now: dt.datetime) -> dt.time | None:
    """The time of a part of the day on that date, unless it is past; `now` is of the same clock."""
    time = PART_TIMES.get(part or "")
    return time if time and (date > now.date() or time > now.time()) else None
