# agent/history.py -- what a model reads: earlier turns that fit, and the steps of the run at work.
from collections.abc import AsyncIterator, Sequence
from functools import cache
from typing import Any, cast
from uuid import UUID

from pydantic_core import from_json
from sqlalchemy import Integer, Select, SQLColumnExpression, Uuid, and_, bindparam, or_
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from agent.shortening import CHARACTERS_PER_TOKEN
from db import Transaction, fetch_rows
from llm.protocol import AgentTurn, ToolCall, Turn, UserTurn
from models import Message
from models.recorded_call import LoggedCall
from services.run_log import Step

MESSAGE_BATCH = 50


def begin_paragraph(steps: Sequence[Step], text: str) -> str:
    """The text, after an empty line if it is the first text of a later step."""
    begins = not steps[-1].text and any(step.text for step in steps)
    return "\n\n" + text if begins else text


def to_turn(step: Step) -> AgentTurn:
    return AgentTurn(step.text.strip(), tuple(map(to_tool_call, step.calls)), step.opaque)


def to_tool_call(call: LoggedCall) -> ToolCall:
    outcome = (call.get("result"), call.get("error"))
    return ToolCall(call["id"], call["name"], call["arguments"], *outcome, call.get("opaque"))


def to_call_turns(calls: list[LoggedCall]) -> list[Turn]:
    return [AgentTurn("", tuple(map(to_tool_call, calls)))] if calls else []


@cache
def select_questions() -> Select[Any]:
    """The messages before a number, newest first, each with the answer of the run that it started.

    The answer goes with its question wherever it stands: the next question may have come before it.
    """
    answer = aliased(Message)
    question: tuple[SQLColumnExpression[Any], ...] = (
        col(Message.seq).label("seq"),
        col(Message.role).label("role"),
        col(Message.content).label("content"),
        col(answer.content).label("answer"),
        col(answer.tool_calls).label("tool_calls"),
    )
    is_answer = and_(
        col(answer.run_id) == col(Message.run_id),
        col(answer.role) == "agent",
        access.child_condition(answer, col(Message.conversation_id)),
    )
    statement = access.select(ANY_CALLER, Message, *question).outerjoin(answer, is_answer)
    statement = statement.where(
        col(Message.conversation_id) == bindparam("conversation_id", type_=Uuid()),
        col(Message.seq) < bindparam("before", type_=Integer()),
        or_(col(Message.role) == "user", col(Message.run_id).is_(None)),
    )
    return statement.order_by(col(Message.seq).desc()).limit(MESSAGE_BATCH)


async def read_history(
    tx: Transaction, caller: Caller, conversation_id: UUID, trigger_seq: int, context_tokens: int
) -> list[Turn]:
    """What was said up to a run's trigger, with the answers of earlier runs: the newest that fit, oldest first.

    The trigger itself is always there. Whole messages are left out, so calls keep their results: all before the first
    that does not fit any more, and one that would take up more than half of the room, alone.
    """
    room = context_tokens * CHARACTERS_PER_TOKEN
    left = room
    newest_first: list[list[Turn]] = []
    async for seq, role, content, answer, stored_calls in iterate_questions(
        tx, caller, conversation_id, trigger_seq
    ):
        is_trigger = seq == trigger_seq
        if not is_trigger and answer is not None:
            calls = parse_calls(stored_calls)
            size = len(answer) + sum(len(str(call)) for call in calls)
            if size <= room // 2:
                left -= size
                if left < 0:
                    break
                newest_first.append([*to_call_turns(calls), *([AgentTurn(answer)] if answer else [])])
        if is_trigger or len(content) <= room // 2:
            left -= len(content)
            if left < 0 and not is_trigger:
                break
            newest_first.append([UserTurn(content) if role == "user" else AgentTurn(content)])
    return [turn for turns in reversed(newest_first) for turn in turns]


async def iterate_questions(
    tx: Transaction, caller: Caller, conversation_id: UUID, last_seq: int
) -> AsyncIterator[Any]:
    """The rows of `select_questions`, from a number on backwards."""
    values = {**access.caller_params(caller), "conversation_id": conversation_id}
    before = last_seq + 1
    while True:
        rows = await fetch_rows(tx, select_questions(), {**values, "before": before})
        for row in rows:
            yield row
        if len(rows) < MESSAGE_BATCH:
            return
        before = rows[-1][0]


def parse_calls(stored: Any) -> list[LoggedCall]:
    """The calls of a message; PostgreSQL's driver gives JSON as text."""
    return cast("list[LoggedCall]", from_json(stored) if isinstance(stored, str) else stored or [])
