# events/writing.py -- writes events, alone or with the rows that they tell of; on PostgreSQL in one statement.
import json
from collections.abc import Iterable
from datetime import datetime
from functools import cache

from sqlalchemy import JSON, ColumnElement, Insert, Text, bindparam, cast, insert
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel

from clock import utc_now
from db import DEFERRED_EVENTS, DEFERRED_ROWS, EVENT_RETENTION, HAS_EVENTS, Database, Transaction, get_columns
from models import Event
from models.columns import build_row
from models.event import NewEvent
from storage.row_session import admit_row, require_admission
from storage.rule_check import OwnerValue

EVENT_FIELDS = ("audience", "audience_id", "type", "payload", "created_at", "expires_at")


async def insert_with_event(db: Database, event: NewEvent, *rows: SQLModel) -> None:
    """Store new rows, each of another table, and their event; all are committed when this returns.

    PostgreSQL takes all in one statement.
    """
    if not db.is_postgresql:
        return await db.write(add_rows_with_event, event, *rows)
    for row in rows:
        require_admission(row)
    values = {**dump_rows(*rows), **dump_event(event, db.find_expiry())}
    await db.execute_insert(insert_statement(*map(type, rows)), values)


async def add_events(tx: Transaction, events: Iterable[NewEvent], *beside: SQLModel) -> list[int]:
    """Write events, which `Database.notify_log` tells of once the transaction is committed; their ids, in this order.

    All of them take as many statements as one; new rows of one table `beside` them one more. Where they are deferred
    there are no ids.
    """
    deferred: list[NewEvent] | None = tx.info.get(DEFERRED_EVENTS)
    if deferred is not None:
        deferred.extend(events)
        tx.info[DEFERRED_ROWS].extend(beside)
        return []
    tx.add_all(beside)
    expires_at = utc_now() + tx.info[EVENT_RETENTION]
    rows = [
        build_row(
            Event,
            audience=event.audience.kind,
            audience_id=event.audience.id,
            type=event.type,
            payload=json.loads(event.json()),
            expires_at=expires_at,
            event_id=event.event_id,
        )
        for event in events
    ]
    if rows:
        await add_event_rows(tx, *rows)
    return [row.id for row in rows if row.id is not None]


async def add_event_rows(tx: Transaction, *rows: Event) -> None:
    for row in rows:
        admit_row(row)  # an event is addressed: whoever tells of a change decides whom
    tx.add_all(rows)
    await tx.flush()
    tx.info[HAS_EVENTS] = True


async def add_rows_with_event(tx: Transaction, event: NewEvent, *rows: SQLModel) -> None:
    tx.add_all(rows)
    await tx.flush()
    await add_events(tx, [event])


async def add_row_beside_event(tx: Transaction, event: NewEvent, row: SQLModel) -> None:
    """The same for one row in a transaction, which PostgreSQL takes in one statement with the event."""
    if DEFERRED_EVENTS in tx.info or tx.get_bind().dialect.name != "postgresql":
        await add_events(tx, [event], row)
        return
    require_admission(row)
    values = {**dump_rows(row), **dump_event(event, utc_now() + tx.info[EVENT_RETENTION])}
    await tx.execute(insert_statement(type(row)), values)
    tx.info[HAS_EVENTS] = True


@cache
def insert_statement(*tables: type[SQLModel]) -> Insert:
    """One INSERT statement for a row of each table, which was admitted, and their event."""
    first, *others = map(insert_row, tables)
    return add_event_statement(first.add_cte(*(other.cte() for other in others)))


def insert_row(table: type[SQLModel]) -> Insert:
    """The INSERT of a row that belongs to a user, with the values that `dump_rows` gives."""
    into = table.metadata.tables[str(table.__tablename__)]
    row: dict[str, ColumnElement[object]] = {
        name: cast(bindparam(parameter, type_=Text()), JSONB)
        if isinstance(into.columns[name].type, JSON)  # JSON already
        else bindparam(parameter, type_=into.columns[name].type)
        for name, parameter in list_parameters(table)
    }
    owners = {"user_id": OwnerValue(row["user_id"], into.columns["user_id"])}
    return insert(into).values({**row, **owners})


@cache
def add_row_statement(statement: Insert, table: type[SQLModel]) -> Insert:
    """The statement of PostgreSQL with a row beside it, whose values `dump_rows` gives."""
    return statement.add_cte(insert_row(table).cte())


@cache
def add_event_statement(statement: Insert) -> Insert:
    """The statement of PostgreSQL with an event beside it, whose values `dump_event` gives."""
    event = {name: bindparam(f"event_{name}", type_=get_columns(Event)[name].type) for name in EVENT_FIELDS}
    addressee = {"audience_id": OwnerValue(event["audience_id"], get_columns(Event)["audience_id"])}
    # JSON already.
    payload = {"payload": cast(bindparam("event_payload", type_=Text()), JSONB)}
    return statement.add_cte(insert(Event).values({**event, **addressee, **payload}).cte("event"))


def dump_event(event: NewEvent, expires_at: datetime) -> dict[str, object]:
    return {
        "event_audience": event.audience.kind,
        "event_audience_id": event.audience.id,
        "event_type": event.type,
        "event_payload": event.json(),
        "event_created_at": utc_now(),
        "event_expires_at": expires_at,
    }


def dump_rows(*rows: SQLModel) -> dict[str, object]:
    """The bind parameters of `insert_statement`."""
    values: dict[str, object] = {}
    for row in rows:
        fields = vars(row)
        for name, parameter in list_parameters(type(row)):
            value = fields[name]
            values[parameter] = json.dumps(value) if isinstance(value, dict | list) else value
    return values


@cache
def list_parameters(table: type[SQLModel]) -> list[tuple[str, str]]:
    """Of a table the columns of a new row, and the bind parameter of each."""
    into = table.metadata.tables[str(table.__tablename__)]
    columns = [column.name for column in into.columns if column is not into.autoincrement_column]
    return [(name, f"{into.name}_{name}") for name in columns]
