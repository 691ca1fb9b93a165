# protocols/mcp/direct_call_rows.py -- the rows that a direct call leaves: a run, its log, two messages.
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import (
    CTE,
    Select,
    Table,
    Uuid,
    bindparam,
    func,
    insert,
    literal,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel, col

import access
from access import ANY_CALLER, Caller
from clock import utc_now
from db import Database, Transaction
from identity.api_tokens import ApiGrant
from models import Conversation, Event, Message, Run, RunEvent
from models.columns import UTCDateTime
from models.message import MessagePublic
from models.recorded_call import RecordedCall, pick_call, pick_outcome
from models.run import MCP_SOURCE, RunPublic, derive_answer_id
from models.shapes import JsonObject
from services import messages, run_log, runs

MAX_TRIGGER_CHARACTERS = 200


# The columns of a new row, of many types, hence Any. An object of the ORM costs more than the call itself.
Values = dict[str, Any]
# Of each row the columns that the statement computes, by their names, of many types too.
ComputedRows = dict[str, dict[str, Any]]
# An event of the run log: its type and its data.
LogEntry = tuple[str, JsonObject]


@dataclass(frozen=True, slots=True)
class RunRows:
    """All rows of the run; `seq` of both messages is set when they are stored."""

    run: Values
    trigger: Values
    answer: Values | None
    log: list[LogEntry]


def fill_defaults(table: type[SQLModel], values: Values) -> Values:
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in table.model_fields.items()
        if name not in values
    }
    return {**defaults, **values}


def preview_message(message: Values) -> MessagePublic:
    """The message as streams get it."""
    return messages.to_public_message(SimpleNamespace(**message), None)


def build_finished_rows(
    grant: ApiGrant,
    conversation_id: UUID,
    run_id: UUID,
    line: str,
    made: RecordedCall,
    client_id: str | None = None,
) -> RunRows:
    """The rows of a finished call; `line` is the content of the program's message."""
    begun = build_pending_rows(grant, conversation_id, run_id, line, made, client_id)
    run, moment = begun.run, begun.run["created_at"]
    run |= {"status": "completed", "finished_at": moment}
    answer = fill_defaults(
        Message,
        {
            "id": derive_answer_id(run_id),
            "conversation_id": conversation_id,
            "user_id": grant.caller.user_id,
            "role": "agent",
            "content": "",
            "tool_calls": [made],
            "created_at": moment,
            "seq": 0,
            "run_id": run["id"],
        },
    )
    outcome = pick_outcome(made)
    lines: list[LogEntry] = [
        ("tool.result", {"step": 0, "id": made["id"], "name": made["name"], **outcome}),
        (ANSWER_EVENT, {"message": preview_message(answer)}),
        ("run.completed", {"status": "completed", "message_id": str(answer["id"]), "error": None}),
    ]
    return RunRows(run, begun.trigger, answer, [*begun.log, *lines])


def build_pending_rows(
    grant: ApiGrant,
    conversation_id: UUID,
    run_id: UUID,
    line: str,
    call: RecordedCall,
    client_id: str | None = None,
    moment: datetime | None = None,
) -> RunRows:
    """The rows of a call without a result. The program sends the message in the name of its user.

    `moment` is the database's time, because another worker may continue the run.
    """
    moment, caller = moment or utc_now(), grant.caller
    shared: Values = {"conversation_id": conversation_id, "user_id": caller.user_id, "created_at": moment}
    begun = {"id": run_id, "trigger_seq": 0, "status": "running", "started_at": moment}
    # An agent's record of its own calls stands under its name.
    agent = {"agent_id": caller.user_id, "agent_key": caller.user_id} if caller.is_agent else {}
    run = fill_defaults(Run, {**shared, **begun, **agent})
    if len(line) > MAX_TRIGGER_CHARACTERS:
        line = line[: MAX_TRIGGER_CHARACTERS - 1] + "…"
    said = {"role": "user", "content": line, "seq": 0, "client_id": client_id, "run_id": run["id"]}
    program = {"program_id": caller.token_id, "program_name": grant.title}
    trigger = fill_defaults(Message, {**shared, **said, **program})
    where = {"conversation_id": str(conversation_id), "user_message_id": str(trigger["id"])}
    sender = {"id": caller.token_id and str(caller.token_id), "name": grant.title}
    lines: list[LogEntry] = [
        ("run.started", {**where, "source": MCP_SOURCE, "program": sender}),
        ("tool.call", {"step": 0, **pick_call(call)}),
    ]
    return RunRows(run, trigger, None, lines)


def drop_details(record: RunRows) -> RunRows:
    """The rows without the details of the log, as of a run whose details were deleted."""
    run = {**record.run, "details_deleted_at": record.run["finished_at"]}
    return replace(record, run=run, log=[line for line in record.log if line[0] not in run_log.DETAIL_EVENTS])


async def insert_rows(
    tx: Transaction, caller: Caller, conversation: Conversation, record: RunRows, seq: int
) -> Run:
    """Insert the rows. The conversation must be locked, and `seq` must be its next number."""
    run = Run(**{**record.run, "trigger_seq": seq})
    said = [
        Message(**{**row, "seq": number})
        for number, row in enumerate((record.trigger, record.answer), seq)
        if row is not None
    ]
    conversation.updated_at = run.created_at
    lines = [
        RunEvent(run_id=run.id, seq=number, type=type_, data=to_jsonable_python(data))
        for number, (type_, data) in enumerate(record.log, 1)
    ]
    for rows in ([run], said, lines):
        for row in rows:
            access.add_row(tx, caller, row)
        await tx.flush()
    for message in said:
        await messages.record_message_created(tx, caller, message)
    if record.answer is not None:
        await runs.record_run_change(tx, caller, run, "run.completed")
    return run


