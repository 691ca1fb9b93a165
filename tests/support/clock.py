# support/clock.py -- time that passes at once.
from datetime import UTC, datetime, timedelta

import pytest


def pass_time(monkeypatch: pytest.MonkeyPatch, **time_passed: float) -> None:
    """From here on `clock.utc_now` is ahead by so much; the databases' clocks are not."""
    monkeypatch.setattr("clock.read_system_clock", lambda: datetime.now(UTC) + timedelta(**time_passed))
