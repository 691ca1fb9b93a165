# agent/run_writer.py -- commits what the runs of a worker say, all runs together, before anybody is shown it.
import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from pydantic_core import to_json

from cancellation import cancel_tasks
from clock import utc_now
from db import Database
from errors import DatabaseBusy
from failure_causes import log_failure
from metrics.recorder import get_recorder
from models.shapes import JsonObject
from services.run_log import MODEL_STATE, LeaseLost, Line, find_runs_at_work, show_data, store_lines
from services.run_usage import NO_USAGE, Usage, add_usage, sum_up
from streaming.live_runs import LiveRuns
from streaming.notifier import Notifier

# While few runs are at work a batch is committed as soon as the one before it: what comes meanwhile is the next one.
# With more of them each has a piece ready whenever a batch begins: fewer, larger batches cost less.
FEW_RUNS = 4
MANY_RUNS = 200
BATCH_SECONDS = 0.025
LONG_BATCH_SECONDS = 0.05
# Characters of text in one line of the log: each line is a row, a frame and, on MariaDB, a packet.
MAX_PIECE_CHARACTERS = 64 * 1024
# Of a run, in lines that are not stored yet: beyond this the model is not read any further.
MAX_WAITING_CHARACTERS = 256 * 1024
# Of one batch, with all its runs.
MAX_BATCH_CHARACTERS = 1024 * 1024
FIRST_PAUSE_SECONDS = 0.05
MAX_PAUSE_SECONDS = 1.0
# What is being committed when the worker stops has so long to arrive.
STOP_SECONDS = 1.0


@dataclass(slots=True)
class WaitingLine:
    """A line that has no number yet. `text` are the pieces of a step's text that have come so far."""

    type: str
    json: str
    shown: str | None = None
    step: int | None = None
    text: list[str] = field(default_factory=list)
    characters: int = 0

    def data(self) -> str:
        if self.step is None:
            return self.json
        return to_json({"step": self.step, "text": "".join(self.text)}).decode()


