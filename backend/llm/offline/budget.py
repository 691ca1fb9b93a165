# llm/offline/budget.py -- how much work a message may cost the offline brain, which holds up everybody else
import time
from dataclasses import dataclass, field
from difflib import SequenceMatcher

_ALIKE = 0.8  # of SequenceMatcher's ratio
_LONGEST_WORD = 24  # letters; a longer word is only compared as a whole


class TooMuch(Exception):
    """What the message asks for costs more than it may."""


@dataclass(frozen=True, slots=True)
class Budget:
    """`seconds` of this thread's processor, from the moment on that this is made."""

    seconds: float
    started: float = field(default_factory=time.thread_time)

    def check(self) -> None:
        if time.thread_time() - self.started > self.seconds:
            raise TooMuch


@dataclass(slots=True)
class Eyes:
    """Sees which words are alike, as long as `left` lasts: pairs of letters, which is what comparing costs.

    It counts instead of taking the time, so that a message that is replayed sees the same once more.
    """

    left: int = 150_000

    def alike(self, word: str, others: tuple[str, ...]) -> bool:
        """Whether one of the others is this word, or it in another spelling."""
        if word in others:
            return True
        if not 3 < len(word) <= _LONGEST_WORD:
            return False
        matcher = SequenceMatcher()
        matcher.set_seq2(word)
        for other in others:
            if 2 * min(len(word), len(other)) < _ALIKE * (len(word) + len(other)):
                continue
            self.left -= len(word) * len(other)
            if self.left < 0:
                return False
            matcher.set_seq1(other)
            if matcher.quick_ratio() >= _ALIKE and matcher.ratio() >= _ALIKE:
                return True
        return False
