# access/participation.py -- what those who take part in a direct or group conversation see, and who may change it.
"""In RULES, conversations and messages have the rules of those with an agent. So nothing that works on these meets one
of people, unless it names a rule of this file.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, func, inspect, literal_column, or_
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import col

from access.callers import Caller, require_id
from access.conversations import conversation_of_caller
from access.memberships import has_role
from db import get_columns
from models import (
    Account,
    AccountMember,
    Conversation,
    ConversationParticipant,
    Event,
    EventLogEntry,
    Message,
    MessageChange,
    MessageDelivery,
    User,
)
from models.conversation import make_direct_key
from models.participation.participant import ParticipantRole
from storage.rule_check import TableRule

# The caller's own place in a conversation, and its account, beside those that a statement is about.
PLACE = aliased(ConversationParticipant, name="own_place")
PLACE_ACCOUNT = aliased(Account, name="place_account")


def living_account(account_id: SQLColumnExpression[UUID]) -> TableRule:
    """The account with this id, until its removal begins."""
    account = and_(col(PLACE_ACCOUNT.id) == account_id, col(PLACE_ACCOUNT.deleted_at).is_(None))
    return TableRule(account, inspect(PLACE_ACCOUNT).selectable.columns["id"])


def in_living_account(account_id: SQLColumnExpression[UUID]) -> ColumnElement[bool]:
    return exists(sql_select(1).where(living_account(account_id)))


def takes_part(
    caller: Caller,
    conversation_id: SQLColumnExpression[UUID],
    *conditions: ColumnElement[bool],
    role: ParticipantRole | None = None,
) -> ColumnElement[bool]:
    """Whether the caller takes part in the conversation, in an account whose removal has not begun."""
    own = and_(
        col(PLACE.conversation_id) == conversation_id,
        col(PLACE.user_id) == require_id(caller.user_id),
        col(PLACE.left_at).is_(None),
    )
    if role is not None:
        conditions = (*conditions, col(PLACE.role) == role)
    return exists(
        sql_select(1).where(
            TableRule(own, inspect(PLACE).selectable.columns["conversation_id"]),
            living_account(col(PLACE.account_id)),
            *conditions,
        )
    )


def shared_conversation(caller: Caller) -> TableRule:
    """The direct and group conversations in which the caller takes part."""
    return TableRule(takes_part(caller, col(Conversation.id)), get_columns(Conversation)["user_id"])


def readable_conversation(caller: Caller) -> TableRule:
    """All conversations whose messages the caller may read: with an agent, or of people."""
    seen = or_(conversation_of_caller(caller), shared_conversation(caller))
    return TableRule(seen, get_columns(Conversation)["user_id"])


def is_managed(caller: Caller) -> ColumnElement[bool]:
    """Whether the caller may change a conversation of people: its owners, and those of a group's account."""
    of_account = and_(
        col(Conversation.kind) == "group",
        has_role(caller, Conversation.account_id, "owner", "admin"),
        in_living_account(col(Conversation.account_id)),
    )
    return or_(takes_part(caller, col(Conversation.id), role="owner"), of_account)


def known_conversation(caller: Caller) -> TableRule:
    """The conversations of people of which the caller may know: where they take part, and the groups they may manage.

    Their messages are only for those who take part.
    """
    known = or_(takes_part(caller, col(Conversation.id)), is_managed(caller))
    is_there = and_(col(Conversation.kind) != "assistant", col(Conversation.deleted_at).is_(None))
    return TableRule(and_(is_there, known), get_columns(Conversation)["user_id"])


def changeable_conversation(caller: Caller) -> TableRule:
    """Those that the caller may rename and delete: their own with agents, and the groups that they manage."""
    own = and_(conversation_of_caller(caller), col(Conversation.user_id) == require_id(caller.user_id))
    managed = and_(col(Conversation.kind) == "group", known_conversation(caller), is_managed(caller))
    return TableRule(or_(own, managed), get_columns(Conversation)["user_id"])


def deleted_conversation(caller: Caller) -> TableRule:
    """Those that are deleted, of which the caller could do that: their own with agents, groups of accounts that they
    manage, and those in which they were an owner to the end.
    """
    own = and_(col(Conversation.kind) == "assistant", col(Conversation.user_id) == require_id(caller.user_id))
    last_place = and_(
        col(PLACE.conversation_id) == col(Conversation.id),
        col(PLACE.user_id) == require_id(caller.user_id),
        col(PLACE.role) == "owner",
        col(PLACE.left_at) == col(Conversation.deleted_at),
    )
    was_owner = exists(
        sql_select(1).where(TableRule(last_place, inspect(PLACE).selectable.columns["conversation_id"]))
    )
    managed = or_(was_owner, has_role(caller, Conversation.account_id, "owner", "admin"))
    group = and_(col(Conversation.kind) == "group", managed, in_living_account(col(Conversation.account_id)))
    seen = and_(col(Conversation.deleted_at).is_not(None), or_(own, group))
    return TableRule(seen, get_columns(Conversation)["user_id"])


