# services/events/seats.py -- the accounts whose events a caller sees, and from which event on.
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from db import Transaction
from models import AccountMember


@dataclass(frozen=True, slots=True)
class Seat:
    """A user's place among those who see the events of an account whose `id` is larger than `after_event_id`."""

    account_id: UUID
    after_event_id: int = 0


async def list_seats(tx: Transaction, caller: Caller) -> list[Seat]:
    """The caller's own. One statement."""
    columns = (col(AccountMember.account_id), col(AccountMember.joined_event_id))
    rows = await tx.execute(access.select_own_memberships(caller, *columns))
    return [Seat(account_id, after or 0) for account_id, after in rows]


def bind_seats(seats: list[Seat]) -> dict[str, object]:
    """The bind parameters of a statement that reads the events of so many accounts."""
    values: dict[str, object] = {}
    for number, seat in enumerate(seats):
        values |= {f"account_{number}": seat.account_id, f"from_{number}": seat.after_event_id}
    return values
