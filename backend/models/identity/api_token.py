# models/identity/api_token.py -- API tokens: the long-lived keys of programs.
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import Field as ApiField
from pydantic import StrictInt, field_validator
from sqlalchemy import Column, ForeignKey, Index, String, UniqueConstraint, Uuid
from sqlmodel import Field, SQLModel

from models.columns import UTCDateTime, column, id_column, nullable_column, parent_column, time_column
from models.identity.password_rules import CurrentPassword
from models.shapes import MAX_NAME, SPARSE, ApiModel, Name, Time, optional_field


class ApiToken(SQLModel, table=True):
    """`token_hash` is the SHA-256 of the token, `prefix` its first characters, `scopes` words between spaces.

    `conversation_id` is the conversation that records the calls made with it. Of an app that a person has let in by
    OAuth, `client_id` says which one, `resource` where its tokens count, and `token_hash` is that of nothing: it has
    tokens of its own in oauth_tokens, and lasts as long as it goes on renewing them.
    """

    __tablename__ = "access_tokens"
    __table_args__ = (
        UniqueConstraint("token_hash", name="access_tokens_token_hash_key"),
        Index("idx_access_tokens_user_id", "user_id"),
        Index("idx_access_tokens_conversation_id", "conversation_id"),
    )

    id: UUID = id_column()
    user_id: UUID = parent_column("user_id", "users.id", "fk_access_tokens_user_id")
    name: str = column("name", String(MAX_NAME))
    prefix: str = column("prefix", String(20))
    token_hash: str = column("token_hash", String(64))
    scopes: str = column("scopes", String(100))
    conversation_id: UUID | None = Field(
        default=None,
        sa_column=Column(
            "conversation_id",
            Uuid,
            ForeignKey("conversations.id", name="fk_access_tokens_conversation_id", ondelete="SET NULL"),
        ),
    )
    created_at: datetime = time_column("created_at")
    last_used_at: datetime | None = nullable_column("last_used_at", UTCDateTime)
    expires_at: datetime | None = nullable_column("expires_at", UTCDateTime)
    revoked_at: datetime | None = nullable_column("revoked_at", UTCDateTime)
    client_id: str | None = nullable_column("client_id", String(500))
    resource: str | None = nullable_column("resource", String(500))


Scope = Literal["read", "write", "tasks:read", "tasks:write", "chat", "events:read", "events:write"]
# What a route or a tool asks for. Reading conversations has no scope of its own.
Permission = Literal[
    "tasks:read", "tasks:write", "chat:read", "chat:write", "events:read", "events:write", "search"
]
# Any of these scopes is enough; a refusal names the first.
SCOPES_FOR: dict[Permission, tuple[Scope, ...]] = {
    "tasks:read": ("tasks:read", "read"),
    "tasks:write": ("tasks:write", "write"),
    "chat:read": ("chat", "read"),
    "chat:write": ("chat", "write"),
    "events:read": ("events:read", "read"),
    "events:write": ("events:write", "write"),
    # Each finds what it may read.
    "search": ("read", "chat", "tasks:read"),
}
SCOPES: tuple[Scope, ...] = get_args(Scope)


def parse_scopes(text: str) -> list[Scope]:
    """The scopes of a row. A word that this version does not know allows nothing."""
    words = text.split(" ")
    return [scope for scope in sorted(SCOPES) if scope in words]


# The names of these shapes are those of their OpenAPI components, on which generated clients depend.


class AccessTokenCreate(ApiModel):
    name: Name = ApiField(examples=["Claude on my laptop"])
    expires_in_days: StrictInt | None = ApiField(
        90, ge=1, le=3650, description="null: the token lasts until it is revoked."
    )
    scopes: list[Scope] = ApiField(
        min_length=1,
        max_length=len(SCOPES),
        description="What the token may do; `write` comes with `read`.",
        examples=[["read"]],
    )

    current_password: CurrentPassword = optional_field()

    @field_validator("scopes")
    @classmethod
    def check_scopes(cls, scopes: list[Scope]) -> list[Scope]:
        if len(set(scopes)) != len(scopes):
            raise ValueError("must not name a scope twice")
        if "write" in scopes and "read" not in scopes:
            raise ValueError('must have "read" beside "write"')
        return sorted(scopes)


class AccessTokenPublic(ApiModel):
    id: UUID
    name: str
    prefix: str = ApiField(description="The first characters, by which to recognise it.")
    scopes: list[Scope]
    created_at: Time
    last_used_at: Time | None
    expires_at: Time | None
    client_id: Annotated[str | None, SPARSE] = ApiField(
        None,
        description="Of an app that you have let in: the id that it goes by. It renews itself while it is used.",
    )


class AccessTokenCreated(AccessTokenPublic):
    token: str = ApiField(description="Shown only here: Parley stores its hash.")
