# test_clock.py -- one clock: who reads the time of this machine, and how JSON shows it.
import ast
import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from clock import rfc3339, utc_now
from support.clock import pass_time
from support.source import MODULES, parse_module

READS_TIME = re.compile(r"\bdatetime\.(now|utcnow|today)$|\bdate\.today$|^time\.time$")


@pytest.mark.busy
def test_only_the_clock_reads_the_time_of_this_machine() -> None:
    readers = {
        module
        for module in MODULES
        for node in ast.walk(parse_module(module))
        if isinstance(node, ast.Attribute) and READS_TIME.search(ast.unparse(node))
    }
    assert readers == {"clock.py"}


def test_time_that_passes_passes_for_every_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    before = utc_now()
    pass_time(monkeypatch, days=2)
    assert timedelta(days=2) <= utc_now() - before < timedelta(days=2, minutes=1)


def test_a_time_in_json_is_utc_with_six_digits() -> None:
    berlin = timezone(timedelta(hours=2))
    assert rfc3339(datetime(2026, 5, 1, 0, 30, tzinfo=berlin)) == "2026-04-30T22:30:00.000000Z"
    assert rfc3339(datetime(2026, 5, 1, 0, 30, 0, 123, tzinfo=UTC)) == "2026-05-01T00:30:00.000123Z"
