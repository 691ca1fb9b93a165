# protocols/openai/requests.py -- what clients of OpenAI's API send; fields that Parley does not know are ignored.
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from models.message import MAX_CONTENT
from protocols.conversations import Question, Said
from protocols.openai.failures import RequestRefused
from protocols.shapes import MAX_MESSAGES, ContentPart, ContentParts, Name, Text, join_texts


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Text | ContentParts | None = None


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


class InputItem(BaseModel):
    """A message, an answer to a request for approval, or what a client gives back of an earlier output."""

    type: str = "message"
    role: str | None = None
    content: Text | ContentParts | None = None
    approval_request_id: Name | None = None
    approve: bool | None = None


class ConversationName(BaseModel):
    id: Name


class ResponseCreate(BaseModel):
    model: Name
    input: Text | Annotated[list[InputItem], Field(min_length=1, max_length=MAX_MESSAGES)]
    stream: bool | None = None
    background: bool | None = None
    previous_response_id: Name | None = None
    conversation: Name | ConversationName | None = None
    tools: list[object] | None = None

    @property
    def conversation_name(self) -> str | None:
        return self.conversation.id if isinstance(self.conversation, ConversationName) else self.conversation

    @property
    def approvals(self) -> list[InputItem]:
        items = [] if isinstance(self.input, str) else self.input
        return [item for item in items if item.type == "mcp_approval_response"]


def take_question(new: CompletionCreate) -> Question:
    """RequestRefused for what Parley cannot do: tools of the client, several answers, parts that are no text."""
    refuse_tools("tools", new.tools)
    refuse_tools("functions", new.functions)
    if new.n not in (None, 1):
        raise RequestRefused("Parley gives one answer.", "n")
    said = [
        Said("user" if message.role == "user" else "agent", read_text(message.content, f"messages.{place}"))
        for place, message in enumerate(new.messages)
        # An agent has its own instructions, and no tools of the client were called.
        if message.role in ("user", "assistant")
    ]
    return make_question(said, f"messages.{len(new.messages) - 1}")


def refuse_tools(param: str, tools: list[object] | None) -> None:
    if tools:
        raise RequestRefused("Parley runs its own tools; it takes none from a client.", param)


def take_input(new: ResponseCreate) -> Question:
    """The same of a response's input. What is given back of an earlier output is on record already."""
    refuse_tools("tools", new.tools)
    if isinstance(new.input, str):
        return make_question([Said("user", new.input)], "input")
    said = [
        Said("user" if item.role == "user" else "agent", read_text(item.content, f"input.{place}"))
        for place, item in enumerate(new.input)
        if item.type == "message" and item.role in ("user", "assistant")
    ]
    if any(item.type == "function_call_output" for item in new.input):
        raise RequestRefused("Parley runs its own tools; it takes no outputs of a client's.", "input")
    return make_question(said, f"input.{len(new.input) - 1}")


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
    return join_texts(part.text for part in content)
