# agent/histories/history.py -- what a model reads: earlier turns that fit, and the steps of the run at work.
from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from sys import getsizeof
from typing import NamedTuple, cast
from uuid import UUID

from pydantic_core import from_json
from sqlmodel import col

import access
from access import Caller
from agent.histories.history_cache import HistoryCache, KnownHistory, Part
from agent.histories.shortening import CHARACTERS_PER_TOKEN
from db import Transaction, fetch_rows
from llm.protocol import AgentTurn, ToolCall, Turn, UserTurn
from models import Message, Run
from models.recorded_call import LoggedCall
from services.branches.places import ANSWER, Place, select_exchanges, walk_back
from services.run_log import Step

FIRST_BATCH = 50
MIN_BATCH = 10
MAX_BATCH = 1_000
# A message of more than this part of the room is a long one; what is looked at is so many times the room at most.
LONG_SHARE = 8
LOOK_SHARE = 3
# What a turn takes in memory beside its text, and a character of a call's JSON as objects.
TURN_BYTES = 300
JSON_BYTES = 5


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


QUESTIONS = select_exchanges(
    col(Message.seq).label("seq"),
    col(Message.id).label("id"),
    col(Message.role).label("role"),
    col(Message.content).label("content"),
    col(Message.run_id).label("run_id"),
    col(Message.after_seq).label("after_seq"),
    col(Message.after_id).label("after_id"),
    col(ANSWER.id).label("answer_id"),
    col(ANSWER.content).label("answer"),
    col(ANSWER.tool_calls).label("tool_calls"),
).order_by(col(Message.seq).desc())


async def read_history(
    tx: Transaction,
    caller: Caller,
    conversation_id: UUID,
    trigger_seq: int,
    context_tokens: int,
    cache: HistoryCache | None = None,
) -> list[Turn]:
    """What was said on the branch up to a run's trigger, with its answers: the newest that fit, oldest first.

    The trigger itself is always there. What is in the cache is used only if the caller finds, with the trigger, the
    message up to which it is known: so they may read the conversation, this is its branch, and no message is missing in
    between.
    """
    history = cache.take(caller, conversation_id) if cache is not None else None
    if history is not None and history.last_seq > trigger_seq:
        history = None
    reader = HistoryReader(tx, caller, conversation_id)
    first = history.last_seq if history else 0
    read = await reader.read(Place(trigger_seq), first, FIRST_BATCH)
    if not read:
        return []  # the conversation was deleted
    if history is None or read[-1].message_id != history.last_id:
        is_whole = first == 0 and len(read) < FIRST_BATCH
        history = KnownHistory(read[-1].seq, read[-1].message_id, is_whole)
    trigger, *newer = read
    history.add_newer(list_parts(newer), trigger.seq, trigger.message_id)
    room = context_tokens * CHARACTERS_PER_TOKEN
    choice = choose_turns(history, room, room - trigger.asked.size)
    while not (choice.is_full or history.is_whole):
        most = guess_missing(history, choice)
        # Only the oldest that is known says what comes before it.
        _, *older = await reader.read(Place(history.first_seq), 0, most + 1) or [trigger]
        history.add_older(list_parts(older), is_whole=len(older) < most)
        choice = choose_turns(history, room, room - trigger.asked.size)
    if cache is not None:
        history.forget_before(choice.first - 1)  # that it does not fit is known as long as it is there
        cache.keep(caller, conversation_id, history)
    choice.turns.extend(trigger.asked.turns)  # a list of its own already: a copy of thousands costs
    return choice.turns


def begin_history(
    caller: Caller, conversation_id: UUID, message_id: UUID, text: str, cache: HistoryCache
) -> list[Turn]:
    """The same for the first message of a conversation, which the caller has just made."""
    cache.keep(caller, conversation_id, KnownHistory(1, message_id, is_whole=True))
    return [UserTurn(text)]


# The text and the calls.
Answer = tuple[str | None, object]
NO_ANSWER: Answer = (None, None)


class Question(NamedTuple):
    """A row of QUESTIONS."""

    seq: int
    id: UUID
    role: str
    content: str
    run_id: UUID | None
    after_seq: int | None
    after_id: UUID | None
    answer_id: UUID | None
    answer: str | None
    calls: object

    @property
    def first_answer(self) -> Answer:
        return self.answer, self.calls


class Exchange(NamedTuple):
    """A message, and the answer of the run that it started."""

    seq: int
    message_id: UUID
    asked: Part
    answer: Part


