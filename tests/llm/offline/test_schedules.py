# test_schedules.py -- when a task is due, repeats and is told of: from words to the fields of tools, and back in words
import datetime as dt

import pytest

from dates import DateMention, find_date
from llm.offline.schedules.repetition_words import describe_repetition
from llm.offline.schedules.schedule import (
    NO_DUE,
    Schedule,
    move_schedule,
    plan_change,
    plan_schedule,
    read_schedule,
    split_due,
)
from llm.offline.schedules.schedule_words import describe_due, describe_further
from llm.offline.sentences.sentence import LANGUAGES
from llm.offline.sentences.speaker import Speaker

NOW = dt.datetime(2026, 11, 22, 9, 43, tzinfo=dt.UTC)  # a Sunday
FRIDAY = dt.date(2026, 11, 27)
EIGHT = dt.time(8)


def read(text: str) -> DateMention:
    found = find_date(text, NOW, dt.UTC)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("text", "day", "time", "repeats"),
    [
        ("tuesday", "2026-11-24", EIGHT, "FREQ=MONTHLY"),
        ("at 5pm", "2026-11-27", dt.time(17), "FREQ=MONTHLY"),
        ("every week", "2026-11-27", EIGHT, "FREQ=WEEKLY"),
        ("every friday", "2026-11-27", EIGHT, "FREQ=WEEKLY;BYDAY=FR"),
        ("every monday at 9am", "2026-11-23", dt.time(9), "FREQ=WEEKLY;BYDAY=MO"),
        ("on the 27th of every month", "2026-11-27", EIGHT, "FREQ=MONTHLY;BYMONTHDAY=27"),
        ("every week starting tuesday", "2026-11-24", EIGHT, "FREQ=WEEKLY"),
    ],
)
def test_what_is_not_said_stays(text: str, day: str, time: dt.time, repeats: str) -> None:
    """A rule that names the day on which the task is due begins with it."""
    before = Schedule(FRIDAY, EIGHT, "FREQ=MONTHLY")
    assert move_schedule(before, read(text)) == Schedule(dt.date.fromisoformat(day), time, repeats)


def test_a_reminder_stays_as_far_before_the_due_date_and_goes_with_it() -> None:
    zone = "America/New_York"  # where 13:00 is 8 o'clock
    before = Schedule(FRIDAY, EIGHT, None, dt.datetime(2026, 11, 27, 12, 30, tzinfo=dt.UTC), zone)
    after = move_schedule(before, read("at 5pm"))
    assert plan_change(before, after, NOW) == {
        "due_at": "2026-11-27T17:00:00",
        "reminder_at": "2026-11-27T16:30:00",
    }
    day_before = Schedule(FRIDAY, None, None, dt.datetime(2026, 11, 26, 9, tzinfo=dt.UTC))
    for text, due in (
        ("tuesday", {"due_on": "2026-11-24"}),
        ("tuesday 5pm", {"due_at": "2026-11-24T17:00:00"}),
    ):
        changed = plan_change(day_before, move_schedule(day_before, read(text)), NOW)
        assert changed == due | {"reminder_at": "2026-11-23T09:00:00"}
    assert plan_change(before, Schedule(), NOW) == NO_DUE | {"reminder_at": None}
    assert plan_change(before, before, NOW) == {"due_at": "2026-11-27T08:00:00"}


def test_the_fields_of_a_task_are_read_on_its_clock_and_written_again() -> None:
    task = {
        "due_at": "2026-11-27T13:00:00.000000Z",
        "due_timezone": "America/New_York",
        "repeats": "FREQ=DAILY",
        "reminder_at": "2026-11-27T12:30:00.000000Z",
    }
    schedule = read_schedule(task)
    assert (schedule.day, schedule.time) == (FRIDAY, EIGHT)
    assert plan_schedule(schedule) == task | {
        "due_at": "2026-11-27T08:00:00",
        "reminder_at": "2026-11-27T12:30:00+00:00",
    }
    assert read_schedule({"due_on": "2026-11-27"}) == Schedule(FRIDAY)
    for strange in (
        {"due_at": "soon"},
        {"due_on": "Friday"},
        {"due_at": task["due_at"], "due_timezone": "Mars"},
    ):
        assert read_schedule(strange) == Schedule()