class RunLog:
    """The log of one run at work here. Its lines are numbered in the order in which they are added.

    After a failure every method raises it: LeaseLost where the run has ended or belongs to another worker.
    """

    def __init__(self, writer: "RunWriter", run_id: UUID, epoch: int) -> None:
        self.run_id = run_id
        self.epoch = epoch
        # The number of the last line; a run that is continued has its lines counted before it adds one.
        self.last_seq = 0
        self.failure: Exception | None = None
        self._writer = writer
        self._waiting: deque[WaitingLine] = deque()
        self._characters = 0
        # In the batch that is being committed, or to be tried again with the next one.
        self._taken: list[Line] = []
        # What was used and goes with the next line.
        self._usage = NO_USAGE
        self._is_closed = False
        self._moved = asyncio.Event()

    def add_line(self, type_: str, data: JsonObject) -> None:
        json = to_json(data).decode()
        shown = to_json(show_data(data)).decode() if MODEL_STATE in data else None
        self._add(WaitingLine(type_, json, shown, characters=len(json)))

    def add_text(self, step: int, text: str) -> None:
        """Add a piece of text; pieces that wait for the same batch become one line."""
        last = self._waiting[-1] if self._waiting else None
        if last is not None and last.step == step and last.characters + len(text) <= MAX_PIECE_CHARACTERS:
            last.text.append(text)
            last.characters += len(text)
            self._characters += len(text)
        else:
            self._add(WaitingLine("message.delta", "", None, step, [text], len(text)))

    def add_usage(self, usage: Usage) -> None:
        """Add what the model's provider has counted; it is stored with the next line."""
        self._usage = self._usage.add(usage)

    @property
    def unstored_usage(self) -> Usage:
        return sum_up([line.usage for line in self._taken if line.usage]).add(self._usage)

    def _add(self, line: WaitingLine) -> None:
        self.raise_failure()
        self._waiting.append(line)
        self._characters += line.characters
        self._writer.wake(self)

    def raise_failure(self) -> None:
        if self.failure is not None:
            raise self.failure

    async def wait_for_room(self) -> None:
        """Return once the lines that are not stored are few enough: a slow database slows the model down."""
        while self._characters > MAX_WAITING_CHARACTERS:
            await self._wait_for_batch()

    async def settle(self) -> None:
        """Return once every line is committed."""
        # In a loop: the writer may take the next lines before this task wakes.
        while self._waiting or self._taken:
            await self._wait_for_batch()
        self.raise_failure()

    async def _wait_for_batch(self) -> None:
        self.raise_failure()
        self._moved.clear()
        await self._moved.wait()
        self.raise_failure()

    @property
    def has_lines(self) -> bool:
        return self.failure is None and bool(self._waiting or self._taken)

    @property
    def is_taken(self) -> bool:
        """Whether lines are on their way, or wait for another try."""
        return bool(self._taken)

    def take_lines(self, most: int) -> list[Line]:
        """Lines for the next batch: of about so many characters, but at least one."""
        known = len(self._taken)
        while self._waiting and most > 0:
            line = self._waiting.popleft()
            most -= line.characters
            self._characters -= line.characters
            self.last_seq += 1
            self._taken.append(
                Line(self.run_id, self.epoch, self.last_seq, line.type, line.data(), line.shown)
            )
        if len(self._taken) > known and not self._usage.is_empty:
            self._taken[-1] = replace(self._taken[-1], usage=self._usage)
            self._usage = NO_USAGE
        return self._taken

    async def take_rest(self) -> list[Line]:
        """Every line that is not stored yet, for a statement that ends the run; nothing else stores them meanwhile."""
        while self._taken:
            await self._wait_for_batch()
        self.raise_failure()
        self._writer.skip(self)
        return self.take_lines(self._characters + 1)

    def finish_rest(self, lines: Sequence[Line]) -> None:
        """The statement has stored these lines, those of `take_rest` among them."""
        self._taken = []
        self.advance(lines)
        self.finish_usage()

    def finish_usage(self) -> None:
        """A transaction has stored `unstored_usage`."""
        self._usage = NO_USAGE

    def give_back_rest(self) -> None:
        """The statement has stored nothing."""
        if self._taken:
            self._writer.wake(self)

    def number_lines(self, entries: Sequence[tuple[str, JsonObject]]) -> list[Line]:
        """The next lines of the log, for a transaction that stores them itself; `advance` follows."""
        return [
            Line(self.run_id, self.epoch, seq, type_, to_json(data).decode())
            for seq, (type_, data) in enumerate(entries, self.last_seq + 1)
        ]

    def finish_batch(self, failure: Exception | None = None) -> None:
        """The lines that were taken are committed or, after a failure, will never be."""
        if failure is not None:
            self._usage = self.unstored_usage
            self._waiting.clear()
        self._taken = []
        self.failure = failure
        self._moved.set()
        if self._is_closed:
            self._leave_usage()

    def advance(self, lines: Sequence[Line]) -> None:
        """A transaction of this run has stored these lines, the next ones of its log."""
        if lines:
            self.last_seq = lines[-1].seq
            self._writer.publish(lines)

    def close(self) -> None:
        """Drop the lines that nobody has been shown. What was used stays used."""
        self._waiting.clear()
        self._is_closed = True
        self._writer.forget(self)
        if not self._taken:
            self._leave_usage()

    def _leave_usage(self) -> None:
        if not self._usage.is_empty:
            self._writer.store_usage(self.run_id, self._usage)
            self._usage = NO_USAGE


