# agent/histories/history_cache.py -- what a worker keeps of the histories that its runs have read.
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from time import monotonic as read_clock
from typing import NamedTuple
from uuid import UUID

from cachetools import TLRUCache

from access import Caller
from llm.protocol import Turn

MAX_BYTES = 32 * 2**20
# A larger history is read anew each time: others shall find room beside it.
MAX_BYTES_OF_ONE = MAX_BYTES // 2
# So long after its last use a history leaves the memory, also that of a conversation which was deleted.
KEEP_SECONDS = 300.0


class Part(NamedTuple):
    """One side of an exchange: a message, or the answer of the run that it started, with its calls.

    `seq` is the message's; `size` is in characters and never 0, `memory` in bytes, roughly.
    """

    seq: int
    size: int
    memory: int
    turns: tuple[Turn, ...]


def make_numbers() -> "array[int]":
    return array("q")


@dataclass(slots=True)
class KnownHistory:
    """What was said in a conversation before its message `last_id`, number `last_seq`: oldest first, without a gap.

    None of it changes: messages are append-only, and a run begins when those before it have ended. `is_whole`: there is
    nothing before it. The lists have an item for each turn, so that what fits is a slice: thousands of turns cost no
    more than a few. `starts`: the characters before its part, counted from anywhere; `end`: those up to the end.
    """

    last_seq: int
    last_id: UUID
    is_whole: bool = False
    turns: list[Turn] = field(default_factory=list)
    starts: "array[int]" = field(default_factory=make_numbers)
    seqs: "array[int]" = field(default_factory=make_numbers)
    memory_of: "array[int]" = field(default_factory=make_numbers)
    end: int = 0
    longest: int = 0
    memory: int = 0

    @property
    def first_seq(self) -> int:
        """There is nothing older here."""
        return self.seqs[0] if self.seqs else self.last_seq

    @property
    def size(self) -> int:
        """In characters."""
        return self.end - self.starts[0] if self.starts else 0

    def add_newer(self, newer: Iterable[Part], last_seq: int, last_id: UUID) -> None:
        """`newer` begins with the message that was the last; that of `last_id` comes after it."""
        for part in newer:
            self.turns += part.turns
            self.starts.extend(self.end for _ in part.turns)
            self.seqs.extend(part.seq for _ in part.turns)
            self.memory_of.extend(part.memory for _ in part.turns)
            self.end += part.size
            self.longest = max(self.longest, part.size)
            self.memory += part.memory * len(part.turns)
        self.last_seq, self.last_id = last_seq, last_id

    def add_older(self, older: Iterable[Part], *, is_whole: bool) -> None:
        together = KnownHistory(self.last_seq, self.last_id)
        together.add_newer(older, self.last_seq, self.last_id)
        further = together.end - self.end + self.size
        self.turns = together.turns + self.turns
        self.starts = together.starts + array("q", [further + start for start in self.starts])
        self.seqs = together.seqs + self.seqs
        self.memory_of = together.memory_of + self.memory_of
        self.end += further
        self.longest = max(self.longest, together.longest)
        self.memory += together.memory
        self.is_whole = is_whole

    def forget_before(self, place: int) -> None:
        """Keep the turns from this place on, and what else belongs to the exchange of the first one."""
        while 0 < place < len(self.seqs) and self.seqs[place - 1] == self.seqs[place]:
            place -= 1
        if place > 0:
            self.memory -= sum(self.memory_of[:place])
            del self.turns[:place], self.starts[:place], self.seqs[:place], self.memory_of[:place]
            self.is_whole = False


class HistoryCache:
    """The histories used last, each kept for the one who has read it: who else may read the conversation reads anew."""

    def __init__(self) -> None:
        self._known: TLRUCache[tuple[UUID, UUID], KnownHistory] = TLRUCache(
            MAX_BYTES,
            ttu=lambda _, __, now: now + KEEP_SECONDS,
            timer=read_clock,
            getsizeof=lambda history: history.memory + 1_000,
        )

    def take(self, caller: Caller, conversation_id: UUID) -> KnownHistory | None:
        """The history, which is not here any more until it is kept again: only one run at a time adds to it."""
        return self._known.pop((caller.user_id, conversation_id), None)

    def keep(self, caller: Caller, conversation_id: UUID, history: KnownHistory) -> None:
        if history.memory <= MAX_BYTES_OF_ONE:
            self._known[caller.user_id, conversation_id] = history

    def forget_old(self) -> None:
        """Give the memory of what was not used for KEEP_SECONDS back."""
        self._known.expire()
