# services/messages.py -- verbs on messages: read them in order, add one.
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from types import SimpleNamespace
from typing import Literal
from uuid import UUID

from sqlalchemy import Integer, Select, Uuid, and_, bindparam, case, func, literal, select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import Caller, Rule
from clock import utc_now
from db import AnySelect, Database, RetryTransaction, Transaction, get_columns
from errors import Conflict, Invalid, NotFound
from events import changes
from models import Conversation, Message, Run, User
from models.agent import BUILT_IN_ID, BUILT_IN_NAME
from models.columns import build_row
from models.message import ChatCreate, MessagePublic, QueryAudit, Sender
from pagination import ListSpec, Page, fetch_list
from services import conversations
from services.accounts import rights
from services.branches import places as branches

# Not columns of the message as they stand; the last three are of messages of people, the one before of a branch.
DERIVED_FIELDS = ("sender", "agent_id", "version_ids", "reply_to_id", "edited_at", "retracted_at")
PLAIN_FIELDS = [name for name in MessagePublic.model_fields if name not in DERIVED_FIELDS]
# Left out where they are null.
OPTIONAL_FIELDS = (*QueryAudit.model_fields, "choices", "replaces_id", "after_id")
COLUMNS = get_columns(Message)


def to_public_message(message: Message | SimpleNamespace, speaker: str | None) -> MessagePublic:
    """The message of a row of `select_with_sender`."""
    if message.role == "agent" and message.program_name is None:
        return show_agent_message(message, speaker)
    return show_message(message, show_sender(message, speaker), None)


def show_sender(message: Message | SimpleNamespace, speaker: str | None) -> Sender:
    """Who speaks; `speaker` is the name of that user or agent."""
    if message.program_name is not None:
        return Sender(type="program", id=message.program_id, name=message.program_name)
    if message.role == "user":
        return Sender(type="user", id=message.user_id, name=speaker)
    return show_agent(message.agent_id, speaker)


def show_agent(agent_id: UUID | None, name: str | None) -> Sender:
    """An agent of this name; of the built-in one nothing else has to be known."""
    if agent_id is None:
        return Sender(type="agent", id=BUILT_IN_ID, name=BUILT_IN_NAME)
    return Sender(type="agent", id=agent_id, name=name)


def show_agent_message(message: Message | SimpleNamespace, name: str | None) -> MessagePublic:
    sender = show_agent(getattr(message, "agent_id", None), name)
    return show_message(message, sender, sender.id)


def show_message(message: Message | SimpleNamespace, sender: Sender, agent_id: UUID | None) -> MessagePublic:
    fields = {name: getattr(message, name, None) for name in PLAIN_FIELDS}
    return MessagePublic(sender=sender, agent_id=agent_id, **fields)


FROM_PROGRAM = col(Message.program_name).is_not(None)
FROM_USER = col(Message.role) == "user"
IS_BUILT_IN = col(Message.agent_id).is_(None)
AGENT_ID = func.coalesce(col(Message.agent_id), literal(BUILT_IN_ID, Uuid()))
OLDEST_FIRST = ListSpec(
    name="messages",
    keys=(COLUMNS["seq"],),
    fields={
        **{name: COLUMNS[name] for name in PLAIN_FIELDS if name not in OPTIONAL_FIELDS},
        "agent_id": case((and_(col(Message.role) == "agent", ~FROM_PROGRAM), AGENT_ID)),
        "sender": {
            "type": case((FROM_PROGRAM, literal("program")), else_=col(Message.role)),
            "id": case(
                (FROM_PROGRAM, col(Message.program_id)), (FROM_USER, col(Message.user_id)), else_=AGENT_ID
            ),
            "name": case(
                (FROM_PROGRAM, col(Message.program_name)),
                (FROM_USER, col(User.display_name)),
                (IS_BUILT_IN, literal(BUILT_IN_NAME)),
                else_=col(User.display_name),
            ),
        },
    },
    optional={name: COLUMNS[name] for name in OPTIONAL_FIELDS},
    public=lambda row: to_public_message(row.Message, row.display_name),
    descending=False,
)
NEWEST_FIRST = replace(OLDEST_FIRST, name="messages-before", descending=True, backwards=True)


def select_with_sender(caller: Caller) -> Select[Message, str | None]:
    """Messages, each with the name of who speaks: its user, or an agent with a row of users."""
    statement: Select[Message, str | None] = access.select(caller, Message, Message, col(User.display_name))
    return statement.outerjoin(User, access.speaker_condition())