def any_conversation(caller: Caller) -> TableRule:
    """All conversations of which the caller may know."""
    seen = or_(conversation_of_caller(caller), known_conversation(caller))
    return TableRule(seen, get_columns(Conversation)["user_id"])


def own_direct_conversation(caller: Caller, account_id: UUID, other_id: UUID) -> TableRule:
    """The conversation of the caller and one other in this account, also if one of them was away since."""
    key = make_direct_key(require_id(caller.user_id), other_id)
    own = and_(col(Conversation.account_id) == account_id, col(Conversation.direct_key) == key)
    return TableRule(own, get_columns(Conversation)["user_id"])


def shared_message(caller: Caller) -> TableRule:
    """The messages of people that were said since the caller takes part."""
    since = col(PLACE.from_seq) < col(Message.seq)
    return TableRule(
        takes_part(caller, col(Message.conversation_id), since), get_columns(Message)["conversation_id"]
    )


def said_by_caller(caller: Caller) -> TableRule:
    """Whatever the caller has said, wherever: a client_id is unique among these."""
    return TableRule(
        col(Message.user_id) == require_id(caller.user_id), get_columns(Message)["conversation_id"]
    )


def said_to_people(caller: Caller) -> TableRule:
    """What the caller has said to people, also where they take part no more."""
    conversation = TableRule(
        and_(col(Conversation.id) == col(Message.conversation_id), col(Conversation.kind) != "assistant"),
        get_columns(Conversation)["user_id"],
    )
    own = and_(col(Message.user_id) == require_id(caller.user_id), exists(sql_select(1).where(conversation)))
    return TableRule(own, get_columns(Message)["conversation_id"])


def participant_in_shared(caller: Caller) -> TableRule:
    """Who takes part in the conversations of which the caller may know."""
    conversation = sql_select(1).where(
        known_conversation(caller), col(Conversation.id) == col(ConversationParticipant.conversation_id)
    )
    return TableRule(exists(conversation), get_columns(ConversationParticipant)["conversation_id"])


def own_places(caller: Caller) -> TableRule:
    """Where the caller takes part."""
    own = and_(
        col(ConversationParticipant.user_id) == require_id(caller.user_id),
        col(ConversationParticipant.left_at).is_(None),
        in_living_account(col(ConversationParticipant.account_id)),
    )
    return TableRule(own, get_columns(ConversationParticipant)["conversation_id"])


def own_seats(caller: Caller) -> TableRule:
    """Where the caller takes part, also in accounts whose removal has begun: enough to see how often they do."""
    own = and_(
        col(ConversationParticipant.user_id) == require_id(caller.user_id),
        col(ConversationParticipant.left_at).is_(None),
    )
    return TableRule(own, get_columns(ConversationParticipant)["conversation_id"])


def conversation_of_found_member() -> TableRule:
    """Those of people in an account, for a member whom the same statement has found by the member's own rule.

    The statement shows only those in which the member takes part.
    """
    # The kind stands in the statement: PostgreSQL would not take the index of these for a bind parameter.
    is_shared = col(Conversation.kind) != literal_column("'assistant'")
    of_account = and_(col(Conversation.account_id) == col(AccountMember.account_id), is_shared)
    return TableRule(of_account, get_columns(Conversation)["user_id"])


def own_place(caller: Caller, conversation_id: SQLColumnExpression[UUID]) -> TableRule:
    """The caller's own place in a conversation that the same statement has found by its own rule."""
    own = and_(
        col(PLACE.conversation_id) == conversation_id,
        col(PLACE.user_id) == require_id(caller.user_id),
        col(PLACE.left_at).is_(None),
    )
    return TableRule(own, inspect(PLACE).selectable.columns["conversation_id"])


def message_for_own_place() -> TableRule:
    """What was said since the caller takes part, in a conversation that the same statement has found by its own rule,
    beside the caller's own place there.
    """
    said = and_(col(Message.conversation_id) == col(Conversation.id), col(PLACE.from_seq) < col(Message.seq))
    return TableRule(said, get_columns(Message)["conversation_id"])


def change_of_shared(caller: Caller) -> TableRule:
    message = sql_select(1).where(shared_message(caller), col(Message.id) == col(MessageChange.message_id))
    return TableRule(exists(message), get_columns(MessageChange)["message_id"])


