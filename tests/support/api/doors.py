# support/api/doors.py -- who may come in by each route, and the credentials with which every route is tried.
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from sqlalchemy import update
from sqlmodel import col

from clock import utc_now
from db import Transaction
from models import ApiToken
from support.api.isolation import ROUTES, Attempt, Own
from support.servers import Person, Server, in_database

# Signed-in sessions alone. What stands here was decided; what a new route needs is decided when it is written.
SESSIONS_ONLY = {
    "POST /v1/auth/logout",
    "GET /v1/me",
    "PATCH /v1/me",
    "DELETE /v1/me",
    "GET /v1/me/usage",
    "GET /v1/me/export",
    "POST /v1/me/import",
    "GET /v1/me/sessions",
    "DELETE /v1/me/sessions/{session_id}",
    "GET /v1/me/tokens",
    "POST /v1/me/tokens",
    "DELETE /v1/me/tokens/{token_id}",
    "POST /v1/runs/{run_id}/approvals/{tool_call_id}",
    "GET /v1/accounts",
    "POST /v1/accounts",
    "GET /v1/accounts/{account_id}",
    "PATCH /v1/accounts/{account_id}",
    "DELETE /v1/accounts/{account_id}",
    "GET /v1/accounts/{account_id}/members",
    "PATCH /v1/accounts/{account_id}/members/{user_id}",
    "DELETE /v1/accounts/{account_id}/members/{user_id}",
    "GET /v1/accounts/{account_id}/invitations",
    "POST /v1/accounts/{account_id}/invitations",
    "DELETE /v1/accounts/{account_id}/invitations/{invitation_id}",
    "POST /v1/invitations/accept",
    "POST /v1/conversations/{conversation_id}/participants",
    "PATCH /v1/conversations/{conversation_id}/participants/{user_id}",
    "DELETE /v1/conversations/{conversation_id}/participants/{user_id}",
    "GET /v1/accounts/{account_id}/agents",
    "POST /v1/accounts/{account_id}/agents",
    "GET /v1/accounts/{account_id}/agents/{agent_id}",
    "PATCH /v1/accounts/{account_id}/agents/{agent_id}",
    "DELETE /v1/accounts/{account_id}/agents/{agent_id}",
    "GET /v1/accounts/{account_id}/agents/{agent_id}/tokens",
    "POST /v1/accounts/{account_id}/agents/{agent_id}/tokens",
    "DELETE /v1/accounts/{account_id}/agents/{agent_id}/tokens/{token_id}",
    "GET /v1/models",
    "GET /v1/tools",
}
# The other routes that need a caller, with the scopes of which an API token needs one.
READS_TASKS, WRITES_TASKS = ("tasks:read", "read"), ("tasks:write", "write")
READS_CHAT, WRITES_CHAT = ("chat", "read"), ("chat", "write")
FINDS = ("read", "chat", "tasks:read")
READS_EVENTS, WRITES_EVENTS = ("events:read", "read"), ("events:write", "write")
SCOPES = {
    "GET /v1/tasks": READS_TASKS,
    "POST /v1/tasks": WRITES_TASKS,
    "GET /v1/tasks/counts": READS_TASKS,
    "POST /v1/tasks/parse": READS_TASKS,
    "GET /v1/tasks/done": READS_TASKS,
    "GET /v1/tasks/lists": READS_TASKS,
    "GET /v1/tasks/{task_id}": READS_TASKS,
    "PATCH /v1/tasks/{task_id}": WRITES_TASKS,
    "DELETE /v1/tasks/{task_id}": WRITES_TASKS,
    "GET /v1/undo": READS_TASKS,
    "POST /v1/undo": WRITES_TASKS,
    "GET /v1/conversations": READS_CHAT,
    "POST /v1/conversations": WRITES_CHAT,
    "GET /v1/conversations/{conversation_id}": READS_CHAT,
    "PATCH /v1/conversations/{conversation_id}": WRITES_CHAT,
    "DELETE /v1/conversations/{conversation_id}": WRITES_CHAT,
    "GET /v1/conversations/{conversation_id}/messages": READS_CHAT,
    "POST /v1/conversations/{conversation_id}/messages": WRITES_CHAT,
    "POST /v1/conversations/{conversation_id}/messages/stream": WRITES_CHAT,
    "POST /v1/chat": WRITES_CHAT,
    "POST /v1/chat/stream": WRITES_CHAT,
    "GET /v1/conversations/{conversation_id}/participants": READS_CHAT,
    "POST /v1/conversations/{conversation_id}/read": WRITES_CHAT,
    "POST /v1/conversations/{conversation_id}/typing": WRITES_CHAT,
    "PATCH /v1/messages/{message_id}": WRITES_CHAT,
    "DELETE /v1/messages/{message_id}": WRITES_CHAT,
    "POST /v1/messages/{message_id}/runs": WRITES_CHAT,
    "POST /v1/conversations/{conversation_id}/branch": WRITES_CHAT,
    "GET /v1/messages/{message_id}/deliveries": READS_CHAT,
    **{
        f"{method} {version}/chats/{{account_id}}/{{agent_id}}{path}": scopes
        for version in ("/v1", "")
        for method, path, scopes in (
            ("GET", "", READS_CHAT),
            ("POST", "", WRITES_CHAT),
            ("GET", "/{chat_id}", READS_CHAT),
            ("DELETE", "/{chat_id}", WRITES_CHAT),
            ("GET", "/{chat_id}/messages", READS_CHAT),
            ("POST", "/{chat_id}/messages", WRITES_CHAT),
        )
    },
    "GET /v1/conversations/{conversation_id}/runs": READS_CHAT,
    "GET /v1/runs": READS_CHAT,
    "GET /v1/runs/{run_id}": READS_CHAT,
    "GET /v1/runs/{run_id}/answer": READS_CHAT,
    "GET /v1/runs/{run_id}/events": READS_CHAT,
    "POST /v1/runs/{run_id}/cancel": WRITES_CHAT,
    "GET /v1/tool-calls": READS_CHAT,
    "GET /v1/search": FINDS,
    "GET /v1/events": READS_EVENTS,
    "POST /v1/events": WRITES_EVENTS,
    "POST /v1/events/read": WRITES_EVENTS,
    "GET /v1/events/stream": READS_EVENTS,
    "GET /v1/changes": READS_EVENTS,
    "POST /v1/render": READS_CHAT,
}
FAMILIES = ("tasks:read", "tasks:write", "chat", "events:read", "events:write")
GUARDED = [route for route, way in ROUTES.items() if isinstance(way, (list, Own))]
STREAMS = ("GET /v1/runs/{run_id}/events", "GET /v1/events/stream")