class RunWriter:
    """One batch at a time for all runs at work here. Each line is guarded by its run's epoch in the statement, so a
    run that was lost or cancelled stops alone."""

    def __init__(self, db: Database, notifier: Notifier, live: LiveRuns) -> None:
        self._db = db
        self._notifier = notifier
        self._live = live
        self._open: set[RunLog] = set()
        self._ready: OrderedDict[UUID, RunLog] = OrderedDict()
        self._task: asyncio.Task[None] | None = None
        # Before this time no batch begins.
        self._due = 0.0
        self._storing_usage: set[asyncio.Task[None]] = set()

    def open_log(self, run_id: UUID, user_id: UUID, epoch: int) -> RunLog:
        """The log of a run that this worker has a lease for."""
        self._live.open(run_id, user_id)
        opened = RunLog(self, run_id, epoch)
        self._open.add(opened)
        return opened

    def wake(self, run: RunLog) -> None:
        """The run has lines to store."""
        self._ready[run.run_id] = run
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._write_batches())

    def skip(self, run: RunLog) -> None:
        """The run's lines are stored by somebody else."""
        if self._ready.get(run.run_id) is run:
            del self._ready[run.run_id]

    def forget(self, run: RunLog) -> None:
        """The run is no longer at work here."""
        self.skip(run)
        self._open.discard(run)
        self._live.end(run.run_id)

    async def stop(self) -> None:
        """Give up what cannot be committed at once; the runs have been closed before."""
        for tasks in ({self._task} if self._task else set(), self._storing_usage):
            if tasks:
                _, late = await asyncio.wait(tasks, timeout=STOP_SECONDS)
                await cancel_tasks(late)

    def store_usage(self, run_id: UUID, usage: Usage) -> None:
        """Add to a run that is no longer at work here: it was cancelled, or is somebody else's."""
        task = asyncio.create_task(self._store_usage(run_id, usage))
        self._storing_usage.add(task)
        task.add_done_callback(self._storing_usage.discard)

    async def _store_usage(self, run_id: UUID, usage: Usage) -> None:
        try:
            await self._db.write(add_usage, run_id, usage)
        except Exception as error:
            log_failure("storing the usage of a run failed", error, run=str(run_id), **usage._asdict())

    async def _write_batches(self) -> None:
        """Commit batches until no run has lines."""
        clock = asyncio.get_running_loop().time
        while self._ready:
            if (pause := self._due - clock()) > 0:
                await asyncio.sleep(pause)
            began = clock()
            is_left = await self._write_batch()
            self._due = began + (BATCH_SECONDS if is_left else self._choose_interval())

    def _choose_interval(self) -> float:
        """Seconds from the beginning of a batch to that of the next one, by the number of runs at work."""
        if len(self._open) <= FEW_RUNS:
            return 0.0
        return LONG_BATCH_SECONDS if len(self._open) > MANY_RUNS else BATCH_SECONDS

    async def _write_batch(self) -> bool:
        """Commit what is ready; whether lines are left because somebody else has locked their run."""
        batch: list[tuple[RunLog, list[Line]]] = []
        room = MAX_BATCH_CHARACTERS
        while self._ready and room > 0:
            _, run = self._ready.popitem(last=False)
            lines = run.take_lines(room)
            if lines:
                batch.append((run, lines))
                room -= sum(len(line.data) for line in lines)
        if batch:
            await self._commit(batch)
        for run, _ in batch:
            if run.has_lines:
                self._ready[run.run_id] = run
        return any(run.is_taken for run, _ in batch)

    async def _commit(self, batch: list[tuple[RunLog, list[Line]]]) -> None:
        try:
            held = await self._store([line for _, lines in batch for line in lines])
            others = {run.run_id: run.epoch for run, _ in batch if run.run_id not in held}
            at_work = await self._read(others) if others else set()
        except Exception as error:
            if len(batch) > 1:  # what cannot be stored of one run must not end the others
                for part in batch:
                    await self._commit([part])
                return
            log_failure("storing lines of a run failed", error, run=str(batch[0][0].run_id))
            batch[0][0].finish_batch(error)
            return
        for run, lines in batch:
            if run.run_id in held:
                self.publish(lines)
                run.finish_batch()
            elif run.run_id not in at_work:
                run.finish_batch(LeaseLost())
            # Else somebody has locked the run at this moment: its lines go with the next batch.

    async def _store(self, lines: list[Line]) -> set[UUID]:
        """Store the lines, and try again for as long as the database is away."""
        began = time.perf_counter()
        held = await self._persist(lambda again: store_lines(self._db, lines, utc_now(), again=again))
        get_recorder().count_batch(len(lines), time.perf_counter() - began)
        return held

    async def _read(self, epochs: dict[UUID, int]) -> set[UUID]:
        return await self._persist(lambda _: self._db.read(find_runs_at_work, epochs))

    async def _persist(self, work: Callable[[bool], Awaitable[set[UUID]]]) -> set[UUID]:
        pause, again = FIRST_PAUSE_SECONDS, False
        while True:
            try:
                return await work(again)
            except (DatabaseBusy, OSError) as error:
                log_failure("storing lines of runs failed: trying again", error, seconds=pause)
                await asyncio.sleep(pause)
                pause, again = min(2 * pause, MAX_PAUSE_SECONDS), True

    def publish(self, lines: Sequence[Line]) -> None:
        """Hand committed lines of one run to its readers."""
        self._live.publish(lines)
        self._notifier.notify(lines[0].run_id)
