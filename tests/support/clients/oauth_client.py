# support/clients/oauth_client.py -- the official MCP client coming in by OAuth, and an app that does it by hand.
import base64
import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import anyio
import httpx
import httpx2
from mcp.client import Client
from mcp.client.auth import OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import (
    AuthorizationCodeResult,
    OAuthClientInformationFull,
    OAuthClientMetadata,
    OAuthToken,
)
from pydantic import AnyUrl

from models.identity.oauth import ConsentRequest
from support.clients.mcp_client import aside
from support.servers import Person, Server

CALLBACK = "http://127.0.0.1:33418/callback"


def read_request(url: str) -> dict[str, Any]:
    """What the console sends on of an address of /oauth/authorize: the parameters that it knows."""
    return {
        name: value for name, value in parse_qsl(urlsplit(url).query) if name in ConsentRequest.model_fields
    }


def read_answer(redirect_to: str) -> dict[str, str]:
    """The parameters of the address where a person is sent back to."""
    return dict(parse_qsl(urlsplit(redirect_to).query))


def decide(person: Person, asked: dict[str, Any], approve: bool = True, **more: Any) -> str:
    """Where the browser goes with the person's answer."""
    sent = {**asked, "approve": approve, **more}
    redirect_to: str = person.post("/v1/web/consent/decision", **sent)["redirect_to"]
    return redirect_to


@dataclass
class App:
    """A public client that speaks OAuth by hand."""

    server: Server
    client_id: str
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(48))

    @property
    def http(self) -> httpx.Client:
        return self.server.client()

    def ask(self, **changes: Any) -> dict[str, Any]:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "response_type": "code",
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            "resource": f"{self.server.base_url}/mcp",
            "scope": "read write",
            "state": "of-this-app",
        }
        return {**asked, **changes}

    def get_code(self, person: Person, **changes: Any) -> str:
        return read_answer(decide(person, self.ask(**changes)))["code"]

    def exchange(self, code: str, **changes: Any) -> httpx.Response:
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
        return self.http.post("/oauth/token", data={**sent, **changes})

    def refresh(self, token: str, **changes: Any) -> httpx.Response:
        sent = {"grant_type": "refresh_token", "refresh_token": token, "client_id": self.client_id}
        return self.http.post("/oauth/token", data={**sent, **changes})

    def revoke(self, token: str, **changes: Any) -> httpx.Response:
        return self.http.post("/oauth/revoke", data={"token": token, "client_id": self.client_id, **changes})

    def connect(self, person: Person, **changes: Any) -> dict[str, Any]:
        answer = self.exchange(self.get_code(person, **changes))
        assert answer.status_code == 200, answer.text
        tokens: dict[str, Any] = answer.json()
        return tokens


def register(server: Server, *redirect_uris: str, name: str | None = "An app", **more: Any) -> httpx.Response:
    told = {"redirect_uris": list(redirect_uris or [CALLBACK]), "client_name": name, **more}
    return server.client().post("/oauth/register", json=told)


def open_app(server: Server, redirect_uri: str = CALLBACK, **more: Any) -> App:
    return App(server, register(server, redirect_uri, **more).json()["client_id"], redirect_uri)


def call_mcp(server: Server, token: str, method: str = "tools/list", **params: Any) -> httpx.Response:
    sent = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return server.client(Authorization=f"Bearer {token}").post("/mcp", json=sent)


@dataclass
class Storage:
    """What the official client keeps."""

    tokens: OAuthToken | None = None
    client: OAuthClientInformationFull | None = None

    async def get_tokens(self) -> OAuthToken | None:
        return self.tokens

    async def set_tokens(self, tokens: OAuthToken) -> None:
        self.tokens = tokens

    async def get_client_info(self) -> OAuthClientInformationFull | None:
        return self.client

    async def set_client_info(self, client_info: OAuthClientInformationFull) -> None:
        self.client = client_info


@dataclass
class Visit:
    """A person who is sent to the console by the official client, and decides there. `asked` are their visits."""

    person: Person
    granted: list[str] = field(default_factory=list)
    asked: list[dict[str, Any]] = field(default_factory=list)
    answer: dict[str, str] = field(default_factory=dict)

    async def go(self, url: str) -> None:
        opened = await aside(lambda: self.person.http.get(url, follow_redirects=False))
        assert opened.status_code == 303
        where, _, query = opened.headers["location"].partition("?")
        assert where == "/#authorize"
        self.asked.append(read_request(f"/?{query}"))
        chosen = {"scopes": self.granted} if self.granted else {}
        self.answer = read_answer(await aside(lambda: decide(self.person, self.asked[-1], **chosen)))

    async def come_back(self) -> AuthorizationCodeResult:
        return AuthorizationCodeResult(
            code=self.answer["code"], state=self.answer["state"], iss=self.answer["iss"]
        )


def make_provider(
    server: Server, visit: Visit, storage: Storage, document_url: str | None = None
) -> OAuthClientProvider:
    metadata = OAuthClientMetadata(redirect_uris=[AnyUrl(CALLBACK)], client_name="The official client")
    return OAuthClientProvider(
        f"{server.base_url}/mcp",
        metadata,
        storage,
        visit.go,
        visit.come_back,
        client_metadata_url=document_url,
    )


@asynccontextmanager
async def connected_by_oauth(
    server: Server, visit: Visit, era: str, storage: Storage | None = None, document_url: str | None = None
) -> AsyncIterator[Client]:
    provider = make_provider(server, visit, storage or Storage(), document_url)
    async with (
        httpx2.AsyncClient(auth=provider, timeout=20, trust_env=False) as http,
        Client(streamable_http_client(f"{server.base_url}/mcp", http_client=http), mode=era) as client,
    ):
        with anyio.fail_after(30):
            yield client
