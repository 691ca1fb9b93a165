# protocols/openai/threads.py -- in which conversation a request goes on: clients send all that was said each time.
"""A client may name its conversation. Otherwise it is the one in which the user has said the same so far, and nothing
after that: each message is stored under a `client_id` that begins with a hash of all that the user has said, so it is
found by an index. Where there is none, as after an edit, a new one begins with the history that was sent.
"""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

from pydantic_core import to_json
from sqlalchemy import exists
from sqlalchemy import select as sql_select
from sqlmodel import col

import access
from access import Caller
from db import Transaction, get_columns
from models import Conversation, Message, Run
from models.agent import BUILT_IN_ID
from models.message import ChatCreate
from models.run import RunStatus
from protocols.conversations import Question, begin_conversation, find_named, open_named
from protocols.openai.failures import RequestRefused

# Conversations of the same words that are looked at, the newest first.
MAX_CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """`agent_id` is whom the question is for. `name` is the client's for the conversation, `is_retry` whether the
    client has sent the same before and has no answer. `new_id` follows from an Idempotency-Key. Without `has_history`
    the client sends the message alone.
    """

    agent_id: UUID
    question: Question
    name: str | None = None
    is_retry: bool = False
    new_id: UUID | None = None
    has_history: bool = True


def hash_texts(*parts: str) -> str:
    return hashlib.sha256(to_json(parts)).hexdigest()[:32]


def name_turn(agent_id: UUID, asked: Sequence[str]) -> str:
    """The first half of the `client_id` of a message; `asked` ends with it."""
    return f"a{hash_texts(str(agent_id), *asked)}"


def make_client_id(turn: str, new_id: UUID | None = None) -> str:
    """Of messages of the same turn the newest is the first by name, but for those with a key."""
    if new_id is not None:
        return f"{turn}{new_id.hex[:16]}"
    return f"{turn}{2**48 - time.time_ns() // 1_000_000:012x}{uuid4().hex[:4]}"


async def find_thread(tx: Transaction, caller: Caller, wanted: Wanted) -> ChatCreate:
    """The message to post, with its conversation, which is made if it begins with more than this message."""
    question, agent_id = wanted.question, wanted.agent_id
    if wanted.name is not None:
        return await find_named_thread(tx, caller, wanted, wanted.name)
    turn = name_turn(agent_id, question.asked)
    if wanted.is_retry and (sent := await find_last_said(tx, caller, turn)):
        return build_chat(question, *sent)
    client_id = make_client_id(turn, wanted.new_id)
    if wanted.new_id is not None and await find_status(tx, caller, client_id):
        return build_chat(question, None, client_id)
    if not question.earlier:
        return build_chat(question, None, client_id, agent_id)
    before = name_turn(agent_id, question.asked[:-1])
    if len(question.asked) > 1 and (said := await find_last_said(tx, caller, before)):
        return build_chat(question, said[0], client_id)
    conversation = await begin_conversation(tx, caller, agent_id, question, uuid4())
    return build_chat(question, conversation.id, client_id)


def build_chat(
    question: Question, conversation_id: UUID | None, client_id: str, agent_id: UUID | None = None
) -> ChatCreate:
    built_in = agent_id is None or agent_id == BUILT_IN_ID
    return ChatCreate(
        message=question.text,
        conversation_id=conversation_id,
        agent_id=None if built_in else agent_id,
        client_id=client_id,
    )


async def find_named_thread(tx: Transaction, caller: Caller, wanted: Wanted, name: str) -> ChatCreate:
    """The same message at the same place of a named conversation is one that was sent again, unless its run has failed.

    The name is the id of a conversation, or any word of the client's.
    """
    question = wanted.question
    conversation = await find_named(tx, caller, name.removeprefix("conv_"))
    if conversation is None:
        conversation = await open_named(tx, caller, wanted.agent_id, question, f"openai/{name}")
    if (conversation.agent_id or BUILT_IN_ID) != wanted.agent_id:
        raise RequestRefused("This conversation is with another agent.", "model", "wrong_model")
    turn = f"n{hash_texts(str(conversation.id), str(len(question.asked)), question.text)}"
    if wanted.is_retry and (sent := await find_last_said(tx, caller, turn)):
        return build_chat(question, *sent)
    client_id = make_client_id(turn, wanted.new_id)
    if wanted.new_id is None and wanted.has_history:
        client_id = await find_client_id(tx, caller, conversation, question, turn) or client_id
    return build_chat(question, conversation.id, client_id)


async def find_client_id(
    tx: Transaction, caller: Caller, conversation: Conversation, question: Question, turn: str
) -> str | None:
    """Of the same message, where it is the last one of the user and its run has not failed; of one that was not sent so
    far a name that two requests at once share.
    """
    if not await is_first_or_later(tx, caller, conversation, question):
        return None
    if sent := await find_last_said(tx, caller, turn):
        has_failed = await find_status(tx, caller, sent[1]) in ("failed", "cancelled")
        return None if has_failed else sent[1]
    first = f"{turn}{'0' * 16}"
    return None if await find_status(tx, caller, first) else first


async def is_first_or_later(
    tx: Transaction, caller: Caller, conversation: Conversation, question: Question
) -> bool:
    """Whether the number of what the user has said tells the place: a client that sends the last message alone always
    sends one.
    """
    if len(question.asked) > 1:
        return True
    mine = access.select(caller, Message, col(Message.id)).where(
        col(Message.conversation_id) == conversation.id, col(Message.role) == "user"
    )
    return len((await tx.execute(mine.order_by(col(Message.seq)).limit(2))).all()) < 2


async def find_status(tx: Transaction, caller: Caller, client_id: str) -> RunStatus | None:
    """How the run of a message stands; None where no such message was sent."""
    run_id = sql_select(col(Message.run_id)).where(
        access.own_condition(caller, Message), col(Message.client_id) == client_id
    )
    found = access.select(caller, Run, col(Run.status)).where(col(Run.id) == run_id.scalar_subquery())
    status: RunStatus | None = (await tx.execute(found)).scalar_one_or_none()
    return status


async def find_last_said(tx: Transaction, caller: Caller, turn: str) -> tuple[UUID, str] | None:
    """The conversation and the `client_id` of the newest message of this turn that is the last one of the user."""
    columns = get_columns(Message)
    of_turn = columns["client_id"].between(f"{turn}{'0' * 16}", f"{turn}{'f' * 16}")
    newest = (
        sql_select(columns["conversation_id"], columns["seq"], columns["client_id"])
        .where(access.own_condition(caller, Message), of_turn)
        .order_by(columns["client_id"])
        .limit(MAX_CANDIDATES)
        .subquery("newest")
    )
    later = exists().where(
        access.own_condition(caller, Message),
        columns["conversation_id"] == newest.c.conversation_id,
        columns["seq"] > newest.c.seq,
        columns["role"] == "user",
    )
    still_there = access.select(caller, Conversation, col(Conversation.id), newest.c.client_id)
    found = still_there.where(col(Conversation.id) == newest.c.conversation_id, ~later)
    row = (await tx.execute(found.order_by(newest.c.client_id).limit(1))).one_or_none()
    return None if row is None else (row[0], row[1])
