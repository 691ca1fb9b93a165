# access/search.py -- which entries of messages a search may look at, and what it may show of those that it finds.
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    SQLColumnExpression,
    Subquery,
    Uuid,
    and_,
    exists,
    literal_column,
    or_,
    type_coerce,
    union_all,
)
from sqlalchemy import select as sql_select
from sqlmodel import col

from access.callers import Caller, require_id
from access.conversations import conversation_of_caller
from access.participation import PLACE, own_places, takes_part
from db import AnySelect, get_columns
from models import Conversation, ConversationParticipant, Message, SearchEntry
from storage.rule_check import TableRule


def entry_of_caller(caller: Caller) -> TableRule:
    """What is said to the caller: with an agent, or among people since the caller takes part.

    An agent finds what it has said among people, not the conversations of persons in which it answers.
    """
    conversation = sql_select(1).where(
        conversation_of_caller(caller), col(Conversation.id) == col(SearchEntry.conversation_id)
    )
    own = and_(col(SearchEntry.audience_id) == require_id(caller.user_id), exists(conversation))
    since = col(PLACE.from_seq) < col(SearchEntry.seq)
    seen = or_(own, takes_part(caller, col(SearchEntry.conversation_id), since))
    return TableRule(seen, get_columns(SearchEntry)["message_id"])


def select_own_places(caller: Caller, name: str = "places") -> Subquery:
    """Whose entries the caller finds, past which number: their own with agents, and those of where they take part."""
    own_id, first = type_coerce(require_id(caller.user_id), Uuid()), literal_column("0", Integer())
    own: AnySelect = sql_select(own_id.label("audience_id"), first.label("from_seq"))
    part = ConversationParticipant
    shared = sql_select(col(part.conversation_id), col(part.from_seq)).where(own_places(caller))
    return union_all(own, shared).subquery(name)


def entry_in_place(
    audience_id: SQLColumnExpression[UUID], from_seq: SQLColumnExpression[int]
) -> ColumnElement[bool]:
    """The entries of a place of the caller's that the same statement has found by its own rule."""
    theirs = and_(col(SearchEntry.audience_id) == audience_id, col(SearchEntry.seq) > from_seq)
    return TableRule(theirs, get_columns(SearchEntry)["message_id"])


def message_of_entry(message_id: SQLColumnExpression[UUID]) -> TableRule:
    """The message of an entry that the same statement has found by its own rule."""
    return TableRule(col(Message.id) == message_id, get_columns(Message)["conversation_id"])
