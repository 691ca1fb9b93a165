# assistant/record.py -- the rows that a tool call without a model leaves: a run, its log and its two messages.
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from pydantic_core import to_json, to_jsonable_python
from sqlalchemy import (
    ARRAY,
    CTE,
    BigInteger,
    Select,
    Table,
    Text,
    Uuid,
    bindparam,
    cast,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    true,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import SQLModel, col

import access
from access import ANYONE, Caller
from db import Database, Transaction
from models import Conversation, Event, Message, Run, RunEvent, User
from models.columns import UTCDateTime, now
from models.run import RunPublic
from services import messages, runs

LONGEST_LINE = 200
# What `run.started` names as the source of such a run: its calls are made, and no model is asked.
MCP = "mcp"


# A line of the log: its type and what it says.
Line = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Record:
    """All rows but for their place in the conversation: the trigger's seq, and the answer's after it."""

    run: Run
    trigger: Message
    answer: Message | None
    log: list[Line]


class Spoken(NamedTuple):
    """What `messages.public` reads."""

    Message: Message
    display_name: str | None


def make_record(
    caller: Caller, conversation_id: UUID, line: str, made: dict[str, Any], client_id: str | None = None
) -> Record:
    """Of a call that was made; `line` stands where a person's message would."""
    begun = begin_record(caller, conversation_id, line, made, client_id)
    run, moment = begun.run, begun.run.created_at
    run.status, run.finished_at = "completed", moment
    answer = Message(
        conversation_id=conversation_id,
        user_id=caller.user_id,
        role="agent",
        content="",
        tool_calls=[made],
        created_at=moment,
        seq=0,
        run_id=run.id,
    )
    said = messages.public(Spoken(answer, None))
    outcome = {key: made[key] for key in ("result", "error", "started_at", "finished_at")}
    lines: list[Line] = [
        ("tool.result", {"step": 0, "id": made["id"], "name": made["name"], **outcome}),
        ("message.completed", {"message": said}),
        ("run.completed", {"status": "completed", "message_id": str(answer.id), "error": None}),
    ]
    return Record(run, begun.trigger, answer, [*begun.log, *lines])


def begin_record(
    caller: Caller, conversation_id: UUID, line: str, call: dict[str, Any], client_id: str | None = None
) -> Record:
    """Of a call that is still to be made."""
    moment = now()
    shared: dict[str, Any] = {
        "conversation_id": conversation_id,
        "user_id": caller.user_id,
        "created_at": moment,
    }
    run = Run(**shared, trigger_seq=0, status="running", started_at=moment)
    if len(line) > LONGEST_LINE:
        line = line[: LONGEST_LINE - 1] + "…"
    trigger = Message(**shared, role="user", content=line, seq=0, client_id=client_id, run_id=run.id)
    where = {"conversation_id": str(conversation_id), "user_message_id": str(trigger.id)}
    asked = {key: call[key] for key in ("id", "name", "arguments")}
    lines: list[Line] = [("run.started", {**where, "source": MCP}), ("tool.call", {"step": 0, **asked})]
    return Record(run, trigger, None, lines)


async def store_record(
    tx: Transaction, caller: Caller, conversation: Conversation, record: Record, seq: int
) -> None:
    """The conversation is locked, and `seq` its next number."""
    record.run.trigger_seq = record.trigger.seq = seq
    said = [record.trigger]
    if record.answer is not None:
        record.answer.seq = seq + 1
        said.append(record.answer)
    conversation.updated_at = record.run.created_at
    lines = [
        RunEvent(run_id=record.run.id, seq=number, type=type_, data=to_jsonable_python(data))
        for number, (type_, data) in enumerate(record.log, 1)
    ]
    for rows in ([record.run], said, lines):
        tx.add_all(rows)
        await tx.flush()
    for message in said:
        await messages.tell(tx, caller, message)
    if record.answer is not None:
        await runs.tell(tx, caller, record.run, "run.completed")


async def store_at_once(db: Database, caller: Caller, record: Record) -> bool:
    """The same in one statement, on PostgreSQL: ten fewer ways to the database and back.

    The numbers are those that it sees as it begins. Where another call of the same conversation takes them first,
    or the conversation is gone, nothing is stored and the answer is False.
    """
    values = {
        **access.values(caller),
        "conversation_id": record.run.conversation_id,
        "moment": record.run.created_at,
    }
    for name, row in (("run", record.run), ("trigger", record.trigger), ("answer", record.answer)):
        assert row is not None
        values |= {f"{name}_{column}": sent(value) for column, value in vars(row).items()}
    for number, (type_, data) in enumerate(record.log, 1):
        values |= {f"line{number}_type": type_, f"line{number}_data": to_json(data).decode()}
    for name, (type_, data) in zip(TOLD, told(record), strict=True):
        values |= {f"{name}_type": type_, f"{name}_data": to_json(data).decode()}
    return await db.store(statement(len(record.log)), values, caller.user_id)


# What open pages are told of such a record: the question, whose sender's name only the database knows, the answer
# and the end of the run.
TOLD = ("asked", "answered", "ended")


def told(record: Record) -> list[Line]:
    assert record.answer is not None
    names = RunPublic.model_fields.keys() - {"pending_approvals"}
    shown = RunPublic(pending_approvals=[], **{name: getattr(record.run, name) for name in names})
    return [
        *(
            ("message.created", {"message": messages.public(Spoken(message, None))})
            for message in (record.trigger, record.answer)
        ),
        ("run.completed", {"run": shown}),
    ]


def sent(value: Any) -> Any:
    """As the driver takes it."""
    return to_json(value).decode() if isinstance(value, (dict, list)) else value


@cache
def statement(lines: int) -> Select[Any]:
    opened = (
        update(Conversation)
        .where(access.visible(ANYONE, Conversation), col(Conversation.id) == bindparam("conversation_id"))
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
    numbered = {f"line{number}": {**shared, "seq": literal(number)} for number in range(1, lines + 1)}
    log = added(RunEvent, opened, last, numbered)
    return select(opened.c.id).add_cte(run, pair, log, added(Event, opened, last, events_told()))


def events_told() -> dict[str, dict[str, Any]]:
    """The events of TOLD, not numbered yet."""
    shared = {
        "user_id": bindparam("caller_user_id", type_=Uuid()),
        "seq": cast(null(), BigInteger),
        "created_at": bindparam("moment", type_=UTCDateTime()),
    }
    name = access.select(ANYONE, User, func.to_jsonb(col(User.display_name))).scalar_subquery()
    asked = func.jsonb_set(
        bindparam("asked_data", type_=JSONB()),
        cast(literal_column("'{message,sender,name}'"), ARRAY(Text)),
        func.coalesce(name, cast(literal_column("'null'"), JSONB())),
    )
    return {name: {**shared, **({"data": asked} if name == "asked" else {})} for name in TOLD}


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
