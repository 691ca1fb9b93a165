# streaming/seats.py -- which users of a worker's open streams see the events of which account, as the log says it.
"""A user's own events in the log say where their right to see begins and ends: `member.added`, `member.removed`,
`account.deleted` and, for an agent, `agent.deleted`. Who reads the log in its order changes the seats with them, so
that a removed member stops at that event on every worker, whenever the worker comes to it.
"""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from services.events.changes import StreamEvent
from services.events.seats import Seat

MEMBERSHIP_TYPES = frozenset({"member.added", "member.removed", "account.deleted", "agent.deleted"})


class Seats:
    """The seats of the users that are known here, by user and by account."""

    def __init__(self) -> None:
        self._of_users: dict[UUID, set[UUID]] = {}
        # By account and user: after which event the user sees the account's events.
        self._of_accounts: dict[UUID, dict[UUID, int]] = {}

    def knows(self, user_id: UUID) -> bool:
        return user_id in self._of_users

    def set_all(self, user_id: UUID, seats: Sequence[Seat]) -> None:
        """All seats of the user, whatever was known before."""
        self.forget(user_id)
        self._of_users[user_id] = set()
        for seat in seats:
            self._open(user_id, seat)

    def forget(self, user_id: UUID) -> None:
        for account_id in self._of_users.pop(user_id, ()):
            self._remove(account_id, user_id)

    def follow(self, user_id: UUID, event_id: int, event: StreamEvent) -> bool:
        """Change the user's seats as an event of theirs says; whether one was opened."""
        if event.type not in MEMBERSHIP_TYPES or user_id not in self._of_users:
            return False
        payload = json.loads(event.data)
        if event.type == "member.added":
            self._open(user_id, Seat(UUID(payload["account"]["id"]), event_id))
            return True
        account_id = UUID(payload["account_id"])
        if account_id in self._of_users[user_id]:
            self._of_users[user_id].discard(account_id)
            self._remove(account_id, user_id)
        return False

    def find_users(self, account_id: UUID, event_id: int) -> Iterator[UUID]:
        """Those who see an event of the account."""
        for user_id, after in self._of_accounts.get(account_id, {}).items():
            if event_id > after:
                yield user_id

    def _open(self, user_id: UUID, seat: Seat) -> None:
        self._of_users[user_id].add(seat.account_id)
        self._of_accounts.setdefault(seat.account_id, {})[user_id] = seat.after_event_id

    def _remove(self, account_id: UUID, user_id: UUID) -> None:
        del self._of_accounts[account_id][user_id]
        if not self._of_accounts[account_id]:
            del self._of_accounts[account_id]
