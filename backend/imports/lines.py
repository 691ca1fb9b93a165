# imports/lines.py -- the lines of a file, one at a time, while its bytes arrive.
from collections.abc import Iterator

from imports.pieces import MAX_PIECE


class LineReader:
    """Without their ends. A line that is longer than MAX_PIECE is None. With `quoted` a line goes on where a quote is
    open, as a row of CSV does.
    """

    def __init__(self, *, quoted: bool = False) -> None:
        self._quoted = quoted
        self._parts: list[bytes] = []
        self._size = self._quotes = 0

    def feed(self, data: bytes) -> Iterator[bytes | None]:
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._add(line)
            if self._quoted and self._quotes % 2:
                self._add(b"\n")
            else:
                yield self._take()
        self._add(rest)

    def finish(self) -> Iterator[bytes | None]:
        if self._size:
            yield self._take()

    def _add(self, part: bytes) -> None:
        self._size += len(part)
        self._quotes += part.count(b'"') if self._quoted else 0
        if self._size > MAX_PIECE:
            self._parts.clear()
        elif part:
            self._parts.append(part)

    def _take(self) -> bytes | None:
        line = b"".join(self._parts) if self._size <= MAX_PIECE else None
        self._parts, self._size, self._quotes = [], 0, 0
        return line
