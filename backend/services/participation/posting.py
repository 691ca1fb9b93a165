# services/participation/posting.py -- posts a message to people, and asks the agents that it is for.
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlmodel import col

import access
from access import Caller
from access.participation import readable_conversation, said_by_caller, shared_message
from clock import utc_now
from db import Database, Transaction
from errors import Conflict, Invalid
from events import changes
from models import Conversation, Message
from models.event import Audience
from models.message import ConversationMessageCreate, MessagePublic, cut_message
from services import messages
from services.agents import answers
from services.branches.places import refuse_among_people
from services.participation import agent_runs, shared_messages
from services.participation.posting_sql import POST_TO_PEOPLE
from services.participation.speaking import find_mentioned_users, store_message


@dataclass(frozen=True, slots=True)
class PostedToPeople:
    """A message that is stored. `run_ids` are the runs that a worker may begin, `ended` those that have ended by it."""

    message: MessagePublic
    run_ids: tuple[UUID, ...] = ()
    ended: tuple[UUID, ...] = ()


async def post_message(
    db: Database, caller: Caller, conversation_id: UUID, new: ConversationMessageCreate, max_runs: int
) -> PostedToPeople:
    """Nothing is written for each participant, however many there are: one message, one event, the sender's own mark.

    Each agent that it asks has a run of the caller's. An external agent's message is the answer to the message to which
    it replies, else to the oldest one that waits for it. Repeated with its client_id, the message is found. Conflict
    for the client_id of another one. On PostgreSQL a plain message of a person is one statement.
    """
    if not caller.is_agent:
        answers.refuse_audit(new)
    message_id = uuid4()
    if db.is_postgresql and is_plain(new) and not caller.is_agent:
        posted = await insert_message(db, caller, conversation_id, new, message_id)
        if posted is not None:
            return PostedToPeople(posted)
    return await db.write(add_message, caller, conversation_id, new, message_id, max_runs)


def is_plain(new: ConversationMessageCreate) -> bool:
    """Whether the message mentions nobody and replies to nothing."""
    return new.reply_to_id is None and new.replaces_id is None and "@" not in new.content


async def insert_message(
    db: Database, caller: Caller, conversation_id: UUID, new: ConversationMessageCreate, message_id: UUID
) -> MessagePublic | None:
    """Post in one statement; None where it does not apply, and `add_message` has to find out why."""
    moment = utc_now()
    row = Message(
        id=message_id,
        conversation_id=conversation_id,
        user_id=caller.user_id,
        role="user",
        content=new.content,
        client_id=new.client_id,
        created_at=moment,
    )
    shown = messages.to_public_message(row, None)
    event = changes.new_event(
        Audience("conversation", conversation_id), "message.created", {"message": shown}
    )
    rows = await db.execute_write_sql(
        POST_TO_PEOPLE,
        [
            *(caller.user_id, conversation_id, moment, message_id, new.content, new.client_id),
            *(event.json(), db.find_expiry()),
        ],
    )
    if not rows:
        return None
    [(_, shown.sender.name)] = rows
    return shown


async def add_message(
    tx: Transaction,
    caller: Caller,
    conversation_id: UUID,
    new: ConversationMessageCreate,
    message_id: UUID,
    max_runs: int,
) -> PostedToPeople:
    """The same in a transaction that also knows mentions, replies, agents, repeated messages, and what to say against
    it.
    """
    # Locked, so that all see the messages in one order; not against deliveries, whose writers may hold a place.
    conversation = await access.get_row(
        tx, caller, Conversation, conversation_id, lock=True, keeps_key=True, rule=readable_conversation
    )
    if conversation.kind == "assistant":
        raise Invalid("What is said to an agent replies to no message.", ("body", "reply_to_id"))
    if new.replaces_id is not None:
        raise refuse_among_people()
    repeated = await find_repeated(tx, caller, conversation_id, new, message_id)
    if repeated is not None:
        return PostedToPeople(await shared_messages.get_message(tx, caller, repeated.id))
    replied = await find_replied(tx, caller, conversation_id, new.reply_to_id)
    if caller.is_agent:
        return await post_as_agent(tx, caller, conversation, new, replied, message_id)
    mentioned = await find_mentioned_users(tx, conversation, new.content)
    agents = await agent_runs.find_asked(tx, caller, conversation, mentioned, replied)
    ended = []
    if agents:
        ended = await agent_runs.make_room(tx, caller, conversation, agents, new.on_busy, max_runs)
    message = Message(
        id=message_id,
        conversation_id=conversation_id,
        user_id=caller.user_id,
        role="user",
        content=new.content,
        seq=0,
        client_id=new.client_id,
        reply_to_seq=replied.seq if replied else None,
    )
    await store_message(tx, caller, conversation, message, mentioned)
    shown = await tell(tx, caller, message)
    runs = await agent_runs.add_runs(tx, caller, conversation, message, agents, shown) if agents else []
    return PostedToPeople(shown, tuple(run.id for run in runs if not run.is_external), tuple(ended))


async def post_as_agent(
    tx: Transaction,
    caller: Caller,
    conversation: Conversation,
    new: ConversationMessageCreate,
    replied: Message | None,
    message_id: UUID,
) -> PostedToPeople:
    """What an agent says by its key: an answer where one is waited for, else of its own accord."""
    run = await answers.find_waiting_run(tx, caller, conversation.id, replied.seq if replied else None)
    if run is not None:
        answer = await answers.end_with_answer(tx, caller, conversation, run, new)
        return PostedToPeople(await shared_messages.get_message(tx, caller, answer.id), ended=(run.id,))
    message = Message(
        id=message_id,
        conversation_id=conversation.id,
        user_id=caller.user_id,
        role="agent",
        agent_id=caller.user_id,
        content=new.content,
        seq=0,
        client_id=new.client_id,
        reply_to_seq=replied.seq if replied else None,
        **await answers.read_audit(tx, caller, new),
    )
    mentioned = await find_mentioned_users(tx, conversation, new.content)
    await store_message(tx, caller, conversation, message, mentioned)
    return PostedToPeople(await tell(tx, caller, message))


async def tell(tx: Transaction, caller: Caller, message: Message) -> MessagePublic:
    """Record the event of a new message for all who take part; the message."""
    shown = await shared_messages.get_message(tx, caller, message.id)
    payload = {"message": cut_message(shown), "message_seq": message.seq}
    everybody = Audience("conversation", message.conversation_id)
    await changes.record_event(tx, everybody, "message.created", payload)
    return shown


async def find_repeated(
    tx: Transaction, caller: Caller, conversation_id: UUID, new: ConversationMessageCreate, message_id: UUID
) -> Message | None:
    """By its client_id; without one, by the id that a statement may have stored whose connection was lost."""
    if new.client_id is None:
        return await access.find_by_id(tx, caller, Message, message_id, rule=said_by_caller)
    has_id = col(Message.client_id) == new.client_id
    found = await access.find_row(tx, caller, Message, has_id, rule=said_by_caller(caller))
    if found is not None and (found.conversation_id, found.content) != (conversation_id, new.content):
        raise Conflict("This client_id was used for another message.", problem="client-id-used")
    return found


async def find_replied(
    tx: Transaction, caller: Caller, conversation_id: UUID, message_id: UUID | None
) -> Message | None:
    if message_id is None:
        return None
    replied = await access.find_by_id(tx, caller, Message, message_id, rule=shared_message)
    if replied is None or replied.conversation_id != conversation_id:
        raise Invalid("There is no such message in this conversation.", ("body", "reply_to_id"))
    return replied