def attempt_of(route: str) -> Attempt:
    """A request that is good but for who sends it."""
    way = ROUTES[route]
    assert isinstance(way, (list, Own))
    return way[0] if isinstance(way, list) else Attempt(query=way.query, body=way.body)


def make_token(person: Person, *scopes: str) -> str:
    token: str = person.post("/v1/me/tokens", name=" ".join(scopes), scopes=list(scopes))["token"]
    return token


def end_token(server: Server, token: str, **values: object) -> None:
    """Change the row of a token behind the server's back."""

    async def change(tx: Transaction) -> None:
        await tx.execute(update(ApiToken).where(col(ApiToken.prefix) == token[:12]).values(**values))

    in_database(server, change)


def revoke_token(person: Person, token: str) -> UUID:
    [row] = [row for row in person.get("/v1/me/tokens")["data"] if token.startswith(row["prefix"])]
    person.delete(f"/v1/me/tokens/{row['id']}")
    return UUID(row["id"])


def make_revoked_session(server: Server) -> str:
    person = server.person()
    person.post("/v1/auth/logout")
    return str(person.tokens["access_token"])


def make_revoked_token(server: Server) -> str:
    person = server.person()
    token = make_token(person, "read", "write")
    revoke_token(person, token)
    return token


def make_expired_token(server: Server) -> str:
    token = make_token(server.person(), "read", "write")
    end_token(server, token, expires_at=utc_now() - timedelta(seconds=1))
    return token


def delete_person(server: Server) -> Person:
    person = server.person()
    person.tokens["api_token"] = make_token(person, "read", "write")
    person.delete("/v1/me")
    return person


# Credentials that let nobody in, anywhere.
ENDED: dict[str, Callable[[Server], str]] = {
    "nonsense": lambda server: "nonsense",
    "unknown token": lambda server: "parley_" + "x" * 43,
    "revoked session": make_revoked_session,
    "revoked token": make_revoked_token,
    "expired token": make_expired_token,
    "session of a deleted user": lambda server: str(delete_person(server).tokens["access_token"]),
    "token of a deleted user": lambda server: str(delete_person(server).tokens["api_token"]),
}


@dataclass(frozen=True)
class Refusal:
    """What a token without the right scope is told."""

    status: int
    challenge: str


def expected_refusal(route: str) -> Refusal:
    scope = "" if route in SESSIONS_ONLY else f', scope="{SCOPES[route][0]}"'
    return Refusal(403, f'Bearer error="insufficient_scope"{scope}')
