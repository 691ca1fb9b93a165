# test_english.py -- dates in English: which words are one, which day they mean where, and what is left alone
import datetime as dt
import re
import sys
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dates import DateMention, find_date
from dates.orders import find_numeric_order
from support.dates.phrases import PHRASES, none

WEDNESDAY = dt.datetime(2026, 11, 25, 10, 0, tzinfo=dt.UTC)
BEFORE = "water the ferns "


def describe_mention(when: DateMention) -> str:
    """ "2026-11-26 15:00 | FREQ=DAILY"."""
    at = f" {when.time:%H:%M}" if when.time else ""
    return f"{when.date}{at}" + (f" | {when.repeats}" if when.repeats else "")


def read(text: str, now: dt.datetime = WEDNESDAY, zone: str = "UTC") -> str | None:
    when = find_date(text, now, ZoneInfo(zone))
    return describe_mention(when) if when else None


@pytest.mark.parametrize(("phrase", "meaning"), PHRASES.items())
def test_a_phrase_is_understood_and_leaves_the_title_whole(phrase: str, meaning: str) -> None:
    when = find_date(BEFORE + phrase, WEDNESDAY, ZoneInfo("UTC"))
    assert when is not None
    assert describe_mention(when) == meaning
    assert (when.start, when.end) == (len(BEFORE), len(BEFORE + phrase))


@pytest.mark.parametrize("text", [*none.UNCLEAR, *none.UNCLEAR_REPETITIONS, *none.NAMES, *none.PAST])
def test_no_date_is_taken_where_none_is_certain(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("text", "words", "meaning"),
    [
        ("walk 30 minutes on friday", "on friday", "2026-11-27"),
        ("study 2 hours tomorrow", "tomorrow", "2026-11-26"),
        ("check every window tomorrow", "tomorrow", "2026-11-26"),
        ("review the weekly report tomorrow", "tomorrow", "2026-11-26"),
        ("send friday report on monday", "on monday", "2026-11-30"),
        ("have lunch tomorrow", "tomorrow", "2026-11-26"),
        ("call Ann tomorrow about the meeting on friday", "tomorrow", "2026-11-26"),
        ("call Ann friday about the lease", "friday", "2026-11-27"),
        ("call Ann (tomorrow)", "(tomorrow)", "2026-11-26"),
        ("rest from 3pm for 20 minutes", "from 3pm", "2026-11-25 15:00"),
        ("Friday: call Ann", "Friday", "2026-11-27"),
        ("every monday water the ferns", "every monday", "2026-11-30 | FREQ=WEEKLY;BYDAY=MO"),
        ("at 5pm call Ann", "at 5pm", "2026-11-25 17:00"),
        ('read "Friday Night" tomorrow', "tomorrow", "2026-11-26"),
        ("order the cake by friday, party on saturday", "by friday", "2026-11-27"),
    ],
)
def test_the_words_around_a_date_stay(text: str, words: str, meaning: str) -> None:
    when = find_date(text, WEDNESDAY, ZoneInfo("UTC"))
    assert when is not None
    assert (text[when.start : when.end], describe_mention(when)) == (words, meaning)


@pytest.mark.parametrize(
    ("text", "remark", "last"),
    [
        ("book a hotel from friday to sunday", "from friday to sunday", "2026-11-29"),
        ("book a hotel june 3-5", "june 3-5", "2027-06-05"),
        ("meet Ann tomorrow 2-4pm", "2-4pm", None),
        ("call next week", "", "2026-12-06"),
        ("call in december", "", "2026-12-31"),
        ("call this weekend", "", "2026-11-29"),
        ("call tomorrow", "", None),
    ],
)
def test_a_range_begins_with_its_date_and_keeps_its_words(text: str, remark: str, last: str | None) -> None:
    when = find_date(text, WEDNESDAY, ZoneInfo("UTC"))
    assert when is not None
    assert (when.remark, str(when.last_date) if when.last_date else None) == (remark, last)


