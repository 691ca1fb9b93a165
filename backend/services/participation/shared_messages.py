# services/participation/shared_messages.py -- the messages of people, as they are after their edits and retractions.
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Literal
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Uuid,
    bindparam,
    case,
    column,
    func,
    inspect,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from access.participation import (
    REPLIED,
    last_change_of_message,
    own_places,
    place_condition,
    replied_message,
    shared_message,
)
from db import AnyRow, AnySelect, Transaction
from errors import NotFound
from models import Conversation, ConversationParticipant, Message, MessageChange, User
from models.message import MessagePublic, QueryAudit, ToolCallShared, cut_message
from services import messages
from storage.json_text import quote_literal

KIND, CONTENT, MOMENT = col(MessageChange.kind), col(MessageChange.content), col(MessageChange.created_at)
NOW_EMPTY, IS_EDITED = KIND == "retract", KIND == "edit"


IS_OWN = col(Message.user_id) == ANY_CALLER.user_id
# What is told of queries is the asker's where it was told from their tool calls; an external agent tells it to all.
TELLS_ALL = or_(IS_OWN, col(Message.tool_calls).is_(None))


def cut_calls() -> ColumnElement[object]:
    """The tool calls of a message as others see them, for PostgreSQL, which makes the JSON of lists itself."""
    call = (
        func.jsonb_array_elements(col(Message.tool_calls))
        .table_valued(column("value", JSONB), with_ordinality="place", name="call")
        .render_derived()
    )
    shown = [part for name in ToolCallShared.model_fields for part in (literal(name), call.c.value[name])]
    item = aggregate_order_by(func.jsonb_build_object(*shown), call.c.place)
    found: ColumnElement[object] = (
        select(func.jsonb_agg(item)).select_from(call).correlate(Message).scalar_subquery()
    )
    return found


def show_message(row: AnyRow) -> MessagePublic:
    """The message of a row of `select_shared_messages`; its tool calls whole for who asked for it."""
    shown = messages.to_public_message(row.Message, row.display_name)
    if not row.is_own:
        shown = cut_message(shown)
    shown.reply_to_id = row.reply_to_id
    if row.change_kind == "edit":
        shown.content, shown.edited_at = row.change_content, row.changed_at
    elif row.change_kind == "retract":
        shown.content, shown.retracted_at = "", row.changed_at
    return shown


IN_ORDER = replace(
    messages.OLDEST_FIRST,
    name="shared-messages",
    fields={
        **messages.OLDEST_FIRST.fields,
        "content": case((NOW_EMPTY, quote_literal("")), (IS_EDITED, CONTENT), else_=col(Message.content)),
        "tool_calls": case((IS_OWN, col(Message.tool_calls)), else_=cut_calls()),
    },
    optional={
        **messages.OLDEST_FIRST.optional,
        **{name: case((TELLS_ALL, col(getattr(Message, name)))) for name in QueryAudit.model_fields},
        "reply_to_id": inspect(REPLIED).selectable.columns["id"],
        "edited_at": case((IS_EDITED, MOMENT)),
        "retracted_at": case((NOW_EMPTY, MOMENT)),
    },
    public=show_message,
)
FROM_END = replace(IN_ORDER, name="shared-messages-before", descending=True, backwards=True)


def select_shared_messages(caller: Caller, rule: ColumnElement[bool]) -> AnySelect:
    """Messages of people, by a rule that says which, each with the name of who speaks and its newest change."""
    return (
        select(
            Message,
            col(User.display_name),
            (col(Message.user_id) == caller.user_id).label("is_own"),
            KIND.label("change_kind"),
            CONTENT.label("change_content"),
            MOMENT.label("changed_at"),
            col(REPLIED.id).label("reply_to_id"),
        )
        .select_from(Message)
        .outerjoin(User, access.speaker_condition())
        .outerjoin(MessageChange, last_change_of_message())
        .outerjoin(REPLIED, replied_message())
        .where(rule)
    )


@cache
def select_in_conversation(side: Literal["before", "after"] | None) -> AnySelect:
    """Those of a conversation, or those before or after a seq; the values are bind parameters."""
    statement = select_shared_messages(ANY_CALLER, shared_message(ANY_CALLER)).where(
        col(Message.conversation_id) == bindparam("conversation_id")
    )
    if side is None:
        return statement
    here, there = col(Message.seq), bindparam("mark", type_=Integer())
    return statement.where(here < there if side == "before" else here > there)


OF_PEOPLE = messages.MessageLists(
    IN_ORDER, FROM_END, lambda side, is_agent: select_in_conversation(side), shared_message
)


@cache
def select_message() -> AnySelect:
    found = select_shared_messages(ANY_CALLER, shared_message(ANY_CALLER))
    return found.where(col(Message.id) == bindparam("message_id", type_=Uuid()))


async def get_message(tx: Transaction, caller: Caller, message_id: UUID) -> MessagePublic:
    values = {**access.caller_params(caller), "message_id": message_id}
    row = (await tx.execute(select_message(), values)).one_or_none()
    if row is None:
        raise NotFound("message")
    return show_message(row)


async def find_last_messages(
    tx: Transaction, caller: Caller, conversation_ids: Sequence[UUID]
) -> dict[UUID, MessagePublic]:
    """What was said last in each of the conversations, where the caller may see it."""
    last = (
        select_shared_messages(caller, shared_message(caller))
        .join(
            ConversationParticipant,
            col(ConversationParticipant.conversation_id) == col(Message.conversation_id),
        )
        .join(Conversation, place_condition())
        .where(
            own_places(caller),
            col(Conversation.id).in_(conversation_ids),
            col(Message.seq) == col(Conversation.last_seq),
        )
    )
    return {row.Message.conversation_id: show_message(row) for row in await tx.execute(last)}
