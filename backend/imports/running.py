# imports/running.py -- one import, from the first byte to its report.
import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from access import Caller
from db import Database, RetryTransaction
from errors import Conflict, Invalid, ParleyError, Unavailable
from imports.formats import Reader, find_source, open_reader, put_back, read_start
from imports.items import NewRow, Source
from imports.pieces import MalformedJson
from imports.report import Report
from imports.storing import store_rows
from models.export_line import frame_lines
from models.shapes import JsonObject
from server.problems import describe_problem
from services.undo.import_rows import ImportId

# Of one transaction. SQLite has one writer, and nobody waits long for this.
BATCH_ROWS = 100
BATCH_CHARACTERS = 256 * 1024
# After so many bytes others are served. The smallest values take a microsecond a byte.
SLICE_BYTES = 8 * 1024
# Clients that send all of a file before they read the answer must find room for what is said meanwhile.
MOST_PROGRESS_LINES = 40
STOPPED = "The server stops. Send the file again: what is stored stays, and is not stored twice."
AT_ONCE = "The same rows are made by others at this moment. Send the file again."
GONE = "Their conversation was deleted while the file was read."


class ClientGone(Exception):
    """The file has no end, because whoever sent it is away."""


@dataclass(slots=True)
class Import:
    """`is_stopping` says whether the server shuts down; of `most_bytes` a file has at most."""

    db: Database
    caller: Caller
    reader: Reader
    report: Report
    most_bytes: int
    is_stopping: Callable[[], bool]
    id: UUID = field(default_factory=uuid4)
    _rows: list[NewRow] = field(default_factory=list)
    _size: int = 0

    async def run(self, chunks: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
        """Lines of progress while the file comes, and the report. Where it goes wrong in the middle, what was read
        before is stored, and the report tells of it.
        """
        problem: JsonObject | None = None
        step = told = self.most_bytes // MOST_PROGRESS_LINES
        try:
            async for chunk in chunks:
                self.report.size += len(chunk)
                for start in range(0, len(chunk), SLICE_BYTES):
                    await self._take(self.reader.feed(chunk[start : start + SLICE_BYTES]))
                if self.report.size >= told:
                    told = self.report.size + step
                    yield frame_lines("progress", [self.report.show_progress()])
            await self._take(self.reader.finish())
            await self._store()
        except ClientGone:
            return
        except (ParleyError, MalformedJson) as error:
            problem = await self._explain(error)
            await drain(chunks)
        yield frame_lines("report", [self.report.show(problem)])

    async def _take(self, rows: Iterable[NewRow]) -> None:
        for row in rows:
            self._rows.append(row)
            self._size += row.size
            if len(self._rows) >= BATCH_ROWS or self._size >= BATCH_CHARACTERS:
                await self._store()
        if self.is_stopping():
            raise Unavailable(STOPPED, problem="server-stopping")
        await asyncio.sleep(0)  # the next bytes are there already: others come in between

    async def _store(self) -> None:
        rows, self._rows, self._size = self._rows, [], 0
        if not rows:
            return
        try:
            imported = ImportId(self.id, self.report.source)
            stored = await self.db.write(store_rows, self.caller, imported, rows)
        except RetryTransaction as error:
            raise Conflict(AT_ONCE, problem="import-running") from error
        if stored.imported:
            self.report.change_id = self.id
        self.report.imported += stored.imported
        self.report.skipped += stored.skipped
        if stored.gone:
            self.report.leave_out("messages", GONE, count=stored.gone)

    async def _explain(self, error: ParleyError | MalformedJson) -> JsonObject:
        """The problem, after what was read before it was stored."""
        if isinstance(error, MalformedJson):
            error = Invalid(f"The file is cut or damaged: it is {error}.", problem="file-damaged")
            try:
                await self._store()
            except ParleyError as further:
                error = further
        return describe_problem(error.status, error.detail, error.problem)


async def begin_import(
    db: Database,
    caller: Caller,
    chunks: AsyncGenerator[bytes, None],
    source: Source | None,
    *,
    most_bytes: int,
    is_stopping: Callable[[], bool],
) -> AsyncGenerator[bytes, None]:
    """The lines of the import of a file; Invalid where its first bytes tell that it is none."""
    start = await read_start(chunks)
    found = find_source(start, source)
    report = Report(found)
    work = Import(db, caller, open_reader(found, report, caller), report, most_bytes, is_stopping)
    return work.run(put_back(start, chunks))


async def drain(chunks: AsyncIterator[bytes]) -> None:
    """Receive the rest of the file: who still sends would not get the answer."""
    try:
        async for _ in chunks:
            pass
    except (ParleyError, ClientGone):
        return
