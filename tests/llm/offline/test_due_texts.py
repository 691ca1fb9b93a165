# test_due_texts.py -- due dates as words in a description
import datetime as dt

from dates import DateMention
from llm.offline.parsing.due_texts import format_due, join_due, parse_due_day, split_due


def test_a_clock_time_alone_keeps_the_day_that_was_due() -> None:
    when = DateMention(0, 6, dt.date(2026, 11, 22), dt.time(17), has_day=False)
    assert format_due(when, "Due Friday 27 November 2026, morning") == "Due Friday 27 November 2026, 17:00"


def test_the_due_part_comes_apart_from_the_note_and_together_again() -> None:
    description = "2 litres. Due Friday 27 November 2026, 17:00"
    assert split_due(description) == ("2 litres.", "Due Friday 27 November 2026, 17:00")
    assert join_due("2 litres", "Due Friday 27 November 2026, 17:00") == description
    assert parse_due_day(description) == dt.date(2026, 11, 27)
    for other in ("Due to rain", "", "Due Friday 27 November 2026 or so"):
        assert split_due(other) == (other, "")
        assert parse_due_day(other) is None
