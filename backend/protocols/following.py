# protocols/following.py -- a run as protocols follow it: its events, and how it stands.
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from uuid import UUID

from access import Caller
from app_state import AppState
from models import Run
from models.approval import PendingApproval
from models.streams.run_events import ApprovalRequestedEvent, EndedRunEvent, RunStreamEvent
from protocols.pending_approvals import read_run
from protocols.run_events import read_run_events
from services import runs

# Reads how a run stands, and what it waits for.
ReadRun = Callable[[], Awaitable[tuple[Run, Sequence[PendingApproval]]]]


@dataclass(frozen=True, slots=True)
class Pause:
    """Where the stream of a protocol ends: its run has ended, or waits for approval of the `pending` calls."""

    run: Run
    pending: Sequence[PendingApproval] = ()


@dataclass(frozen=True, slots=True)
class FollowedRun:
    """`message_id` is that of the message that the run writes. `is_part`: the events begin in its middle."""

    run: Run
    message_id: UUID
    is_part: bool
    events: AsyncGenerator[RunStreamEvent | None, None]
    read_run: ReadRun

    async def read_to_pause(self) -> AsyncGenerator[RunStreamEvent | Pause | None, None]:
        """The events, with a pause as the last one; without it the session has ended, or the server stops.

        An approval that was given meanwhile is no pause.
        """
        async with aclosing(self.events):
            async for event in self.events:
                if isinstance(event, EndedRunEvent):
                    run, _ = await self.read_run()
                    yield Pause(run)
                    return
                if isinstance(event, ApprovalRequestedEvent):
                    run, pending = await self.read_run()
                    if any(approval.tool_call_id == event.id for approval in pending):
                        yield Pause(run, pending)
                        return
                yield event


async def follow_run(state: AppState, caller: Caller, run: Run, after: int | None = None) -> FollowedRun:
    """The events after the line `after` of the run's log, or all."""

    async def read_now() -> tuple[Run, Sequence[PendingApproval]]:
        return await state.db.read(read_run, caller, run.id)

    streamed = await state.db.read(runs.get_streamed_run, caller, run.id)
    events = read_run_events(state.open_streams.follow_run(caller, streamed, after))
    return FollowedRun(run, streamed.message_id, after is not None, events, read_now)
