# models/identity/oauth.py -- OAuth for programs of others: who registered, the codes of consents, and the tokens.
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import Field as ApiField
from sqlalchemy import Index, String, Uuid
from sqlmodel import SQLModel

from models.columns import (
    UTCDateTime,
    column,
    id_column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.identity.api_token import Scope
from models.shapes import MAX_NAME, ApiModel

MAX_CLIENT_ID = 500
MAX_URI = 1_000
MAX_REDIRECTS = 4_000
OAuthTokenKind = Literal["access", "refresh"]
OAUTH_TOKEN_KINDS: tuple[OAuthTokenKind, ...] = get_args(OAuthTokenKind)


class OAuthClient(SQLModel, table=True):
    """A program that has registered itself; it goes at `expires_at`, which each token that it gets moves on.

    `redirect_uris` are URIs between spaces. Its id is its `client_id`.
    """

    __tablename__ = "oauth_clients"
    __table_args__ = (Index("idx_oauth_clients_expires_at", "expires_at"),)

    id: UUID = id_column()
    name: str = column("name", String(MAX_NAME))
    redirect_uris: str = column("redirect_uris", String(MAX_REDIRECTS))
    created_at: datetime = time_column("created_at")
    expires_at: datetime = column("expires_at", UTCDateTime)


class OAuthCode(SQLModel, table=True):
    """What a consent gives a client, by its hash: good once, for the client, the redirect URI and the PKCE verifier
    that it was asked with. `grant_id` is the API token that came of it.
    """

    __tablename__ = "oauth_codes"
    __table_args__ = (
        Index("idx_oauth_codes_user_id", "user_id"),
        Index("idx_oauth_codes_expires_at", "expires_at"),
    )

    code_hash: str = column("code_hash", String(64), key=True)
    user_id: UUID = parent_column("user_id", "users.id", "fk_oauth_codes_user_id")
    client_id: str = column("client_id", String(MAX_CLIENT_ID))
    client_name: str = column("client_name", String(MAX_NAME))
    redirect_uri: str = column("redirect_uri", String(MAX_URI))
    code_challenge: str = column("code_challenge", String(64))
    resource: str = column("resource", String(MAX_CLIENT_ID))
    scopes: str = column("scopes", String(100))
    created_at: datetime = time_column("created_at")
    expires_at: datetime = column("expires_at", UTCDateTime)
    used_at: datetime | None = nullable_column("used_at", UTCDateTime)
    grant_id: UUID | None = nullable_column("grant_id", Uuid)


class OAuthToken(SQLModel, table=True):
    """An access token or a refresh token of a client, by its hash; `grant_id` is the API token that it stands for.

    A rotated refresh token stays, so that its reuse is noticed; `reused_at` is when it came a second time.
    """

    __tablename__ = "oauth_tokens"
    __table_args__ = (
        word_check("kind", OAUTH_TOKEN_KINDS, "oauth_tokens_kind_check"),
        Index("idx_oauth_tokens_grant_id", "grant_id"),
        Index("idx_oauth_tokens_expires_at", "expires_at"),
    )

    token_hash: str = column("token_hash", String(64), key=True)
    grant_id: UUID = parent_column("grant_id", "access_tokens.id", "fk_oauth_tokens_grant_id")
    kind: OAuthTokenKind = word_column("kind", 10, OAUTH_TOKEN_KINDS)
    created_at: datetime = time_column("created_at")
    expires_at: datetime = column("expires_at", UTCDateTime)
    rotated_at: datetime | None = nullable_column("rotated_at", UTCDateTime)
    reused_at: datetime | None = nullable_column("reused_at", UTCDateTime)


# What the console asks a person. Texts as the client has sent them: identity/oauth/requests.py checks them.


class ConsentRequest(ApiModel):
    """The parameters of /oauth/authorize, of which the others are ignored."""

    client_id: str = ApiField(max_length=MAX_CLIENT_ID, examples=["https://app.example/client.json"])
    redirect_uri: str = ApiField("", max_length=MAX_URI)
    response_type: str = ApiField("", max_length=100)
    code_challenge: str = ApiField("", max_length=200)
    code_challenge_method: str = ApiField("", max_length=20)
    resource: str = ApiField("", max_length=MAX_URI)
    scope: str = ApiField("", max_length=500)
    state: str = ApiField("", max_length=2_000)


class ConsentDecision(ConsentRequest):
    approve: bool = ApiField(examples=[True])
    scopes: list[Scope] = ApiField(
        [], max_length=7, description="What is granted, of what was asked for; empty: all of it."
    )


class ConsentPublic(ApiModel):
    """Who asks for what. `client_host` is the host of its metadata document; null for a client that has registered
    itself, whose name anybody may have chosen. `redirect_host` is where the answer goes.
    """

    client_name: str
    client_host: str | None
    redirect_host: str
    scopes: list[Scope]
    resource: str


class RedirectPublic(ApiModel):
    redirect_to: str = ApiField(description="Where the browser goes with the answer.")
