# protocols/ai_sdk/routes.py -- chats of the AI SDK at /ai-sdk: useChat talks to an agent as it stands.
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import TypeAdapter
from pydantic_core import to_json
from sqlmodel import col

from access import Caller
from app_state import AppState
from db import Transaction
from errors import Invalid, ParleyError
from models import Conversation, Run
from models.agent import BUILT_IN_ID
from models.message import MessagePublic
from models.shapes import ItemPage
from pagination import MAX_LIMIT, Page
from protocols.ai_sdk.asking import ask
from protocols.ai_sdk.history import describe_message
from protocols.ai_sdk.parts import stream_parts
from protocols.ai_sdk.requests import ChatRequest, take_decisions, take_question
from protocols.conversations import Question, find_by_name, find_named, open_named
from protocols.following import follow_run
from protocols.pending_approvals import decide_calls
from routes.dependencies import STREAM_SLOT, AppStateDep, ChatReadDep, ChatWriteDep, JsonBytes
from routes.parameters import Handler
from routes.route import Route
from services import runs
from services.messages import Span
from services.participation import kinds
from streaming.sse import EventStream

MAX_CHAT_ID = 200
VERSION = {"X-Vercel-AI-UI-Message-Stream": "v1"}
ChatId = Annotated[str, Path(max_length=MAX_CHAT_ID)]


class TextErrorRoute(Route):
    """Tells errors as a sentence: the page shows the body of a refusal as it stands."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except ParleyError as error:
                return Response(error.detail, error.status, error.headers, "text/plain")
            except RequestValidationError as error:
                first = error.errors()[0]
                where = ".".join(str(part) for part in first["loc"][1:])[:MAX_CHAT_ID]
                return Response(f"{where}: {first['msg'][:MAX_CHAT_ID]}", 422, media_type="text/plain")

        return handle


router = APIRouter(prefix="/ai-sdk/chat", include_in_schema=False, route_class=TextErrorRoute)


@router.post("", dependencies=[STREAM_SLOT])
async def post_chat(state: AppStateDep, caller: ChatWriteDep, new: ChatRequest) -> EventStream:
    """Streams the answer to the page's last message, or what comes of calls that the person has decided on."""
    if decisions := take_decisions(new):
        return await stream_run(state, caller, *await decide_calls(state, caller, decisions))
    question, own_id = take_question(new)
    agent_id = new.agent_id or BUILT_IN_ID
    conversation = await state.db.write(open_chat, caller, agent_id, question, new.id)
    if new.agent_id is not None and (conversation.agent_id or BUILT_IN_ID) != agent_id:
        raise Invalid("This chat is with another agent.", ("body", "agent_id"))
    posted = await ask(state, caller, new, question.text, own_id, conversation.id)
    return await stream_run(state, caller, posted.run)


@router.get("/{chat_id}/stream", dependencies=[STREAM_SLOT])
async def resume_chat(state: AppStateDep, caller: ChatReadDep, chat_id: ChatId) -> Response:
    """The answer that is at work in the chat, from its beginning; 204 where there is none."""
    run = await state.db.read(find_active_run, caller, chat_id)
    return Response(status_code=204) if run is None else await stream_run(state, caller, run)


@router.get("/{chat_id}/messages")
async def list_messages(
    state: AppStateDep, caller: ChatReadDep, chat_id: ChatId, before: UUID | None = None
) -> JsonBytes:
    """The newest messages of the chat, or those before one, of the branch that is shown, in reading order; none of a
    chat that has not begun.
    """
    found = await state.db.read(find_chat, caller, chat_id)
    if found is None:
        return JsonBytes(b"[]")
    page = await kinds.list_messages(
        state.db, caller, found.id, Page(MAX_LIMIT, None), Span(before=before or "end"), of_branch=True
    )
    messages = PAGE.validate_json(page).data
    return JsonBytes(to_json([describe_message(message) for message in messages]))


PAGE = TypeAdapter(ItemPage[MessagePublic])


async def open_chat(
    tx: Transaction, caller: Caller, agent_id: UUID, question: Question, chat_id: str
) -> Conversation:
    found = await find_named(tx, caller, chat_id)
    return found or await open_named(tx, caller, agent_id, question, f"ai-sdk/{chat_id}")


async def find_chat(tx: Transaction, caller: Caller, chat_id: str) -> Conversation | None:
    found = await find_named(tx, caller, chat_id) or await find_by_name(tx, caller, f"ai-sdk/{chat_id}")
    return found if isinstance(found, Conversation) else None


async def find_active_run(tx: Transaction, caller: Caller, chat_id: str) -> Run | None:
    """The one that has begun first."""
    conversation = await find_chat(tx, caller, chat_id)
    if conversation is None:
        return None
    active = await runs.find_active_runs(tx, caller, col(Run.conversation_id) == conversation.id)
    return min(active, key=lambda run: run.trigger_seq, default=None)


async def stream_run(state: AppState, caller: Caller, run: Run, after: int | None = None) -> EventStream:
    parts = stream_parts(await follow_run(state, caller, run, after))
    return EventStream(parts, state.timings.stream_send, VERSION)
