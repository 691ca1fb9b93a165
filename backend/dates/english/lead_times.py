# dates/english/lead_times.py -- how long before something an English text wants a reminder: "an hour before"
import datetime as dt

from dates.english.numbers import parse_span
from dates.english.words import Words, split_words
from dates.mention import MAX_LEAD_DAYS, LeadTime

_THE = {"hour": dt.timedelta(hours=1), "day": dt.timedelta(days=1), "week": dt.timedelta(weeks=1)}
_ENDS = (
    *(("ahead", "of", "time"), ("ahead", "of"), ("in", "advance", "of"), ("in", "advance"), ("prior", "to")),
    *(("before",), ("beforehand",), ("ahead",), ("earlier",), ("early",), ("prior",)),
)


def find_lead_time(text: str) -> LeadTime | None:
    """The first "an hour before", "30 minutes ahead of time" or "the day before"; None where there is none."""
    words = split_words(text, dt.datetime.min, "", None)
    for i in range(len(words.tokens)):
        if found := _read_length(words, i):
            before, j = found
            if end := next((end for ending in _ENDS if (end := words.read(j, *ending))), 0):
                return LeadTime(words.tokens[i].start, words.tokens[end - 1].end, before)
    return None


def _read_length(words: Words, i: int) -> tuple[dt.timedelta, int] | None:
    if words.word(i) == "the" and words.word(i + 1) in _THE:
        return _THE[words.word(i + 1)], i + 2
    found = parse_span(words, i)
    if found is None or found[0].months or found[0].work_days:
        return None
    days = found[0].days + found[0].minutes / 1440
    return (dt.timedelta(days=days), found[1]) if days <= MAX_LEAD_DAYS else None
