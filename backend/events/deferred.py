# events/deferred.py -- the events of a transaction, kept for its last statement.
from collections.abc import Mapping

from sqlalchemy import Insert

from clock import utc_now
from db import (
    DEFERRED_EVENTS,
    EVENT_RETENTION,
    HAS_EVENTS,
    Transaction,
    add_event_statement,
    add_events,
    dump_event,
)
from models.event import NewEvent


def defer_events(tx: Transaction) -> None:
    """Keep the events of this transaction until one of the others is called, which has to be."""
    tx.info[DEFERRED_EVENTS] = []


async def write_deferred_events(tx: Transaction) -> None:
    await add_events(tx, tx.info.pop(DEFERRED_EVENTS, ()))


async def execute_with_events(tx: Transaction, statement: Insert, values: Mapping[str, object]) -> None:
    """Execute the cached statement of PostgreSQL, and write the events that were deferred with it."""
    events: list[NewEvent] = tx.info.pop(DEFERRED_EVENTS)
    await add_events(tx, events[:-1])
    for event in events[-1:]:
        statement = add_event_statement(statement)
        values = {**values, **dump_event(event, utc_now() + tx.info[EVENT_RETENTION])}
        tx.info[HAS_EVENTS] = True
    await tx.execute(statement, values)
