# test_isolation.py -- nobody reads, changes or even notices what is another's: every route, tool and table.
"""`ROUTES` names each route of the app and how a second person tries it. A new route fails a test until it stands
there: with attempts (other people's ids in its path, query or body), or with the reason why there is nothing to try.

In an attempt `<task>` and the like stand for ids of the first person's rows, and once more for ids of nothing at
all: the two answers must not differ. `<own conversation>` is the intruder's.
"""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from sqlalchemy.exc import StatementError
from sqlmodel import SQLModel, select
from starlette.routing import Route

import access
import models
from access import RULES, SYSTEM, Caller
from db import Transaction
from llm.protocol import ModelRequest, TextDelta, ToolCall
from support.servers import Person, Server, in_database, ok, serving, settings_for
from tools.registry import TOOLS, ToolError, call_tool

BACKEND = Path(access.__file__).parent


@dataclass(frozen=True)
class Attempt:
    """One request with somebody else's ids; `status` is what it and the same with ids of nothing are refused with."""

    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    status: int = 404


@dataclass(frozen=True)
class Own:
    """Takes no ids of others. `body` makes a good request of it; `lists` says that its answer shows own rows alone.

    The answer of one that `streams` has no end: test_events.py tries it.
    """

    body: dict[str, Any] | None = None
    lists: bool = False
    streams: bool = False


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


ROUTES: dict[str, list[Attempt] | Own | Open | Elsewhere] = {
    "POST /mcp": Elsewhere("tests/protocols/test_mcp.py"),
    "POST /mcp/": Elsewhere("tests/protocols/test_mcp.py"),
    "GET /.well-known/oauth-protected-resource/mcp": Open("says which tokens /mcp takes"),
    "GET /docs": Open("describes the API"),
    "GET /docs/{name}": Open("files of /docs and /redoc, by name", {"name": "swagger-ui.css"}),
    "GET /redoc": Open("describes the API"),
    "GET /openapi.json": Open("describes the API"),
    "GET /": Open("the console"),
    "GET /web/{name:path}": Open("files of the console, by name", {"name:path": "scripts/main.js"}),
    "GET /v1/web/config": Open("what the console says at its door"),
    "POST /v1/web/session": Open("nobody is signed in yet", status=403),
    "POST /v1/web/session/refresh": Open("the cookie says who asks", status=403),
    "DELETE /v1/web/session": Open("the cookie says who asks", status=403),
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
    "GET /v1/me/sessions": Own(lists=True),
    "DELETE /v1/me/sessions/{session_id}": [Attempt({"session_id": "<session>"})],
    "GET /v1/me/tokens": Own(lists=True),
    "POST /v1/me/tokens": Own({"name": "Mine", "scopes": ["read"]}),
    "DELETE /v1/me/tokens/{token_id}": [Attempt({"token_id": "<token>"})],
    "GET /v1/events/stream": Own(streams=True),
    "GET /v1/tasks": Own(lists=True),
    "POST /v1/tasks": Own({"title": "Mine"}),
    "GET /v1/tasks/done": Own(),
    "GET /v1/tasks/{task_id}": [Attempt({"task_id": "<task>"})],
    "PATCH /v1/tasks/{task_id}": [
        Attempt({"task_id": "<task>"}, body={"title": "Mine now", "completed": True})
    ],
    "DELETE /v1/tasks/{task_id}": [Attempt({"task_id": "<task>"})],
    "GET /v1/conversations": Own(lists=True),
    "POST /v1/conversations": Own({"title": "Mine"}),
    "GET /v1/conversations/{conversation_id}": [Attempt({"conversation_id": "<conversation>"})],
    "PATCH /v1/conversations/{conversation_id}": [
        Attempt({"conversation_id": "<conversation>"}, body={"title": "Mine now"})
    ],
    "DELETE /v1/conversations/{conversation_id}": [Attempt({"conversation_id": "<conversation>"})],
    "GET /v1/conversations/{conversation_id}/messages": [
        Attempt({"conversation_id": "<conversation>"}),
        Attempt({"conversation_id": "<conversation>"}, query={"before": "end"}),
        Attempt({"conversation_id": "<conversation>"}, query={"before": "<message>"}),
        Attempt({"conversation_id": "<conversation>"}, query={"after": "<message>"}),
        # In one's own conversation another's message is a wrong parameter, and no more.
        Attempt({"conversation_id": "<own conversation>"}, query={"before": "<message>"}, status=422),
        Attempt({"conversation_id": "<own conversation>"}, query={"after": "<message>"}, status=422),
    ],
    "POST /v1/conversations/{conversation_id}/messages": [
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello"}),
        Attempt({"conversation_id": "<conversation>"}, body={"content": "hello", "client_id": "<client id>"}),
    ],
    "POST /v1/chat": [
        Attempt(body={"message": "hello", "conversation_id": "<conversation>"}),
        Attempt(body={"message": "hello", "conversation_id": "<conversation>", "client_id": "<client id>"}),
    ],
    "GET /v1/runs/{run_id}": [Attempt({"run_id": "<run>"})],
    "GET /v1/runs/{run_id}/events": [Attempt({"run_id": "<run>"})],
    "GET /v1/conversations/{conversation_id}/runs": [
        Attempt({"conversation_id": "<conversation>"}),
        Attempt({"conversation_id": "<conversation>"}, query={"active": "true"}),
    ],
    "POST /v1/runs/{run_id}/approvals/{tool_call_id}": [
        Attempt({"run_id": "<asking run>", "tool_call_id": "<call>"}, body={"approve": True}),
    ],
    "POST /v1/runs/{run_id}/cancel": [Attempt({"run_id": "<run>"})],
}
ATTEMPTS = [
    pytest.param(route, attempt, id=f"{route} {number}")
    for route, attempts in ROUTES.items()
    if isinstance(attempts, list)
    for number, attempt in enumerate(attempts)
]
SIGNED_IN = [route for route, way in ROUTES.items() if isinstance(way, (list, Own))]
LISTS = [route for route, way in ROUTES.items() if isinstance(way, Own) and way.lists]


