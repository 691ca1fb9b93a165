# services/conftest.py -- what several tests of services need.
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

import routes.accounts.accounts
import routes.accounts.agents
import routes.identity.me
from services.accounts import account_removal, user_removal


@pytest.fixture
def keep_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of accounts, agents and users that are deleted nothing is deleted before the test says so."""

    async def nobody(*_: Any) -> list[UUID]:
        return []

    monkeypatch.setattr(account_removal, "find_deleted_accounts", nobody)
    monkeypatch.setattr(user_removal, "find_deleted_users", nobody)
    for module in (routes.accounts.accounts, routes.accounts.agents, routes.identity.me):
        monkeypatch.setattr(module, "MAX_SLICES", 0)


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What a model waits for."""
    event = threading.Event()
    yield event
    event.set()