@dataclass(frozen=True, slots=True)
class HistoryReader:
    """Reads the exchanges of one conversation, as far as the caller may see them."""

    tx: Transaction
    caller: Caller
    conversation_id: UUID

    async def read(self, place: Place, first: int, most: int) -> list[Exchange]:
        """Those of the branch that ends there, newest first: all from the number `first` on, at most so many."""
        where = {"conversation_id": self.conversation_id, "first": first}

        async def fetch(before: int, most: int) -> list[Question]:
            values = {**access.caller_params(self.caller), **where, "before": before, "most": most}
            return [Question(*row) for row in await fetch_rows(self.tx, QUESTIONS, values)]

        found = await walk_back(fetch, place, first, most)
        others = {answer_id: row for row, answer_id in found if answer_id not in (None, row.answer_id)}
        answers = await self.fetch_answers(list(others)) if others else {}
        # What ends the branch has no answer yet.
        unanswered = {row.run_id for row, _ in found[1:] if row.answer_id is None and row.run_id is not None}
        withdrawn = await self.find_withdrawn(unanswered) if unanswered else set()
        return [
            build_withdrawn(row)
            if row.run_id in withdrawn
            else build_exchange(
                row, *(answers.get(answer_id, NO_ANSWER) if answer_id in others else row.first_answer)
            )
            for row, answer_id in found
        ]

    async def find_withdrawn(self, run_ids: Collection[UUID]) -> set[UUID]:
        """Those of the runs that were cancelled before anybody began with them: their messages were taken back."""
        cancelled = access.select(self.caller, Run, col(Run.id)).where(
            col(Run.id).in_(run_ids), col(Run.status) == "cancelled", col(Run.started_at).is_(None)
        )
        return set((await self.tx.execute(cancelled)).scalars())

    async def fetch_answers(self, ids: Sequence[UUID | None]) -> dict[UUID | None, Answer]:
        """Those that are not the first to their question; a branch may have one that never came to be."""
        columns = (col(Message.id), col(Message.content), col(Message.tool_calls))
        of_branch = access.select(self.caller, Message, *columns).where(
            col(Message.id).in_(ids), col(Message.role) == "agent", col(Message.run_id).is_not(None)
        )
        return {row[0]: (row[1], row[2]) for row in await self.tx.execute(of_branch)}


def build_withdrawn(row: Question) -> Exchange:
    """It stands in its place, and nothing is read of it."""
    nothing = Part(row.seq, 0, 0, ())
    return Exchange(row.seq, row.id, nothing, nothing)


def build_exchange(row: Question, answer: str | None, stored_calls: object) -> Exchange:
    turn = UserTurn(row.content) if row.role == "user" else AgentTurn(row.content)
    asked = Part(row.seq, len(row.content), TURN_BYTES + getsizeof(row.content), (turn,))
    calls = parse_calls(stored_calls)
    calls_size = sum(len(str(call)) for call in calls)
    text = answer or ""
    turns = (*to_call_turns(calls), *([AgentTurn(text)] if text else []))
    memory = TURN_BYTES + getsizeof(text) + JSON_BYTES * calls_size
    return Exchange(row.seq, row.id, asked, Part(row.seq, len(text) + calls_size, memory, turns))


def list_parts(newest_first: Sequence[Exchange]) -> list[Part]:
    """Oldest first; without the answers in which nothing was said or done."""
    sides = ((each.asked, each.answer) for each in reversed(newest_first))
    return [part for part in chain.from_iterable(sides) if part.turns]


class Choice(NamedTuple):
    """The chosen turns, oldest first. `is_full`: nothing older would be chosen; `first` is the place looked at last."""

    turns: list[Turn]
    is_full: bool
    first: int
    left: int


def choose_turns(history: KnownHistory, room: int, left: int) -> Choice:
    """What fits into `left`, from the newest backwards. Calls and their results are one part, so they stay together.

    A part that takes up more than half of the room is left out alone, and so is a long one that does not fit any more.
    The first short one that does not fit ends the choice, and so does having looked at LOOK_SHARE times the room: what
    is read depends on the room, not on the conversation.
    """
    if left < 0:
        return Choice([], True, 0, left)
    if history.longest > room // LONG_SHARE:
        return choose_around_long_parts(history, room, left)
    first = bisect_left(history.starts, history.end - left)
    taken = history.end - history.starts[first] if first < len(history.turns) else 0
    return Choice(history.turns[first:], first > 0, first, left - taken)


def choose_around_long_parts(history: KnownHistory, room: int, left: int) -> Choice:
    newest_first: list[Sequence[Turn]] = []
    end, place, unseen, is_full = history.end, len(history.turns), LOOK_SHARE * room, False
    while place and not is_full:
        start = history.starts[place - 1]
        first = bisect_left(history.starts, start, 0, place)
        size = end - start
        if size <= min(left, room // 2):
            newest_first.append(history.turns[first:place])
            left -= size
        elif size <= room // LONG_SHARE:
            is_full = True
            break
        end, place, unseen = start, first, unseen - size
        is_full = unseen < 0
    return Choice([*chain.from_iterable(reversed(newest_first))], is_full, place, left)


def guess_missing(history: KnownHistory, choice: Choice) -> int:
    """How many exchanges of the size so far would fill what is left, and a few more: one batch shall be the last."""
    missing = choice.left * len(set(history.seqs)) // max(history.size, 1)
    return min(missing + missing // 8 + MIN_BATCH, MAX_BATCH)


def parse_calls(stored: object) -> list[LoggedCall]:
    """The calls of a message; PostgreSQL's driver gives JSON as text."""
    return cast("list[LoggedCall]", from_json(stored) if isinstance(stored, str) else stored or [])