def routes_of(app: FastAPI) -> set[str]:
    """Every route with every method, those that are left out of the description too; HEAD is GET without a body."""
    found = set()
    for context in iter_route_contexts(app.routes):
        route = context.route if isinstance(getattr(context, "route", None), Route) else context
        path, methods = getattr(context, "path", None), getattr(context, "methods", None)
        assert path, f"a route that these tests cannot read: {route!r}"
        assert methods, f"a mount or a web socket at {path}: say here how it is tried"
        found |= {f"{method} {path}" for method in methods - {"HEAD"}}
    return found


# Whose rows are whose


@dataclass
class Theirs:
    """A person with a row of everything; `ids` by the placeholders of ROUTES."""

    person: Person
    ids: dict[str, str]

    def everything(self) -> list[Any]:
        """All that the person sees of it."""
        get = self.person.get
        conversation, run = self.ids["<conversation>"], self.ids["<run>"]
        sessions = [{**session, "last_used_at": None} for session in get("/v1/me/sessions")["data"]]
        return [
            get("/v1/tasks"),
            get("/v1/conversations"),
            get(f"/v1/conversations/{conversation}/messages"),
            get(f"/v1/runs/{run}"),
            get("/v1/me"),
            get("/v1/me/tokens"),
            sessions,
        ]


def with_everything(person: Person, title: str = "A plan") -> Theirs:
    client_id = f"name-{uuid4()}"
    answer = person.chat("add buy milk", client_id=client_id)
    kept = {"Idempotency-Key": client_id}
    asking = person.chat("delete buy milk")
    ids = {
        "<task>": ok(person.http.post("/v1/tasks", json={"title": title}, headers=kept))["id"],
        "<conversation>": answer["conversation_id"],
        "<message>": answer["user_message"]["id"],
        "<run>": answer["run_id"],
        "<asking run>": asking["run_id"],
        "<call>": asking["pending_approvals"][0]["tool_call_id"],
        "<token>": person.post("/v1/me/tokens", name="A program", scopes=["read"])["id"],
        "<session>": person.get("/v1/me/sessions")["data"][0]["id"],
        "<client id>": client_id,
    }
    with person.http.stream("GET", "/v1/events/stream") as answer:
        next(answer.iter_lines())  # whoever reads numbers what happened
    return Theirs(person, ids)


