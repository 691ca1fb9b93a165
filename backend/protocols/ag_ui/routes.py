# protocols/ag_ui/routes.py -- AG-UI at /ag-ui: its clients talk to an agent as they stand.
from hashlib import sha256
from uuid import UUID

from fastapi import APIRouter
from pydantic import BaseModel, Field

from access import Caller
from db import Transaction
from errors import Invalid
from models import Conversation
from models.agent import BUILT_IN_ID
from models.message import MAX_CONTENT, ChatCreate
from models.shapes import JsonObject
from protocols.ag_ui.events import stream_events
from protocols.conversations import Question, Said, find_named, open_named
from protocols.following import follow_run
from protocols.pending_approvals import Decision, decide_calls
from protocols.shapes import MAX_MESSAGES, ContentParts, Name, Text, join_texts
from routes.dependencies import STREAM_SLOT, AppStateDep, ChatWriteDep
from routes.route import Route
from streaming.sse import EventStream

router = APIRouter(prefix="/ag-ui", include_in_schema=False, route_class=Route)


class ThreadMessage(BaseModel):
    role: str
    content: Text | ContentParts | None = None

    @property
    def text(self) -> str:
        if isinstance(self.content, list):
            return join_texts(part.text for part in self.content if part.type == "text")
        return self.content or ""


class Payload(BaseModel):
    approve: bool = False


class Resumption(BaseModel):
    interrupt_id: Name = Field(alias="interruptId")
    status: str
    payload: Payload = Payload()


class RunAgentInput(BaseModel):
    thread_id: Name = Field(alias="threadId")
    run_id: Name = Field(alias="runId")
    messages: list[ThreadMessage] = Field([], max_length=MAX_MESSAGES)
    resume: list[Resumption] = Field([], max_length=100)


@router.post("", dependencies=[STREAM_SLOT])
@router.post("/{agent_id}", dependencies=[STREAM_SLOT])
async def run_agent(
    state: AppStateDep, caller: ChatWriteDep, new: RunAgentInput, agent_id: UUID = BUILT_IN_ID
) -> EventStream:
    """Streams the answer to the last message, or what comes of calls that the person has decided on. A run of the same
    name is the same run.
    """
    after: int | None = None
    if new.resume:
        run, after = await decide_calls(state, caller, take_decisions(new.resume))
    else:
        question = take_question(new)
        thread = await state.db.write(open_thread, caller, agent_id, question, new.thread_id)
        client_id = f"g{sha256(f'{thread.id}/{new.run_id}'.encode()).hexdigest()[:40]}"
        chat = ChatCreate(message=question.text, conversation_id=thread.id, client_id=client_id)
        run = (await state.run_control.post(caller, chat)).run

    followed = await follow_run(state, caller, run, after)
    names: JsonObject = {"threadId": new.thread_id, "runId": new.run_id}
    return EventStream(stream_events(names, followed, after or 0), state.timings.stream_send)


def take_decisions(resumed: list[Resumption]) -> list[Decision]:
    """A cancelled one is a no."""
    return [
        Decision(each.interrupt_id, each.status == "resolved" and each.payload.approve) for each in resumed
    ]


def take_question(new: RunAgentInput) -> Question:
    said = [
        Said("user" if message.role == "user" else "agent", message.text)
        for message in new.messages
        if message.role in ("user", "assistant") and message.text.strip()
    ]
    if not said or said[-1].role != "user" or len(said[-1].text) > MAX_CONTENT:
        raise Invalid(
            f"The last message must be the user's, of 1 to {MAX_CONTENT:,} characters.", ("body", "messages")
        )
    return Question(said[-1].text, said[:-1])


async def open_thread(
    tx: Transaction, caller: Caller, agent_id: UUID, question: Question, name: str
) -> Conversation:
    found = await find_named(tx, caller, name)
    found = found or await open_named(tx, caller, agent_id, question, f"ag-ui/{name}")
    if (found.agent_id or BUILT_IN_ID) != agent_id:
        raise Invalid("This thread is with another agent.", ("body", "threadId"))
    return found
