# routes/messages.py -- messages over HTTP, and the chat: one request that posts a message and returns the answer.
import re
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from fastapi import APIRouter, Body, Query, Request, Response, status

from access import Caller
from app_state import AppState
from errors import NotFound
from models.message import (
    MAX_WAIT,
    AnswerAgain,
    BranchShow,
    ChatCreate,
    ConversationMessageCreate,
    MessageCreate,
    MessagePublic,
)
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
from routes.openapi import SIGNED_IN, Responses, list_of, problems
from routes.runs import STREAM, is_at_work, stream_run, wait_for_end
from server.preferences import read_preferences
from services import runs
from services.agents import answers
from services.branches import choosing
from services.messages import Span
from services.participation import kinds
from services.run_posting import PostedMessage
from services.runs import StreamedRun
from streaming.disconnects import run_until_disconnect
from streaming.sse import EventStream

router = APIRouter(prefix="/v1", tags=["chat"], route_class=IdempotentRoute)

ACCEPTED: Responses = {
    202: {"model": ChatPublic, "description": "With `Prefer: respond-async`: the run is not at its end yet."}
}
ANSWERS = problems(401, 403, 404, 409, 422, 429)
EXTERNAL_WAIT_SECONDS = 30
AGAIN = AnswerAgain()
BeforeMessage = Annotated[
    UUID | Literal["end"] | None, Query(description="Page backwards from this message, or from the end.")
]
AfterMessage = Annotated[UUID | None, Query(description="Only what came after this message.")]
WhichBranch = Annotated[
    Literal["all", "shown"],
    Query(
        description="With an agent: all messages, or those of the branch that is shown, each with its versions. "
        "Then a page has whole questions with their answers, and may be shorter."
    ),
]
# Of at most three decimals.
QUALITY = re.compile(r"q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)")
PostedT = TypeVar("PostedT", ChatCreate, MessageCreate, ConversationMessageCreate)


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
    before: BeforeMessage = None,
    after: AfterMessage = None,
    branch: WhichBranch = "all",
) -> JsonBytes:
    """In reading order, from the start unless `before` or `after` says otherwise.

    With `before`, each page has the messages just before it. `next_cursor`, sent with the same `before`, leads to older
    messages.
    """
    span, of_branch = Span(before, after), branch == "shown"
    return JsonBytes(await kinds.list_messages(db, caller, conversation_id, page, span, of_branch=of_branch))


@router.post(
    "/conversations/{conversation_id}/messages",
    status_code=status.HTTP_201_CREATED,
    response_model=ChatPublic | MessagePublic,
    responses={**ACCEPTED, **ANSWERS},
    dependencies=[STREAM_SLOT],
)
async def post_message(
    state: AppStateDep,
    caller: ChatWriteDep,
    request: Request,
    conversation_id: UUID,
    new: ConversationMessageCreate,
    new_id: NewIdDep,
) -> Response | ChatPublic | MessagePublic:
    """Posts a message and returns the answer as JSON; as a stream with `stream` or `Accept: text/event-stream`.

    With the key of an external agent it is the agent's answer to the oldest message that waits for one. In a direct or
    group conversation the message itself is returned, and the agents that it asks answer there.
    """
    if conversation_id in state.shared_conversations or new.reply_to_id is not None:
        return await post_to_people(state, caller, conversation_id, new, new_id)
    try:
        chat = await post_to_agent(state, caller, request, conversation_id, new, new_id)
    except NotFound:
        posted = await post_to_people(state, caller, conversation_id, new, new_id)
        state.shared_conversations.add(conversation_id)
        return posted
    return chat


@router.post(
    "/conversations/{conversation_id}/messages/stream",
    response_class=EventStream,
    responses={**STREAM, **ANSWERS},
    dependencies=[STREAM_SLOT],
)
async def stream_message(
    state: AppStateDep,
    caller: ChatWriteDep,
    conversation_id: UUID,
    new: MessageCreate,
    new_id: NewIdDep,
) -> Response:
    """Posts a message to an agent and streams the answer."""
    answers.refuse_audit(new)
    return await post_and_stream(state, caller, to_chat(conversation_id, new), new_id)


async def post_to_agent(
    state: AppState,
    caller: Caller,
    request: Request,
    conversation_id: UUID,
    new: MessageCreate,
    new_id: UUID | None,
) -> Response | ChatPublic:
    if caller.is_agent:
        return await post_answer(state, caller, conversation_id, new, new_id)
    answers.refuse_audit(new)
    return await post_and_answer(state, caller, request, to_chat(conversation_id, new), new_id)


def to_chat(conversation_id: UUID, new: MessageCreate) -> ChatCreate:
    return ChatCreate.model_construct(
        message=new.content,
        conversation_id=conversation_id,
        account_id=None,
        agent_id=None,
        client_id=new.client_id,
        replaces_id=new.replaces_id,
        on_busy=new.on_busy,
        wait=new.wait,
        stream=new.stream,
    )


@router.post(
    "/messages/{message_id}/runs",
    status_code=status.HTTP_201_CREATED,
    response_model=ChatPublic,
    responses={**ACCEPTED, **ANSWERS},
    dependencies=[STREAM_SLOT],
)
async def repeat_answer(
    state: AppStateDep,
    caller: ChatWriteDep,
    request: Request,
    message_id: UUID,
    new_id: NewIdDep,
    again: Annotated[AnswerAgain, Body()] = AGAIN,
) -> Response | ChatPublic:
    """Answers a message of yours to an agent once more, or the message that this one answers; all answers are kept.

    It begins a branch, which is shown. Nothing is posted: a message is asked in other words by `replaces_id`.
    """
    posted = await state.run_control.repeat(caller, message_id, again.on_busy, new_id)
    return await answer_posted(state, caller, request, posted, again)