@pytest.fixture(scope="module")
def theirs(server: Server) -> Theirs:
    return with_everything(server.person(display_name="The first"), "A secret plan")


@pytest.fixture(scope="module")
def intruder(server: Server) -> Theirs:
    return with_everything(server.person(display_name="The second"))


def of_nothing() -> dict[str, str]:
    """Ids that no row has."""
    names = (
        "<task>",
        "<conversation>",
        "<message>",
        "<run>",
        "<session>",
        "<token>",
        "<client id>",
        "<asking run>",
        "<call>",
    )
    return {name: str(uuid4()) for name in names}


def send(http: httpx.Client, route: str, attempt: Attempt, ids: dict[str, str]) -> httpx.Response:
    method, path = route.split(" ")

    def filled(value: Any) -> Any:
        return ids.get(value, value) if isinstance(value, str) else value

    for name, value in attempt.path.items():
        path = path.replace(f"{{{name}}}", filled(value))
    assert "{" not in path, f"an attempt on {route} leaves a part of the path open"
    query = {name: filled(value) for name, value in attempt.query.items()}
    body = None if attempt.body is None else {name: filled(value) for name, value in attempt.body.items()}
    return http.request(method, path, params=query, json=body)


def seen(answer: httpx.Response, ids: dict[str, str]) -> tuple[Any, ...]:
    """All that an answer says, apart from the ids that were asked for and the time of day."""
    text = answer.text
    for placeholder, value in ids.items():
        text = text.replace(value, placeholder)
    headers = {name: value for name, value in answer.headers.items() if name != "date"}
    return answer.status_code, headers, text


# Routes


def test_every_route_is_in_the_table_and_every_line_of_the_table_is_a_route(server: Server) -> None:
    assert routes_of(server.app) == ROUTES.keys()


def test_every_route_with_an_id_in_its_path_is_tried(server: Server) -> None:
    untried = [route for route, way in ROUTES.items() if "{" in route and isinstance(way, Own)]
    assert untried == []
    named = re.compile(r"\{(\w+)\}")
    assert [
        route
        for route, way in ROUTES.items()
        if isinstance(way, list) and set(named.findall(route)) != {name for a in way for name in a.path}
    ] == []


def test_every_id_in_a_query_or_a_body_is_tried(server: Server) -> None:
    """What the description calls a UUID, wherever it stands."""
    schema = server.app.openapi()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            way = ROUTES[f"{method.upper()} {path}"]
            tried = (
                {name for a in way for name in [*a.query, *(a.body or {})]}
                if isinstance(way, list)
                else set()
            )
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "query" and '"uuid"' in json.dumps(parameter):
                    assert parameter["name"] in tried, f"{method} {path}: {parameter['name']}"
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"]["$ref"].rpartition("/")[2]
                for part, kind in schema["components"]["schemas"][name]["properties"].items():
                    if '"uuid"' in json.dumps(kind):
                        assert part in tried, f"{method} {path}: {part}"


@pytest.mark.parametrize(("route", "attempt"), ATTEMPTS)
def test_what_is_anothers_looks_like_what_does_not_exist(
    theirs: Theirs, intruder: Theirs, route: str, attempt: Attempt
) -> None:
    before = theirs.everything()
    own = {"<own conversation>": intruder.ids["<conversation>"]}
    nothing = of_nothing() | own
    forbidden = send(intruder.person.http, route, attempt, theirs.ids | own)
    missing = send(intruder.person.http, route, attempt, nothing)
    assert forbidden.status_code == attempt.status, forbidden.text
    assert forbidden.headers["content-type"] == "application/problem+json"
    assert seen(forbidden, theirs.ids) == seen(missing, nothing)
    assert theirs.everything() == before