@pytest.mark.parametrize(
    ("zone", "text", "meaning"),
    [
        ("America/New_York", "pay on 8/5", "2027-08-05"),
        ("America/New_York", "pay 8/5 at 5pm", "2027-08-05 17:00"),
        ("US/Pacific", "pay on 8/5/2030", "2030-08-05"),
        ("Europe/Berlin", "pay on 8/5 at 5pm", "2027-05-08 17:00"),
        ("Australia/Sydney", "pay on 8/5", "2027-05-08"),
        ("America/Mexico_City", "pay on 8/5", "2027-05-08"),
        ("Asia/Tokyo", "pay on 8/5", "2027-08-05"),
        ("America/Toronto", "pay on 8/5 at 5pm", None),
        ("Etc/UTC", "pay on 8/5 at 5pm", None),
        ("UTC", "pay on 25/8", "2027-08-25"),
        ("America/New_York", "pay on 25/8", "2027-08-25"),
        ("Europe/Berlin", "pay on 8/25", "2027-08-25"),
        ("UTC", "pay 8/8/2030", "2030-08-08"),
        ("Europe/Berlin", "pay 5.8.2030", "2030-08-05"),
        ("America/New_York", "pay 5.8.2030", None),
        ("America/New_York", "pay bill 3/6", None),
        ("America/New_York", "cook on thanksgiving", "2026-11-26"),
        ("America/Toronto", "cook on thanksgiving", "2027-10-11"),
        ("Europe/Berlin", "cook on thanksgiving", None),
        ("Europe/London", "cook on mother's day", "2027-03-07"),
        ("America/New_York", "cook on mother's day", "2027-05-09"),
        ("Europe/Berlin", "cook on easter", "2027-03-28"),
    ],
)
def test_numbers_and_holidays_are_those_of_the_zone(zone: str, text: str, meaning: str | None) -> None:
    assert read(text, zone=zone) == meaning


@pytest.mark.parametrize(
    ("language", "zone", "order"),
    [
        (None, "America/New_York", "month first"),
        ("en", "America/New_York", "month first"),
        ("en", "Europe/London", "day first"),
        ("en", "UTC", None),
        ("en-GB", "America/New_York", "day first"),  # a region decides, wherever its people are
        ("en-US", "Europe/Berlin", "month first"),
        ("en-CA", "Europe/Berlin", None),
        ("es-419", "UTC", "day first"),
        ("zh-Hant", "UTC", "month first"),
        ("de", "UTC", "day first"),
        ("de", "Europe/Berlin", "day first"),
        ("ja", "Asia/Tokyo", "month first"),
        ("de", "America/New_York", None),  # both are usual then
        ("fr", "America/Toronto", None),
        ("hu", "UTC", None),
    ],
)
def test_the_language_tells_the_order_of_day_and_month_where_the_zone_does_not(
    language: str | None, zone: str, order: str | None
) -> None:
    assert find_numeric_order(zone, language) == order


@pytest.mark.parametrize(
    ("now", "zone", "meaning"),
    [
        ("2026-11-22T23:30+00:00", "Asia/Tokyo", "2026-11-24"),
        ("2026-11-22T23:30+00:00", "UTC", "2026-11-23"),
        ("2026-11-23T03:00+00:00", "America/Los_Angeles", "2026-11-23"),
        ("2026-12-31T22:30+00:00", "Europe/Berlin", "2027-01-01"),
        ("2026-12-31T23:30+00:00", "Europe/Berlin", "2027-01-02"),
        ("2026-12-30T10:30+00:00", "Pacific/Kiritimati", "2027-01-01"),
        ("2028-02-28T12:00+00:00", "UTC", "2028-02-29"),
    ],
)
def test_tomorrow_is_that_of_the_zone(now: str, zone: str, meaning: str) -> None:
    assert read("call tomorrow", dt.datetime.fromisoformat(now), zone) == meaning


def test_hours_are_real_ones_when_the_clocks_change() -> None:
    before_spring = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)  # 01:30 in Berlin, where 02:00 is 03:00
    assert read("in 1 hour", before_spring, "Europe/Berlin") == "2026-03-29 03:30"
    before_autumn = dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)  # 01:30 in New York, the first time
    assert read("in 1 hour", before_autumn, "America/New_York") == "2026-11-01 01:30"


