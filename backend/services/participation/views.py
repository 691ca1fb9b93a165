# services/participation/views.py -- a conversation as its reader sees it: who takes part, what was said last.
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import (
    JSON,
    ColumnElement,
    Integer,
    Uuid,
    any_,
    bindparam,
    case,
    func,
    literal_column,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlmodel import col

from access import Caller, caller_params, stand_in
from access.participation import (
    PLACE,
    any_conversation,
    known_conversation,
    message_for_own_place,
    own_place,
    participant_condition,
    participant_user,
    read_up_to,
)
from db import AnySelect, Transaction, fetch_rows, get_columns
from errors import NotFound
from models import Conversation, ConversationParticipant, Message, User
from models.conversation import ConversationShared
from models.message import MessagePublic
from models.participation.conversation import ConversationPublic
from models.participation.participant import ParticipantPublic
from pagination import build_item
from services.conversations import CONVERSATIONS
from services.participation import shared_messages
from services.participation.rosters import (
    ROSTER,
    SHOWN_PARTICIPANTS,
    TAKES_PART,
    select_roster,
    show_participant,
)
from storage.json_text import Fields, build_object, quote_literal

JOINING_ORDER = (col(ConversationParticipant.joined_at), col(ConversationParticipant.user_id))
COUNT = select(func.count()).select_from(ConversationParticipant).where(participant_condition(), TAKES_PART)
ZERO: ColumnElement[int] = literal_column("0", Integer)


async def find_items(tx: Transaction, caller: Caller, conversation_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Those of these conversations of which the caller may know, as JSON, by their ids."""
    if tx.get_bind().dialect.name == "postgresql":
        values = {**caller_params(caller), "conversation_ids": list(conversation_ids)}
        rows = await fetch_rows(tx, select_items(is_agent=caller.is_agent), values)
        return {row[0]: row[1] for row in rows}
    found = select(Conversation).where(any_conversation(caller), col(Conversation.id).in_(conversation_ids))
    shown = await describe_conversations(tx, caller, list((await tx.execute(found)).scalars()))
    return {each.id: each.model_dump_json() for each in shown}


async def show_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> ConversationPublic:
    """NotFound where the caller may not know of it."""
    items = await find_items(tx, caller, [conversation_id])
    if conversation_id not in items:
        raise NotFound("conversation")
    return ConversationPublic.model_validate_json(items[conversation_id])


@cache
def select_items(*, is_agent: bool) -> AnySelect:
    """The ids and the items of the conversations `conversation_ids`, as JSON that PostgreSQL builds."""
    caller = stand_in(is_agent=is_agent)
    last_message = (
        shared_messages.select_shared_messages(caller, message_for_own_place())
        .where(col(Message.seq) == col(Conversation.last_seq))
        .with_only_columns(build_item(shared_messages.IN_ORDER).label("item"))
        .correlate(Conversation, PLACE)
        .lateral("last_message")
    )
    first = (
        select(build_item(ROSTER).label("item"), *JOINING_ORDER)
        .select_from(ConversationParticipant)
        .join(User, participant_user())
        .outerjoin(Message, read_up_to())
        .where(participant_condition(), TAKES_PART)
        .order_by(*JOINING_ORDER)
        .limit(SHOWN_PARTICIPANTS)
        .correlate(Conversation)
        .lateral("first_participants")
    )
    joining_order = (first.c.joined_at, first.c.user_id)
    roster = select(func.string_agg(first.c.item, aggregate_order_by(quote_literal(","), *joining_order)))
    read_seq = func.greatest(
        func.coalesce(col(PLACE.from_seq), ZERO), func.coalesce(col(PLACE.last_read_seq), ZERO)
    )
    # Nobody counts what they have posted themselves, since that moves their mark.
    unread = func.greatest(col(Conversation.last_seq) - read_seq, ZERO)
    is_mentioned = func.coalesce(col(PLACE.last_mention_seq), ZERO) > read_seq
    fields: Fields = {
        **CONVERSATIONS.fields,
        "kind": get_columns(Conversation)["kind"],
        "agent_id": get_columns(Conversation)["agent_id"],
        "unread_count": case((last_message.c.item.is_not(None), unread), else_=ZERO),
        "mentioned": type_coerce(is_mentioned, JSON),
        "last_message": type_coerce(last_message.c.item, JSON),
        "participants": type_coerce(join_items(roster.scalar_subquery()), JSON),
        "participant_count": COUNT.scalar_subquery(),
    }
    shown = case(
        (col(Conversation.kind) == quote_literal("assistant"), build_item(CONVERSATIONS)),
        else_=build_object(fields, table=get_columns(Conversation)["id"].table),
    )
    # A subquery, of whose length PostgreSQL assumes the same each time: it would make another plan for one id than for
    # many, and so a plan each time, which takes longer than the rest.
    ids = select(func.unnest(bindparam("conversation_ids", type_=ARRAY(Uuid())))).scalar_subquery()
    are_chosen = col(Conversation.id) == any_(func.array(ids, type_=ARRAY(Uuid())))
    # Where the rule asks for the caller's place, SQLAlchemy lets it look at the one that is joined here.
    return (
        select(col(Conversation.id), shown)
        .select_from(Conversation)
        .outerjoin(PLACE, own_place(caller, col(Conversation.id)))
        .outerjoin(last_message, literal_column("true"))
        .where(any_conversation(caller), are_chosen)
    )


def join_items(items: ColumnElement[str]) -> ColumnElement[str]:
    """An array of items that stand in one text with commas between them."""
    joined = func.coalesce(items, quote_literal(""))
    return quote_literal("[").concat(joined).concat(quote_literal("]"))


@dataclass(frozen=True, slots=True)
class Standing:
    """How many take part in a conversation, and how far the caller has read there."""

    participants: int
    from_seq: int = 0
    last_read_seq: int = 0
    last_mention_seq: int = 0

    @property
    def read_seq(self) -> int:
        return max(self.from_seq, self.last_read_seq)


async def describe_conversations(
    tx: Transaction, caller: Caller, conversations: Sequence[Conversation]
) -> list[ConversationPublic]:
    """As the caller sees them, in this order, for engines that have no LATERAL; at most four statements."""
    shared = [conversation.id for conversation in conversations if conversation.kind != "assistant"]
    if not shared:
        return [ConversationPublic.model_validate(conversation) for conversation in conversations]
    standings = await find_standings(tx, caller, shared)
    last_messages = await shared_messages.find_last_messages(tx, caller, shared)
    rosters = await find_rosters(tx, caller, shared)
    return [
        describe(each, standings[each.id], last_messages.get(each.id), rosters.get(each.id, []))
        if each.id in standings
        else ConversationPublic.model_validate(each)
        for each in conversations
    ]


def describe(
    conversation: Conversation,
    standing: Standing,
    last_message: MessagePublic | None,
    participants: list[ParticipantPublic],
) -> ConversationPublic:
    shown = ConversationShared.model_validate(conversation)
    return ConversationPublic(
        **shown.model_dump(),
        # Nobody counts what they have posted themselves, since that moves their mark.
        unread_count=max(conversation.last_seq - standing.read_seq, 0) if last_message else 0,
        mentioned=standing.last_mention_seq > standing.read_seq,
        last_message=last_message,
        participants=participants,
        participant_count=standing.participants,
    )


async def find_standings(
    tx: Transaction, caller: Caller, conversation_ids: Sequence[UUID]
) -> dict[UUID, Standing]:
    found = (
        select(
            col(Conversation.id),
            COUNT.scalar_subquery(),
            func.coalesce(col(PLACE.from_seq), 0),
            func.coalesce(col(PLACE.last_read_seq), 0),
            func.coalesce(col(PLACE.last_mention_seq), 0),
        )
        .select_from(Conversation)
        .outerjoin(PLACE, own_place(caller, col(Conversation.id)))
        .where(known_conversation(caller), col(Conversation.id).in_(conversation_ids))
    )
    return {row[0]: Standing(*row[1:]) for row in await tx.execute(found)}


async def find_rosters(
    tx: Transaction, caller: Caller, conversation_ids: Sequence[UUID]
) -> dict[UUID, list[ParticipantPublic]]:
    """The first SHOWN_PARTICIPANTS of each, in the order of joining."""
    keys = (await tx.execute(select_first_by_rank(caller, conversation_ids))).all()
    if not keys:
        return {}
    key = tuple_(col(ConversationParticipant.conversation_id), col(ConversationParticipant.user_id))
    theirs = select_roster(caller).where(key.in_([tuple(row) for row in keys])).order_by(*JOINING_ORDER)
    rosters: dict[UUID, list[ParticipantPublic]] = {}
    for row in await tx.execute(theirs):
        rosters.setdefault(row.ConversationParticipant.conversation_id, []).append(show_participant(row))
    return rosters


def select_first_by_rank(caller: Caller, conversation_ids: Sequence[UUID]) -> AnySelect:
    """The keys of the first participants of each."""
    rank = func.row_number().over(partition_by=col(Conversation.id), order_by=JOINING_ORDER)
    ranked = (
        select(col(Conversation.id), col(ConversationParticipant.user_id), rank.label("place"))
        .select_from(Conversation)
        .join(ConversationParticipant, participant_condition())
        .where(known_conversation(caller), TAKES_PART, col(Conversation.id).in_(conversation_ids))
        .subquery()
    )
    return select(ranked.c.id, ranked.c.user_id).where(ranked.c.place <= SHOWN_PARTICIPANTS)
