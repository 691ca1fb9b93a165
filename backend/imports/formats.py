# imports/formats.py -- which kind of file somebody brings, by its first bytes.
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Protocol

from access import Caller
from errors import Invalid
from imports.chats import ChatReader
from imports.items import NewRow, Source
from imports.parley import ParleyReader, check_header, read_line
from imports.report import Report
from imports.todoist import TodoistReader

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# So much of a file tells what it is.
START_BYTES = 4 * 1024
PACKED = {b"PK\x03\x04": "a zip archive", b"\x1f\x8b": "a gzip archive"}
UNKNOWN = (
    "This is no export of Parley, no conversations.json of ChatGPT, no export of chats of Open WebUI and no CSV of "
    "Todoist."
)


class Reader(Protocol):
    """Makes rows of a file while its bytes arrive, and notes in a report what it leaves out."""

    def feed(self, data: bytes) -> Iterator[NewRow]: ...

    def finish(self) -> Iterator[NewRow]: ...


def find_source(start: bytes, said: Source | None) -> Source:
    """Of which product the file is; Invalid if it is of none, or of another one than was said."""
    for magic, name in PACKED.items():
        if start.startswith(magic):
            raise Invalid(
                f"This is {name}: unpack it, and send the file in it.", ("body",), problem="file-format"
            )
    begun = start.lstrip()
    found: Source
    if begun.startswith(b"{"):
        check_header(*read_line(begun.partition(b"\n")[0]))
        found = "parley"
    elif begun.startswith(b"["):
        found = "open-webui" if said == "open-webui" else "chatgpt"
    elif begun[:5].upper() == b"TYPE," or begun[:7].upper() == b'"TYPE",':
        found = "todoist"
    else:
        raise Invalid(UNKNOWN, ("body",), problem="file-format")
    if said not in (None, found):
        raise Invalid(f"The file is not of the format {said}.", ("query", "format"), problem="file-format")
    return found


def open_reader(source: Source, report: Report, caller: Caller) -> Reader:
    if source == "parley":
        return ParleyReader(report, caller)
    return TodoistReader(report, caller) if source == "todoist" else ChatReader(report)


async def read_start(chunks: AsyncIterator[bytes]) -> bytes:
    """Enough of a file to see what it is; without the mark that some programs begin a text with."""
    start = b""
    async for chunk in chunks:
        start += chunk
        if len(start) >= START_BYTES:
            break
    return start.removeprefix(BYTE_ORDER_MARK)


async def put_back(start: bytes, chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    yield start
    async for chunk in chunks:
        yield chunk
