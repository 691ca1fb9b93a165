# imports/pieces.py -- the values of a long JSON document, one at a time, while its bytes arrive.
"""A parser of events holds a text of any length, and one of whole values a conversation of any length. Here a document
is opened as deep as a format needs, and what lies below is passed on as text, to be parsed by itself: so one piece is
in memory at most, and what is too long is left out without the rest. The time is linear in the bytes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

# The names that lead to a value; an item of an array is called ITEM.
Path = tuple[str, ...]
ITEM = "*"
MAX_PIECE = 2 * 1024 * 1024

NOT_SPACE = re.compile(rb"[^ \t\r\n]")
REST_OF_STRING = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
TOKEN = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|["\[\]{}]', re.DOTALL)
END_OF_SCALAR = re.compile(rb"[,:\[\]{}\" \t\r\n]")
CLOSING = {b"{": b"}", b"[": b"]"}


class MalformedJson(Exception):
    """This is no JSON, from `offset` on; or it has no end."""

    def __init__(self, offset: int) -> None:
        super().__init__(f"not JSON from byte {offset:,} on")
        self.offset = offset


class Expected(Enum):
    VALUE = auto()
    VALUE_OR_END = auto()
    NAME = auto()
    NAME_OR_END = auto()
    COLON = auto()
    COMMA_OR_END = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True)
class Piece:
    """A value as text; None where it is longer than MAX_PIECE."""

    path: Path
    text: bytes | None


@dataclass(frozen=True, slots=True)
class End:
    """An opened object or array has ended."""

    path: Path


@dataclass(slots=True)
class Gathered:
    """The text of a value that has begun, as far as it has come. `kind` is its first byte."""

    kind: bytes
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    depth: int = 0
    in_string: bool = False
    skips_next: bool = False

    def add(self, part: bytes) -> None:
        self.size += len(part)
        if self.size > MAX_PIECE:
            self.parts.clear()
        else:
            self.parts.append(part)

    def text(self) -> bytes | None:
        return b"".join(self.parts) if self.size <= MAX_PIECE else None

    def find_end(self, data: bytes, position: int) -> int | None:
        """Where the value ends; None if it goes on after `data`."""
        if self.skips_next:
            position, self.skips_next = position + 1, False
        if self.in_string:
            found = self._find_end_of_string(data, position)
            if found is None or self.kind == b'"':
                return found
            position = found
        if self.kind not in CLOSING:
            end = END_OF_SCALAR.search(data, position)
            return None if end is None else end.start()
        return self._find_end_of_container(data, position)

    def _find_end_of_string(self, data: bytes, position: int) -> int | None:
        matched = REST_OF_STRING.match(data, position)
        end = matched.end() if matched else position
        if end >= len(data):
            return None
        if data[end : end + 1] == b"\\":  # the last byte of data: the next one belongs to it
            self.skips_next = True
            return None
        self.in_string = False
        return end + 1

    def _find_end_of_container(self, data: bytes, position: int) -> int | None:
        for token in TOKEN.finditer(data, position):
            text = token.group()
            if text == b'"':
                self.in_string = True
                return self._find_end_of_string(data, token.end())  # None, as there is no end
            if text in CLOSING:
                self.depth += 1
            elif text[:1] != b'"':
                self.depth -= 1
                if self.depth == 0:
                    return token.end()
        return None


class PieceReader:
    """Takes the bytes of a document apart. Values at the paths of `opened` are not pieces: their members are."""

    def __init__(self, opened: frozenset[Path]) -> None:
        self._opened = opened
        self._open: list[tuple[bytes, Path]] = []
        self._expected = Expected.VALUE
        self._name = ""
        self._gathered: Gathered | None = None
        self._offset = 0

    def feed(self, data: bytes) -> Iterator[Piece | End]:
        position = 0
        while position < len(data):
            if self._gathered is None:
                found = NOT_SPACE.search(data, position)
                if found is None:
                    break
                position = found.start()
                event = self._take(found.group(), self._offset + position)
                if self._gathered is None:
                    position += 1
                if event is not None:
                    yield event
            if self._gathered is not None:
                end = self._gathered.find_end(data, position)
                self._gathered.add(data[position:end])
                position = len(data) if end is None else end
                if end is not None and (piece := self._finish_value(self._offset + position)) is not None:
                    yield piece
        self._offset += len(data)

    def finish(self) -> None:
        """MalformedJson unless the document has ended."""
        if self._expected is not Expected.NOTHING:
            raise MalformedJson(self._offset)

    def _path(self) -> Path:
        if not self._open:
            return ()
        kind, path = self._open[-1]
        return (*path, self._name if kind == b"{" else ITEM)

    def _take(self, byte: bytes, offset: int) -> End | None:
        """What stands between values; begins the next one."""
        expected = self._expected
        if expected in (Expected.NAME, Expected.NAME_OR_END) and byte == b'"':
            self._gathered = Gathered(byte, in_string=True, skips_next=True)
        elif expected is Expected.COLON and byte == b":":
            self._expected = Expected.VALUE
        elif expected is Expected.COMMA_OR_END and byte == b",":
            self._expected = Expected.NAME if self._open[-1][0] == b"{" else Expected.VALUE
        elif byte in CLOSING.values():
            return self._close(byte, offset)
        elif expected in (Expected.VALUE, Expected.VALUE_OR_END):
            self._begin_value(byte, offset)
        else:
            raise MalformedJson(offset)
        return None

    def _begin_value(self, byte: bytes, offset: int) -> None:
        path = self._path()
        if byte in CLOSING and path in self._opened:
            self._open.append((byte, path))
            self._expected = Expected.NAME_OR_END if byte == b"{" else Expected.VALUE_OR_END
        elif byte in b",:":
            raise MalformedJson(offset)
        else:
            is_string = byte == b'"'
            self._gathered = Gathered(byte, in_string=is_string, skips_next=is_string)

    def _close(self, byte: bytes, offset: int) -> End:
        ends = (Expected.COMMA_OR_END, Expected.NAME_OR_END, Expected.VALUE_OR_END)
        if not self._open or CLOSING[self._open[-1][0]] != byte or self._expected not in ends:
            raise MalformedJson(offset)
        _, path = self._open.pop()
        self._expected = Expected.COMMA_OR_END if self._open else Expected.NOTHING
        return End(path)

    def _finish_value(self, offset: int) -> Piece | None:
        gathered, self._gathered = self._gathered, None
        assert gathered is not None
        text = gathered.text()
        if self._expected in (Expected.NAME, Expected.NAME_OR_END):
            self._name, self._expected = read_name(text, offset), Expected.COLON
            return None
        path = self._path()
        self._expected = Expected.COMMA_OR_END if self._open else Expected.NOTHING
        return Piece(path, text)


def read_name(text: bytes | None, offset: int) -> str:
    try:
        return str(json.loads((text or b"").decode()))
    except ValueError as error:
        raise MalformedJson(offset) from error


def parse_piece(text: bytes) -> object:
    """The value; ValueError for what is no JSON, is no UTF-8, or is nested too deeply."""
    try:
        return json.loads(text.decode())
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