def test_the_same_requests_work_for_the_person_whose_rows_they_name(server: Server) -> None:
    """Or the refusals above could have any other reason."""
    destructive = []
    owner = with_everything(server.person())
    own = {"<own conversation>": owner.ids["<conversation>"]}
    for param in ATTEMPTS:
        route, attempt = param.values
        if route.startswith("DELETE"):
            destructive.append((route, attempt))
            continue
        # A client_id repeated with other words is a conflict of its own.
        names = {"<client id>": f"name-{uuid4()}"}
        answer = send(owner.person.http, route, attempt, owner.ids | own | names)
        assert answer.is_success, f"{route}: {answer.text}"
    session_last = sorted(destructive, key=lambda pair: "session" in pair[0])
    for route, attempt in session_last:
        assert send(owner.person.http, route, attempt, owner.ids).status_code == 204, route


@pytest.mark.parametrize("route", LISTS)
def test_a_list_shows_nothing_of_anothers(theirs: Theirs, intruder: Theirs, route: str) -> None:
    shown = intruder.person.http.get(route.split(" ")[1], params={"limit": 200}).text
    strangers = [*theirs.ids.values(), str(theirs.person.id), theirs.person.email, "A secret plan"]
    assert [value for value in strangers if value in shown] == []
    assert str(intruder.person.id) in shown or any(value in shown for value in intruder.ids.values())


def test_searching_tasks_finds_nothing_of_anothers(theirs: Theirs, intruder: Theirs) -> None:
    assert theirs.person.get("/v1/tasks", q="secret")["data"] != []
    assert intruder.person.get("/v1/tasks", q="secret")["data"] == []


def test_the_cursor_of_another_person_leads_to_ones_own_rows_only(server: Server) -> None:
    people = [server.person(), server.person()]
    for person in people:
        for number in range(3):
            person.post("/v1/tasks", title=f"Task {number} of {person.id}")
    cursor = people[1].get("/v1/tasks", limit=1)["next_cursor"]
    answer = people[0].http.get("/v1/tasks", params={"cursor": cursor})
    assert str(people[1].id) not in answer.text


def test_two_people_may_give_their_messages_the_same_client_id(server: Server) -> None:
    people = [server.person(), server.person()]
    first, second = (person.chat("hello", client_id="the-same") for person in people)
    assert first["user_message"]["id"] != second["user_message"]["id"]
    assert first["conversation_id"] != second["conversation_id"]


@pytest.mark.parametrize(
    "route", [route for route, way in ROUTES.items() if isinstance(way, Own) and not way.streams]
)
def test_what_one_does_to_ones_own_changes_nothing_of_anothers(
    server: Server, theirs: Theirs, route: str
) -> None:
    before = theirs.everything()
    way = ROUTES[route]
    assert isinstance(way, Own)
    answer = send(server.person().http, route, Attempt(body=way.body), {})
    assert answer.is_success, answer.text
    assert theirs.everything() == before


# Without signing in


def refused_as_unknown(answer: httpx.Response) -> bool:
    assert answer.status_code == 401, f"{answer.request.method} {answer.request.url}: {answer.text}"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["www-authenticate"] == "Bearer"
    problem = answer.json()
    assert (problem["status"], problem["title"]) == (401, "Unauthorized")
    assert problem.keys() == {"type", "title", "status", "detail"}
    return True


@pytest.mark.parametrize("route", SIGNED_IN)
def test_a_route_that_is_not_for_everybody_refuses_who_is_not_signed_in(
    server: Server, theirs: Theirs, route: str
) -> None:
    way = ROUTES[route]
    attempt = way[0] if isinstance(way, list) else Attempt(body=way.body if isinstance(way, Own) else None)
    assert refused_as_unknown(send(server.client(), route, attempt, theirs.ids))
    assert refused_as_unknown(
        send(server.client(Authorization="Bearer nonsense"), route, attempt, theirs.ids)
    )
    assert refused_as_unknown(send(server.client(Authorization="Basic YTpi"), route, attempt, theirs.ids))


