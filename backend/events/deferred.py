# events/deferred.py -- the events of a transaction, and rows beside them, kept for its last statement.
from collections.abc import Mapping

from sqlalchemy import Insert
from sqlmodel import SQLModel

from clock import utc_now
from db import DEFERRED_EVENTS, DEFERRED_ROWS, EVENT_RETENTION, HAS_EVENTS, Transaction
from events.writing import add_event_statement, add_events, add_row_statement, dump_event, dump_rows
from models.event import NewEvent


def defer_events(tx: Transaction) -> None:
    """Keep the events of this transaction until one of the others is called, which has to be."""
    tx.info[DEFERRED_EVENTS], tx.info[DEFERRED_ROWS] = [], []


async def write_deferred_events(tx: Transaction) -> None:
    await add_events(tx, tx.info.pop(DEFERRED_EVENTS, ()), *tx.info.pop(DEFERRED_ROWS, ()))


async def execute_with_events(tx: Transaction, statement: Insert, values: Mapping[str, object]) -> None:
    """Execute the cached statement of PostgreSQL, and write the events that were deferred with it."""
    events: list[NewEvent] = tx.info.pop(DEFERRED_EVENTS)
    rows: list[SQLModel] = tx.info.pop(DEFERRED_ROWS)
    await add_events(tx, events[:-1], *rows[:-1])
    for row in rows[-1:]:
        statement = add_row_statement(statement, type(row))
        values = {**values, **dump_rows(row)}
    for event in events[-1:]:
        statement = add_event_statement(statement)
        values = {**values, **dump_event(event, utc_now() + tx.info[EVENT_RETENTION])}
        tx.info[HAS_EVENTS] = True
    await tx.execute(statement, values)