@cache
def select_in_conversation(
    side: Literal["before", "after"] | None, *, is_agent: bool
) -> Select[Message, str | None]:
    """The messages of a conversation, or those before or after a seq; the values are bind parameters."""
    statement = select_with_sender(access.stand_in(is_agent=is_agent)).where(
        col(Message.conversation_id) == bindparam("conversation_id")
    )
    if side is None:
        return statement
    here, there = col(Message.seq), bindparam("mark", type_=Integer())
    return statement.where(here < there if side == "before" else here > there)


Side = Literal["before", "after"]


@dataclass(frozen=True, slots=True)
class MessageLists:
    """How the messages of a kind of conversation are found: with an agent, or of people."""

    in_order: ListSpec
    from_end: ListSpec
    select: Callable[[Side | None, bool], AnySelect]
    rule: Rule | None = None


WITH_AGENT = MessageLists(
    OLDEST_FIRST, NEWEST_FIRST, lambda side, is_agent: select_in_conversation(side, is_agent=is_agent)
)


@dataclass(frozen=True, slots=True)
class Span:
    """From where on messages are read: from the start, after a message, or backwards from a message or the end."""

    before: UUID | Literal["end"] | None = None
    after: UUID | None = None

    def __post_init__(self) -> None:
        if self.before is not None and self.after is not None:
            raise Invalid("Give before or after, not both.", ("query", "before"))


WHOLE = Span()


async def list_messages(
    db: Database, caller: Caller, conversation_id: UUID, page: Page, span: Span = WHOLE
) -> bytes:
    """Messages in reading order, as JSON."""
    await db.read(access.get_row, caller, Conversation, conversation_id)
    return await list_found(db, caller, conversation_id, page, span, WITH_AGENT)


async def find_mark(tx: Transaction, caller: Caller, message_id: UUID, lists: MessageLists) -> Message | None:
    return await access.find_by_id(tx, caller, Message, message_id, rule=lists.rule)


async def list_found(
    db: Database, caller: Caller, conversation_id: UUID, page: Page, span: Span, lists: MessageLists
) -> bytes:
    """The same in a conversation that the caller may read."""
    values = access.caller_params(caller) | {"conversation_id": conversation_id}
    side: Side | None = None
    mark = span.after or span.before
    if isinstance(mark, UUID):
        message = await db.read(find_mark, caller, mark, lists)
        side = "after" if span.after else "before"
        if message is None or message.conversation_id != conversation_id:
            raise Invalid("There is no such message in this conversation.", ("query", side))
        values["mark"] = message.seq
    listing = lists.from_end if span.before else lists.in_order
    statement = lists.select(side, caller.is_agent)
    return await fetch_list(db, listing, statement, values, page, scope=str(conversation_id))


async def get_message(tx: Transaction, caller: Caller, message_id: UUID) -> MessagePublic:
    statement = select_with_sender(caller).where(col(Message.id) == message_id)
    return to_public_message(*(await tx.execute(statement)).one())


async def record_message_created(tx: Transaction, caller: Caller, message: Message, *others: UUID) -> None:
    """Record the event of a new message, for the user stream of the caller and of the others who are told of it."""
    shown = {"message": await get_message(tx, caller, message.id)}
    told = (caller.user_id, *others)
    await changes.record_events(
        tx, [changes.new_event(user_id, "message.created", shown) for user_id in told]
    )


async def find_next_seq(tx: Transaction, caller: Caller, conversation_id: UUID) -> int:
    """The number of the conversation's next message; the conversation must be locked."""
    # ORDER BY ... LIMIT 1, because engines read all messages for max() with the access condition.
    last = access.select(caller, Message, col(Message.seq)).where(
        col(Message.conversation_id) == conversation_id
    )
    newest: int | None = (
        await tx.execute(last.order_by(col(Message.seq).desc()).limit(1))
    ).scalar_one_or_none()
    return (newest or 0) + 1