@pytest.mark.parametrize("route", [route for route, way in ROUTES.items() if isinstance(way, Open)])
def test_a_route_for_everybody_answers_who_is_not_signed_in(server: Server, route: str) -> None:
    way = ROUTES[route]
    assert isinstance(way, Open)
    answer = send(server.client(), route, Attempt(way.path), {})
    expected = way.status or (200 if route.startswith("GET") else 422)
    assert answer.status_code == expected, answer.text


def test_the_description_says_which_routes_need_signing_in(server: Server) -> None:
    described = {
        f"{method.upper()} {path}"
        for path, operations in server.app.openapi()["paths"].items()
        for method, operation in operations.items()
        if operation.get("security")
    }
    assert described == set(SIGNED_IN)


# Tools


TOOL_ATTEMPTS: dict[str, dict[str, Any] | None] = {
    "add_task": None,  # names no row
    "list_tasks": None,
    "complete_task": {"task_id": "<task>"},
    "update_task": {"task_id": "<task>", "title": "Mine now"},
    "delete_task": {"task_id": "<task>"},
}


def test_every_tool_is_in_the_table_and_those_that_take_ids_are_tried() -> None:
    assert TOOLS.keys() == TOOL_ATTEMPTS.keys()
    for name, arguments in TOOL_ATTEMPTS.items():
        ids = {
            part
            for part, kind in TOOLS[name].parameters()["properties"].items()
            if "uuid" in json.dumps(kind)
        }
        assert ids <= (arguments or {}).keys(), name


@pytest.mark.parametrize("name", [name for name, arguments in TOOL_ATTEMPTS.items() if arguments])
def test_a_tool_answers_the_same_for_anothers_row_and_for_none(
    server: Server, theirs: Theirs, intruder: Theirs, name: str
) -> None:
    before = theirs.everything()
    pattern = TOOL_ATTEMPTS[name]
    assert pattern is not None

    def called(person: Person, ids: dict[str, str]) -> str:
        arguments = {part: ids.get(value, value) for part, value in pattern.items()}

        async def work(tx: Transaction) -> str:
            try:
                return str(await call_tool(tx, Caller(person.id, None), name, arguments))
            except ToolError as error:
                return f"refused: {error}"

        return in_database(server, work)

    forbidden = called(intruder.person, theirs.ids)
    assert forbidden == called(intruder.person, of_nothing()) == "refused: There is no such task."
    assert theirs.everything() == before
    own = with_everything(server.person())
    assert not called(own.person, own.ids).startswith("refused")


def test_the_tool_that_lists_shows_the_callers_tasks_only(
    server: Server, theirs: Theirs, intruder: Theirs
) -> None:
    async def work(tx: Transaction) -> dict[str, Any]:
        return await call_tool(tx, Caller(intruder.person.id, None), "list_tasks", {"limit": 200})

    shown = in_database(server, work)["tasks"]
    assert {task["id"] for task in shown} == {task["id"] for task in intruder.person.get("/v1/tasks")["data"]}


class Obedient:
    """A model that calls whatever tool the message names: as bad as a model can be."""

    name = "obedient"

    async def respond(self, request: ModelRequest) -> Any:
        last = request.turns[-1]
        text = getattr(last, "text", "")
        if getattr(last, "tool_calls", ()) or not text.startswith("{"):
            yield TextDelta("Done.")
        else:
            wanted = json.loads(text)
            yield ToolCall("call_1", wanted["name"], wanted["arguments"])


@pytest.fixture(scope="module")
def obedient(server: Server) -> Iterator[Server]:
    settings = settings_for(server.settings.database_url.get_secret_value())
    with serving(settings, Obedient()) as running:
        yield running


