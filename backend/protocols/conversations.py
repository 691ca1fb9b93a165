# protocols/conversations.py -- conversations for clients that name them as they like, and send what was said before.
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID, uuid4, uuid5

from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import SYSTEM, Caller
from clock import utc_now
from db import RetryTransaction, Transaction
from events import changes
from models import Conversation, Message
from models.conversation import ConversationCreate
from services import conversations, messages

# Of a history that Parley does not know, what a new conversation begins with.
MAX_HISTORY = 100


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a history: what the user or the agent has said."""

    role: Literal["user", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """The message to answer, and what was said before it, oldest first."""

    text: str
    earlier: Sequence[Said]

    @property
    def asked(self) -> list[str]:
        """All that the user has said, this message last."""
        return [*(said.text for said in self.earlier if said.role == "user"), self.text]


async def open_named(
    tx: Transaction, caller: Caller, agent_id: UUID, question: Question, name: str
) -> Conversation:
    """The conversation of this name, which is made where there is none."""
    found = await find_by_name(tx, caller, name)
    if isinstance(found, Conversation):
        return found
    return await begin_conversation(tx, caller, agent_id, question, found)


async def find_by_name(tx: Transaction, caller: Caller, name: str) -> Conversation | UUID:
    """The conversation whose id follows from the user and the name, or its successor where it was deleted; where there
    is none, the id for it.
    """
    generation = 0
    while True:
        conversation_id = uuid5(caller.user_id, f"{name}/{generation}")
        # Looked for by its id first, since another request may be making it just now.
        if await access.find_by_id(tx, SYSTEM, Conversation, conversation_id) is None:
            return conversation_id
        if conversation := await access.find_by_id(tx, caller, Conversation, conversation_id):
            return conversation
        generation += 1  # a deleted conversation is hidden for a while, and can be brought back


async def find_named(tx: Transaction, caller: Caller, name: str) -> Conversation | None:
    """The conversation of the caller's whose id this is; None for any other word."""
    try:
        conversation_id = UUID(name)
    except ValueError:
        return None
    return await access.find_by_id(tx, caller, Conversation, conversation_id)


async def begin_conversation(
    tx: Transaction, caller: Caller, agent_id: UUID, question: Question, conversation_id: UUID
) -> Conversation:
    """With the history that the client has sent, as messages of the user and of the agent."""
    title = conversations.make_title(question.asked[0])
    new = ConversationCreate(title=title, agent_id=agent_id)
    try:
        conversation = await conversations.create_conversation(tx, caller, new, conversation_id)
    except IntegrityError as error:
        raise RetryTransaction from error  # another request was first
    await add_history(tx, caller, conversation, question.earlier[-MAX_HISTORY:])
    return conversation


async def add_history(
    tx: Transaction, caller: Caller, conversation: Conversation, history: Sequence[Said]
) -> None:
    moment = utc_now()
    rows = [
        {
            "id": uuid4(),
            "conversation_id": conversation.id,
            "user_id": caller.user_id,
            "role": said.role,
            "content": said.text,
            "created_at": moment,
            "seq": seq,
            "agent_id": conversation.agent_id if said.role == "agent" else None,
        }
        for seq, said in enumerate(history, 1)
    ]
    await access.insert_rows(tx, caller, Message, rows)
    added = messages.select_with_sender(caller).where(col(Message.conversation_id) == conversation.id)
    shown = [
        changes.new_event(caller.user_id, "message.created", {"message": messages.to_public_message(*row)})
        for row in await tx.execute(added.order_by(col(Message.seq)))
    ]
    await changes.record_events(tx, shown)
