# streaming/typing_notes.py -- that somebody is typing: passed on at once, at most once a second, and stored nowhere.
import time
from collections.abc import Callable
from typing import NamedTuple
from uuid import UUID

from fastapi.sse import format_sse_event
from pydantic_core import to_json

TYPE = "participant.typing"
# By this the word of a note differs from an id, which is all that workers of older versions know.
WORD = "typing:"
SECONDS_BETWEEN = 1.0
# So many different notes pass in a second; more are dropped, as nobody could read along.
MAX_RECENT = 10_000


class TypingNote(NamedTuple):
    """Somebody is typing in a conversation."""

    conversation_id: UUID
    user_id: UUID

    def write_word(self) -> str:
        return f"{WORD}{self.conversation_id.hex}{self.user_id.hex}"

    def frame(self) -> bytes:
        """What streams show: it is no event of the log, so it has no number, and nobody resumes from it."""
        data = to_json({"type": TYPE, **self._asdict()}).decode()
        return format_sse_event(event=TYPE, data_str=data)


def read_word(word: str) -> TypingNote | None:
    """The note of a word; None for any other one. ValueError for one that is broken."""
    if not word.startswith(WORD):
        return None
    ids = word.removeprefix(WORD)
    return TypingNote(UUID(ids[:32]), UUID(ids[32:]))


class TypingGate:
    """Lets a person's note about a conversation pass once a second, whichever worker they were talking to."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # When each note has passed, the oldest first.
        self._passed_at: dict[TypingNote, float] = {}

    def lets_pass(self, note: TypingNote) -> bool:
        now = self._clock()
        while self._passed_at:
            oldest = next(iter(self._passed_at))
            if self._passed_at[oldest] > now - SECONDS_BETWEEN:
                break
            del self._passed_at[oldest]
        if note in self._passed_at or len(self._passed_at) >= MAX_RECENT:
            return False
        self._passed_at[note] = now
        return True
