# services/participation/speaking.py -- what is said among people: whom it mentions, its number, the marks it moves.
from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import ColumnElement, CursorResult, func, select, update
from sqlmodel import col

from access import Caller
from access.participation import participant_user, participants_of
from clock import utc_now
from db import Transaction
from errors import NotFound
from models import Conversation, ConversationParticipant, Message, User
from services.messages import store_row
from services.participation.rosters import TAKES_PART

MAX_MENTIONED = 50
# Names are looked for behind so many `@` of a message, the first ones.
MAX_SIGNS = 200
# Who has said a message: an agent's answer is stored for the one who has asked.
SPEAKER_ID: ColumnElement[UUID] = func.coalesce(col(Message.agent_id), col(Message.user_id))


async def find_mentioned_users(tx: Transaction, conversation: Conversation, content: str) -> list[UUID]:
    """Those who take part and are mentioned, people and agents; nobody is read where no name can stand."""
    if "@" not in content:
        return []
    named = select(col(ConversationParticipant.user_id), col(User.display_name)).join(
        User, participant_user()
    )
    rows = await tx.execute(named.where(participants_of(conversation), TAKES_PART))
    return find_mentioned(content, [(user_id, name) for user_id, name in rows])


async def store_message(
    tx: Transaction,
    caller: Caller,
    conversation: Conversation,
    message: Message,
    mentioned: Collection[UUID],
) -> None:
    """Add the message to a conversation that is locked, so that all see the messages in one order.

    Whoever speaks has read up to it; who is mentioned is told so by their place.
    """
    conversation.last_seq += 1
    conversation.updated_at = utc_now()
    message.seq = conversation.last_seq
    await store_row(tx, caller, message)
    theirs = update(ConversationParticipant).where(participants_of(conversation), TAKES_PART)
    speaker_id = message.agent_id or message.user_id
    own = theirs.where(col(ConversationParticipant.user_id) == speaker_id)
    moved = await tx.execute(own.values(last_read_seq=message.seq, last_delivered_seq=message.seq))
    if speaker_id == caller.user_id and isinstance(moved, CursorResult) and moved.rowcount == 0:
        raise NotFound("conversation")  # removed from the account since the conversation was locked
    if mentioned:
        told = theirs.where(col(ConversationParticipant.user_id).in_(sorted(mentioned)))
        await tx.execute(told.values(last_mention_seq=message.seq))


def find_mentioned(content: str, named: Iterable[tuple[UUID, str | None]]) -> list[UUID]:
    """Those whose names stand behind an `@`, in upper or lower case, the longest name that fits there; at most 50."""
    names: dict[str, list[UUID]] = {}
    for user_id, name in named:
        if name:
            names.setdefault(fold(name), []).append(user_id)
    lengths = sorted({len(name) for name in names}, reverse=True)
    text = fold(content)
    mentioned: dict[UUID, None] = {}
    at = -1
    for _ in range(MAX_SIGNS):
        at = text.find("@", at + 1)
        if at < 0:
            break
        if at and is_word(text[at - 1]):
            continue  # an email
        for length in lengths:
            end = at + 1 + length
            if text[at + 1 : end] in names and not (end < len(text) and is_word(text[end])):
                mentioned.update(dict.fromkeys(names[text[at + 1 : end]]))
                break
    return list(mentioned)[:MAX_MENTIONED]


def fold(text: str) -> str:
    return text.casefold()


def is_word(character: str) -> bool:
    return character.isalnum() or character == "_"
