# protocols/ai_sdk/requests.py -- what the AI SDK's chat sends: all messages of the page, of which the last one is new.
from collections.abc import Sequence
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from errors import Invalid
from models.message import MAX_CONTENT
from protocols.conversations import Question, Said
from protocols.pending_approvals import Decision
from protocols.shapes import MAX_MESSAGES, Name, Text, join_texts

MAX_PARTS = 1_000


class ApprovalAnswer(BaseModel):
    id: Name
    approved: bool | None = None


class Part(BaseModel):
    type: str
    text: Text | None = None
    state: str | None = None
    approval: ApprovalAnswer | None = None


class PageMessage(BaseModel):
    id: Name | None = None
    role: Literal["system", "user", "assistant"]
    parts: Annotated[list[Part], Field(max_length=MAX_PARTS)] = []

    @property
    def text(self) -> str:
        return join_texts(part.text for part in self.parts if part.type == "text")


class ChatRequest(BaseModel):
    """`id` is the page's name for the chat; `agent_id` is who answers in a new one.

    With `message_id` the last message is one that the page has changed, or the answer to it is to be given anew.
    """

    id: Name
    messages: Annotated[list[PageMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    trigger: Literal["submit-message", "regenerate-message"] = "submit-message"
    message_id: Name | None = Field(None, alias="messageId")
    agent_id: UUID | None = None


def take_decisions(new: ChatRequest) -> Sequence[Decision]:
    """What the person has decided, where that is what the page sends."""
    last = new.messages[-1]
    if last.role != "assistant" or new.trigger != "submit-message":
        return []
    answers = [part.approval for part in last.parts if part.state == "approval-responded" and part.approval]
    return [Decision(each.id, each.approved) for each in answers if each.approved is not None]


def take_question(new: ChatRequest) -> tuple[Question, str | None]:
    """The user's last message, with what was said before it, and the page's id of it."""
    said = list(new.messages)
    while said and said[-1].role != "user":  # an answer that is to be given anew
        said.pop()
    text = said[-1].text if said else ""
    if not said or (new.trigger == "submit-message" and new.messages[-1].role != "user"):
        raise Invalid("The last message must be the user's.", ("body", "messages"))
    if any(part.type == "file" for part in said[-1].parts):
        raise Invalid("Parley reads text only.", ("body", "messages"))
    if not text.strip() or len(text) > MAX_CONTENT:
        raise Invalid(f"A message has 1 to {MAX_CONTENT:,} characters.", ("body", "messages"))
    earlier = [
        Said("user" if message.role == "user" else "agent", message.text)
        for message in said[:-1]
        if message.role != "system" and message.text.strip()
    ]
    return Question(text, earlier), said[-1].id
