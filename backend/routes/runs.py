# routes/runs.py -- runs over HTTP: read a run, stream its log, cancel it, decide on its calls.
import asyncio
from contextlib import suppress
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request

from access import Caller
from app_state import AppState
from models.approval import ApprovalDecision
from models.message import MAX_WAIT
from models.run import ActiveRuns, ChatPublic, RunPage, RunPublic, RunShared, RunStatus
from models.shapes import STORABLE
from routes.dependencies import (
    STREAM_SLOT,
    AppStateDep,
    CallerDep,
    ChatReadDep,
    ChatWriteDep,
    DatabaseDep,
    JsonBytes,
    LastEventIdHeader,
    PageDep,
)
from routes.idempotency import IdempotentRoute, NewIdDep
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, page_of, problems, stream_of
from services import runs
from services.runs import StreamedRun
from streaming.disconnects import run_until_disconnect
from streaming.sse import EventStream, parse_last_event_id

router = APIRouter(prefix="/v1", tags=["chat"], route_class=IdempotentRoute)

EXAMPLE = {
    "type": "message.delta",
    "seq": 2,
    "run_id": "7b685166-b31c-4788-9f0e-0a6a4f0f4f5e",
    "message_id": "9c1f1f7a-6d55-4f3e-b6f1-0a6a4f0f4f5e",
    "step": 0,
    "text": "Hello",
}
STREAM = stream_of("RunEvent", EXAMPLE)
ToolCallId = Annotated[str, Path(max_length=120, description="The `id` of the tool call."), STORABLE]


@router.get(
    "/conversations/{conversation_id}/runs",
    response_class=JsonBytes,
    responses={**page_of(RunPage), **SIGNED_IN_ONE},
)
async def list_runs(
    db: DatabaseDep,
    caller: ChatReadDep,
    conversation_id: UUID,
    page: PageDep,
    active: Annotated[
        bool | None,
        Query(description="Only those that have not ended (true), or only those that have ended (false)."),
    ] = None,
) -> JsonBytes:
    """Newest first. In a conversation of people those of others are there, too, with less."""
    return JsonBytes(await db.read(runs.list_runs, caller, conversation_id, active, page))


@router.get("/runs", response_model=ActiveRuns, responses=SIGNED_IN)
async def list_active_runs(db: DatabaseDep, caller: ChatReadDep) -> ActiveRuns:
    """Your runs that have not ended, in all conversations, oldest first."""
    return ActiveRuns(data=await db.read(runs.list_active_runs, caller))


@router.get("/runs/{run_id}", response_model=RunPublic | RunShared, responses=SIGNED_IN_ONE)
async def get_run(db: DatabaseDep, caller: ChatReadDep, run_id: UUID) -> RunPublic | RunShared:
    """Whole for who asked; the others who take part in a conversation of people see how it stands."""
    return await db.read(runs.get_run, caller, run_id)


@router.get(
    "/runs/{run_id}/answer",
    response_model=ChatPublic,
    responses={**SIGNED_IN_ONE, **problems(429)},
    dependencies=[STREAM_SLOT],
)
async def get_answer(
    state: AppStateDep,
    caller: ChatReadDep,
    request: Request,
    run_id: UUID,
    wait: Annotated[int, Query(ge=0, le=MAX_WAIT, description="Seconds to wait for the end of the run.")] = 0,
) -> ChatPublic:
    """What `POST /v1/chat` answers: of a run that you have asked for, as far as it has come."""
    answer = await state.db.read(runs.read_chat_answer, caller, run_id)
    if wait and is_at_work(answer.status):
        await run_until_disconnect(request.receive, wait_for_end(state, caller, run_id, wait))
        answer = await state.db.read(runs.read_chat_answer, caller, run_id)
    return answer


@router.get(
    "/runs/{run_id}/events",
    response_class=EventStream,
    responses={**STREAM, **SIGNED_IN_ONE, **problems(429)},
    dependencies=[STREAM_SLOT],
)
async def follow_events(
    state: AppStateDep,
    caller: ChatReadDep,
    run_id: UUID,
    resume: LastEventIdHeader = None,
) -> EventStream:
    """The run's log as server-sent events, from the past ones to the last one; `run.queued` first while it waits.

    Who has not asked for the run gets the text as it is written, and of tool calls that they were made.
    """
    after = parse_last_event_id(resume) if resume else None
    return stream_run(state, caller, await state.db.read(runs.get_streamed_run, caller, run_id), after)


@router.post("/runs/{run_id}/cancel", response_model=RunPublic, responses={**SIGNED_IN_ONE, **problems(403)})
async def cancel_run(state: AppStateDep, caller: ChatWriteDep, run_id: UUID, new_id: NewIdDep) -> RunPublic:
    """Cancels the run at once, on any worker; its text and calls so far are kept. An ended run is not changed."""
    return await state.run_control.cancel(caller, run_id)


@router.post(
    "/runs/{run_id}/approvals/{tool_call_id}",
    response_model=RunPublic,
    responses={**SIGNED_IN_ONE, **problems(403, 409)},
)
async def decide_approval(
    state: AppStateDep,
    caller: CallerDep,
    run_id: UUID,
    tool_call_id: ToolCallId,
    decision: ApprovalDecision,
    new_id: NewIdDep,
) -> RunPublic:
    """Approves or denies a call; the first decision counts. The run continues when none of its calls is pending."""
    return await state.run_control.decide(caller, run_id, tool_call_id, decision)


async def wait_for_end(state: AppState, caller: Caller, run_id: UUID, seconds: int | None) -> None:
    """Returns when the run has ended or awaits approval, or after so many seconds."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await state.open_streams.wait_for_end(caller, run_id)


def is_at_work(status: RunStatus | None) -> bool:
    """Whether it is worth to wait: a worker is at work on the run, or will be."""
    return status in ("queued", "running")


def stream_run(state: AppState, caller: Caller, run: StreamedRun, after: int | None = None) -> EventStream:
    frames = state.open_streams.follow_run(caller, run, after)
    return EventStream(frames, state.timings.stream_send, headers={"X-Run-ID": str(run.id)})
