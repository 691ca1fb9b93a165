# identity/oauth/documents.py -- metadata documents: a client whose id is the https URL that describes it.
"""draft-ietf-oauth-client-id-metadata-document. The URL is anybody's, so the document is fetched from public addresses
alone, by what was resolved and is connected to, without redirects, and within bounds of time and bytes."""

import asyncio
import json
import re
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from cachetools import TLRUCache

from errors import InvalidAppRequest
from identity.oauth.addresses import is_public_address
from identity.oauth.redirects import is_acceptable_redirect, split_uri
from models.identity.oauth import MAX_CLIENT_ID
from models.shapes import MAX_NAME, has_invisible

if TYPE_CHECKING:
    from ssl import SSLContext

    from aiohttp import ClientResponse
    from aiohttp.connector import AddrInfoType

MAX_BYTES = 5 * 1024
SECONDS = 5.0
CACHED_DOCUMENTS = 1_000
FETCHES_AT_ONCE = 20
# How long a document counts: as its server says, within these bounds, in seconds.
DEFAULT_AGE, LEAST_AGE, MOST_AGE = 300, 30, 86_400
# How long a failure is remembered, so that a page that asks again and again fetches nothing.
FAILURE_AGE = 10
MAX_AGE = re.compile(r"(?:^|[\s,])max-age=(\d{1,9})(?:$|[\s,])")
JSON_TYPE = re.compile(r"application/([a-z0-9.-]+\+)?json")
UNFETCHED = "This app's description could not be fetched."


@dataclass(frozen=True, slots=True)
class ClientDocument:
    """What a client says of itself. `age` is for how many seconds it counts."""

    name: str
    redirect_uris: tuple[str, ...]
    age: float = FAILURE_AGE


class AddressRefused(OSError):
    """The name leads to an address that is not public."""


class ClientDocuments:
    """Fetches documents and keeps them. `is_allowed` says of an address whether it may be connected to."""

    def __init__(self, is_allowed: Callable[[str], bool] = is_public_address) -> None:
        self.is_allowed = is_allowed
        self._known: TLRUCache[str, ClientDocument | None] = TLRUCache(
            CACHED_DOCUMENTS,
            ttu=lambda _, found, now: now + (found.age if found else FAILURE_AGE),
            timer=time.monotonic,
        )
        self._slots = asyncio.Semaphore(FETCHES_AT_ONCE)

    async def get_document(self, url: str) -> ClientDocument:
        """Raises InvalidAppRequest where there is none that holds, with few words: they tell of no network."""
        if url in self._known:
            found = self._known[url]
        else:
            found = self._known[url] = await self._fetch(url)
        if found is None:
            raise InvalidAppRequest(UNFETCHED)
        return found

    async def _fetch(self, url: str) -> ClientDocument | None:
        if not is_document_url(url):
            return None
        import aiohttp

        try:
            async with asyncio.timeout(SECONDS), self._slots:
                return await self._read(url)
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError, RecursionError):
            return None

    async def _read(self, url: str) -> ClientDocument | None:
        import aiohttp

        connector = aiohttp.TCPConnector(
            socket_factory=self._open_socket, force_close=True, use_dns_cache=False, ssl=open_ssl_context()
        )
        async with (
            aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                read_bufsize=MAX_BYTES,
            ) as http,
            http.get(
                url,
                allow_redirects=False,
                headers={"Accept": "application/json", "Accept-Encoding": "identity"},
            ) as answer,
        ):
            if answer.status != 200 or not JSON_TYPE.fullmatch(answer.content_type):
                return None
            return parse_document(url, await read_bounded(answer), read_age(answer))

    def _open_socket(self, address: "AddrInfoType") -> socket.socket:
        """What is connected to, whatever a name has been resolved to before: there is no second look-up."""
        family, kind, protocol, _, where = address
        if not self.is_allowed(str(where[0])):
            raise AddressRefused("not a public address")
        opened = socket.socket(family, kind, protocol)
        opened.setblocking(False)
        return opened


def open_ssl_context() -> "SSLContext | bool":
    """What certificates are held against; True is what aiohttp takes for the authorities that this machine trusts."""
    return True


def is_document_url(url: str) -> bool:
    """An https URL of a host with a name, which has a path, no dots to walk by, no fragment and no credentials."""
    parts = split_uri(url)
    return parts is not None and len(url) <= MAX_CLIENT_ID and is_named_host(parts) and has_plain_path(parts)


def is_named_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if parts.scheme != "https" or "." not in host:
        return False
    try:
        ip_address(host)
    except ValueError:
        return not host.replace(".", "").isdigit()
    return False


def has_plain_path(parts: SplitResult) -> bool:
    return parts.path not in ("", "/") and not {".", ".."} & set(parts.path.split("/"))


async def read_bounded(answer: "ClientResponse") -> bytes:
    """Its body; ValueError over MAX_BYTES."""
    body = b""
    async for chunk in answer.content.iter_any():
        body += chunk
        if len(body) > MAX_BYTES:
            raise ValueError("too long")
    return body


def read_age(answer: "ClientResponse") -> float:
    control = answer.headers.get("Cache-Control", "").lower()
    if "no-store" in control or "no-cache" in control:
        return LEAST_AGE
    found = MAX_AGE.search(control)
    return min(max(int(found[1]), LEAST_AGE), MOST_AGE) if found else DEFAULT_AGE


def parse_document(url: str, body: bytes, age: float) -> ClientDocument | None:
    """None where it describes another client, one with a secret, or none that a person could be sent back to."""
    told = json.loads(body)
    if not isinstance(told, dict) or told.get("client_id") != url:
        return None
    if told.get("token_endpoint_auth_method", "none") != "none":
        return None
    listed = told.get("redirect_uris")
    uris = listed if isinstance(listed, list) else []
    good = tuple(uri for uri in uris if isinstance(uri, str) and is_acceptable_redirect(uri))
    name = clean_name(told.get("client_name"), urlsplit(url).hostname or url)
    return ClientDocument(name, good, age) if good else None


def clean_name(name: object, otherwise: str) -> str:
    """A name as a person reads it: one line of visible characters."""
    words = name.split() if isinstance(name, str) else []
    seen = " ".join("".join(part for part in word if not has_invisible(part)) for word in words)
    return seen.strip()[:MAX_NAME] or otherwise[:MAX_NAME]