def test_a_model_cannot_be_talked_into_touching_anothers_task(obedient: Server) -> None:
    victim = obedient.person()
    task = victim.post("/v1/tasks", title="A secret plan")
    liar = obedient.person()
    liar.patch("/v1/me", approval="never")
    for name in ("complete_task", "update_task", "delete_task"):
        for task_id in (task["id"], str(uuid4())):
            arguments = {"task_id": task_id, **({"title": "Mine now"} if name == "update_task" else {})}
            answer = liar.chat(json.dumps({"name": name, "arguments": arguments}))
            [call] = answer["tool_calls"]
            assert (call["name"], call["result"], call["error"]) == (name, None, "There is no such task.")
    named = {"name": "add_task", "arguments": {"title": "For you", "user_id": str(victim.id)}}
    [call] = liar.chat(json.dumps(named))["tool_calls"]
    assert call["error"].startswith("Wrong arguments for add_task: user_id")
    assert victim.get("/v1/tasks")["data"] == [task]


# Rules


def tables() -> set[type[SQLModel]]:
    """Every table class that importing the models has made."""
    found: set[type[SQLModel]] = set()
    waiting: list[type[SQLModel]] = [SQLModel]
    while waiting:
        for child in waiting.pop().__subclasses__():
            waiting.append(child)
            if hasattr(child, "__table__") and child.__module__.partition(".")[0] == "models":
                found.add(child)
    return found


def test_every_table_has_a_rule() -> None:
    assert tables() == RULES.keys()
    assert {table.__table__.name for table in RULES} == set(SQLModel.metadata.tables)  # type: ignore[attr-defined]
    assert {getattr(models, name) for name in models.__all__} == RULES.keys()


def test_a_table_without_a_rule_can_neither_be_read_nor_written() -> None:
    class Diary(SQLModel):
        pass

    for caller in (Caller(uuid4(), None), SYSTEM):
        with pytest.raises(KeyError):
            access.visible_condition_condition(caller, Diary)


@pytest.mark.parametrize(
    "table", sorted(RULES, key=lambda table: table.__name__), ids=lambda table: table.__name__
)
@pytest.mark.usefixtures("intruder")
def test_a_rule_shows_a_stranger_no_row_at_all(server: Server, theirs: Theirs, table: type[SQLModel]) -> None:
    """And to a person only rows that are the person's, whichever way one looks."""
    stranger = Caller(uuid4(), None)
    person = Caller(theirs.person.id, None)

    async def work(tx: Transaction) -> tuple[int, list[Any], list[Any]]:
        none = (await tx.execute(access.select(stranger, table))).all()
        mine = (await tx.execute(access.select(person, table))).scalars().all()
        everyones = (await tx.execute(select(table))).scalars().all()
        return len(none), list(mine), list(everyones)

    strangers, mine, everyones = in_database(server, work)
    assert strangers == 0
    owners = {getattr(row, "user_id", None) or getattr(row, "id", None) for row in mine}
    if table in (models.RunEvent, models.Approval):
        own_runs = {theirs.ids["<run>"], theirs.ids["<asking run>"]}
        assert mine
        assert {str(row.run_id) for row in mine} <= own_runs
        assert len(mine) < len(everyones)
    elif table in (models.RefreshToken, models.RateLimit):
        assert mine == []
    else:
        assert owners == {theirs.person.id}
        assert len(mine) < len(everyones)


# The source: statements are built by access.py


