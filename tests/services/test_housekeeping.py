# test_housekeeping.py -- a worker deletes what has expired, without being asked.
import pytest
from sqlalchemy import text

from db import Transaction
from services import housekeeping
from support.servers import serving, settings_for, wait_until, with_database


def run(url: str, sql: str) -> list[str]:
    """The first column of the rows."""

    async def work(tx: Transaction) -> list[str]:
        answer = await tx.execute(text(sql))
        return [str(row[0]) for row in answer] if answer.returns_rows else []

    return with_database(url, lambda db: db.write(work))


def test_what_has_expired_is_deleted_when_a_worker_has_started(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, end in (("past", "2020-01-01"), ("future", "2999-01-01")):
        run(own_database_url, f"INSERT INTO rate_limits VALUES ('{name}', 1, '{end} 00:00:00.000000')")
    monkeypatch.setattr(housekeeping, "START_SECONDS", 0.0)
    with serving(settings_for(own_database_url)):
        wait_until(lambda: run(own_database_url, "SELECT * FROM rate_limits") == ["future"])