async def insert_rows_at_once(db: Database, caller: Caller, record: RunRows) -> bool:
    """Insert the rows in one statement of PostgreSQL, which saves ten round trips.

    The statement reads the next numbers from its own snapshot. It stores nothing and the result is False if another
    call of the conversation takes the numbers first, or if the conversation is deleted.
    """
    assert record.answer is not None
    values = {
        **access.caller_params(caller),
        "conversation_id": record.run["conversation_id"],
        "moment": record.run["created_at"],
    }
    for name, row in (("run", record.run), ("trigger", record.trigger), ("answer", record.answer)):
        values |= {f"{name}_{column}": to_driver_value(value) for column, value in row.items()}
    for number, (type_, data) in enumerate(record.log, 1):
        values |= {f"line{number}_type": type_, name_data_parameter(number, type_): to_json(data).decode()}
    for name, (type_, data) in build_stream_events(record).items():
        values |= {f"{name}_type": type_, f"{name}_data": to_json(data).decode()}
    values["expires_at"] = db.find_expiry()
    types = tuple(type_ for type_, _ in record.log)
    return await db.execute_write(build_insert(types), values | {"answered_type": "message.created"})


# What the database gives a new event itself, or what a change does not have.
EVENT_DEFAULTS = frozenset({"id", "event_id", "severity", "sender_id", "recipient_id", "account_id"})
# The events of the user stream: the program's message, the agent's message and the end of the run.
STREAM_EVENTS = ("asked", "answered", "ended")
# `message.completed` (run) and `message.created` (user stream) carry the same JSON: it is sent once and used twice.
ANSWER_EVENT = "message.completed"


def name_data_parameter(number: int, type_: str) -> str:
    """The bind parameter that holds the data of this event."""
    return "answered_data" if type_ == ANSWER_EVENT else f"line{number}_data"


def build_stream_events(record: RunRows) -> dict[str, LogEntry]:
    """The events of STREAM_EVENTS except the agent's message."""
    names = RunPublic.model_fields.keys() - {"pending_approvals", "cost", *runs.SHARED_FIELDS}
    ended = RunPublic(pending_approvals=[], cost=None, **{name: record.run[name] for name in names})
    return {
        "asked": ("message.created", {"message": preview_message(record.trigger)}),
        "ended": ("run.completed", {"run": ended}),
    }


def to_driver_value(value: object) -> object:
    """Lists and dicts as JSON text, as the driver expects them."""
    return to_json(value).decode() if isinstance(value, (dict, list)) else value


@cache
def build_insert(lines: tuple[str, ...]) -> Select[UUID]:
    """One INSERT for all rows; `lines` are the types of the events of the run log."""
    opened = (
        update(Conversation)
        .where(
            access.visible_condition(ANY_CALLER, Conversation),
            col(Conversation.id) == bindparam("conversation_id"),
        )
        .values(updated_at=bindparam("moment"))
        .returning(col(Conversation.id))
        .cte("opened")
    )
    # `opened` carries the access rule. With the rule here too, or with max(), PostgreSQL would read all messages of
    # the conversation.
    opened_id = bindparam("conversation_id", type_=Uuid())
    said = select(col(Message.seq)).where(access.child_condition(Message, opened_id))
    newest = said.order_by(col(Message.seq).desc()).limit(1).scalar_subquery()
    last = select(func.coalesce(newest, 0).label("seq")).cte("last")
    run = insert_from_select(Run, opened, last, {"run": {"trigger_seq": last.c.seq + 1}})
    pair = insert_from_select(
        Message, opened, last, {"trigger": {"seq": last.c.seq + 1}, "answer": {"seq": last.c.seq + 2}}
    )
    shared = {
        "run_id": bindparam("run_id", type_=Uuid()),
        "created_at": bindparam("moment", type_=UTCDateTime()),
    }
    numbered = {
        f"line{number}": {
            **shared,
            "seq": literal(number),
            "data": bindparam(name_data_parameter(number, type_), type_=JSONB()),
        }
        for number, type_ in enumerate(lines, 1)
    }
    log = insert_from_select(RunEvent, opened, last, numbered)
    return select(opened.c.id).add_cte(
        run, pair, log, insert_from_select(Event, opened, last, build_event_rows())
    )


def build_event_rows() -> ComputedRows:
    """The events of STREAM_EVENTS."""
    shared = {
        "audience": literal("user"),
        "audience_id": ANY_CALLER.user_id,
        "created_at": bindparam("moment", type_=UTCDateTime()),
        "expires_at": bindparam("expires_at", type_=UTCDateTime()),
    }
    payloads = {name: bindparam(f"{name}_data", type_=JSONB()) for name in STREAM_EVENTS}
    return {name: {**shared, "payload": payload} for name, payload in payloads.items()}


def insert_from_select(table: type[SQLModel], opened: CTE, last: CTE, rows: ComputedRows) -> CTE:
    """An INSERT of the named rows, with the given expressions or else bind parameters `{row}_{column}` as values."""
    into: Table = table.__table__  # type: ignore[attr-defined]
    left_out = EVENT_DEFAULTS if table is Event else frozenset()
    given = [column for column in into.columns if column.name not in left_out]
    owner, _ = access.OWNERS[table]
    selected = []
    for name, computed in rows.items():
        values: Values = {
            column.name: bindparam(f"{name}_{column.name}", type_=column.type) for column in given
        }
        values |= computed
        values[owner] = access.owner_value(ANY_CALLER, table, values[owner])
        selected.append(select(*values.values()).select_from(opened.join(last, true())))
    source = selected[0] if len(selected) == 1 else union_all(*selected)
    return insert(table).from_select([column.name for column in given], source).cte(f"new_{into.name}")
