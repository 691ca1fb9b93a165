# test_dates.py -- dates and times in English: which words are one, and which day they mean where
import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.offline.parsing.dates import find_date, format_due, join_due, parse_due_day, split_due

SUNDAY = dt.datetime(2026, 11, 22, 9, 43, tzinfo=dt.UTC)
UTC = ZoneInfo("UTC")


def read(text: str, now: dt.datetime = SUNDAY, zone: str = "UTC") -> tuple[str, str] | None:
    """The words of the date and what they mean."""
    when = find_date(text, now, ZoneInfo(zone))
    return (text[when.start : when.end], format_due(when).removeprefix("Due ")) if when else None


@pytest.mark.parametrize(
    ("text", "words", "meaning"),
    [
        ("buy milk today", "today", "Sunday 22 November 2026"),
        ("dinner tonight", "tonight", "Sunday 22 November 2026, evening"),
        ("dinner tonight at 8", "tonight at 8", "Sunday 22 November 2026, 20:00"),
        ("party tonight at midnight", "tonight at midnight", "Monday 23 November 2026, 00:00"),
        ("call mom tomorrow", "tomorrow", "Monday 23 November 2026"),
        ("call mom tomorrow morning", "tomorrow morning", "Monday 23 November 2026, morning"),
        ("call mom tomorrow morning at 6", "tomorrow morning at 6", "Monday 23 November 2026, 06:00"),
        (
            "call at 9 in the evening tomorrow",
            "at 9 in the evening tomorrow",
            "Monday 23 November 2026, 21:00",
        ),
        ("the day after tomorrow", "the day after tomorrow", "Tuesday 24 November 2026"),
        ("pay rent on Friday", "on Friday", "Friday 27 November 2026"),
        ("pay rent by fri", "by fri", "Friday 27 November 2026"),
        ("pay rent no later than Friday", "no later than Friday", "Friday 27 November 2026"),
        ("meet Friday, 17:30", "Friday, 17:30", "Friday 27 November 2026, 17:30"),
        ("meet at 17:30 on friday", "at 17:30 on friday", "Friday 27 November 2026, 17:30"),
        ("see you Monday morning", "Monday morning", "Monday 23 November 2026, morning"),
        ("Friday: call mom", "Friday", "Friday 27 November 2026"),
        ("buy newspaper Sunday", "Sunday", "Sunday 29 November 2026"),
        ("call this Sunday", "this Sunday", "Sunday 22 November 2026"),
        ("call Sunday at 5pm", "Sunday at 5pm", "Sunday 22 November 2026, 17:00"),
        ("call Sunday at 8am", "Sunday at 8am", "Sunday 29 November 2026, 08:00"),
        ("call next Tuesday", "next Tuesday", "Tuesday 24 November 2026"),
        ("call next Sunday", "next Sunday", "Sunday 29 November 2026"),
        ("party this weekend", "this weekend", "Sunday 22 November 2026"),
        ("party next weekend", "next weekend", "Saturday 28 November 2026"),
        ("call next week", "next week", "Monday 23 November 2026"),
        ("call next month", "next month", "Tuesday 1 December 2026"),
        ("pay by the end of the month", "by the end of the month", "Monday 30 November 2026"),
        ("ready by end of the week", "by end of the week", "Friday 27 November 2026"),
        ("ready by eod", "by eod", "Sunday 22 November 2026"),
        ("pay in 3 days", "in 3 days", "Wednesday 25 November 2026"),
        ("pay in two weeks", "in two weeks", "Sunday 6 December 2026"),
        ("pay in a month", "in a month", "Tuesday 22 December 2026"),
        ("3 days from now", "3 days from now", "Wednesday 25 November 2026"),
        ("cake out in 2 hours", "in 2 hours", "Sunday 22 November 2026, 11:43"),
        ("cake out in half an hour", "in half an hour", "Sunday 22 November 2026, 10:13"),
        ("pay by June 3rd 5pm", "by June 3rd 5pm", "Thursday 3 June 2027, 17:00"),
        ("exam June 3", "June 3", "Thursday 3 June 2027"),
        ("exam on 3 June", "on 3 June", "Thursday 3 June 2027"),
        ("exam on the 3rd of June 2028", "on the 3rd of June 2028", "Saturday 3 June 2028"),
        ("party on Feb 29", "on Feb 29", "Tuesday 29 February 2028"),
        ("rent on the 3rd", "on the 3rd", "Thursday 3 December 2026"),
        ("fly on 2026-12-01", "on 2026-12-01", "Tuesday 1 December 2026"),
        ("call Bob at 5", "at 5", "Sunday 22 November 2026, 17:00"),
        ("call Bob at 9am", "at 9am", "Monday 23 November 2026, 09:00"),
        ("lunch at noon", "at noon", "Sunday 22 November 2026, 12:00"),
    ],
)
def test_a_date_is_found_and_understood(text: str, words: str, meaning: str) -> None:
    assert read(text) == (words, meaning)


