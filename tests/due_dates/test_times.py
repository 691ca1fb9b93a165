# test_times.py -- days and clock times as moments.
from datetime import UTC, date, datetime

from due_dates.times import NEVER, Due, is_shown, to_moment

BERLIN = "Europe/Berlin"


def test_something_is_overdue_after_its_moment_or_its_day() -> None:
    moment = datetime(2026, 6, 3, 15, tzinfo=UTC)
    assert Due(None, moment, BERLIN).by == moment
    assert Due(date(2026, 6, 3), None, BERLIN).by == datetime(2026, 6, 3, 22, tzinfo=UTC)
    assert Due(date(2026, 6, 3), None, "America/New_York").by == datetime(2026, 6, 4, 4, tzinfo=UTC)
    assert Due(None, None, BERLIN).by == NEVER


def test_a_clock_that_is_put_back_means_the_first_time_and_one_put_forward_an_hour_later() -> None:
    assert to_moment(datetime(2026, 10, 25, 2, 30), BERLIN) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert to_moment(datetime(2026, 3, 29, 2, 30), BERLIN) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    assert is_shown(datetime(2026, 10, 25, 2, 30), BERLIN)
    assert not is_shown(datetime(2026, 3, 29, 2, 30), BERLIN)