SCOPED = [
    "services",
    "routes",
    "agent",
    "llm",
    "tools",
    "streaming",
    "protocols",
    "console",
    "pagination.py",
    "commands",
]
# Names that start a statement without asking access.py whose rows it is about.
UNSCOPED = {
    "select",
    "update",
    "delete",
    "insert",
    "text",
    "union",
    "union_all",
    "lambda_stmt",
    "Query",
    "table",
}
JUSTIFIED = {
    (
        "services/identity/sessions.py",
        "select",
    ): "turns claims into a Caller: there is none yet, both ids are conditions",
    (
        "services/identity/sessions.py",
        "update",
    ): "ends the other sessions, with access.visible_condition among its conditions",
    (
        "services/identity/api_tokens.py",
        "select",
    ): "turns a token into a Caller: there is none yet, its hash is the condition",
    (
        "services/identity/api_tokens.py",
        "update",
    ): "the caller's tokens, with access.visible_condition among its conditions",
    ("services/idempotency.py", "delete"): "the caller's key, with access.visible_condition",
    ("services/batch_deletion.py", "delete"): "rows that access.select has found",
    ("services/identity/account_removal.py", "update"): "the caller's runs that access.select has found",
    (
        "services/idempotency.py",
        "update",
    ): "the caller's keys, with access.visible_condition among its conditions",
    ("services/runs.py", "delete"): "details of runs that access.select has found",
    ("services/runs.py", "update"): "the same runs: that their details are gone",
    (
        "services/identity/auth.py",
        "delete",
    ): "expired tokens of the session that is being refreshed, as SYSTEM",
    ("services/identity/rate_limits.py", "delete"): "counts of attempts belong to nobody, as SYSTEM",
    ("services/identity/rate_limits.py", "insert"): "counts of attempts belong to nobody, as SYSTEM",
    (
        "agent/direct_call_rows.py",
        "insert",
    ): "rows of the caller, into the conversation that access.visible_condition has opened",
    ("commands/seed.py", "insert"): "new rows of the user whom the command has just created",
    ("agent/direct_call_rows.py", "select"): "values to insert, and what was opened",
    (
        "agent/direct_call_rows.py",
        "update",
    ): "the caller's conversation, with access.visible_condition among its conditions",
    ("agent/direct_call_rows.py", "union_all"): "values to insert",
    ("agent/leases.py", "select"): "steps from user to user among the runs that wait, as SYSTEM",
    ("services/events.py", "select"): "from what access.select has found",
    (
        "services/events.py",
        "insert",
    ): "the sequence of the person whose stream is open, or whose events are old",
    ("services/events.py", "update"): "numbers for events that access.select has found, and the last of them",
    ("services/events.py", "delete"): "old events that access.select has found, as SYSTEM",
    ("services/health.py", "text"): "SELECT 1",
}


@cache
def scoped_modules() -> list[str]:
    found = []
    for name in SCOPED:
        path = BACKEND / name
        found += [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [str(path.relative_to(BACKEND)) for path in found]


@cache
def parsed(module: str) -> ast.Module:
    return ast.parse((BACKEND / module).read_text(), module)


def used(module: str) -> Iterator[tuple[str, str]]:
    """The statement builders of SQLAlchemy and SQLModel that a module gets hold of."""
    libraries = ("sqlalchemy", "sqlmodel")
    names: set[str] = set()
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import):
            whole = [alias.name for alias in node.names if alias.name.partition(".")[0] in libraries]
            assert whole == [], f"{module}:{node.lineno}: imports all of {whole}"
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in libraries:
            for alias in node.names:
                names.add(alias.asname or alias.name)
                assert alias.name != "*", module
                if alias.name in UNSCOPED:
                    yield module, alias.name
    for node in ast.walk(parsed(module)):
        # `postgresql.insert`, and `(sqlite if ... else postgresql).insert`
        if isinstance(node, ast.Attribute) and node.attr in UNSCOPED:
            roots = {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
            if roots & names and not isinstance(node.value, ast.Call):
                yield module, node.attr


def test_the_modules_that_are_held_to_access_are_there() -> None:
    assert {"services/tasks.py", "routes/tasks.py", "tools/registry.py", "agent/loop.py"} <= set(
        scoped_modules()
    )


def test_statements_are_built_through_access_only() -> None:
    found = {pair for module in scoped_modules() for pair in used(module)}
    assert found == JUSTIFIED.keys()


def test_no_row_is_fetched_by_its_key_past_access() -> None:
    """`tx.get(Task, id)` would ask no rule."""
    past = [
        f"{module}:{node.lineno}"
        for module in scoped_modules()
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Attribute)
        and node.attr
        in ("get", "get_one", "scalars", "scalar", "exec", "query", "merge", "run_sync", "connection")
        and isinstance(node.value, ast.Name)
        and node.value.id in ("tx", "session")
    ]
    assert past == []


def test_only_lists_and_the_session_check_read_past_a_transaction() -> None:
    """`Database.fetch` and `store` take any statement: users of them build it from access or name its row."""
    readers = {
        module
        for module in scoped_modules()
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Attribute) and node.attr in ("fetch", "store")
    }
    assert readers <= {
        "pagination.py",
        "services/identity/sessions.py",
        "services/identity/api_tokens.py",
        "agent/direct_call_rows.py",
    }


