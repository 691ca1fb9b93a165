# services/participation/views.py -- a conversation as its reader sees it: who takes part, what was said last.
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, func, select, true, tuple_
from sqlmodel import col

from access import Caller
from access.participation import PLACE, known_conversation, own_place, participant_condition
from db import AnySelect, Transaction
from models import Conversation, ConversationParticipant
from models.conversation import ConversationShared
from models.message import MessagePublic
from models.participation.conversation import ConversationPublic
from models.participation.participant import ParticipantPublic
from services.participation import shared_messages
from services.participation.rosters import SHOWN_PARTICIPANTS, TAKES_PART, select_roster, show_participant

JOINING_ORDER = (col(ConversationParticipant.joined_at), col(ConversationParticipant.user_id))
ARE_CHOSEN = col(Conversation.id).in_(bindparam("conversation_ids", expanding=True))


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
    """As the caller sees them, in this order; at most four statements."""
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


async def describe_conversation(
    tx: Transaction, caller: Caller, conversation: Conversation
) -> ConversationPublic:
    [shown] = await describe_conversations(tx, caller, [conversation])
    return shown


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
    count = (
        select(func.count()).select_from(ConversationParticipant).where(participant_condition(), TAKES_PART)
    )
    found = (
        select(
            col(Conversation.id),
            count.scalar_subquery(),
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
    is_postgresql = tx.get_bind().dialect.name == "postgresql"
    first = select_first_by_index(caller) if is_postgresql else select_first_by_rank(caller)
    keys = (await tx.execute(first, {"conversation_ids": list(conversation_ids)})).all()
    if not keys:
        return {}
    key = tuple_(col(ConversationParticipant.conversation_id), col(ConversationParticipant.user_id))
    theirs = select_roster(caller).where(key.in_([tuple(row) for row in keys])).order_by(*JOINING_ORDER)
    rosters: dict[UUID, list[ParticipantPublic]] = {}
    for row in await tx.execute(theirs):
        rosters.setdefault(row.ConversationParticipant.conversation_id, []).append(show_participant(row))
    return rosters


def select_first_by_index(caller: Caller) -> AnySelect:
    """The keys of the first participants, of whom no more are read than shown, however many there are."""
    first = (
        select(col(ConversationParticipant.user_id))
        .where(participant_condition(), TAKES_PART)
        .order_by(*JOINING_ORDER)
        .limit(SHOWN_PARTICIPANTS)
        .correlate(Conversation)
        .lateral("first_participants")
    )
    return (
        select(col(Conversation.id), first.c.user_id)
        .select_from(Conversation)
        .join(first, true())
        .where(known_conversation(caller), ARE_CHOSEN)
    )


def select_first_by_rank(caller: Caller) -> AnySelect:
    """The same for engines that have no LATERAL."""
    rank = func.row_number().over(partition_by=col(Conversation.id), order_by=JOINING_ORDER)
    ranked = (
        select(col(Conversation.id), col(ConversationParticipant.user_id), rank.label("place"))
        .select_from(Conversation)
        .join(ConversationParticipant, participant_condition())
        .where(known_conversation(caller), TAKES_PART, ARE_CHOSEN)
        .subquery()
    )
    return select(ranked.c.id, ranked.c.user_id).where(ranked.c.place <= SHOWN_PARTICIPANTS)
