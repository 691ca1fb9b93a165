# identity/oauth/clients.py -- who asks: clients that describe themselves at a URL, and those that have registered.
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, Field
from sqlmodel import col

import access
from access import SYSTEM
from access.batch_deletion import ROW_BATCH, delete_batch
from clock import utc_now
from db import Database, Transaction
from errors import InvalidAppRequest
from identity.oauth.documents import ClientDocuments, clean_name
from identity.oauth.redirects import is_acceptable_redirect, name_redirect
from identity.oauth.refusals import OAuthRefusal
from identity.rate_limits import DOCUMENTS_PER_USER, RateLimiter
from models import OAuthClient
from models.identity.oauth import MAX_REDIRECTS

# A registration that nobody consents to goes after the first, one that is used after the second, without tokens.
UNUSED_LIFETIME = timedelta(days=1)
USED_LIFETIME = timedelta(days=90)
MOST_REDIRECTS = 10
UNKNOWN_CLIENT = "This app is not known here. Remove Parley from the app, and add it again."


@dataclass(frozen=True, slots=True)
class Client:
    """`host` is where it describes itself; None for one that has registered, whose name is only what it says."""

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    host: str | None


class Registration(BaseModel):
    """What of a registration (RFC 7591) counts here; the rest is ignored, as the standard has it."""

    redirect_uris: Annotated[list[str], Field(min_length=1, max_length=MOST_REDIRECTS)]
    client_name: str | None = None


async def find_client(
    db: Database, documents: ClientDocuments, limiter: RateLimiter, client_id: str, user_id: UUID
) -> Client:
    """Raises InvalidAppRequest for an unknown one. The user is who is asked, and may have so many documents fetched."""
    if client_id.startswith("https://"):
        await limiter.hit(DOCUMENTS_PER_USER, "client-document", str(user_id))
        document = await documents.get_document(client_id)
        return Client(client_id, document.name, document.redirect_uris, urlsplit(client_id).netloc)
    row = await db.read(find_registered, client_id)
    if row is None:
        raise InvalidAppRequest(UNKNOWN_CLIENT)
    return Client(client_id, row.name, tuple(row.redirect_uris.split(" ")), None)


async def find_registered(tx: Transaction, client_id: str) -> OAuthClient | None:
    try:
        known_id = UUID(client_id)
    except ValueError:
        return None
    if str(known_id) != client_id:
        return None  # an id has one spelling, by which all that belongs to it is found
    row = await access.find_by_id(tx, SYSTEM, OAuthClient, known_id)
    return row if row is not None and row.expires_at > utc_now() else None


async def register_client(tx: Transaction, new: Registration) -> OAuthClient:
    uris = list(dict.fromkeys(new.redirect_uris))
    if not all(map(is_acceptable_redirect, uris)) or len(" ".join(uris)) > MAX_REDIRECTS:
        raise OAuthRefusal(
            "invalid_redirect_uri",
            "A redirect URI is https, http to localhost, or has an app's own scheme; no fragment, no credentials.",
        )
    client = OAuthClient(
        name=clean_name(new.client_name, name_redirect(uris[0])),
        redirect_uris=" ".join(uris),
        expires_at=utc_now() + UNUSED_LIFETIME,
    )
    access.add_row(tx, SYSTEM, client)
    await tx.flush()
    return client


async def prolong_registration(tx: Transaction, client_id: str) -> None:
    """It has got tokens. One of a metadata document has no row; a row is written once a day at most."""
    client, until = await find_registered(tx, client_id), utc_now() + USED_LIFETIME
    if client is not None and client.expires_at < until - UNUSED_LIFETIME:
        client.expires_at = until
        await tx.flush()


async def delete_expired_clients(tx: Transaction, limit: int = ROW_BATCH) -> int:
    """Delete one batch; the number of rows."""
    return await delete_batch(tx, SYSTEM, OAuthClient, col(OAuthClient.expires_at) <= utc_now(), limit=limit)
