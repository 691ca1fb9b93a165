# services/messages.py -- verbs on messages: read them in order, add one.
from dataclasses import replace
from functools import cache
from types import SimpleNamespace
from typing import Literal
from uuid import UUID

from sqlalchemy import Integer, Select, and_, bindparam, case, literal, null
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from clock import utc_now
from db import Database, RetryTransaction, Transaction, get_columns
from errors import Conflict, Invalid
from models import Conversation, Message, Run, User
from models.message import ChatCreate, MessagePublic, Sender
from pagination import ListSpec, Page, fetch_list
from services import conversations
from services.events import changes

AGENT_NAME = "Parley"
MAX_FIRST_TITLE_CHARACTERS = 80
PLAIN_FIELDS = [name for name in MessagePublic.model_fields if name != "sender"]
COLUMNS = get_columns(Message)


def to_public_message(message: Message | SimpleNamespace, display_name: str | None) -> MessagePublic:
    """The message of a row of `select_with_sender`."""
    if message.program_name is not None:
        sender = Sender(type="program", id=message.program_id, name=message.program_name)
    elif message.role == "user":
        sender = Sender(type="user", id=message.user_id, name=display_name)
    else:
        return show_agent_message(message)
    return MessagePublic(sender=sender, **{name: getattr(message, name) for name in PLAIN_FIELDS})


def show_agent_message(message: Message | SimpleNamespace) -> MessagePublic:
    """The message of an agent; nothing else has to be read for it."""
    sender = Sender(type="agent", id=None, name=AGENT_NAME)
    return MessagePublic(sender=sender, **{name: getattr(message, name) for name in PLAIN_FIELDS})


FROM_PROGRAM = col(Message.program_name).is_not(None)
FROM_USER = col(Message.role) == "user"
OLDEST_FIRST = ListSpec(
    name="messages",
    keys=(COLUMNS["seq"],),
    fields={
        **{name: COLUMNS[name] for name in PLAIN_FIELDS},
        "sender": {
            "type": case((FROM_PROGRAM, literal("program")), else_=col(Message.role)),
            "id": case(
                (FROM_PROGRAM, col(Message.program_id)), (FROM_USER, col(Message.user_id)), else_=null()
            ),
            "name": case(
                (FROM_PROGRAM, col(Message.program_name)),
                (FROM_USER, col(User.display_name)),
                else_=literal(AGENT_NAME),
            ),
        },
    },
    public=lambda row: to_public_message(row.Message, row.display_name),
    descending=False,
)
NEWEST_FIRST = replace(OLDEST_FIRST, name="messages-before", descending=True, backwards=True)


def select_with_sender(caller: Caller) -> Select[Message, str | None]:
    """Messages, each with the name of its user, where the caller may see the user."""
    statement: Select[Message, str | None] = access.select(caller, Message, Message, col(User.display_name))
    author = and_(col(User.id) == col(Message.user_id), access.visible_condition(caller, User))
    return statement.outerjoin(User, author)


@cache
def select_in_conversation(side: Literal["before", "after"] | None) -> Select[Message, str | None]:
    """The messages of a conversation, or those before or after a seq; the values are bind parameters."""
    statement = select_with_sender(ANY_CALLER).where(
        col(Message.conversation_id) == bindparam("conversation_id")
    )
    if side is None:
        return statement
    here, there = col(Message.seq), bindparam("mark", type_=Integer())
    return statement.where(here < there if side == "before" else here > there)