@router.post(
    "/conversations/{conversation_id}/branch",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**SIGNED_IN, **problems(403, 404, 409)},
)
async def show_branch(
    db: DatabaseDep, caller: ChatWriteDep, conversation_id: UUID, branch: BranchShow, new_id: NewIdDep
) -> None:
    """Shows the branch on which the message stands, to its newest end; the next message goes on from there."""
    await db.write(choosing.show_branch, caller, conversation_id, branch.message_id)


@router.post(
    "/chat", response_model=ChatPublic, responses={**ACCEPTED, **ANSWERS}, dependencies=[STREAM_SLOT]
)
async def post_chat(
    state: AppStateDep, caller: ChatWriteDep, request: Request, new: ChatCreate, new_id: NewIdDep
) -> Response | ChatPublic:
    """The same as posting a message; creates a conversation if none is named."""
    return await post_and_answer(state, caller, request, new, new_id)


@router.post(
    "/chat/stream",
    response_class=EventStream,
    responses={**STREAM, **ANSWERS},
    dependencies=[STREAM_SLOT],
)
async def stream_chat(
    state: AppStateDep, caller: ChatWriteDep, new: ChatCreate, new_id: NewIdDep
) -> Response:
    """The same, with the answer as a stream. `run.started` names the conversation."""
    return await post_and_stream(state, caller, new, new_id)


async def post_and_answer(
    state: AppState, caller: Caller, request: Request, new: ChatCreate, new_id: UUID | None
) -> Response | ChatPublic:
    posted = await state.run_control.post(caller, add_client_id(new, new_id))
    return await answer_posted(state, caller, request, posted, new)


async def answer_posted(
    state: AppState,
    caller: Caller,
    request: Request,
    posted: PostedMessage,
    new: ChatCreate | AnswerAgain,
) -> Response | ChatPublic:
    """As the client would have it: as a stream, or as JSON after the run's end or some time."""
    if new.stream or (new.stream is None and wants_stream(request.headers.get("accept", ""))):
        return stream_run(state, caller, await find_stream(state, caller, posted))
    run_id = posted.run.id
    preferences = read_preferences(request.scope)
    is_async = "respond-async" in preferences
    seconds = new.wait if new.wait is not None else read_wait(preferences)
    if seconds is None and (is_async or posted.run.is_external):
        seconds = 0 if is_async else EXTERNAL_WAIT_SECONDS
    if seconds != 0:
        await run_until_disconnect(request.receive, wait_for_end(state, caller, run_id, seconds))
    answer = await state.db.read(runs.read_chat_answer, caller, run_id)
    if is_async and is_at_work(answer.status):
        headers = {"Location": f"/v1/runs/{run_id}/answer", "Preference-Applied": "respond-async"}
        return JsonBytes(answer.model_dump_json(), status.HTTP_202_ACCEPTED, headers)
    return answer


def read_wait(preferences: Mapping[str, str]) -> int | None:
    """The seconds of `Prefer: wait=n`, of which more than MAX_WAIT are as many; None without any."""
    wanted = preferences.get("wait", "")
    return min(int(wanted), MAX_WAIT) if wanted.isascii() and wanted.isdigit() and len(wanted) < 10 else None


async def post_and_stream(
    state: AppState, caller: Caller, new: ChatCreate, new_id: UUID | None
) -> EventStream:
    posted = await state.run_control.post(caller, add_client_id(new, new_id))
    return stream_run(state, caller, await find_stream(state, caller, posted))


async def find_stream(state: AppState, caller: Caller, posted: PostedMessage) -> StreamedRun:
    """The run of a message that was just posted, as its stream shows it."""
    run_id = posted.run.id
    if posted.first_line is not None:  # the run is new, and at work
        return StreamedRun(run_id, derive_answer_id(run_id))
    return await state.db.read(runs.get_streamed_run, caller, run_id)


async def post_to_people(
    state: AppState,
    caller: Caller,
    conversation_id: UUID,
    new: ConversationMessageCreate,
    new_id: UUID | None,
) -> MessagePublic:
    return await state.run_control.post_to_people(caller, conversation_id, add_client_id(new, new_id))


async def post_answer(
    state: AppState, caller: Caller, conversation_id: UUID, new: MessageCreate, new_id: UUID | None
) -> ChatPublic:
    """What an external agent answers; it has the answer to its request at once."""
    new = add_client_id(new, new_id)
    run = await state.db.write(answers.post_answer, caller, conversation_id, new)
    state.notifier.notify(run.id)
    return await state.db.read(runs.read_chat_answer, caller, run.id)


def add_client_id(new: PostedT, new_id: UUID | None) -> PostedT:
    """A repeated request with an Idempotency-Key finds its message by this."""
    if new_id is None or new.client_id is not None:
        return new
    return new.model_copy(update={"client_id": f"key-{new_id.hex}"})


def wants_stream(accept: str) -> bool:
    """Whether the client would rather have text/event-stream than JSON; of two that it likes as much the first one."""
    best: tuple[float, bool] = (0.0, False)
    for part in accept.split(","):
        kind, *parameters = (piece.strip().lower() for piece in part.split(";"))
        is_stream = kind == EventStream.media_type
        if not is_stream and kind not in ("application/json", "application/*", "*/*"):
            continue
        quality = next((read_quality(text) for text in parameters if text.startswith("q=")), 1.0)
        if quality > best[0]:
            best = (quality, is_stream)
    return best[1]


def read_quality(parameter: str) -> float:
    """The number of `q=0.5`; 0 where it is none (RFC 9110, section 12.4.2)."""
    found = QUALITY.fullmatch(parameter)
    return float(found[1]) if found else 0.0
