# agent/histories/shared_history.py -- what a model reads of a conversation of people, as far as who asks may.
"""What somebody says to an agent stands as it is, and so does the agent's answer to them, with its tool calls: of the
one who asks now, and of nobody else. Everything else that was said is a turn of JSON with who said it. Whatever stands
in a text is quoted there: nobody can speak in the name of another, or to the agent in the place of the one who asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import Integer, SQLColumnExpression, Uuid, and_, bindparam, case, func, null, select
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from access.participation import last_change_of_message, shared_message
from agent.histories.history import parse_calls, to_call_turns
from agent.histories.shortening import CHARACTERS_PER_TOKEN, write_json
from db import AnySelect, Transaction, fetch_rows
from llm.protocol import AgentTurn, Turn, UserTurn
from models import Message, MessageChange, Run, User
from models.message import Role
from models.shapes import JsonObject

BATCH = 50
# Older messages are left out, however short they are.
MAX_MESSAGES = 500
RETRACTED = "(This message was retracted.)"


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who has said something. A name is whatever somebody calls themselves, so it is given as data."""

    id: UUID
    name: str | None
    role: Role

    def describe(self) -> JsonObject:
        kind = "agent" if self.role == "agent" else "person"
        return {"id": str(self.id), "name": self.name, "kind": kind}


@dataclass(frozen=True, slots=True)
class Said:
    """A message as it is now; `is_to_agent`: who asks has said it to the agent, `is_answer`: the agent to them."""

    seq: int
    speaker: Speaker
    content: str
    is_retracted: bool
    is_to_agent: bool
    is_answer: bool
    calls: object

    def to_turns(self, agent_name: str) -> list[Turn]:
        """Nothing of a message that was taken back."""
        if self.is_retracted:
            return []
        if self.is_to_agent:
            return [UserTurn(drop_address(self.content, agent_name))]
        if self.is_answer:
            said: list[Turn] = [AgentTurn(self.content)] if self.content else []
            return [*to_call_turns(parse_calls(self.calls)), *said]
        return [UserTurn(write_json({"from": self.speaker.describe(), "text": self.content}))]


@dataclass(frozen=True, slots=True)
class SharedHistory:
    turns: list[Turn]
    asker: Speaker


@cache
def select_said() -> AnySelect:
    """Messages before a number, newest first, as they are after their edits and retractions."""
    agent_id = bindparam("agent_id", type_=Uuid())
    is_answer = and_(col(Message.agent_id) == agent_id, col(Message.user_id) == ANY_CALLER.user_id)
    is_asked = and_(
        access.own_condition(ANY_CALLER, Run),
        col(Run.conversation_id) == col(Message.conversation_id),
        col(Run.trigger_seq) == col(Message.seq),
        col(Run.agent_key) == agent_id,
    )
    columns: tuple[SQLColumnExpression[object], ...] = (
        col(Message.seq),
        func.coalesce(col(Message.agent_id), col(Message.user_id)).label("speaker_id"),
        col(User.display_name),
        col(Message.role),
        case(
            (col(MessageChange.kind) == "edit", col(MessageChange.content)), else_=col(Message.content)
        ).label("text"),
        (func.coalesce(col(MessageChange.kind), "") == "retract").label("is_retracted"),
        col(Run.id).is_not(None).label("is_to_agent"),
        is_answer.label("is_answer"),
        case((is_answer, col(Message.tool_calls)), else_=null()).label("calls"),
    )
    statement = (
        select(*columns)
        .select_from(Message)
        .outerjoin(User, access.speaker_condition())
        .outerjoin(MessageChange, last_change_of_message())
        .outerjoin(Run, is_asked)
        .where(
            shared_message(ANY_CALLER),
            col(Message.conversation_id) == bindparam("conversation_id", type_=Uuid()),
            col(Message.seq) < bindparam("before", type_=Integer()),
        )
    )
    return statement.order_by(col(Message.seq).desc()).limit(BATCH)


async def read_batch(tx: Transaction, caller: Caller, run: Run, before: int) -> list[Said]:
    """The BATCH messages before a number, newest first."""
    values = {
        **access.caller_params(caller),
        "conversation_id": run.conversation_id,
        "agent_id": run.agent_key,
        "before": before,
    }
    return [
        Said(
            seq=row[0],
            speaker=Speaker(row[1], row[2], row[3]),
            content=row[4],
            is_retracted=bool(row[5]),
            is_to_agent=bool(row[6]),
            is_answer=bool(row[7]),
            calls=row[8],
        )
        for row in await fetch_rows(tx, select_said(), values)
    ]


async def read_shared_history(
    tx: Transaction, caller: Caller, run: Run, agent_name: str, context_tokens: int
) -> SharedHistory:
    """Up to the message that asked, which is always there: the newest that fit, oldest first."""
    room = context_tokens * CHARACTERS_PER_TOKEN
    newest_first: list[list[Turn]] = []
    asker = Speaker(caller.user_id, None, "user")
    before, looked_at = run.trigger_seq + 1, 0
    while looked_at < MAX_MESSAGES:
        batch = await read_batch(tx, caller, run, before)
        for said in batch:
            if said.seq == run.trigger_seq:
                asker = said.speaker
                text = RETRACTED if said.is_retracted else drop_address(said.content, agent_name)
                turns: list[Turn] = [UserTurn(text)]
            else:
                turns = said.to_turns(agent_name)
            room -= sum(map(measure_turn, turns))
            if room < 0 and newest_first:
                return SharedHistory(join_turns(newest_first), asker)
            newest_first.append(turns)
        if len(batch) < BATCH:
            break
        before, looked_at = batch[-1].seq, looked_at + len(batch)
    return SharedHistory(join_turns(newest_first), asker)


def drop_address(content: str, agent_name: str) -> str:
    """What is said to the agent, without its own name in front."""
    address = f"@{agent_name}"
    if content[: len(address)].casefold() != address.casefold():
        return content
    return content[len(address) :].lstrip(" ,:;.-\n") or content


def measure_turn(turn: Turn) -> int:
    calls = turn.tool_calls if isinstance(turn, AgentTurn) else ()
    return len(turn.text) + sum(len(str(call)) for call in calls)


def join_turns(newest_first: Sequence[list[Turn]]) -> list[Turn]:
    return [turn for turns in reversed(newest_first) for turn in turns]
