# models/search/search_hit.py -- what a search finds: a message or a task, and the piece of text that is about it.
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from models.message import Sender
from models.shapes import ApiModel, Time


class ExcerptPart(ApiModel):
    """A piece of plain text; those that were looked for are `marked`."""

    text: str
    marked: bool


Excerpt = Annotated[
    list[ExcerptPart],
    Field(description="About 200 characters around the first place: the texts of all parts together."),
]


class MessageHit(ApiModel):
    """`seq` is the message's number in its conversation."""

    kind: Literal["message"] = "message"
    conversation_id: UUID
    message_id: UUID
    seq: int
    created_at: Time
    sender: Sender
    excerpt: Excerpt


class TaskHit(ApiModel):
    kind: Literal["task"] = "task"
    task_id: UUID
    created_at: Time
    excerpt: Excerpt


class SearchPage(ApiModel):
    data: list[Annotated[MessageHit | TaskHit, Field(discriminator="kind")]]
    next_cursor: str | None
