# models/participation/message_change.py -- edits and retractions: what a message became; the message itself stays.
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import ConfigDict
from pydantic import Field as ApiField
from sqlalchemy import Index, Integer
from sqlalchemy import Text as TextType
from sqlmodel import SQLModel

from models.columns import column, nullable_column, parent_column, time_column, word_check, word_column
from models.message import Content
from models.shapes import ApiModel

ChangeKind = Literal["edit", "retract"]
CHANGE_KINDS: tuple[ChangeKind, ...] = get_args(ChangeKind)


class MessageChange(SQLModel, table=True):
    """The `version`, 1, 2, 3, ..., of a message, by `user_id`: with other content, or retracted and without any.

    Append-only, as messages are.
    """

    __tablename__ = "message_changes"
    __table_args__ = (
        word_check("kind", CHANGE_KINDS, "message_changes_kind_check"),
        Index("idx_message_changes_user_id", "user_id"),
    )

    message_id: UUID = parent_column("message_id", "messages.id", "fk_message_changes_message_id", key=True)
    version: int = column("version", Integer, key=True)
    user_id: UUID = parent_column("user_id", "users.id", "fk_message_changes_user_id")
    kind: ChangeKind = word_column("kind", 10, CHANGE_KINDS)
    content: str | None = nullable_column("content", TextType)
    created_at: datetime = time_column("created_at")


class MessageUpdate(ApiModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"content": "At four, not at three."}]})

    content: Content = ApiField(examples=["At four, not at three."])