@pytest.mark.parametrize(
    "text",
    [
        "buy Sunday newspaper",
        "Sunday newspaper",
        "call May",
        "march in the parade",
        "fix sat nav",
        "get some sun",
        "pay bill 3/6",
        "water plants every Monday",
        "watch Black Friday",
        "the Friday meeting",
        "tomorrow's paper",
        "Monday's game",
        "look at 5 apartments",
        "catch 5pm train",
        "fix light on the 3rd floor",
        "meeting 5-6pm",
        "meeting 5pm-6pm",
        "standup every day at 9am",
        "next week's menu",
        "what we did last Friday",
        "on 2020-01-01",
        "on 3 June 2026",
        "on Wednesday 3 June 2026",
        "today at 8am",
        "on 2026-13-40",
        "on June 31",
        "at 25:00",
        "in 999999 days",
        "buy 2 eggs",
        "",
        "at",
        "by the",
    ],
)
def test_what_is_no_date_to_come_is_left_alone(text: str) -> None:
    assert read(text) is None


@pytest.mark.parametrize(
    ("now", "zone", "meaning"),
    [
        ("2026-11-22T23:30+00:00", "Asia/Tokyo", "Tuesday 24 November 2026"),
        ("2026-11-22T23:30+00:00", "UTC", "Monday 23 November 2026"),
        ("2026-11-23T03:00+00:00", "America/Los_Angeles", "Monday 23 November 2026"),
        ("2026-12-31T22:30+00:00", "Europe/Berlin", "Friday 1 January 2027"),
        ("2026-12-31T23:30+00:00", "Europe/Berlin", "Saturday 2 January 2027"),
        ("2026-12-30T10:30+00:00", "Pacific/Kiritimati", "Friday 1 January 2027"),
        ("2028-02-28T12:00+00:00", "UTC", "Tuesday 29 February 2028"),
    ],
)
def test_tomorrow_is_that_of_the_zone(now: str, zone: str, meaning: str) -> None:
    assert read("call tomorrow", dt.datetime.fromisoformat(now), zone) == ("tomorrow", meaning)


def test_hours_are_real_ones_when_the_clocks_change() -> None:
    before_spring = dt.datetime(2026, 3, 29, 0, 30, tzinfo=dt.UTC)  # 01:30 in Berlin, where 02:00 is 03:00
    assert read("in 1 hour", before_spring, "Europe/Berlin") == ("in 1 hour", "Sunday 29 March 2026, 03:30")
    before_autumn = dt.datetime(2026, 11, 1, 5, 30, tzinfo=dt.UTC)  # 01:30 in New York, the first time
    assert read("in 1 hour", before_autumn, "America/New_York") == (
        "in 1 hour",
        "Sunday 1 November 2026, 01:30",
    )


def test_a_year_ends_and_a_month_is_short() -> None:
    new_years_eve = dt.datetime(2026, 12, 31, 12, 0, tzinfo=dt.UTC)
    assert read("on January 1", new_years_eve) == ("on January 1", "Friday 1 January 2027")
    assert read("on December 31", new_years_eve) == ("on December 31", "Thursday 31 December 2026")
    assert read("end of the year", new_years_eve) == ("end of the year", "Thursday 31 December 2026")
    assert read("next month", new_years_eve) == ("next month", "Friday 1 January 2027")
    last_of_january = dt.datetime(2027, 1, 31, 12, 0, tzinfo=dt.UTC)
    assert read("in a month", last_of_january) == ("in a month", "Sunday 28 February 2027")
    assert read("on the 31st", last_of_january) == ("on the 31st", "Sunday 31 January 2027")


def test_a_clock_time_alone_keeps_the_day_that_was_due() -> None:
    when = find_date("at 5pm", SUNDAY, UTC)
    assert when
    assert format_due(when, "Due Friday 27 November 2026, morning") == "Due Friday 27 November 2026, 17:00"


def test_the_due_part_comes_apart_from_the_note_and_together_again() -> None:
    description = "2 litres. Due Friday 27 November 2026, 17:00"
    assert split_due(description) == ("2 litres.", "Due Friday 27 November 2026, 17:00")
    assert join_due("2 litres", "Due Friday 27 November 2026, 17:00") == description
    assert parse_due_day(description) == dt.date(2026, 11, 27)
    for other in ("Due to rain", "", "Due Friday 27 November 2026 or so"):
        assert split_due(other) == (other, "")
        assert parse_due_day(other) is None


def test_at_the_end_of_time_there_is_no_date() -> None:
    end = dt.datetime(9999, 12, 31, 12, 0, tzinfo=dt.UTC)
    for text in ("tomorrow", "next week", "in 999 years", "in 99 hours", "next month", "on Friday", "at 5am"):
        assert read(text, end) is None


ZONES = st.sampled_from(
    ["UTC", "Asia/Tokyo", "America/St_Johns", "Pacific/Kiritimati", "Europe/Berlin", "Asia/Kolkata"]
)
PHRASES = st.sampled_from(
    "today|tonight|tomorrow|on friday|next monday|this weekend|in 3 days|in 2 hours|at 5pm|at noon|by june 3|"
    "june 3 2020|on the 31st|end of the month|on 2026-12-01|every|the|buy milk|morning|at 7|mon|, |3/6".split(
        "|"
    )
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(PHRASES, max_size=5).map(" ".join) | st.text(max_size=60),
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
        if when.time and "hours" not in text:
            assert dt.datetime.combine(when.date, when.time) > local.replace(tzinfo=None)
        assert split_due(f"note. {format_due(when)}") == ("note.", format_due(when))
