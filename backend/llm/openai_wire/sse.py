# llm/openai_wire/sse.py -- the JSON values in the bytes of an answer: events, lines of JSON, or one JSON document.
import json
from collections.abc import Iterator
from typing import Any

from pydantic_core import from_json

_DONE = b"[DONE]"
_JSON_STARTS = (b"{", b"[")


class Unreadable(Exception):
    """The answer is not what this API sends; the text has its beginning."""


class ChunkParser:
    """Bytes in, in any cut; JSON values out. `max_bytes`: the longest line, or document.

    Lines may end in any way, comments and other fields are passed over, and an event may lack its blank line.
    """

    def __init__(self, max_bytes: int) -> None:
        self.is_done = False  # after [DONE]
        self.is_empty = True  # as long as no value has come
        self._max_bytes = max_bytes
        self._has_events = False
        self._rest = b""
        self._event: list[bytes] = []  # data lines that together are one value
        self._document: list[bytes] = []  # lines of a JSON document in place of a stream
        self._size = 0

    def add(self, data: bytes) -> Iterator[Any]:
        """The values that end within `data`. Raises Unreadable."""
        lines = (self._rest + data).split(b"\n")
        self._rest = lines.pop()
        if b"\r" in self._rest[:-1]:  # a server that ends lines with CR alone
            *more, self._rest = split_at_returns(self._rest)
            lines += more
        if len(self._rest) > self._max_bytes:
            raise Unreadable(f"a line of more than {self._max_bytes} bytes")
        for line in lines:
            if b"\r" in line:
                for part in line.split(b"\r"):
                    yield from self._read_line(part)
            else:
                yield from self._read_line(line)

    def close(self) -> Iterator[Any]:
        """What is left at the end: a last line without its end, or the document. Raises Unreadable."""
        for line in self._rest.split(b"\r"):
            yield from self._read_line(line)
        self._rest = b""
        yield from self._end_event()
        if self._document:
            text = b"\n".join(self._document)
            self._document = []
            yield self._accept(parse_json(text))

    def _read_line(self, line: bytes) -> Iterator[Any]:
        if self.is_done:
            return
        if line.startswith(b"data:"):
            self._has_events = True
            yield from self._read_data(line[5:])
        elif not line.strip():
            yield from self._end_event()
        elif not self._has_events:
            yield from self._read_bare_line(line)

    def _read_data(self, data: bytes) -> Iterator[Any]:
        if self._event:
            self._keep(self._event, data)
            return
        if data.strip() == _DONE:
            self.is_done = True
            return
        try:
            value = parse_json(data)
        except Unreadable:
            self._keep(self._event, data)  # the event may go on in the next line
        else:
            yield self._accept(value)

    def _end_event(self) -> Iterator[Any]:
        if self._event:
            text = b"\n".join(self._event)
            self._event = []
            if text.strip():
                yield self._accept(parse_json(text))

    def _read_bare_line(self, line: bytes) -> Iterator[Any]:
        """A line without `data:` before any event: JSON in place of a stream, whole or in lines."""
        start = line.removeprefix(b"\xef\xbb\xbf").lstrip()
        if not self._document and not start.startswith(_JSON_STARTS):
            if start.startswith(b"<"):
                raise Unreadable(start[:500].decode("utf-8", "replace"))
            return
        self._keep(self._document, start)
        if len(self._document) == 1:
            try:
                value = parse_json(start)
            except Unreadable:
                return
            self._document = []
            yield self._accept(value)

    def _keep(self, lines: list[bytes], line: bytes) -> None:
        self._size = self._size + len(line) if lines else len(line)
        if self._size > self._max_bytes:
            raise Unreadable(f"an event of more than {self._max_bytes} bytes")
        lines.append(line)

    def _accept(self, value: Any) -> Any:
        self.is_empty = False
        return value


def split_at_returns(rest: bytes) -> list[bytes]:
    """The parts of an unfinished line between carriage returns; one at its very end may belong to a line feed."""
    parts = rest.split(b"\r")
    return [*parts[:-2], parts[-2] + b"\r"] if not parts[-1] else parts


def parse_json(text: bytes) -> Any:
    """Raises Unreadable. The standard library's parser takes lone surrogates, which the fast one refuses."""
    try:
        return from_json(text)
    except ValueError:
        pass
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(text[:500].decode("utf-8", "replace")) from error
