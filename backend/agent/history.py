# agent/history.py -- what a model reads: earlier turns that fit, and the steps of the run at work.
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import cast

from sqlalchemy import or_
from sqlmodel import col

import access
from access import Caller
from agent.shortening import CHARACTERS_PER_TOKEN
from db import Transaction
from llm.protocol import AgentTurn, ToolCall, Turn, UserTurn
from models import Message, Run, RunEvent
from models.recorded_call import RecordedCall, pick_approval, pick_outcome, set_outcome
from services import runs

MESSAGE_BATCH = 50


@dataclass
class Step:
    """One answer of the model within a run: its text and its tool calls with what came of them.

    `size` is the text's, in bytes.
    """

    text: str = ""
    calls: list[RecordedCall] = field(default_factory=list)
    size: int = 0

    def add_text(self, text: str) -> None:
        self.text += text
        self.size += len(text.encode())

    def clear_text(self) -> None:
        self.text, self.size = "", 0

    def turn(self) -> AgentTurn:
        return AgentTurn(self.text.strip(), tuple(to_tool_call(call) for call in self.calls))


def begin_paragraph(steps: Sequence[Step], text: str) -> str:
    """The text as it follows what was said before: each step begins a paragraph of its own."""
    begins = not steps[-1].text and any(step.text for step in steps)
    return "\n\n" + text if begins else text


def to_tool_call(call: RecordedCall) -> ToolCall:
    return ToolCall(call["id"], call["name"], call["arguments"], call.get("result"), call.get("error"))


def rebuild_steps(events: Iterable[RunEvent]) -> list[Step]:
    """The steps that a run's log tells of."""
    steps: list[Step] = []
    # Joined at the end: to add thousands of pieces one by one copies the text each time.
    texts: list[list[str]] = []
    for event in events:
        data = event.data
        if event.type not in runs.DETAIL_EVENTS:
            continue
        while len(steps) <= data["step"]:
            steps.append(Step())
            texts.append([])
        step = steps[data["step"]]
        if event.type == "message.delta":
            texts[data["step"]].append(data["text"])
        elif event.type == "message.reset":
            texts[data["step"]].clear()
        elif event.type == "tool.call":
            step.calls.append({"id": data["id"], "name": data["name"], "arguments": data["arguments"]})
        else:
            call = next(call for call in step.calls if call["id"] == data["id"])
            if event.type == "approval.requested":
                call["approval"] = pick_approval(data)
            elif event.type == "approval.decided":
                call["approval"]["decision"] = data["decision"]
                call["approval"]["decided_at"] = data["decided_at"]
            else:
                set_outcome(call, pick_outcome(data))
    for step, pieces in zip(steps, texts, strict=True):
        step.add_text("".join(pieces))
    return steps


def to_turns(message: Message) -> list[Turn]:
    if message.role == "user":
        return [UserTurn(message.content)]
    calls = tuple(to_tool_call(call) for call in cast("list[RecordedCall]", message.tool_calls or []))
    turns: list[Turn] = [AgentTurn("", calls)] if calls else []
    return [*turns, AgentTurn(message.content)] if message.content else turns


def estimate_tokens(message: Message) -> int:
    """In tokens, roughly."""
    calls = len(str(message.tool_calls)) if message.tool_calls else 0
    return (len(message.content) + calls) // CHARACTERS_PER_TOKEN + 1


async def read_history(tx: Transaction, caller: Caller, run: Run, context_tokens: int) -> list[Turn]:
    """Messages up to the run's trigger and the answers of earlier runs: the newest that fit, oldest first.

    The trigger itself is always there. Whole messages are left out at the old end, so calls keep their results.
    """
    left = context_tokens
    turns: list[list[Turn]] = []
    async for message in iterate_newest_first(tx, caller, run):
        left -= estimate_tokens(message)
        if left < 0 and turns:
            break
        turns.append(to_turns(message))
    return [turn for group in reversed(turns) for turn in group]


async def iterate_newest_first(tx: Transaction, caller: Caller, run: Run) -> AsyncIterator[Message]:
    """Each question after its answer, wherever the answer stands: the next question may have come before it."""
    seq = run.trigger_seq + 1
    is_question = or_(col(Message.role) == "user", col(Message.run_id).is_(None))
    while True:
        earlier = access.select(caller, Message).where(
            col(Message.conversation_id) == run.conversation_id, col(Message.seq) < seq, is_question
        )
        page = (
            (await tx.execute(earlier.order_by(col(Message.seq).desc()).limit(MESSAGE_BATCH))).scalars().all()
        )
        asked = [message.run_id for message in page if message.run_id and message.run_id != run.id]
        written = access.select(caller, Message).where(
            col(Message.run_id).in_(asked), col(Message.role) == "agent"
        )
        answers = {answer.run_id: answer for answer in (await tx.execute(written)).scalars()} if asked else {}
        for message in page:
            if message.run_id in answers:
                yield answers[message.run_id]
            yield message
        if len(page) < MESSAGE_BATCH:
            return
        seq = page[-1].seq
