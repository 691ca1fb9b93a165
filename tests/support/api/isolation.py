# support/api/isolation.py -- how each route is tried with ids of another person.
"""`ROUTES` names each route of the app and how a second person tries it. A new route fails a test until it stands
there: with attempts (other people's ids in its path, query or body), or with the reason why there is nothing to try.

In an attempt `<task>` and the like stand for ids of the first person's rows, and once more for ids of nothing at
all: the two answers must not differ. `<own conversation>` and `<own account>` are the intruder's.
"""

from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx

from support.api.accounts import invite, join
from support.servers import Person, ok


@dataclass(frozen=True)
class Attempt:
    """One request with somebody else's ids; `status` is what it and the same with ids of nothing are refused with."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    status: int = 404


@dataclass(frozen=True)
class Own:
    """Takes no ids of others. `body` and `query` make a good request of it; `lists` says that its answer shows own rows
    alone. `filters` are ids in its query that choose among these.

    The answer of one that `streams` has no end: test_stream_life.py tries it.
    """

    body: dict[str, Any] | None = None
    lists: bool = False
    streams: bool = False
    filters: tuple[str, ...] = ()
    query: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Open:
    """For everybody, signed in or not. `path` fills the path; `status` is the answer to a request without a body."""

    why: str
    path: dict[str, str] = field(default_factory=dict)
    status: int | None = None


@dataclass(frozen=True)
class Elsewhere:
    """Speaks a protocol of its own; `where` are its tests."""

    where: str


ACCOUNT, MEMBER = {"account_id": "<account>"}, {"account_id": "<account>", "user_id": "<member>"}
AGENT, FOREIGN_AGENT = (
    {"account_id": "<account>", "agent_id": "<agent>"},
    {"account_id": "<own account>", "agent_id": "<agent>"},
)
IN_CHAT, IN_FOREIGN_CHAT = (
    {**AGENT, "chat_id": "<chat>"},
    {"account_id": "<own account>", "agent_id": "<own agent>", "chat_id": "<chat>"},
)
IN_GROUP, IN_OWN_GROUP = {"conversation_id": "<group>"}, {"conversation_id": "<own group>"}
SAID = {"content": "Mine"}
# Document 001's paths, which stand with and without a version.
CHATS: dict[tuple[str, str], list[Attempt]] = {
    ("GET", ""): [Attempt(AGENT), Attempt(FOREIGN_AGENT)],
    ("POST", ""): [Attempt(AGENT), Attempt(FOREIGN_AGENT, body={"title": "Mine"})],
    ("GET", "/{chat_id}"): [Attempt(IN_CHAT), Attempt(IN_FOREIGN_CHAT)],
    ("GET", "/{chat_id}/messages"): [
        Attempt(IN_CHAT),
        Attempt(IN_FOREIGN_CHAT),
        Attempt(IN_CHAT, query={"before": "<chat message>"}),
        Attempt(IN_CHAT, query={"after": "<chat message>"}),
    ],
    ("POST", "/{chat_id}/messages"): [
        Attempt(IN_CHAT, body=SAID),
        Attempt(IN_FOREIGN_CHAT, body=SAID),
        Attempt(IN_CHAT, body={**SAID, "replaces_id": "<chat message>"}),
    ],
    ("DELETE", "/{chat_id}"): [Attempt(IN_CHAT)],
}
CHAT_ATTEMPTS = [
    Attempt(body={"message": "hello", "conversation_id": "<conversation>"}),
    Attempt(body={"message": "hello", "conversation_id": "<conversation>", "client_id": "<client id>"}),
    Attempt(body={"message": "hello", "conversation_id": "<conversation>", "replaces_id": "<message>"}),
    Attempt(body={"message": "hello", "account_id": "<account>"}),
    Attempt(body={"message": "hello", "agent_id": "<agent>"}),
]
ROUTES: dict[str, list[Attempt] | Own | Open | Elsewhere] = {
    "POST /mcp": Elsewhere("tests/protocols/mcp"),
    "POST /mcp/": Elsewhere("tests/protocols/mcp"),
    "GET /.well-known/oauth-protected-resource/mcp": Open("says which tokens /mcp takes"),
    "GET /.well-known/oauth-protected-resource": Open("the same"),
    "GET /.well-known/oauth-authorization-server": Open("says how apps get tokens"),
    "GET /oauth/authorize": Elsewhere("tests/protocols/oauth"),
    "POST /oauth/token": Elsewhere("tests/protocols/oauth"),
    "POST /oauth/revoke": Elsewhere("tests/protocols/oauth"),
    "POST /oauth/register": Elsewhere("tests/protocols/oauth"),
    "POST /ag-ui": Elsewhere("tests/protocols/ag_ui"),
    "POST /ag-ui/{agent_id}": Elsewhere("tests/protocols/ag_ui"),
    "POST /ai-sdk/chat": Elsewhere("tests/protocols/ai_sdk"),
    "GET /ai-sdk/chat/{chat_id}/stream": Elsewhere("tests/protocols/ai_sdk"),
    "GET /ai-sdk/chat/{chat_id}/messages": Elsewhere("tests/protocols/ai_sdk"),
    "GET /openai/v1/models": Elsewhere("tests/protocols/openai"),
    "GET /openai/v1/models/{model}": Elsewhere("tests/protocols/openai"),
    "POST /openai/v1/chat/completions": Elsewhere("tests/protocols/openai"),
    "POST /openai/v1/responses": Elsewhere("tests/protocols/openai"),
    "GET /openai/v1/responses/{response_id}": Elsewhere("tests/protocols/openai"),
    "POST /openai/v1/responses/{response_id}/cancel": Elsewhere("tests/protocols/openai"),
    **{
        f"{method} /openai/v1/{{path:path}}": Open("says what Parley lacks", {"path:path": "x"}, 404)
        for method in ("GET", "POST", "DELETE")
    },
    "GET /docs": Open("describes the API"),
    "GET /docs/{name}": Open("files of /docs and /redoc, by name", {"name": "swagger-ui.css"}),
    "GET /redoc": Open("describes the API"),
    "GET /openapi.json": Open("describes the API"),
    "GET /.well-known/change-password": Open("leads to the settings", status=303),
    "GET /.well-known/security.txt": Open("says whom to tell of a weakness", status=404),
    "GET /robots.txt": Open("tells crawlers to stay away"),
    "GET /openapi-3.2.json": Open("describes the API"),
    "GET /": Open("the console"),
    "GET /favicon.ico": Open("the console's icon"),
    "GET /service_worker.js": Open("keeps the console in the browser"),
    "GET /web/{name:path}": Open("files of the console, by name", {"name:path": "scripts/main.js"}),
    "GET /v1/web/config": Open("what the console says at its door"),
    "POST /v1/web/session": Open("nobody is signed in yet", status=403),
    "POST /v1/web/session/refresh": Open("the cookie says who asks", status=403),
    "DELETE /v1/web/session": Open("the cookie says who asks", status=403),
    "POST /v1/web/consent": Elsewhere("tests/protocols/oauth"),
    "POST /v1/web/consent/decision": Elsewhere("tests/protocols/oauth"),
    "POST /v1/render": Own({"text": "**Hello**"}),
    "GET /healthz": Open("says that the process is up, to whoever operates it"),
    "GET /readyz": Open("says that the database answers"),
    "POST /v1/auth/register": Open("nobody is signed in yet"),
    "POST /v1/auth/token": Open("nobody is signed in yet"),
    "POST /v1/auth/refresh": Open("the refresh token says who asks"),
    "POST /v1/auth/logout": Own(),
    "GET /v1/me": Own(lists=True),
    "PATCH /v1/me": Own({"display_name": "Somebody"}),
    "DELETE /v1/me": Own(),
    "GET /v1/me/usage": Own(),
    "GET /v1/me/export": Own(lists=True),
    "POST /v1/me/import": Own([]),
    "GET /v1/me/sessions": Own(lists=True),
    "DELETE /v1/me/sessions/{session_id}": [Attempt({"session_id": "<session>"})],
    "GET /v1/me/tokens": Own(lists=True),
    "POST /v1/me/tokens": Own({"name": "Mine", "scopes": ["read"]}),
    "DELETE /v1/me/tokens/{token_id}": [Attempt({"token_id": "<token>"})],
    "GET /v1/events": [Attempt(query={"recipient_id": "<user>"})],
    "POST /v1/events": [
        Attempt(body={"type": "chat.message", "payload": {}, "recipient_id": "<user>"}),
        Attempt(body={"type": "chat.message", "payload": {}, "account_id": "<user>"}),
    ],
    "POST /v1/events/read": [Attempt(body={"event_ids": ["<event>"]})],
    "GET /v1/events/stream": Own(streams=True),
    "GET /v1/changes": Own(),
    "GET /v1/accounts": Own(lists=True),
    "POST /v1/accounts": Own({"name": "Mine"}),
    "GET /v1/accounts/{account_id}": [Attempt(ACCOUNT), Attempt({"account_id": "<user>"})],
    "PATCH /v1/accounts/{account_id}": [
        Attempt(ACCOUNT, body={"name": "Mine now"}),
        Attempt({"account_id": "<user>"}, body={"name": "Mine now"}),
    ],
    "DELETE /v1/accounts/{account_id}": [Attempt(ACCOUNT)],
    "GET /v1/accounts/{account_id}/members": [Attempt(ACCOUNT), Attempt({"account_id": "<user>"})],
    "PATCH /v1/accounts/{account_id}/members/{user_id}": [
        Attempt(MEMBER, body={"role": "member"}),
        Attempt({"account_id": "<own account>", "user_id": "<member>"}, body={"role": "member"}),
    ],
    "DELETE /v1/accounts/{account_id}/members/{user_id}": [Attempt(MEMBER)],
    "GET /v1/accounts/{account_id}/invitations": [Attempt(ACCOUNT)],
    "POST /v1/accounts/{account_id}/invitations": [
        Attempt(ACCOUNT, body={"email": "intruder@example.com", "role": "owner"})
    ],
    "DELETE /v1/accounts/{account_id}/invitations/{invitation_id}": [
        Attempt({**ACCOUNT, "invitation_id": "<invitation>"}),
    ],
    "GET /v1/accounts/{account_id}/agents": [Attempt(ACCOUNT), Attempt({"account_id": "<user>"})],
    "POST /v1/accounts/{account_id}/agents": [Attempt(ACCOUNT, body={"name": "Mine"})],
    "GET /v1/accounts/{account_id}/agents/{agent_id}": [Attempt(AGENT), Attempt(FOREIGN_AGENT)],
    "PATCH /v1/accounts/{account_id}/agents/{agent_id}": [
        Attempt(AGENT, body={"name": "Mine now"}),
        Attempt(FOREIGN_AGENT, body={"name": "Mine now"}),
    ],
    "DELETE /v1/accounts/{account_id}/agents/{agent_id}": [Attempt(AGENT)],
    "GET /v1/accounts/{account_id}/agents/{agent_id}/tokens": [Attempt(AGENT), Attempt(FOREIGN_AGENT)],
    "POST /v1/accounts/{account_id}/agents/{agent_id}/tokens": [
        Attempt(AGENT, body={"name": "mine", "scopes": ["read"]}),
        Attempt(FOREIGN_AGENT, body={"name": "mine", "scopes": ["read"]}),
    ],
    "DELETE /v1/accounts/{account_id}/agents/{agent_id}/tokens/{token_id}": [
        Attempt({**AGENT, "token_id": "<agent key>"}),
    ],
    "GET /v1/models": Own(),
    "GET /v1/tools": Own(),
    "POST /v1/invitations/accept": [Attempt(body={"token": "<invitation token>"})],
    "GET /v1/search": Own(query={"q": "secret"}),
    "GET /v1/tasks": Own(lists=True),
    "POST /v1/tasks": Own({"title": "Mine"}),
    "GET /v1/tasks/counts": Own(),
    "POST /v1/tasks/parse": Own({"lines": ["Mine tomorrow"]}),
    "GET /v1/tasks/done": Own(),
    "GET /v1/tasks/lists": Own(),
    "GET /v1/tasks/{task_id}": [Attempt({"task_id": "<task>"})],
    "PATCH /v1/tasks/{task_id}": [
        Attempt({"task_id": "<task>"}, body={"title": "Mine now", "completed": True})
    ],
    "DELETE /v1/tasks/{task_id}": [Attempt({"task_id": "<task>"})],
    "GET /v1/undo": Own(lists=True, filters=("run_id",)),
    "POST /v1/undo": [Attempt(body={"change_id": "<change>"}), Attempt(body={"run_id": "<run>"})],
    "GET /v1/conversations": Own(lists=True, filters=("account_id", "agent_id")),
    "POST /v1/conversations": [
        Attempt(body={"title": "Mine", "account_id": "<account>"}),
        Attempt(body={"title": "Mine", "agent_id": "<agent>"}),
        Attempt(body={"title": "Mine", "account_id": "<own account>", "agent_id": "<agent>"}),
        Attempt(body={"kind": "group", "title": "Mine", "account_id": "<account>"}),
        Attempt(body={"kind": "direct", "account_id": "<own account>", "participant_ids": ["<member>"]}),
        Attempt(body={"kind": "direct", "account_id": "<account>", "participant_ids": ["<member>"]}),
    ],
    **{
        f"{method} {version}/chats/{{account_id}}/{{agent_id}}{path}": attempts
        for version in ("/v1", "")
        for (method, path), attempts in CHATS.items()
    },
    "GET /v1/conversations/{conversation_id}": [
        Attempt({"conversation_id": "<conversation>"}),
        Attempt(IN_GROUP),
    ],
    "PATCH /v1/conversations/{conversation_id}": [
        Attempt({"conversation_id": "<conversation>"}, body={"title": "Mine now"}),
        Attempt(IN_GROUP, body={"title": "Mine now"}),
    ],
    "DELETE /v1/conversations/{conversation_id}": [
        Attempt({"conversation_id": "<conversation>"}),
        Attempt(IN_GROUP),
    ],
    "GET /v1/conversations/{conversation_id}/participants": [Attempt(IN_GROUP)],
    "POST /v1/conversations/{conversation_id}/participants": [
        Attempt(IN_GROUP, body={"user_id": "<member>"}),
        Attempt(IN_OWN_GROUP, body={"user_id": "<member>"}),
    ],
    "PATCH /v1/conversations/{conversation_id}/participants/{user_id}": [
        Attempt({**IN_GROUP, "user_id": "<user>"}, body={"role": "member"}),
        Attempt({**IN_OWN_GROUP, "user_id": "<user>"}, body={"role": "owner"}),
    ],
    "DELETE /v1/conversations/{conversation_id}/participants/{user_id}": [
        Attempt({**IN_GROUP, "user_id": "<user>"}),
        Attempt({**IN_OWN_GROUP, "user_id": "<member>"}),
    ],
    "POST /v1/conversations/{conversation_id}/read": [
        Attempt(IN_GROUP, body={"message_id": "<group message>"}),
        Attempt(IN_OWN_GROUP, body={"message_id": "<group message>"}),
    ],
    "POST /v1/conversations/{conversation_id}/typing": [Attempt(IN_GROUP)],
    "PATCH /v1/messages/{message_id}": [
        Attempt({"message_id": "<group message>"}, body={"content": "Mine now"}),
    ],
    "DELETE /v1/messages/{message_id}": [Attempt({"message_id": "<group message>"})],
    "POST /v1/messages/{message_id}/runs": [
        Attempt({"message_id": "<message>"}, body={"on_busy": "interrupt"}),
        Attempt({"message_id": "<chat message>"}, body={"on_busy": "interrupt"}),
    ],
    "POST /v1/conversations/{conversation_id}/branch": [
        Attempt({"conversation_id": "<conversation>"}, body={"message_id": "<message>"}),
        # In one's own conversation another's message is not there either.
        Attempt({"conversation_id": "<own conversation>"}, body={"message_id": "<message>"}),
    ],
    "GET /v1/messages/{message_id}/deliveries": [
        Attempt({"message_id": "<group message>"}),
        Attempt({"message_id": "<message>"}),
    ],
    "GET /v1/conversations/{conversation_id}/messages": [
        Attempt({"conversation_id": "<conversation>"}),
        Attempt({"conversation_id": "<conversation>"}, query={"before": "end"}),
        Attempt({"conversation_id": "<conversation>"}, query={"before": "<message>"}),
        Attempt({"conversation_id": "<conversation>"}, query={"after": "<message>"}),
        Attempt({"conversation_id": "<conversation>"}, query={"branch": "shown"}),
        Attempt({"conversation_id": "<conversation>"}, query={"branch": "shown", "before": "<message>"}),
        Attempt(IN_GROUP),
        Attempt(IN_OWN_GROUP, query={"after": "<group message>"}, status=422),
        # In one's own conversation another's message is a wrong parameter, and no more.
        Attempt({"conversation_id": "<own conversation>"}, query={"before": "<message>"}, status=422),
        Attempt({"conversation_id": "<own conversation>"}, query={"after": "<message>"}, status=422),
    ],
    "POST /v1/conversations/{conversation_id}/messages": [
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello"}),
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello", "client_id": "<client id>"}),
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello", "replaces_id": "<message>"}),
        Attempt(
            {"conversation_id": "<own conversation>"},
            body={"content": "hello", "replaces_id": "<message>"},
            status=422,
        ),
        Attempt(IN_GROUP, body={"content": "hello"}),
        Attempt(IN_OWN_GROUP, body={"content": "hello", "reply_to_id": "<group message>"}, status=422),
    ],
    "POST /v1/conversations/{conversation_id}/messages/stream": [
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello"}),
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello", "client_id": "<client id>"}),
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello", "replaces_id": "<message>"}),
    ],
    **dict.fromkeys(("POST /v1/chat", "POST /v1/chat/stream"), CHAT_ATTEMPTS),
    "GET /v1/runs": Own(lists=True),
    "GET /v1/runs/{run_id}": [Attempt({"run_id": "<run>"}), Attempt({"run_id": "<group run>"})],
    "GET /v1/runs/{run_id}/answer": [Attempt({"run_id": "<run>"})],
    "GET /v1/runs/{run_id}/events": [Attempt({"run_id": "<run>"}), Attempt({"run_id": "<group run>"})],
    "GET /v1/conversations/{conversation_id}/runs": [
        Attempt({"conversation_id": "<conversation>"}),
        Attempt({"conversation_id": "<conversation>"}, query={"active": "true"}),
        Attempt(IN_GROUP),
    ],
    "GET /v1/tool-calls": [
        Attempt(query={"conversation_id": "<conversation>"}),
        Attempt(query={"run_id": "<run>"}),
        Attempt(query={"run_id": "<group run>"}),
        Attempt(query={"conversation_id": "<group>"}),
        Attempt(query={"conversation_id": "<own conversation>", "run_id": "<run>"}),
    ],
    "POST /v1/runs/{run_id}/approvals/{tool_call_id}": [
        Attempt({"run_id": "<asking run>", "tool_call_id": "<call>"}, body={"approve": True}),
    ],
    "POST /v1/runs/{run_id}/cancel": [Attempt({"run_id": "<run>"}), Attempt({"run_id": "<group run>"})],
}


@dataclass
class Theirs:
    """A person with a row of everything; `ids` by the placeholders of ROUTES."""

    person: Person
    ids: dict[str, str]

    def everything(self) -> list[Any]:
        """All that the person sees of it."""
        get = self.person.get
        conversation, run, account = self.ids["<conversation>"], self.ids["<run>"], self.ids["<account>"]
        used = [
            {**row, "last_used_at": None}
            for path in ("/v1/me/sessions", "/v1/me/tokens")
            for row in get(path)["data"]
        ]
        return [
            get("/v1/tasks"),
            get("/v1/conversations"),
            get(f"/v1/conversations/{conversation}/messages"),
            get(f"/v1/conversations/{self.ids['<group>']}/messages"),
            get(f"/v1/conversations/{self.ids['<group>']}/participants"),
            get(f"/v1/runs/{run}"),
            get("/v1/me"),
            get("/v1/events"),
            get("/v1/accounts"),
            get(f"/v1/accounts/{account}/members"),
            get(f"/v1/accounts/{account}/invitations"),
            get(f"/v1/accounts/{account}/agents"),
            get(f"/v1/accounts/{account}/agents/{self.ids['<agent>']}/tokens"),
            used,
        ]

    def own_ids(self) -> dict[str, str]:
        """What stands for this person's own rows where they try another's."""
        return {
            f"<own {noun}>": self.ids[f"<{noun}>"] for noun in ("conversation", "account", "agent", "group")
        }


def with_everything(person: Person, title: str = "A plan", partner: Person | None = None) -> Theirs:
    """With a `partner` there is a member in the account, too, and an account to which that one has invited."""
    client_id = f"name-{uuid4()}"
    answer = person.chat("add buy milk", client_id=client_id)
    kept = {"Idempotency-Key": client_id}
    asking = person.chat("delete buy milk")
    gone = person.chat("hello")["conversation_id"]
    person.delete(f"/v1/conversations/{gone}")
    ok(person.http.post("/v1/me/import", content=b"TYPE,CONTENT\ntask,Brought along\n"))
    person.post("/v1/tasks", title=title)
    change_id = person.get("/v1/undo")["data"][0]["change_id"]
    event = person.post("/v1/events", type="chat.message", payload={"content": title})
    person.post("/v1/events/read", event_ids=[event["id"]])
    ids = {
        "<user>": str(person.id),
        "<event>": event["id"],
        "<task>": ok(person.http.post("/v1/tasks", json={"title": title}, headers=kept))["id"],
        "<conversation>": answer["conversation_id"],
        "<message>": answer["user_message"]["id"],
        "<run>": answer["run_id"],
        "<asking run>": asking["run_id"],
        "<call>": asking["pending_approvals"][0]["tool_call_id"],
        "<token>": person.post("/v1/me/tokens", name="A program", scopes=["read"])["id"],
        "<session>": person.get("/v1/me/sessions")["data"][0]["id"],
        "<client id>": client_id,
        "<change>": change_id,
        **make_chat(person, title),
    }
    if partner is not None:
        ids |= share_accounts(person, partner, ids["<account>"], title)
        talk(person, partner, ids["<group>"], title)
    with person.http.stream("GET", "/v1/events/stream") as answer:
        next(answer.iter_lines())  # whoever reads numbers what happened
    return Theirs(person, ids)


def make_chat(person: Person, title: str) -> dict[str, str]:
    """A team with an agent that has a key, and a conversation with it."""
    mine = person.post("/v1/accounts", name=title)["id"]
    agent = person.post(f"/v1/accounts/{mine}/agents", name=title)["id"]
    key = person.post(f"/v1/accounts/{mine}/agents/{agent}/tokens", name=title, scopes=["read"])["id"]
    chat = person.post(f"/v1/chats/{mine}/{agent}")["id"]
    answer = person.post(f"/v1/chats/{mine}/{agent}/{chat}/messages", content=title)
    group = person.post(
        "/v1/conversations", kind="group", title=title, account_id=mine, participant_ids=[agent]
    )["id"]
    said = person.post(f"/v1/conversations/{group}/messages", content=f"@{title}, hello")
    [run] = person.get(f"/v1/conversations/{group}/runs")["data"]
    person.http.get(f"/v1/runs/{run['id']}/events")  # until it has ended
    person.patch(f"/v1/messages/{said['id']}", content=f"{title}, then")
    return {
        "<account>": mine,
        "<agent>": agent,
        "<agent key>": key,
        "<chat>": chat,
        "<chat message>": answer["user_message"]["id"],
        "<chat run>": answer["run_id"],
        "<group>": group,
        "<group message>": said["id"],
        "<group run>": run["id"],
    }


def share_accounts(person: Person, partner: Person, mine: str, title: str) -> dict[str, str]:
    theirs = partner.post("/v1/accounts", name=title)["id"]
    join(person, mine, partner)
    return {
        "<member>": str(partner.id),
        "<invitation>": invite(person, mine, f"{uuid4().hex}@example.com")["id"],
        "<invitation token>": invite(partner, theirs, person.email)["token"],
    }


def talk(person: Person, partner: Person, group: str, title: str) -> None:
    """The partner says something in the group, which the person has read."""
    path = f"/v1/conversations/{group}"
    person.post(f"{path}/participants", user_id=str(partner.id))
    said = partner.post(f"{path}/messages", content=title)
    person.http.post(f"{path}/read", json={"message_id": said["id"]}).raise_for_status()


def of_nothing() -> dict[str, str]:
    """Ids that no row has."""
    names = (
        "<user>",
        "<chat>",
        "<chat message>",
        "<chat run>",
        "<agent>",
        "<agent key>",
        "<group>",
        "<group message>",
        "<group run>",
        "<event>",
        "<task>",
        "<change>",
        "<conversation>",
        "<message>",
        "<run>",
        "<session>",
        "<token>",
        "<client id>",
        "<asking run>",
        "<call>",
        "<account>",
        "<member>",
        "<invitation>",
        "<invitation token>",
    )
    return {name: str(uuid4()) for name in names}


def send(http: httpx.Client, route: str, attempt: Attempt, ids: dict[str, str]) -> httpx.Response:
    method, path = route.split(" ")
    for name, value in attempt.path.items():
        path = path.replace(f"{{{name}}}", ids.get(value, value))
    assert "{" not in path, f"an attempt on {route} leaves a part of the path open"
    return http.request(method, path, params=fill_ids(attempt.query, ids), json=fill_ids(attempt.body, ids))


def fill_ids(value: Any, ids: dict[str, str]) -> Any:
    """With ids in place of the placeholders, also within lists and objects."""
    if isinstance(value, dict):
        return {name: fill_ids(item, ids) for name, item in value.items()}
    if isinstance(value, list):
        return [fill_ids(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value
