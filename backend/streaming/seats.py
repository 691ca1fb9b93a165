# streaming/seats.py -- which users of a worker's open streams see the events of which audience, as the log says it.
"""A user's own events in the log say where their right to see begins and ends (MEMBERSHIP_TYPES). Who reads the log in
its order changes the seats with them, so that somebody who was removed stops at that event on every worker, whenever
the worker comes to it.
"""

import json
from collections.abc import Iterator, Sequence
from uuid import UUID

from events.changes import StreamEvent
from events.seats import Seat, open_account_seat, open_conversation_seat
from models.event import Audience

OPENING_TYPES = frozenset({"member.added", "conversation.created"})
CLOSING_TYPES = frozenset(
    {"member.removed", "account.deleted", "agent.deleted", "participant.removed", "conversation.deleted"}
)
MEMBERSHIP_TYPES = OPENING_TYPES | CLOSING_TYPES


class Seats:
    """The seats of the users that are known here, by user and by audience."""

    def __init__(self) -> None:
        self._of_users: dict[UUID, dict[Audience, Seat]] = {}
        # After which event a user sees the events of an audience.
        self._of_audiences: dict[Audience, dict[UUID, int]] = {}

    def knows(self, user_id: UUID) -> bool:
        return user_id in self._of_users

    def set_all(self, user_id: UUID, seats: Sequence[Seat]) -> None:
        """All seats of the user, whatever was known before."""
        self.forget(user_id)
        self._of_users[user_id] = {}
        for seat in seats:
            self._open(user_id, seat)

    def forget(self, user_id: UUID) -> None:
        for audience in self._of_users.pop(user_id, {}):
            self._remove(audience, user_id)

    def follow(self, user_id: UUID, event_id: int, event: StreamEvent) -> bool:
        """Change the user's seats as an event of theirs says; whether one was opened."""
        if event.type not in MEMBERSHIP_TYPES or user_id not in self._of_users:
            return False
        payload = json.loads(event.data)
        if event.type in OPENING_TYPES:
            seat = read_opened_seat(event.type, payload, event_id)
            if seat is not None:
                self._open(user_id, seat)
            return seat is not None
        for audience in self._list_closed(user_id, payload):
            del self._of_users[user_id][audience]
            self._remove(audience, user_id)
        return False

    def find_users(self, audience: Audience, event_id: int) -> Iterator[UUID]:
        """Those who see an event of the audience."""
        for user_id, after in self._of_audiences.get(audience, {}).items():
            if event_id > after:
                yield user_id

    def list_users(self, audience: Audience) -> list[UUID]:
        """Those who see the events of the audience that are written now."""
        return list(self._of_audiences.get(audience, ()))

    def _list_closed(self, user_id: UUID, payload: dict[str, str]) -> list[Audience]:
        """The seat in a conversation, or the one in an account with all that are in its conversations."""
        own = self._of_users[user_id]
        if "account_id" in payload:
            account_id = UUID(payload["account_id"])
            return [audience for audience, seat in own.items() if seat.account_id == account_id]
        audience = Audience("conversation", UUID(payload["conversation_id"]))
        return [audience] if audience in own else []

    def _open(self, user_id: UUID, seat: Seat) -> None:
        self._of_users[user_id][seat.audience] = seat
        self._of_audiences.setdefault(seat.audience, {})[user_id] = seat.after_event_id

    def _remove(self, audience: Audience, user_id: UUID) -> None:
        del self._of_audiences[audience][user_id]
        if not self._of_audiences[audience]:
            del self._of_audiences[audience]


# JSON objects of two events of ours.
def read_opened_seat(type_: str, payload: dict[str, dict[str, str]], event_id: int) -> Seat | None:
    """None for a conversation with an agent, which is one person's own."""
    if type_ == "member.added":
        return open_account_seat(UUID(payload["account"]["id"]), event_id)
    conversation = payload["conversation"]
    if conversation["kind"] == "assistant":
        return None
    return open_conversation_seat(UUID(conversation["id"]), UUID(conversation["account_id"]), event_id)
