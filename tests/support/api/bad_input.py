# support/api/bad_input.py -- good bodies for every route, bad values for every field, and what a refusal looks like.
import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.servers import PASSWORD, Person, Server

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# Refused before any database is asked: one engine is enough.
ON_ONE_ENGINE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)


@dataclass
class Somebody:
    """A signed-in person with one row of everything."""

    person: Person
    ids: dict[str, str]

    @property
    def http(self) -> httpx.Client:
        return self.person.http

    def path(self, route: str) -> str:
        """With the ids of rows that are there: of a group where only those have what the path names."""
        ids = dict(self.ids)
        if route.rpartition("{conversation_id}")[2].startswith(("/participants", "/read", "/typing")):
            ids["conversation_id"] = ids["group_id"]
        if route.endswith("/messages/{message_id}/runs"):
            ids["message_id"] = ids["asked_id"]  # only what an agent was asked is answered again
        return route.split(" ")[1].format(**ids)

    def everything(self) -> list[Any]:
        conversation = self.ids["conversation_id"]
        paths = ["/v1/me", "/v1/tasks", "/v1/conversations", f"/v1/conversations/{conversation}/messages"]
        return [self.person.get(path) for path in paths]


NOBODY = "00000000-0000-4000-8000-000000000000"
BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/auth/register": {"email": "nobody@example.com", "password": PASSWORD},
    "POST /v1/runs/{run_id}/approvals/{tool_call_id}": {"approve": True},
    "POST /v1/auth/token": {"email": "nobody@example.com", "password": PASSWORD},
    "POST /v1/auth/refresh": {"refresh_token": "x"},
    "PATCH /v1/me": {"display_name": "Ann", "current_password": PASSWORD, "new_password": PASSWORD},
    "DELETE /v1/me": {"current_password": PASSWORD},
    "POST /v1/me/tokens": {"name": "A program", "scopes": ["read"]},
    "POST /v1/web/session": {"email": "nobody@example.com", "password": PASSWORD},
    "POST /v1/render": {"text": "**Hello**"},
    "POST /v1/tasks": {"title": "Buy milk"},
    "POST /v1/tasks/parse": {"lines": ["buy milk tomorrow"]},
    "PATCH /v1/tasks/{task_id}": {"title": "Buy milk"},
    "POST /v1/undo": {"change_id": NOBODY},
    "POST /v1/conversations": {"title": "Shopping"},
    "PATCH /v1/conversations/{conversation_id}": {"title": "Shopping"},
    "POST /v1/conversations/{conversation_id}/messages": {"content": "hello"},
    "POST /v1/conversations/{conversation_id}/messages/stream": {"content": "hello"},
    "POST /v1/chat": {"message": "hello"},
    "POST /v1/chat/stream": {"message": "hello"},
    "POST /v1/conversations/{conversation_id}/participants": {"user_id": NOBODY},
    "PATCH /v1/conversations/{conversation_id}/participants/{user_id}": {"role": "member"},
    "POST /v1/conversations/{conversation_id}/read": {"message_id": NOBODY},
    "POST /v1/conversations/{conversation_id}/branch": {"message_id": NOBODY},
    "POST /v1/messages/{message_id}/runs": {"on_busy": "reject"},
    "PATCH /v1/messages/{message_id}": {"content": "hello"},
    "POST /v1/accounts": {"name": "Bakery"},
    "PATCH /v1/accounts/{account_id}": {"name": "Bakery"},
    "PATCH /v1/accounts/{account_id}/members/{user_id}": {"role": "admin"},
    "POST /v1/accounts/{account_id}/invitations": {"email": "nobody@example.com"},
    "POST /v1/invitations/accept": {"token": "x"},
    "POST /v1/accounts/{account_id}/agents": {"name": "Support"},
    "PATCH /v1/accounts/{account_id}/agents/{agent_id}": {"name": "Support"},
    "POST /v1/accounts/{account_id}/agents/{agent_id}/tokens": {"name": "A program", "scopes": ["read"]},
    "POST /v1/chats/{account_id}/{agent_id}": {"title": "Shopping"},
    "POST /v1/chats/{account_id}/{agent_id}/{chat_id}/messages": {"content": "hello"},
    "POST /v1/events": {"type": "chat.message", "payload": {"content": "Hello"}},
    "POST /v1/events/read": {"event_ids": [NOBODY]},
}
FORMS = {"POST /v1/auth/token"}
# Whose body is a file, whatever it says; tests/imports has what is wrong with one.
FILES = {"POST /v1/me/import"}
FILE_TYPE = "application/octet-stream"
# Which need no caller, and so may send little.
FOR_STRANGERS = [
    "POST /v1/auth/register",
    "POST /v1/auth/token",
    "POST /v1/auth/refresh",
    "POST /v1/web/session",
]
CONSOLE = {"X-Parley-Console": "1"}


def post(somebody: Somebody, route: str, content: Any, **headers: str) -> httpx.Response:
    """Bytes as they are, anything else as JSON (with ASCII escapes, so that halves of surrogate pairs can be said)."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return somebody.http.request(
        route.split(" ")[0], somebody.path(route), content=data, headers={**JSON, **CONSOLE, **headers}
    )


def operations(server: Server) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in server.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def encode_base64url(value: Any) -> str:
    """As cursors and the parts of a JWT are: bytes as they are, anything else as JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")