def test_the_due_part_comes_apart_from_the_note() -> None:
    due = Schedule(FRIDAY, dt.time(17))
    assert split_due("2 litres. Due Friday 27 November 2026, 17:00 ") == ("2 litres.", due)
    assert split_due("Due Friday 27 November 2026, evening") == ("", Schedule(FRIDAY, dt.time(19)))
    for other in ("Due to rain", "", "Due Friday 27 November 2026 or so", "Due Friday 31 November 2026"):
        assert split_due(other) == (other, Schedule())


# In English, German, French and Spanish.
RULES = {
    "FREQ=HOURLY;INTERVAL=2": ("every 2 hours", "alle 2 Stunden", "toutes les 2 heures", "cada 2 horas"),
    "FREQ=DAILY": ("every day", "jeden Tag", "chaque jour", "cada día"),
    "FREQ=DAILY;COUNT=3": (
        "every day, 3 times", "jeden Tag, noch 3-mal", "chaque jour, encore 3 fois", "cada día, 3 veces",
    ),
    "FREQ=WEEKLY;BYDAY=MO,FR": (
        "every Monday and Friday", "jeden Montag und Freitag", "chaque lundi et vendredi", "cada lunes y viernes",
    ),
    "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR": (
        "every weekday", "jeden Werktag", "du lundi au vendredi", "de lunes a viernes",
    ),
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;UNTIL=20270630": (
        "every 2 weeks on Tuesday until Wednesday 30 June 2027",
        "am Dienstag, alle 2 Wochen bis Mittwoch, 30. Juni 2027",
        "toutes les 2 semaines, le mardi jusqu'au mercredi 30 juin 2027",
        "cada 2 semanas, el martes hasta el miércoles 30 de junio de 2027",
    ),
    "FREQ=MONTHLY;BYMONTHDAY=1,15": (
        "every month on the 1st and the 15th", "am 1. und am 15., jeden Monat", "chaque mois, le 1er et le 15",
        "cada mes, el día 1 y el día 15",
    ),
    "FREQ=MONTHLY;BYMONTHDAY=-1": (
        "every month on the last day", "am letzten Tag, jeden Monat", "chaque mois, le dernier jour",
        "cada mes, el último día",
    ),
    "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1": (
        "every month on the 30th", "am 30., jeden Monat", "chaque mois, le 30", "cada mes, el día 30",
    ),
    "FREQ=MONTHLY;INTERVAL=3;BYDAY=1MO": (
        "every 3 months on the first Monday", "am ersten Montag, alle 3 Monate", "tous les 3 mois, le premier lundi",
        "cada 3 meses, el primer lunes",
    ),
    "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25": (
        "every year on 25 December", "am 25. Dezember, jedes Jahr", "chaque année, le 25 décembre",
        "cada año, el 25 de diciembre",
    ),
    "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH": (
        "every year on the fourth Thursday of November", "am vierten Donnerstag im November, jedes Jahr",
        "chaque année, le quatrième jeudi de novembre", "cada año, el cuarto jueves de noviembre",
    ),
    "FREQ=YEARLY;BYYEARDAY=100": ("repeats", "wiederholt sich", "se répète", "se repite"),
    "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=2": ("repeats", "wiederholt sich", "se répète", "se repite"),
    "FREQ=DAILY;BYMONTH=1,2": ("repeats", "wiederholt sich", "se répète", "se repite"),
    "every day": ("repeats", "wiederholt sich", "se répète", "se repite"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_said_in_plain_words(rule: str) -> None:
    said = tuple(describe_repetition(rule, Speaker(language, NOW)) for language in LANGUAGES)
    assert said == RULES[rule]


def test_a_reminder_is_said_as_far_as_it_differs_from_the_due_date() -> None:
    speaker = Speaker("en", NOW)
    told = {}
    for name, reminder in {"same": (27, 8), "that day": (27, 7), "before": (26, 18), "past": (22, 9)}.items():
        schedule = Schedule(FRIDAY, EIGHT, None, dt.datetime(2026, 11, *reminder, tzinfo=dt.UTC))
        assert describe_due(schedule, speaker) == "Friday 27 November, 08:00"
        told[name] = describe_further(schedule, speaker)
    assert told == {
        "same": ["with a reminder"],
        "that day": ["reminder at 07:00"],
        "before": ["reminder Thursday 26 November, 18:00"],
        "past": [],
    }
    assert describe_due(Schedule(), speaker) == ""
