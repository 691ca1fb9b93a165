# protocols/run_events.py -- the stream of a run for protocols that have events of their own: each event, as its shape.
from collections.abc import AsyncGenerator
from contextlib import aclosing

from pydantic import TypeAdapter

from models.streams.run_events import RunStreamEvent

EVENT: TypeAdapter[RunStreamEvent] = TypeAdapter(RunStreamEvent)
DATA = b"data: "


async def read_run_events(frames: AsyncGenerator[bytes, None]) -> AsyncGenerator[RunStreamEvent | None, None]:
    """The events of `streaming.open_streams`; None where only a comment came, which keeps the connection open."""
    async with aclosing(frames):
        async for batch in frames:
            for frame in batch.split(b"\n\n"):
                if frame.startswith(b":"):
                    yield None
                for line in frame.split(b"\n"):
                    if line.startswith(DATA):
                        yield EVENT.validate_json(line[len(DATA) :])


class SentText:
    """The text of an answer for a protocol that cannot withdraw what it has sent.

    A step that is tried again mostly writes the same: what was sent is not sent twice. Where it writes something else,
    that follows as a paragraph of its own.
    """

    def __init__(self) -> None:
        self._valid = ""  # what was sent of the message as it stands
        self._withdrawn = ""  # what was sent after that
        self._rewritten = ""  # of the message, as far as what was withdrawn begins with the same
        self.has_begun = False

    def add(self, text: str) -> str:
        """What is to be sent of a piece of the message."""
        if self._withdrawn:
            self._rewritten += text
            if self._withdrawn.startswith(self._rewritten):
                return ""
            is_same = self._rewritten.startswith(self._withdrawn)
            text = self._rewritten[len(self._withdrawn) :] if is_same else f"\n\n{self._rewritten}"
            self._valid += self._rewritten
            self._withdrawn = self._rewritten = ""
        else:
            self._valid += text
        self.has_begun = self.has_begun or text != ""
        return text

    def reset(self, content: str) -> None:
        """The message ends with `content` again."""
        self._withdrawn = (self._valid + self._withdrawn)[len(content) :]
        self._valid, self._rewritten = content, ""

    def complete(self, content: str) -> str:
        """What is to be sent of the message as it is stored: what an external agent answers comes in one piece."""
        written = self._valid + self._rewritten
        return self.add(content[len(written) :]) if content.startswith(written) else ""
