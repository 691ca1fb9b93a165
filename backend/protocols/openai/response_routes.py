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
from protocols.following import follow_run
from protocols.openai import agents, threads
from protocols.openai.completion_routes import CONVERSATION, RETRIES, WAIT_SECONDS
from protocols.openai.failures import RequestRefused, make_router
from protocols.openai.requests import InputItem, ResponseCreate, take_input
from protocols.openai.response_items import read_call_id
from protocols.openai.responses import Head, ResponseId, describe_whole, parse_response_id, stream_response
from protocols.openai.threads import Wanted
from protocols.pending_approvals import Decision, decide_calls, read_run
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
        run, after = await decide_calls(state, caller, take_decisions(new.approvals))
        response_id = ResponseId(run.id, after)
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


def take_decisions(items: Sequence[InputItem]) -> list[Decision]:
    return [
        Decision(read_call_id(item.approval_request_id or ""), item.approve)
        for item in items[:MAX_APPROVALS]
        if item.approve is not None
    ]


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


async def answer_response(state: AppState, caller: Caller, head: Head) -> Response:
    answer = await state.db.read(runs.read_chat_answer, caller, head.id.run_id)
    run, _ = await state.db.read(read_run, caller, head.id.run_id)
    headers = {CONVERSATION: str(head.conversation_id)}
    return JsonBytes(to_json(describe_whole(head, answer, run)), headers=headers)


async def follow_response(state: AppState, caller: Caller, head: Head, after: int = -1) -> Response:
    run, _ = await state.db.read(read_run, caller, head.id.run_id)
    followed = await follow_run(state, caller, run, head.id.after or None)
    headers = {CONVERSATION: str(head.conversation_id)}
    return EventStream(stream_response(head, followed, after), state.timings.stream_send, headers)