def test_a_year_ends_and_a_month_is_short() -> None:
    new_years_eve = dt.datetime(2026, 12, 31, 12, 0, tzinfo=dt.UTC)
    assert read("on January 1", new_years_eve) == "2027-01-01"
    assert read("on December 31", new_years_eve) == "2026-12-31"
    assert read("end of the year", new_years_eve) == "2026-12-31"
    assert read("next month", new_years_eve) == "2027-01-01"
    last_of_january = dt.datetime(2027, 1, 31, 12, 0, tzinfo=dt.UTC)
    assert read("in a month", last_of_january) == "2027-02-28"
    assert read("on the 31st", last_of_january) == "2027-01-31"
    assert read("pay on the 30th of every month", last_of_january) == (
        "2027-02-28 | FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1"
    )


def test_on_a_sunday_the_weekend_is_today_and_the_week_ends_on_the_next_friday() -> None:
    sunday = dt.datetime(2026, 11, 22, 9, 43, tzinfo=dt.UTC)
    assert read("party this weekend", sunday) == "2026-11-22"
    assert read("ready by end of the week", sunday) == "2026-11-27"
    assert read("call this Sunday", sunday) == "2026-11-22"
    assert read("call Sunday", sunday) == "2026-11-29"
    assert read("call Sunday at 5pm", sunday) == "2026-11-22 17:00"
    assert read("call Sunday at 8am", sunday) == "2026-11-29 08:00"
    assert read("call every Sunday", sunday) == "2026-11-22 | FREQ=WEEKLY;BYDAY=SU"
    assert read("call every Sunday at 8am", sunday) == "2026-11-29 08:00 | FREQ=WEEKLY;BYDAY=SU"


def test_a_clock_time_alone_has_no_day_of_its_own() -> None:
    when = find_date("at 5pm", WEDNESDAY, ZoneInfo("UTC"))
    assert when is not None
    assert not when.has_day


def test_a_date_after_the_years_that_tasks_take_is_none() -> None:
    assert read("open the vault in 973 years") == "2999-11-25"
    assert read("open the vault in 974 years") is None


def test_at_the_end_of_time_there_is_no_date() -> None:
    end = dt.datetime(9999, 12, 31, 12, 0, tzinfo=dt.UTC)
    for text in ("tomorrow", "next week", "in 999 years", "in 99 hours", "next month", "on Friday", "at 5am"):
        assert read(text, end) is None


PIECES = [
    "9", "every ", "1st ", "tomorrow ", "on ", "mon, ", "1st and ", "in 3 days ", "at 5 ", "3-", "5/", "3:15 ",
    "a week after ", "the day after ", "quarter past ", "may 5 ", "from ", "every day until ", "for 3 weeks ", "next ",
    "at at ", '"', "christmas ", "twenty ", "a couple of ", "in the ", "1h30", "three ", ", ", "friday to ", "x",
]  # fmt: skip


def count_function_calls(text: str) -> int:
    calls = 0

    def count(frame: object, event: str, arg: object) -> None:
        nonlocal calls
        calls += event == "call"

    sys.setprofile(count)
    try:
        find_date(text, WEDNESDAY, ZoneInfo("UTC"))
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("piece", PIECES)
def test_the_work_grows_no_faster_than_the_text(piece: str) -> None:
    half, whole = ((piece * 1000)[:length] for length in (480, 960))
    assert count_function_calls(whole) < 2.5 * count_function_calls(half) + 200
    assert count_function_calls(piece * 20_000) < 150_000


ZONES = st.sampled_from(
    ["UTC", "Asia/Tokyo", "America/St_Johns", "America/New_York", "Pacific/Kiritimati", "Europe/Berlin"]
)
WORDS = sorted({word for phrase in PHRASES for word in re.findall(r"\S+", phrase)} | {",", "and", "x", "5"})


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from([*PHRASES, *none.NAMES]), max_size=3).map(" ".join)
    | st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join)
    | st.text(max_size=60),
    st.datetimes(dt.datetime(1990, 1, 1), dt.datetime(2090, 1, 1), timezones=st.just(dt.UTC)),
    ZONES,
)
@pytest.mark.busy
def test_a_date_is_never_in_the_past(text: str, now: dt.datetime, zone: str) -> None:
    when = find_date(text, now, ZoneInfo(zone))
    if when:
        local = now.astimezone(ZoneInfo(zone))
        assert 0 <= when.start < when.end <= len(text)
        assert when.date >= local.date()
        if when.time and not re.search(r"\d[hm]|min|hour|hr|day", text):
            assert dt.datetime.combine(when.date, when.time) > local.replace(tzinfo=None)
        assert when.last_date is None or when.last_date >= when.date
