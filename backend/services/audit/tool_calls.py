# services/audit/tool_calls.py -- the caller's tool calls across all conversations, newest first.
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy import Integer, Select, Uuid, and_, bindparam, select
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from access.participation import readable_conversation
from access.runs import recorded_message
from clock import rfc3339
from db import AnyRow, AnySelect, Database, get_columns
from errors import Invalid
from models import Conversation, Message, Run, ToolCall
from models.columns import UTCDateTime
from pagination import Page, RowListSpec, encode_cursor, read_cursor
from storage.dialects import after_cursor
from storage.json_text import json_element

COLUMNS = get_columns(ToolCall)
CALLS = RowListSpec(
    name="tool-calls", keys=(COLUMNS["created_at"], COLUMNS["message_id"], COLUMNS["position"])
)
# All keys descend, on every engine: the indexes end with all three.
DIRECTIONS = [True] * len(CALLS.keys)


@dataclass(frozen=True, slots=True)
class CallFilter:
    """What the calls of a list have in common; `since` is the first moment, `before` the first one past the last."""

    name: str | None = None
    conversation_id: UUID | None = None
    run_id: UUID | None = None
    error: bool | None = None
    since: datetime | None = None
    before: datetime | None = None


ANSWER_OF_RUN = select(col(Message.id)).where(
    recorded_message(ANY_CALLER),
    col(Message.run_id) == bindparam("run_id", type_=Uuid()),
    col(Message.role) == "agent",
)
# The condition of each filter that has a value, which is a bind parameter. A run has one message with calls.
CONDITIONS = {
    "name": col(ToolCall.name) == bindparam("name"),
    "conversation_id": col(ToolCall.conversation_id) == bindparam("conversation_id", type_=Uuid()),
    "run_id": col(ToolCall.message_id) == ANSWER_OF_RUN.scalar_subquery(),
    "since": col(ToolCall.created_at) >= bindparam("since", type_=UTCDateTime()),
    "before": col(ToolCall.created_at) < bindparam("before", type_=UTCDateTime()),
}


async def list_tool_calls(db: Database, caller: Caller, wanted: CallFilter, page: Page) -> bytes:
    """The page as JSON; NotFound for a conversation or a run that the caller may not see."""
    if wanted.since is not None and wanted.before is not None and wanted.since > wanted.before:
        raise Invalid("`from` is after `to`.", ("query", "from"))
    if wanted.conversation_id is not None:
        await db.read(
            access.get_row, caller, Conversation, wanted.conversation_id, rule=readable_conversation
        )
    if wanted.run_id is not None:
        await db.read(access.get_row, caller, Run, wanted.run_id)
    bounds = read_cursor(CALLS, CALLS.name, page.cursor)
    filters = {name: getattr(wanted, name) for name in CONDITIONS if getattr(wanted, name) is not None}
    outcomes = (False, True) if wanted.error is None else (wanted.error,)
    statement = build_page(tuple(filters), outcomes, bounds is not None, db.engine.dialect.name)
    rows = await db.fetch_rows(
        statement,
        {**access.caller_params(caller), **filters, **(bounds or {}), "page_limit": page.limit + 1},
    )
    items = b",".join(show_call(row) for row in rows[: page.limit] if row[0] is not None)
    cursor = None
    if len(rows) > page.limit:
        cursor = encode_cursor(CALLS.name, tuple(rows[page.limit - 1])[-len(CALLS.keys) :])
    return b'{"data":[%b],"next_cursor":%b}' % (items, to_json(cursor))


@cache
def build_page(filters: tuple[str, ...], outcomes: tuple[bool, ...], after: bool, dialect: str) -> AnySelect:
    """One page: the call's JSON and where it is on record; the keys come last.

    Each outcome is looked up by itself, since an index has them apart: so a page reads the rows that it shows and no
    others, whatever it is filtered by. The messages are looked up for these rows alone. A row whose message may not be
    seen any more, as in a group that the caller has left, has no call, but its place: the next page goes on from there.
    """
    parts = [select_part(filters, failed, after, dialect).subquery().select() for failed in outcomes]
    found = parts[0].union_all(*parts[1:]).subquery("found")
    last = found.select().order_by(*(found.c[key.key].desc() for key in CALLS.keys))
    page = last.limit(bindparam("page_limit", type_=Integer())).subquery("page")
    call = json_element(col(Message.tool_calls), page.c.position)
    keys = [page.c[key.key] for key in CALLS.keys]
    recorded = and_(col(Message.id) == page.c.message_id, recorded_message(ANY_CALLER))
    return (
        select(call, page.c.conversation_id, col(Message.run_id), *keys)
        .select_from(page)
        .outerjoin(Message, recorded)
        .order_by(*(key.desc() for key in keys))
    )


def select_part(filters: tuple[str, ...], failed: bool, after: bool, dialect: str) -> Select[UUID]:
    """As much of a page as calls with this outcome can fill."""
    statement: Select[UUID] = access.select(
        ANY_CALLER,
        ToolCall,
        *(COLUMNS[name] for name in ("conversation_id", *(key.key for key in CALLS.keys))),
    ).where(col(ToolCall.failed) == failed, *(CONDITIONS[name] for name in filters))
    if after:
        marks = [bindparam(f"after_{key.key}", type_=key.type) for key in CALLS.keys]
        statement = statement.where(after_cursor(dialect, CALLS.keys, marks, DIRECTIONS))
    return statement.order_by(*(key.desc() for key in CALLS.keys)).limit(
        bindparam("page_limit", type_=Integer())
    )


def show_call(row: AnyRow) -> bytes:
    """The call as its message has it, with where that is added to its JSON."""
    call, conversation_id, run_id, created_at, message_id, _ = row
    place = {
        "conversation_id": conversation_id,
        "message_id": message_id,
        "run_id": run_id,
        "created_at": rfc3339(created_at),
    }
    return b"%b,%b" % (call.rstrip().removesuffix("}").encode(), to_json(place)[1:])
