# events/seats.py -- the accounts and conversations whose events a caller sees, and from which event on.
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlmodel import col

import access
from access import ANY_CALLER, Caller, caller_params
from access.participation import own_places
from db import AnyRow, Database, Transaction, fetch_rows
from models import AccountMember, ConversationParticipant
from models.event import Audience


@dataclass(frozen=True, slots=True)
class Seat:
    """A user's place among those who see the events of an audience whose `id` is larger than `after_event_id`.

    A seat in a conversation goes with the one in its account.
    """

    audience: Audience
    account_id: UUID
    after_event_id: int = 0


def open_account_seat(account_id: UUID, after_event_id: int | None) -> Seat:
    return Seat(Audience("account", account_id), account_id, after_event_id or 0)


def open_conversation_seat(conversation_id: UUID, account_id: UUID, after_event_id: int | None) -> Seat:
    return Seat(Audience("conversation", conversation_id), account_id, after_event_id or 0)


# Built once: they are read for every list and page of events.
IN_ACCOUNTS = access.select_own_memberships(
    ANY_CALLER, col(AccountMember.account_id), col(AccountMember.joined_event_id)
)
IN_CONVERSATIONS = select(
    col(ConversationParticipant.conversation_id),
    col(ConversationParticipant.account_id),
    col(ConversationParticipant.joined_event_id),
).where(own_places(ANY_CALLER))


def open_account_seats(rows: Sequence[AnyRow]) -> list[Seat]:
    return [open_account_seat(*row) for row in rows]


async def list_account_seats(tx: Transaction, caller: Caller) -> list[Seat]:
    """The caller's own in accounts. One statement."""
    return open_account_seats(await fetch_rows(tx, IN_ACCOUNTS, caller_params(caller)))


async def fetch_account_seats(db: Database, caller: Caller) -> list[Seat]:
    """The same without a transaction, which would cost more than the statement."""
    return open_account_seats(await db.fetch_rows(IN_ACCOUNTS, caller_params(caller)))


async def list_seats(tx: Transaction, caller: Caller) -> list[Seat]:
    """All of the caller's own. Two statements."""
    places = await fetch_rows(tx, IN_CONVERSATIONS, caller_params(caller))
    return [*await list_account_seats(tx, caller), *(open_conversation_seat(*row) for row in places)]


def bind_seats(seats: list[Seat]) -> dict[str, object]:
    """The bind parameters of a statement that reads the events of so many accounts."""
    values: dict[str, object] = {}
    for number, seat in enumerate(seats):
        values |= {f"account_{number}": seat.account_id, f"from_{number}": seat.after_event_id}
    return values
