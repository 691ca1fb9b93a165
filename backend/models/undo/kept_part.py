# models/undo/kept_part.py -- what belonged to a deleted conversation, kept so that it can be brought back.
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, String, Uuid
from sqlmodel import Field, SQLModel

from models.columns import Counter, JsonType, column, parent_column, time_column
from models.shapes import JsonObject


class KeptPart(SQLModel, table=True):
    """Some rows of a table, as JSON, that a deletion took along. `id` is the order in which they are put back."""

    __tablename__ = "kept_parts"
    __table_args__ = (
        Index("idx_kept_parts_user_id", "user_id"),
        Index("idx_kept_parts_change_id", "change_id", "id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column("id", Counter, primary_key=True, autoincrement=True)
    )
    user_id: UUID = parent_column("user_id", "users.id", "fk_kept_parts_user_id")
    change_id: UUID = column("change_id", Uuid)
    noun: str = column("noun", String(40))
    content: list[JsonObject] = Field(sa_column=Column("content", JsonType, nullable=False))
    created_at: datetime = time_column("created_at")
