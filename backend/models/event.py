# models/event.py -- events: what changed for a user, as their user stream sends it.
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict
from sqlalchemy import BigInteger, Column, Index, String, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import Counter, column, json_column, nullable_column, parent_column, time_column
from models.shapes import JsonObject


class Event(SQLModel, table=True):
    """`id` is the order of writing; `seq`, which readers see, is given after the commit and has no gaps."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("user_id", "seq", name="uq_events_user_id_seq"),
        Index("idx_events_created_at", "created_at"),
    )

    id: int | None = Field(
        default=None, sa_column=Column("id", Counter, primary_key=True, autoincrement=True)
    )
    user_id: UUID = parent_column("user_id", "users.id", "fk_events_user_id")
    seq: int | None = nullable_column("seq", BigInteger)
    type: str = column("type", String(40))
    data: JsonObject = json_column("data")
    created_at: datetime = time_column("created_at")


class EventSequence(SQLModel, table=True):
    """The number of a user's newest numbered event. The lock on this row makes numbering exclusive."""

    __tablename__ = "event_sequences"

    user_id: UUID = parent_column("user_id", "users.id", "fk_event_sequences_user_id", key=True)
    last_seq: int = column("last_seq", BigInteger, default=0)


class ChangePublic(BaseModel):
    """An event as streams and pages give it. What it has besides depends on its type."""

    model_config = ConfigDict(extra="allow")

    type: str
    seq: int
