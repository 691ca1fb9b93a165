# streaming/live_runs.py -- the newest committed lines of the runs at work here, framed once for all their readers.
import asyncio
from collections.abc import Sequence
from copy import copy
from uuid import UUID

from access import Caller
from models.run import derive_answer_id
from services.run_log import FINAL_EVENTS, Line
from streaming.sse import Batch, frame_event

# Of one run: a reader that is further behind reads from the database.
MAX_BYTES = 256 * 1024
# Readers get the last lines from memory after the run has ended.
KEEP_SECONDS = 5.0


class LiveRun:
    """The frames of consecutive lines; `first` is the number of the first of them."""

    def __init__(self, run_id: UUID, user_id: UUID) -> None:
        self.user_id = user_id
        self.message_id = derive_answer_id(run_id)
        self.first = 1
        self.frames: list[bytes] = []
        self.size = 0
        self.has_ended = False

    def add(self, line: Line) -> None:
        if line.seq != self.first + len(self.frames):  # others have written between: begin anew
            self.frames, self.first, self.size = [], line.seq, 0
        frame = frame_run_event(line.run_id, self.message_id, line.seq, line.type, line.shown or line.data)
        self.frames.append(frame)
        self.size += len(frame)
        self.has_ended = line.type in FINAL_EVENTS
        if self.size > MAX_BYTES:
            self.drop_half()

    def drop_half(self) -> None:
        half = len(self.frames) // 2
        self.size -= sum(map(len, self.frames[:half]))
        self.first += half
        del self.frames[:half]

    def read(self, after: int) -> Batch | None:
        skip = after + 1 - self.first
        if skip < 0 or skip >= len(self.frames):
            return None
        frames = self.frames[skip:]
        return Batch(b"".join(frames), after + len(frames), last=self.has_ended)


class LiveRuns:
    """Only what is committed comes in here. The rows are the truth: whatever is missing here is read from them."""

    def __init__(self) -> None:
        self._runs: dict[UUID, LiveRun] = {}

    def open(self, run_id: UUID, user_id: UUID) -> None:
        former = self._runs.get(run_id)
        # What readers have before them stays where they left off; and what is to be forgotten is another object.
        self._runs[run_id] = LiveRun(run_id, user_id) if former is None else copy(former)

    def publish(self, lines: Sequence[Line]) -> None:
        for line in lines:
            if (run := self._runs.get(line.run_id)) is not None:
                run.add(line)

    def end(self, run_id: UUID) -> None:
        """The run is no longer at work here."""
        if (run := self._runs.get(run_id)) is not None:
            asyncio.get_running_loop().call_later(KEEP_SECONDS, self._forget, run_id, run)

    def _forget(self, run_id: UUID, run: LiveRun) -> None:
        if self._runs.get(run_id) is run:
            del self._runs[run_id]

    def read(self, caller: Caller, run_id: UUID, after: int) -> Batch | None:
        """The frames past `after`; None where the run is not the caller's or the line after that is not here."""
        run = self._runs.get(run_id)
        return run.read(after) if run is not None and run.user_id == caller.user_id else None


def frame_run_event(run_id: UUID, message_id: UUID, seq: int, type_: str, data: str) -> bytes:
    """A line of the log as the run's stream sends it: its data with the ids of the run and of its message in front.

    The data of the last one says itself which message the run has left, or that it has left none.
    """
    ids = f'"run_id":"{run_id}"'
    if type_ not in FINAL_EVENTS:
        ids += f',"message_id":"{message_id}"'
    rest = "}" if data == "{}" else f",{data[1:]}"
    return frame_event(seq, type_, f"{{{ids}{rest}")
