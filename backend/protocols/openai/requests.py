# protocols/openai/requests.py -- what clients of OpenAI's API send; fields that Parley does not know are ignored.
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

from models.message import MAX_CONTENT
from models.shapes import STORABLE
from protocols.openai.failures import RequestRefused

MAX_MESSAGES = 2_000
MAX_PARTS = 1_000
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), STORABLE]
Text = Annotated[str, STORABLE]


class ContentPart(BaseModel):
    type: str
    text: Text | None = None


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | Annotated[list[ContentPart], Field(max_length=MAX_PARTS)] | None = None


class StreamOptions(BaseModel):
    include_usage: bool = False


class Metadata(BaseModel):
    conversation_id: Name | None = None


class CompletionCreate(BaseModel):
    model: Name
    messages: Annotated[list[ChatMessage], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    metadata: Metadata | None = None
    n: int | None = None
    tools: list[object] | None = None
    functions: list[object] | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """One message of a history: what the user or the agent has said."""

    role: Literal["user", "agent"]
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """The message to answer, and what was said before it, oldest first."""

    text: str
    earlier: Sequence[Said]

    @property
    def asked(self) -> list[str]:
        """All that the user has said, this message last."""
        return [*(said.text for said in self.earlier if said.role == "user"), self.text]


def take_question(new: CompletionCreate) -> Question:
    """RequestRefused for what Parley cannot do: tools of the client, several answers, parts that are no text."""
    for param, is_asked in (("tools", bool(new.tools)), ("functions", bool(new.functions))):
        if is_asked:
            raise RequestRefused("Parley runs its own tools; it takes none from a client.", param)
    if new.n not in (None, 1):
        raise RequestRefused("Parley gives one answer.", "n")
    said = [
        Said("user" if message.role == "user" else "agent", read_text(message.content, f"messages.{place}"))
        for place, message in enumerate(new.messages)
        # An agent has its own instructions, and no tools of the client were called.
        if message.role in ("user", "assistant")
    ]
    return make_question(said, f"messages.{len(new.messages) - 1}")


def make_question(said: Sequence[Said], param: str) -> Question:
    if not said or said[-1].role != "user":
        raise RequestRefused("The last message must be the user's.", param)
    question = said[-1].text
    if not question.strip():
        raise RequestRefused("The message is empty.", param)
    if len(question) > MAX_CONTENT:
        raise RequestRefused(f"The message is longer than {MAX_CONTENT:,} characters.", param)
    return Question(question, [each for each in said[:-1] if each.text.strip()])


def read_text(content: str | list[ContentPart] | None, param: str) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    for part in content:
        if part.text is None or part.type not in ("text", "input_text", "output_text"):
            raise RequestRefused("Parley reads text only.", param)
    return "\n\n".join(part.text or "" for part in content)
