# routes/messages.py -- messages over HTTP, and the chat: one request that posts a message and returns the answer.
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response, status

from access import Caller
from app_state import AppState
from models.message import ChatCreate, MessageCreate, MessagePublic
from models.run import ChatPublic, derive_answer_id
from routes.dependencies import (
    STREAM_SLOT,
    AppStateDep,
    ChatReadDep,
    ChatWriteDep,
    DatabaseDep,
    JsonBytes,
    PageDep,
)
from routes.idempotency import IdempotentRoute, NewIdDep
from routes.openapi import SIGNED_IN, list_of, problems
from routes.runs import STREAM, stream_run
from services import messages, runs
from services.runs import StreamedRun
from streaming.disconnects import run_until_disconnect
from streaming.sse import EventStream

router = APIRouter(prefix="/v1", tags=["chat"], route_class=IdempotentRoute)

ANSWERS = problems(401, 404, 409, 422, 429)


@router.get(
    "/conversations/{conversation_id}/messages",
    response_class=JsonBytes,
    responses={**list_of(MessagePublic), **SIGNED_IN, **problems(404)},
)
async def list_messages(
    db: DatabaseDep,
    caller: ChatReadDep,
    conversation_id: UUID,
    page: PageDep,
    before: Annotated[
        UUID | Literal["end"] | None, Query(description="Page backwards from this message, or from the end.")
    ] = None,
    after: Annotated[UUID | None, Query(description="Only what came after this message.")] = None,
) -> JsonBytes:
    """In reading order, from the start unless `before` or `after` says otherwise.

    With `before`, each page has the messages just before it. `next_cursor`, sent with the same `before`, leads to older
    messages.
    """
    return JsonBytes(
        await messages.list_messages(db, caller, conversation_id, page, before=before, after=after)
    )


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=status.HTTP_201_CREATED,
    response_model=ChatPublic,
    responses={201: {"content": STREAM}, **ANSWERS},
    dependencies=[STREAM_SLOT],
)
async def post_message(
    state: AppStateDep,
    caller: ChatWriteDep,
    request: Request,
    conversation_id: UUID,
    new: MessageCreate,
    new_id: NewIdDep,
) -> Response | ChatPublic:
    """Posts a message and returns the answer: complete as JSON, or as a stream with `Accept: text/event-stream`."""
    chat = ChatCreate.model_construct(
        message=new.content,
        conversation_id=conversation_id,
        client_id=new.client_id,
        on_busy=new.on_busy,
    )
    return await post_and_answer(state, caller, request, chat, new_id)


@router.post(
    "/chat",
    response_model=ChatPublic,
    responses={200: {"content": STREAM}, **ANSWERS},
    dependencies=[STREAM_SLOT],
)
async def post_chat(
    state: AppStateDep, caller: ChatWriteDep, request: Request, new: ChatCreate, new_id: NewIdDep
) -> Response | ChatPublic:
    """The same as posting a message; creates a conversation if none is named."""
    return await post_and_answer(state, caller, request, new, new_id)


async def post_and_answer(
    state: AppState, caller: Caller, request: Request, new: ChatCreate, new_id: UUID | None
) -> Response | ChatPublic:
    if new_id is not None and new.client_id is None:
        new = new.model_copy(
            update={"client_id": f"key-{new_id.hex}"}
        )  # a repeated request finds its message
    posted = await state.run_control.post(caller, new)
    run_id = posted.run.id
    if wants_stream(request.headers.get("accept", "")):
        if posted.first_line is not None:  # the run is new, and at work
            return stream_run(state, caller, StreamedRun(run_id, derive_answer_id(run_id)))
        return stream_run(state, caller, await state.db.read(runs.get_streamed_run, caller, run_id))
    await run_until_disconnect(request.receive, state.open_streams.wait_for_end(caller, run_id))
    return await state.db.read(runs.read_chat_answer, caller, run_id)


def wants_stream(accept: str) -> bool:
    """Whether the client accepts text/event-stream; if it accepts JSON too, the first one in Accept counts."""
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        if any(parameter in ("q=0", "q=0.0", "q=0.00", "q=0.000") for parameter in parameters):
            continue  # the client excludes this type
        if kind in ("application/json", "application/*", "*/*"):
            return False
        if kind == EventStream.media_type:
            return True
    return False
