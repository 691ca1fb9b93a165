# llm/offline/budget.py -- how much work the offline model may spend on one message
import time
from dataclasses import dataclass, field
from difflib import SequenceMatcher

_MIN_SIMILARITY = 0.8  # the ratio of SequenceMatcher
_MAX_WORD_LETTERS = 24  # a longer word is compared for equality only


class BudgetExceeded(Exception):
    """The message costs more work than one message may."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`seconds` of processor time in this thread, counted from the creation of the object."""

    seconds: float
    started_at: float = field(default_factory=time.thread_time)

    def check(self) -> None:
        if time.thread_time() - self.started_at > self.seconds:
            raise BudgetExceeded


@dataclass(slots=True)
class WordComparer:
    """Tells which words are spelled alike, at the cost of at most `pairs_left` compared pairs of letters.

    The limit counts pairs, not time: a message that is replayed must give the same result again.
    """

    pairs_left: int = 150_000

    def is_similar(self, word: str, others: tuple[str, ...]) -> bool:
        """Whether one of the others is this word, or a misspelling of it."""
        if word in others:
            return True
        if not 3 < len(word) <= _MAX_WORD_LETTERS:
            return False
        matcher = SequenceMatcher()
        matcher.set_seq2(word)
        for other in others:
            if 2 * min(len(word), len(other)) < _MIN_SIMILARITY * (len(word) + len(other)):
                continue
            self.pairs_left -= len(word) * len(other)
            if self.pairs_left < 0:
                return False
            matcher.set_seq1(other)
            if matcher.quick_ratio() >= _MIN_SIMILARITY and matcher.ratio() >= _MIN_SIMILARITY:
                return True
        return False
