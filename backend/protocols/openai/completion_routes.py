# protocols/openai/completion_routes.py -- models and chat completions at /openai/v1.
from uuid import UUID

from fastapi import Request, Response
from pydantic_core import to_json
from sqlmodel import col

from access import Caller
from app_state import AppState
from clock import utc_now
from db import Transaction
from models import Run
from models.shapes import JsonObject
from protocols.openai import agents, threads
from protocols.openai.completions import Completion, describe_answer, describe_usage, stream_chunks
from protocols.openai.failures import answer_failure, describe_broken_run, make_router
from protocols.openai.requests import CompletionCreate, take_question
from protocols.openai.threads import Wanted
from protocols.run_events import read_run_events
from routes.dependencies import (
    STREAM_SLOT,
    AppStateDep,
    ChatReadDep,
    ChatWriteDep,
    DatabaseDep,
    JsonBytes,
)
from routes.door import get_base_url
from routes.idempotency import NewIdDep
from routes.messages import find_stream
from routes.runs import is_at_work, wait_for_end
from services import runs
from streaming.disconnects import run_until_disconnect
from streaming.sse import EventStream

router = make_router()

CONVERSATION = "X-Conversation-Id"
# The clients count here how often they have sent a request before.
RETRIES = "X-Stainless-Retry-Count"
# Clients would send it again, and what the run has done already would be done twice.
NOT_AGAIN = {"X-Should-Retry": "false"}
# The clients give up by themselves, most of them after ten minutes.
WAIT_SECONDS = 600


@router.get("/models")
async def list_models(db: DatabaseDep, caller: ChatReadDep) -> JsonBytes:
    found = await db.read(agents.list_models, caller)
    return JsonBytes(to_json({"object": "list", "data": found}))


@router.get("/models/{model}")
async def get_model(db: DatabaseDep, caller: ChatReadDep, model: str) -> JsonBytes:
    return JsonBytes(to_json(await db.read(agents.get_model, caller, model)))


@router.post("/chat/completions", dependencies=[STREAM_SLOT])
async def create_completion(
    state: AppStateDep, caller: ChatWriteDep, request: Request, new: CompletionCreate, new_id: NewIdDep
) -> Response:
    """The answer to the last message; those before it say which conversation it belongs to."""
    question = take_question(new)
    model = await state.db.read(agents.get_model, caller, new.model)
    name = request.headers.get(CONVERSATION) or (new.metadata.conversation_id if new.metadata else None)
    is_retry = request.headers.get(RETRIES, "0") != "0"
    wanted = Wanted(agents.read_agent_id(new.model), question, name, is_retry, new_id)
    posted = await state.run_control.post(caller, await state.db.write(threads.find_thread, caller, wanted))
    page = f"{get_base_url(request)}/#/c/{posted.run.conversation_id}"
    completion = Completion(posted.run.id, str(model["id"]), int(utc_now().timestamp()), page)
    headers = {CONVERSATION: str(posted.run.conversation_id)}
    if posted.first_line is None and await state.db.read(waits_for_approval, caller, posted.run):
        message = f"An earlier message of this conversation waits for your approval: {page}"
        return answer_failure(409, message, "awaiting_approval", headers={**headers, **NOT_AGAIN})
    if not new.stream:
        return await answer_whole(state, caller, request, completion, headers)
    has_usage = new.stream_options is not None and new.stream_options.include_usage
    frames = state.open_streams.follow_run(caller, await find_stream(state, caller, posted), None)

    async def read_usage() -> JsonObject:
        return describe_usage(await find_run(state, caller, completion.run_id))

    chunks = stream_chunks(completion, read_run_events(frames), read_usage if has_usage else None)
    return EventStream(chunks, state.timings.stream_send, headers)


async def answer_whole(
    state: AppState, caller: Caller, request: Request, completion: Completion, headers: dict[str, str]
) -> Response:
    waiting = wait_for_end(state, caller, completion.run_id, WAIT_SECONDS)
    await run_until_disconnect(request.receive, waiting)
    answer = await state.db.read(runs.read_chat_answer, caller, completion.run_id)
    if answer.status == "failed":
        return Response(describe_broken_run(answer.error), 502, {**headers, **NOT_AGAIN}, "application/json")
    if is_at_work(answer.status):
        message = (
            f"The agent has not answered in time, or an earlier message waits for approval: {completion.page}"
        )
        return answer_failure(504, message, "timeout", headers={**headers, **NOT_AGAIN})
    run = await find_run(state, caller, completion.run_id)
    return JsonBytes(to_json(describe_answer(completion, answer, run)), headers=headers)


async def waits_for_approval(tx: Transaction, caller: Caller, run: Run) -> bool:
    """Whether an earlier run of the conversation does: this one begins after it, perhaps in an hour."""
    in_conversation = (
        col(Run.conversation_id) == run.conversation_id,
        col(Run.trigger_seq) < run.trigger_seq,
    )
    earlier = await runs.find_active_runs(tx, caller, *in_conversation)
    return any(each.status == "awaiting_approval" for each in earlier)


async def find_run(state: AppState, caller: Caller, run_id: UUID) -> Run:
    return await state.db.read(runs.get_own_run, caller, run_id)