async def find_repeated_run(
    tx: Transaction, caller: Caller, client_id: str | None, content: str, conversation_id: UUID | None
) -> Run | None:
    """The run that the first sending of this client_id started or ended.

    Conflict where it was another message, NotFound where the caller no longer sees its conversation.
    """
    if client_id is None:
        return None
    # Also where the caller no longer sees its conversation: no other message takes the client_id.
    mine = select(Message).where(access.own_condition(caller, Message), col(Message.client_id) == client_id)
    message = (await tx.execute(mine)).scalar_one_or_none()
    if message is None:
        return None
    elsewhere = conversation_id not in (None, message.conversation_id)
    if elsewhere or message.content != content:
        raise Conflict("This client_id was used for another message.", problem="client-id-used")
    # A message to people has no run of its own.
    run = None if message.run_id is None else await access.find_by_id(tx, caller, Run, message.run_id)
    if run is None:
        raise NotFound("conversation")
    return run


async def open_conversation(tx: Transaction, caller: Caller, new: ChatCreate) -> Conversation:
    """The conversation that is written to, locked; a new one if none is named."""
    if new.conversation_id is not None:
        if new.account_id is not None or new.agent_id is not None:
            raise Invalid("A conversation stays in its account, with its agent.", ("body", "conversation_id"))
        return await lock_conversation(tx, caller, new.conversation_id)
    if new.replaces_id is not None:
        raise Invalid("Name the conversation in which the message stands.", ("body", "replaces_id"))
    title = conversations.make_title(new.message)
    account_id, agent_id = await conversations.find_place(tx, caller, new.account_id, new.agent_id)
    await hold_place(tx, caller, account_id)
    conversation = build_row(
        Conversation, user_id=caller.user_id, account_id=account_id, agent_id=agent_id, title=title
    )
    return await conversations.add_conversation(tx, caller, conversation)


async def lock_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> Conversation:
    """One that is there, with the caller's place in its account."""
    named = await access.get_row(tx, caller, Conversation, conversation_id)
    await hold_place(tx, caller, named.account_id)
    return await access.get_row(tx, caller, Conversation, named.id, lock=True)


async def hold_place(tx: Transaction, caller: Caller, account_id: UUID) -> None:
    """Whoever is removed meanwhile must leave no run behind. Nobody is removed from their personal account."""
    if account_id != caller.user_id:
        await rights.hold_membership(tx, caller, account_id)


async def find_replaced(
    tx: Transaction, caller: Caller, conversation: Conversation, message_id: UUID | None
) -> Message | None:
    """The message of the user's own in whose place another one is asked; Invalid for any other."""
    if message_id is None:
        return None
    message = await branches.find_message(tx, caller, access.require_id(conversation.id), message_id)
    if message is None:
        raise Invalid("There is no such message in this conversation.", ("body", "replaces_id"))
    if message.role != "user" or message.program_name is not None:
        raise Invalid("Only a message of your own is asked in other words.", ("body", "replaces_id"))
    await branches.require_few_versions(tx, caller, message.replaces_id or message.id)
    return message


async def store_row(tx: Transaction, caller: Caller, message: Message) -> None:
    """Add a message. Of two at once with the same client_id the second is tried again, and finds the first."""
    access.add_row(tx, caller, message)
    try:
        await tx.flush()
    except IntegrityError as error:
        if message.client_id is None:
            raise
        raise RetryTransaction from error


async def add_message(
    tx: Transaction,
    caller: Caller,
    conversation: Conversation,
    new: ChatCreate,
    run_id: UUID,
    external_agent_id: UUID | None = None,
) -> tuple[Message, Run]:
    """Store the message and the run that will answer it; the conversation is locked."""
    seq = await find_next_seq(tx, caller, conversation.id)
    replaced = await find_replaced(tx, caller, conversation, new.replaces_id)
    place = branches.take_shown_place(conversation)
    if replaced is not None:
        place = await branches.find_place_before(tx, caller, replaced)
    run = Run(
        id=run_id,
        conversation_id=conversation.id,
        user_id=caller.user_id,
        trigger_seq=seq,
        is_external=external_agent_id is not None,
        agent_id=conversation.agent_id,
        agent_key=conversation.agent_id or BUILT_IN_ID,
    )
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
        replaces_id=None if replaced is None else replaced.replaces_id or replaced.id,
        after_seq=place and place.seq,
        after_id=place and place.answer_id,
    )
    conversation.updated_at = utc_now()
    await store_row(tx, caller, message)
    await record_message_created(tx, caller, message, *([external_agent_id] if external_agent_id else []))
    if replaced is not None:
        await branches.record_shown(tx, caller, conversation.id, message.id)
    return message, run