async def list_messages(
    db: Database,
    caller: Caller,
    conversation_id: UUID,
    page: Page,
    *,
    before: UUID | Literal["end"] | None = None,
    after: UUID | None = None,
) -> bytes:
    """Messages in reading order, as JSON: from the start, after a message, or backwards from a message or the end."""
    if before is not None and after is not None:
        raise Invalid("Give before or after, not both.", ("query", "before"))
    await db.read(access.get_row, caller, Conversation, conversation_id)
    values = access.caller_params(caller) | {"conversation_id": conversation_id}
    side: Literal["before", "after"] | None = None
    mark = after or before
    if isinstance(mark, UUID):
        message = await db.read(access.find_row, caller, Message, col(Message.id) == mark)
        if message is None or message.conversation_id != conversation_id:
            raise Invalid(
                "There is no such message in this conversation.", ("query", "after" if after else "before")
            )
        side = "after" if after else "before"
        values["mark"] = message.seq
    listing = NEWEST_FIRST if before else OLDEST_FIRST
    return await fetch_list(
        db, listing, select_in_conversation(side), values, page, scope=str(conversation_id)
    )


async def get_message(tx: Transaction, caller: Caller, message_id: UUID) -> MessagePublic:
    statement = select_with_sender(caller).where(col(Message.id) == message_id)
    return to_public_message(*(await tx.execute(statement)).one())


async def record_message_created(tx: Transaction, caller: Caller, message: Message) -> None:
    """Record the event of a new message, for the user stream."""
    await changes.record_event(
        tx, caller, "message.created", {"message": await get_message(tx, caller, message.id)}
    )


async def find_next_seq(tx: Transaction, caller: Caller, conversation: Conversation) -> int:
    """The number of the conversation's next message; the conversation must be locked."""
    # ORDER BY ... LIMIT 1, because engines read all messages for max() with the access condition.
    last = access.select(caller, Message, col(Message.seq)).where(
        col(Message.conversation_id) == conversation.id
    )
    newest: int | None = (
        await tx.execute(last.order_by(col(Message.seq).desc()).limit(1))
    ).scalar_one_or_none()
    return (newest or 0) + 1


async def find_repeated_run(tx: Transaction, caller: Caller, new: ChatCreate) -> Run | None:
    """The run that the first sending of this client_id started; Conflict where it was another message."""
    if new.client_id is None:
        return None
    mine = (col(Message.user_id) == caller.user_id, col(Message.client_id) == new.client_id)
    message = await access.find_row(tx, caller, Message, *mine)
    if message is None:
        return None
    elsewhere = new.conversation_id is not None and new.conversation_id != message.conversation_id
    if elsewhere or message.content != new.message:
        raise Conflict("This client_id was used for another message.")
    assert message.run_id is not None
    return await access.get_row(tx, caller, Run, message.run_id)


def make_title(text: str) -> str:
    """The title of a new conversation: its first words."""
    words = " ".join(text.split())
    if len(words) <= MAX_FIRST_TITLE_CHARACTERS:
        return words
    return words[: MAX_FIRST_TITLE_CHARACTERS - 1].rstrip() + "…"


async def open_conversation(tx: Transaction, caller: Caller, new: ChatCreate) -> Conversation:
    """The conversation that is written to, locked; a new one if none is named."""
    if new.conversation_id is not None:
        return await access.get_row(tx, caller, Conversation, new.conversation_id, lock=True)
    conversation = Conversation(user_id=caller.user_id, title=make_title(new.message))
    return await conversations.add_conversation(tx, caller, conversation)


async def add_message(
    tx: Transaction, caller: Caller, conversation: Conversation, new: ChatCreate, run_id: UUID
) -> tuple[Message, Run]:
    """Store the message and the run that will answer it; the conversation is locked."""
    seq = await find_next_seq(tx, caller, conversation)
    run = Run(id=run_id, conversation_id=conversation.id, user_id=caller.user_id, trigger_seq=seq)
    access.add_row(tx, caller, run)
    await tx.flush()
    message = Message(
        conversation_id=conversation.id,
        user_id=caller.user_id,
        role="user",
        content=new.message,
        seq=seq,
        client_id=new.client_id,
        run_id=run.id,
    )
    conversation.updated_at = utc_now()
    access.add_row(tx, caller, message)
    try:
        await tx.flush()
    except IntegrityError as error:
        if new.client_id is None:
            raise
        raise RetryTransaction from error  # two messages with the same client_id: the next attempt finds the first
    await record_message_created(tx, caller, message)
    return message, run
