# agent/direct_call_rows.py -- the rows that a tool call without a model leaves: a run, its log and its two messages.
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import (
    CTE,
    BigInteger,
    Select,
    Table,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    literal,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel, col

import access
from access import ANY_CALLER, Caller
from db import Database, Transaction
from models import Conversation, Event, Message, Run, RunEvent
from models.columns import UTCDateTime, now
from models.message import MessagePublic
from models.run import RunPublic
from services import messages, runs
from services.identity.api_tokens import Grant

LONGEST_LINE = 200
# What `run.started` names as the source of such a run: its calls are made, and no model is asked.
MCP = "mcp"


# The columns of a row that is new: an object of the ORM costs more than to make the call.
Row = dict[str, Any]
# A line of the log: its type and what it says.
Line = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Record:
    """All rows but for their place in the conversation: the trigger's seq, and the answer's after it."""

    run: Row
    trigger: Row
    answer: Row | None
    log: list[Line]


def new_row(table: type[SQLModel], values: Row) -> Row:
    defaults = {
        name: field.get_default(call_default_factory=True)
        for name, field in table.model_fields.items()
        if name not in values
    }
    return {**defaults, **values}


def public(message: Row) -> MessagePublic:
    """As open pages are told of it."""
    return messages.public(SimpleNamespace(Message=SimpleNamespace(**message), display_name=None))


def make_record(
    grant: Grant, conversation_id: UUID, line: str, made: dict[str, Any], client_id: str | None = None
) -> Record:
    """Of a call that was made; `line` stands where a person's message would."""
    begun = begin_record(grant, conversation_id, line, made, client_id)
    run, moment = begun.run, begun.run["created_at"]
    run |= {"status": "completed", "finished_at": moment}
    answer = new_row(
        Message,
        {
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
    outcome = {key: made[key] for key in ("result", "error", "started_at", "finished_at")}
    lines: list[Line] = [
        ("tool.result", {"step": 0, "id": made["id"], "name": made["name"], **outcome}),
        (SAID, {"message": public(answer)}),
        ("run.completed", {"status": "completed", "message_id": str(answer["id"]), "error": None}),
    ]
    return Record(run, begun.trigger, answer, [*begun.log, *lines])


def begin_record(
    grant: Grant,
    conversation_id: UUID,
    line: str,
    call: dict[str, Any],
    client_id: str | None = None,
    moment: datetime | None = None,
) -> Record:
    """Of a call that is still to be made. The message is the program's; its person is answerable for it.

    `moment` is by the database's clock, for a run that goes on elsewhere.
    """
    moment, caller = moment or now(), grant.caller
    shared: Row = {"conversation_id": conversation_id, "user_id": caller.user_id, "created_at": moment}
    run = new_row(Run, {**shared, "trigger_seq": 0, "status": "running", "started_at": moment})
    if len(line) > LONGEST_LINE:
        line = line[: LONGEST_LINE - 1] + "…"
    said = {"role": "user", "content": line, "seq": 0, "client_id": client_id, "run_id": run["id"]}
    program = {"program_id": caller.token_id, "program_name": grant.title}
    trigger = new_row(Message, {**shared, **said, **program})
    where = {"conversation_id": str(conversation_id), "user_message_id": str(trigger["id"])}
    sender = {"id": caller.token_id and str(caller.token_id), "name": grant.title}
    asked = {key: call[key] for key in ("id", "name", "arguments")}
    lines: list[Line] = [
        ("run.started", {**where, "source": MCP, "program": sender}),
        ("tool.call", {"step": 0, **asked}),
    ]
    return Record(run, trigger, None, lines)


def without_details(record: Record) -> Record:
    """The record of a call that changed nothing: from the start as every run's is once its details are deleted."""
    run = {**record.run, "details_deleted_at": record.run["finished_at"]}
    return replace(record, run=run, log=[line for line in record.log if line[0] not in runs.DETAILS])


async def store_record(
    tx: Transaction, caller: Caller, conversation: Conversation, record: Record, seq: int
) -> Run:
    """The conversation is locked, and `seq` its next number."""
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
        tx.add_all(rows)
        await tx.flush()
    for message in said:
        await messages.tell(tx, caller, message)
    if record.answer is not None:
        await runs.tell(tx, caller, run, "run.completed")
    return run


async def store_at_once(db: Database, caller: Caller, record: Record) -> bool:
    """The same in one statement, on PostgreSQL: ten fewer ways to the database and back.

    The numbers are those that it sees as it begins. Where another call of the same conversation takes them first,
    or the conversation is gone, nothing is stored and the answer is False.
    """
    assert record.answer is not None
    values = {
        **access.caller_params(caller),
        "conversation_id": record.run["conversation_id"],
        "moment": record.run["created_at"],
    }
    for name, row in (("run", record.run), ("trigger", record.trigger), ("answer", record.answer)):
        values |= {f"{name}_{column}": sent(value) for column, value in row.items()}
    for number, (type_, data) in enumerate(record.log, 1):
        values |= {f"line{number}_type": type_, data_name(number, type_): to_json(data).decode()}
    for name, (type_, data) in told(record).items():
        values |= {f"{name}_type": type_, f"{name}_data": to_json(data).decode()}
    types = tuple(type_ for type_, _ in record.log)
    return await db.execute_write(
        statement(types), values | {"answered_type": "message.created"}, caller.user_id
    )


# What open pages are told of such a record: the question, the answer and the end of the run.
TOLD = ("asked", "answered", "ended")
# The line of the log that says of the answer what open pages are told of it: it is sent and read once for both.
SAID = "message.completed"


def data_name(number: int, type_: str) -> str:
    """The parameter that holds what a line says."""
    return "answered_data" if type_ == SAID else f"line{number}_data"


def told(record: Record) -> dict[str, Line]:
    """All of TOLD but the answer."""
    names = RunPublic.model_fields.keys() - {"pending_approvals"}
    ended = RunPublic(pending_approvals=[], **{name: record.run[name] for name in names})
    return {
        "asked": ("message.created", {"message": public(record.trigger)}),
        "ended": ("run.completed", {"run": ended}),
    }


def sent(value: Any) -> Any:
    """As the driver takes it."""
    return to_json(value).decode() if isinstance(value, (dict, list)) else value


@cache
def statement(lines: tuple[str, ...]) -> Select[Any]:
    """`lines` are the types of the lines of the log."""
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
    # Nothing comes of it unless the conversation was opened; with the rule of access here as well, and as max(),
    # PostgreSQL would count the whole conversation through.
    said = select(col(Message.seq)).where(col(Message.conversation_id) == bindparam("conversation_id"))
    newest = said.order_by(col(Message.seq).desc()).limit(1).scalar_subquery()
    last = select(func.coalesce(newest, 0).label("seq")).cte("last")
    run = added(Run, opened, last, {"run": {"trigger_seq": last.c.seq + 1}})
    pair = added(
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
            "data": bindparam(data_name(number, type_), type_=JSONB()),
        }
        for number, type_ in enumerate(lines, 1)
    }
    log = added(RunEvent, opened, last, numbered)
    return select(opened.c.id).add_cte(run, pair, log, added(Event, opened, last, events_told()))


def events_told() -> dict[str, dict[str, Any]]:
    """The events of TOLD, not numbered yet."""
    shared = {
        "user_id": bindparam("caller_user_id", type_=Uuid()),
        "seq": cast(null(), BigInteger),
        "created_at": bindparam("moment", type_=UTCDateTime()),
    }
    return dict.fromkeys(TOLD, shared)


def added(table: type[SQLModel], opened: CTE, last: CTE, rows: dict[str, dict[str, Any]]) -> CTE:
    """Rows whose values are bind parameters by the row's name, but for those that are computed."""
    into: Table = table.__table__  # type: ignore[attr-defined]
    given = [column for column in into.columns if column.autoincrement is not True]
    selected = [
        select(
            *(
                computed.get(column.name, bindparam(f"{name}_{column.name}", type_=column.type))
                for column in given
            )
        ).select_from(opened.join(last, true()))
        for name, computed in rows.items()
    ]
    source = selected[0] if len(selected) == 1 else union_all(*selected)
    return insert(table).from_select([column.name for column in given], source).cte(f"new_{into.name}")
