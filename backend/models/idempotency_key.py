# models/idempotency_key.py -- idempotency keys: the request that each stands for, and its stored answer.
from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer, String
from sqlalchemy import Text as TextType
from sqlmodel import SQLModel

from models.columns import UTCDateTime, column, nullable_column, parent_column, time_column


class IdempotencyKey(SQLModel, table=True):
    """`request_hash` covers method, path, query and body. `status` and `body` are the answer, once there is one."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (Index("idx_idempotency_keys_created_at", "created_at"),)

    user_id: UUID = parent_column("user_id", "users.id", "fk_idempotency_keys_user_id", key=True)
    key: str = column("key", String(255), key=True)
    request_hash: str = column("request_hash", String(64))
    status: int | None = nullable_column("status", Integer)
    body: str | None = nullable_column("body", TextType)
    locked_until: datetime = column("locked_until", UTCDateTime)
    created_at: datetime = time_column("created_at")
