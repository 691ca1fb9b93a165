# models/idempotency_key.py -- idempotency keys: the request that each stands for, and its stored answer.
from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, Index, Integer, String
from sqlalchemy import Text as TextType
from sqlmodel import Field, SQLModel

from models.columns import UTCDateTime, parent_column, time_column


class IdempotencyKey(SQLModel, table=True):
    """`request_hash` covers method, path, query and body. `status` and `body` are the answer, once there is one."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idx_idempotency_keys_created_at", "created_at"),)

    user_id: UUID = parent_column("user_id", "users.id", "fk_idempotency_keys_user_id", key=True)
    key: str = Field(sa_column=Column("key", String(255), primary_key=True))
    request_hash: str = Field(sa_column=Column("request_hash", String(64), nullable=False))
    status: int | None = Field(default=None, sa_column=Column("status", Integer))
    body: str | None = Field(default=None, sa_column=Column("body", TextType))
    locked_until: datetime = Field(sa_column=Column("locked_until", UTCDateTime, nullable=False))
    created_at: datetime = time_column("created_at")
