# services/participation/rosters.py -- who takes part in conversations, as everybody there sees it.
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, select
from sqlmodel import col

from access import ANY_CALLER, Caller, caller_params
from access.participation import known_conversation, participant_condition, participant_user, read_up_to
from db import AnyRow, AnySelect, Database, Transaction, get_columns
from models import Conversation, ConversationParticipant, Message, User
from models.participation.participant import ParticipantPublic
from pagination import ListSpec, Page, fetch_list

SHOWN_PARTICIPANTS = 10
COLUMNS = get_columns(ConversationParticipant)
TAKES_PART = col(ConversationParticipant.left_at).is_(None)


def show_participant(row: AnyRow) -> ParticipantPublic:
    """Of a row of `select_roster`."""
    place: ConversationParticipant = row.ConversationParticipant
    return ParticipantPublic(
        user_id=place.user_id,
        kind=row.kind,
        name=row.display_name,
        role=place.role,
        joined_at=place.joined_at,
        last_read_message_id=row.read_id,
    )


ROSTER = ListSpec(
    name="participants",
    keys=(COLUMNS["joined_at"], COLUMNS["user_id"]),
    fields={
        "user_id": COLUMNS["user_id"],
        "kind": get_columns(User)["kind"],
        "name": get_columns(User)["display_name"],
        "role": COLUMNS["role"],
        "joined_at": COLUMNS["joined_at"],
        "last_read_message_id": get_columns(Message)["id"],
    },
    public=show_participant,
    descending=False,
)


def select_roster(caller: Caller) -> AnySelect:
    """Who takes part in the conversations of which the caller may know, each with their name and how far they read."""
    read_id: ColumnElement[UUID] = col(Message.id).label("read_id")
    return (
        select(ConversationParticipant, col(User.kind), col(User.display_name), read_id)
        .select_from(Conversation)
        .join(ConversationParticipant, participant_condition())
        .join(User, participant_user())
        .outerjoin(Message, read_up_to())
        .where(known_conversation(caller), TAKES_PART)
    )


ROSTER_OF_CONVERSATION = select_roster(ANY_CALLER).where(col(Conversation.id) == bindparam("conversation_id"))


async def list_participants(db: Database, caller: Caller, conversation_id: UUID, page: Page) -> bytes:
    """In the order of joining, as JSON; the caller may know of the conversation."""
    values = {**caller_params(caller), "conversation_id": conversation_id}
    return await fetch_list(db, ROSTER, ROSTER_OF_CONVERSATION, values, page, scope=str(conversation_id))


async def find_participant(
    tx: Transaction, caller: Caller, conversation_id: UUID, user_id: UUID
) -> AnyRow | None:
    one = (col(Conversation.id) == conversation_id, col(ConversationParticipant.user_id) == user_id)
    return (await tx.execute(select_roster(caller).where(*one))).one_or_none()
