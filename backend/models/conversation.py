# models/conversation.py -- a thread of messages.
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, StringConstraints
from pydantic import Field as ShapeField
from sqlalchemy import Column, Index, String, text
from sqlmodel import Field, SQLModel

from models.columns import STORABLE, VISIBLE, Shape, Time, id_column, reference, time_column, unset

MAX_TITLE = 255
ConversationTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE), STORABLE, VISIBLE
]


class Conversation(SQLModel, table=True):
    __tablename__ = "conversations"
    __table_args__ = (
        Index("idx_conversations_user_id", "user_id"),
        Index("idx_conversations_user_id_updated_at", "user_id", text("updated_at DESC")),
    )

    id: UUID = id_column()
    user_id: UUID = reference("user_id", "users.id", "fk_conversations_user_id")
    title: str | None = Field(default=None, sa_column=Column("title", String(MAX_TITLE)))
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", moving=True)


class ConversationCreate(Shape):
    title: ConversationTitle | None = ShapeField(None, examples=["Shopping"])


class ConversationUpdate(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Shopping"}]})

    title: ConversationTitle | None = unset()


class ConversationPublic(Shape):
    id: UUID
    title: str | None
    created_at: Time
    updated_at: Time