@pytest.mark.parametrize(
    "table", sorted(RULES, key=lambda table: table.__name__), ids=lambda table: table.__name__
)
def test_a_statement_for_anyone_shows_nothing_until_it_is_said_for_whom(
    server: Server, theirs: Theirs, table: type[SQLModel]
) -> None:
    statement = access.select(access.ANY_CALLER, table)

    async def execute(tx: Transaction, values: dict[str, Any]) -> int:
        return len((await tx.execute(statement, values)).all())

    assert in_database(server, lambda tx: execute(tx, access.caller_params(Caller(uuid4(), None)))) == 0
    mine = in_database(server, lambda tx: execute(tx, access.caller_params(Caller(theirs.person.id, None))))
    if table in (models.RefreshToken, models.RateLimit):
        assert mine == 0
        return  # nobody sees them: there is nothing to be said
    assert mine > 0
    with pytest.raises(StatementError, match="caller_user_id"):
        in_database(server, lambda tx: execute(tx, {}))


def test_a_missing_id_is_an_error_and_never_a_rule_for_what_is_nobodys() -> None:
    with pytest.raises(TypeError, match="an id is missing"):
        Caller(None, None)  # type: ignore[arg-type]
    nobody = Caller(uuid4(), None)
    object.__setattr__(nobody, "user_id", None)  # as if one had slipped past the check
    for table in RULES.keys() - {models.RefreshToken, models.RateLimit}:
        with pytest.raises(TypeError, match="an id is missing"):
            access.select(nobody, table)


@pytest.mark.parametrize("table", RULES, ids=lambda table: table.__name__)
def test_no_rule_compares_an_id_with_null(table: type[SQLModel]) -> None:
    for caller in (Caller(uuid4(), None), access.ANY_CALLER):
        assert not re.search(r"\b\w*id IS NULL", str(access.select(caller, table)))


def test_no_row_is_found_by_a_missing_id(server: Server, ann: Person) -> None:
    async def get_nothing(tx: Transaction) -> None:
        await access.get_row(tx, Caller(ann.id, None), models.Task, None)

    with pytest.raises(TypeError, match="an id is missing"):
        in_database(server, get_nothing)


def named_in(module: str) -> set[str]:
    names = {node.id for node in ast.walk(parsed(module)) if isinstance(node, ast.Name)}
    names |= {node.attr for node in ast.walk(parsed(module)) if isinstance(node, ast.Attribute)}
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.ImportFrom):
            names |= {alias.name for alias in node.names}
    return names


MAY_ACT_AS_SYSTEM = {
    "agent/leases.py",
    "agent/replay.py",
    "agent/worker.py",
    "services/identity/auth.py",
    "services/identity/rate_limits.py",
    "streaming/user_streams.py",
}


def test_only_who_may_act_as_the_system_names_it() -> None:
    everything = [str(path.relative_to(BACKEND)) for path in BACKEND.rglob("*.py")]
    naming = {module for module in everything if named_in(module) & {"SYSTEM", "System"}} - {"access.py"}
    assert naming == MAY_ACT_AS_SYSTEM


def test_only_who_has_found_out_who_asks_makes_a_caller() -> None:
    everything = [str(path.relative_to(BACKEND)) for path in BACKEND.rglob("*.py")]
    makers = {
        module
        for module in everything
        for node in ast.walk(parsed(module))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Caller"
    }
    assert makers <= {
        "access.py",
        "agent/replay.py",
        "services/identity/sessions.py",
        "services/identity/api_tokens.py",
        "services/identity/auth.py",
        "agent/leases.py",
        "commands/tokens.py",
    }


def test_the_ids_of_rows_cannot_be_guessed(theirs: Theirs) -> None:
    ids = [value for name, value in theirs.ids.items() if name not in ("<client id>", "<call>")]
    assert {UUID(value).version for value in ids} == {4}
