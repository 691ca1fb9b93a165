# protocols/openai/response_routes.py -- OpenAI's responses: made, read again, gone on with, stopped.
from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Request, Response
from pydantic_core import to_json

import access
from access import Caller
from app_state import AppState
from db import Transaction
from models import Run
from models.agent import BUILT_IN_ID
from models.approval import ApprovalDecision, PendingApproval
from protocols.openai import agents, threads
from protocols.openai.completion_routes import CONVERSATION, RETRIES, WAIT_SECONDS
from protocols.openai.failures import RequestRefused, make_router
from protocols.openai.requests import InputItem, ResponseCreate, take_input
from protocols.openai.response_items import read_request_id
from protocols.openai.responses import Head, ResponseId, describe_whole, parse_response_id, stream_response
from protocols.openai.threads import Wanted
from protocols.pending_approvals import find_request_line, read_run
from protocols.run_events import read_run_events
from routes.dependencies import STREAM_SLOT, AppStateDep, ChatReadDep, ChatWriteDep, JsonBytes
from routes.idempotency import NewIdDep
from routes.runs import wait_for_end
from services import runs
from streaming.disconnects import run_until_disconnect
from streaming.sse import EventStream

router = make_router()
MAX_APPROVALS = 100


@router.post("/responses", dependencies=[STREAM_SLOT])
async def create_response(
    state: AppStateDep, caller: ChatWriteDep, request: Request, new: ResponseCreate, new_id: NewIdDep
) -> Response:
    """The answer to the input, or what comes of a run after approvals that it has waited for."""
    if new.approvals:
        response_id = await decide_requests(state, caller, new.approvals)
    else:
        question = take_input(new)
        model = await state.db.read(agents.get_model, caller, new.model)
        name = new.conversation_name
        if new.previous_response_id is not None:
            before = await state.db.read(find_run, caller, new.previous_response_id, "previous_response_id")
            name = str(before.conversation_id)
        is_retry = request.headers.get(RETRIES, "0") != "0"
        agent_id = agents.read_agent_id(str(model["id"]))
        wanted = Wanted(agent_id, question, name, is_retry, new_id, has_history=name is None)
        posted = await state.run_control.post(
            caller, await state.db.write(threads.find_thread, caller, wanted)
        )
        response_id = ResponseId(posted.run.id)
    head = await state.db.read(make_head, caller, response_id, new)
    if new.stream:
        return await follow_response(state, caller, head)
    if not new.background:
        waiting = wait_for_end(state, caller, response_id.run_id, WAIT_SECONDS)
        await run_until_disconnect(request.receive, waiting)
    return await answer_response(state, caller, head)


@router.get("/responses/{response_id}", dependencies=[STREAM_SLOT])
async def get_response(
    state: AppStateDep,
    caller: ChatReadDep,
    response_id: str,
    stream: bool = False,
    starting_after: Annotated[int, Query(ge=-1, le=10**9)] = -1,
) -> Response:
    """A response as far as it has come; with `stream` its events from the one after `starting_after`."""
    await state.db.read(find_run, caller, response_id)
    known = parse_response_id(response_id)
    assert known is not None
    head = await state.db.read(make_head, caller, known)
    if not stream:
        return await answer_response(state, caller, head)
    return await follow_response(state, caller, head, starting_after)


@router.post("/responses/{response_id}/cancel")
async def cancel_response(state: AppStateDep, caller: ChatWriteDep, response_id: str) -> Response:
    run = await state.db.read(find_run, caller, response_id)
    await state.run_control.cancel(caller, run.id)
    return await answer_response(state, caller, await state.db.read(make_head, caller, ResponseId(run.id)))


async def find_run(tx: Transaction, caller: Caller, response_id: str, param: str = "response_id") -> Run:
    known = parse_response_id(response_id)
    run = None if known is None else await access.find_by_id(tx, caller, Run, known.run_id)
    if run is None or run.is_shared:
        raise RequestRefused(f"Response with id '{response_id}' not found.", param, "response_not_found", 404)
    return run


async def make_head(
    tx: Transaction, caller: Caller, response_id: ResponseId, new: ResponseCreate | None = None
) -> Head:
    run = await access.get_row(tx, caller, Run, response_id.run_id)
    agent_id = run.agent_id or BUILT_IN_ID
    model = agents.BUILT_IN_MODEL if agent_id == BUILT_IN_ID else str(agent_id)
    return Head(
        response_id,
        model,
        int(run.created_at.timestamp()),
        run.conversation_id,
        new.previous_response_id if new else None,
        bool(new and new.background),
    )


async def decide_requests(state: AppState, caller: Caller, items: Sequence[InputItem]) -> ResponseId:
    """Decide what the client has decided; the response that goes on from there."""
    decisions = []
    for item in items[:MAX_APPROVALS]:
        known = read_request_id(item.approval_request_id or "")
        if known is None or item.approve is None:
            raise RequestRefused(
                f"There is no approval request '{item.approval_request_id}'.",
                "input",
                "approval_not_found",
                404,
            )
        decisions.append((*known, item.approve))
    run_ids = {run_id for run_id, _, _ in decisions}
    if len(run_ids) > 1:
        raise RequestRefused("The approvals are of different responses.", "input")
    [run_id] = run_ids
    after = await state.db.read(find_request_line, caller, run_id, [call_id for _, call_id, _ in decisions])
    for _, call_id, approve in decisions:
        await state.run_control.decide(caller, run_id, call_id, ApprovalDecision(approve=approve))
    return ResponseId(run_id, after)


async def answer_response(state: AppState, caller: Caller, head: Head) -> Response:
    answer = await state.db.read(runs.read_chat_answer, caller, head.id.run_id)
    run, _ = await state.db.read(read_run, caller, head.id.run_id)
    headers = {CONVERSATION: str(head.conversation_id)}
    return JsonBytes(to_json(describe_whole(head, answer, run)), headers=headers)


async def follow_response(state: AppState, caller: Caller, head: Head, after: int = -1) -> Response:
    run_id = head.id.run_id

    async def read_now() -> tuple[Run, Sequence[PendingApproval]]:
        return await state.db.read(read_run, caller, run_id)

    streamed = await state.db.read(runs.get_streamed_run, caller, run_id)
    frames = state.open_streams.follow_run(caller, streamed, head.id.after or None)
    events = stream_response(head, read_run_events(frames), read_now, after)
    return EventStream(events, state.timings.stream_send, {CONVERSATION: str(head.conversation_id)})
