# models/conversation.py -- conversations: threads of messages between a user and an agent.
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, StringConstraints
from pydantic import Field as ApiField
from sqlalchemy import Index, String, text
from sqlmodel import SQLModel

from models.columns import id_column, nullable_column, parent_column, time_column
from models.shapes import STORABLE, VISIBLE, ApiModel, Time, optional_field

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
    user_id: UUID = parent_column("user_id", "users.id", "fk_conversations_user_id")
    title: str | None = nullable_column("title", String(MAX_TITLE))
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", on_update=True)


class ConversationCreate(ApiModel):
    title: ConversationTitle | None = ApiField(None, examples=["Shopping"])


class ConversationUpdate(ApiModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Shopping"}]})

    title: ConversationTitle | None = optional_field()


class ConversationPublic(ApiModel):
    id: UUID
    title: str | None
    created_at: Time
    updated_at: Time
