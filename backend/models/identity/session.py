# models/identity/session.py -- sign-ins, and the refresh tokens that keep them going.
from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field as ApiField
from sqlalchemy import Index, Integer, String, Uuid
from sqlmodel import SQLModel

from models.columns import UTCDateTime, column, id_column, nullable_column, parent_column, time_column
from models.shapes import ApiModel, Time


class AuthSession(SQLModel, table=True):
    """One sign-in on one device, with a chain of refresh tokens: each but the newest is used up.

    `family_id` is the session from which this one was forked, because a refresh token came twice; None for the first
    session of a family. A user sees a family as one sign-in, and it ends as one.
    """

    __tablename__ = "auth_sessions"
    __table_args__ = (
        Index("idx_auth_sessions_user_id", "user_id"),
        Index("idx_auth_sessions_expires_at", "expires_at"),
        Index("idx_auth_sessions_revoked_at", "revoked_at"),
    )

    id: UUID = id_column()
    user_id: UUID = parent_column("user_id", "users.id", "fk_auth_sessions_user_id")
    user_agent: str | None = nullable_column("user_agent", String(255))
    address: str | None = nullable_column("address", String(64))
    created_at: datetime = time_column("created_at")
    last_used_at: datetime = time_column("last_used_at")
    expires_at: datetime = column("expires_at", UTCDateTime)
    revoked_at: datetime | None = nullable_column("revoked_at", UTCDateTime)
    family_id: UUID | None = nullable_column("family_id", Uuid)

    @property
    def family(self) -> UUID:
        return self.family_id or self.id


class RefreshToken(SQLModel, table=True):
    """One refresh token of a session, by its hash. Rotated tokens stay, so that the reuse of a stolen one is noticed.

    `generation` is its place in the chain; `reused_at` is when the token came a second time and forked the session.
    """

    __tablename__ = "refresh_tokens"
    __table_args__ = (Index("idx_refresh_tokens_session_id", "session_id"),)

    token_hash: str = column("token_hash", String(64), key=True)
    session_id: UUID = parent_column("session_id", "auth_sessions.id", "fk_refresh_tokens_session_id")
    created_at: datetime = time_column("created_at")
    expires_at: datetime = column("expires_at", UTCDateTime)
    rotated_at: datetime | None = nullable_column("rotated_at", UTCDateTime)
    generation: int = column("generation", Integer, default=0)
    reused_at: datetime | None = nullable_column("reused_at", UTCDateTime)


class SignInRequest(ApiModel):
    email: str = ApiField(examples=["ann@example.com"])
    password: str = ApiField(examples=["correct horse battery"])


class TokenPublic(ApiModel):
    access_token: str
    token_type: Literal["bearer"] = "bearer"  # noqa: S105 -- the kind, not a secret
    expires_in: int
    refresh_token: str


class RefreshRequest(ApiModel):
    refresh_token: str = ApiField(examples=["pUQh0cYb3x1mS2vJ8kq7wTn5rD4eLf6gZaX9iBoCtHs"])


class SessionPublic(ApiModel):
    id: UUID
    user_agent: str | None
    address: str | None
    created_at: Time
    last_used_at: Time
    expires_at: Time
    current: bool