def change_of_message() -> TableRule:
    """The changes of a message that the same statement has found by its own rule."""
    return TableRule(
        col(MessageChange.message_id) == col(Message.id), get_columns(MessageChange)["message_id"]
    )


def delivery_of_shared(caller: Caller) -> TableRule:
    message = sql_select(1).where(shared_message(caller), col(Message.id) == col(MessageDelivery.message_id))
    return TableRule(exists(message), get_columns(MessageDelivery)["message_id"])


def participant_condition() -> TableRule:
    """Those who take part in a conversation that the same statement has found by its own rule."""
    return TableRule(
        col(ConversationParticipant.conversation_id) == col(Conversation.id),
        get_columns(ConversationParticipant)["conversation_id"],
    )


def addressed_to_participants(caller: Caller, table: type[Event] | type[EventLogEntry]) -> TableRule:
    """What is for those who take part in a conversation, of whom the caller was one before it was written."""
    event_id: ColumnElement[int] = get_columns(table)["id" if table is Event else "event_id"]  # type: ignore[assignment]
    since = event_id > func.coalesce(col(PLACE.joined_event_id), 0)
    seen = and_(col(table.audience) == "conversation", takes_part(caller, col(table.audience_id), since))
    return TableRule(seen, get_columns(table)["audience_id"])


def participants_of(conversation: Conversation) -> TableRule:
    """Those who take part, or did, in a conversation that this transaction has found by its own rule."""
    theirs = col(ConversationParticipant.conversation_id) == require_id(conversation.id)
    return TableRule(theirs, get_columns(ConversationParticipant)["conversation_id"])


def participant_user() -> TableRule:
    """The user of a participant that the same statement has found by its own rule: others there see who they are."""
    return TableRule(col(User.id) == col(ConversationParticipant.user_id), get_columns(User)["id"])


def read_up_to() -> TableRule:
    """The message up to which a participant has read, whom the same statement has found by its own rule."""
    last_read = and_(
        col(Message.conversation_id) == col(ConversationParticipant.conversation_id),
        col(Message.seq) == col(ConversationParticipant.last_read_seq),
    )
    return TableRule(last_read, get_columns(Message)["conversation_id"])


def place_condition() -> TableRule:
    """The conversation of a participant that the same statement has found by its own rule."""
    return TableRule(
        col(Conversation.id) == col(ConversationParticipant.conversation_id),
        get_columns(Conversation)["user_id"],
    )


# A later change of the same message, and the message that one replies to.
LATER = aliased(MessageChange, name="later_change")
REPLIED = aliased(Message, name="replied_message")


def last_change_of_message() -> ColumnElement[bool]:
    """The newest change of a message that the same statement has found by its own rule."""
    newest = sql_select(func.max(col(LATER.version))).where(
        TableRule(col(LATER.message_id) == col(Message.id), inspect(LATER).selectable.columns["message_id"])
    )
    return and_(change_of_message(), col(MessageChange.version) == newest.scalar_subquery())


def replied_message() -> TableRule:
    """What a message that the same statement has found by its own rule replies to."""
    same = and_(
        col(REPLIED.conversation_id) == col(Message.conversation_id),
        col(REPLIED.seq) == col(Message.reply_to_seq),
    )
    return TableRule(same, inspect(REPLIED).selectable.columns["conversation_id"])


def participant_of_message() -> TableRule:
    """Those who take part where a message was said that the same statement has found by its own rule."""
    theirs = col(ConversationParticipant.conversation_id) == col(Message.conversation_id)
    return TableRule(theirs, get_columns(ConversationParticipant)["conversation_id"])


def delivery_to_participant() -> TableRule:
    """When a message reached a participant, both of whom the same statement has found by their own rules."""
    same = and_(
        col(MessageDelivery.message_id) == col(Message.id),
        col(MessageDelivery.user_id) == col(ConversationParticipant.user_id),
    )
    return TableRule(same, get_columns(MessageDelivery)["message_id"])


def addressed_to_place() -> TableRule:
    """The entries of the log for a participant whom the same statement has found by their own rule."""
    since = func.coalesce(col(ConversationParticipant.joined_event_id), 0)
    seen = and_(
        col(EventLogEntry.audience) == "conversation",
        col(EventLogEntry.audience_id) == col(ConversationParticipant.conversation_id),
        col(EventLogEntry.event_id) > since,
    )
    return TableRule(seen, get_columns(EventLogEntry)["audience_id"])


def places_in_account(account_ids: Sequence[UUID]) -> TableRule:
    """Those who take part in conversations of accounts that this transaction has found by their own rule."""
    theirs = col(ConversationParticipant.account_id).in_([require_id(each) for each in account_ids])
    return TableRule(theirs, get_columns(ConversationParticipant)["conversation_id"])
