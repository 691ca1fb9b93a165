# test_doors.py -- every route tried with every kind of credential: who comes in, and how the others are refused.
from collections.abc import Iterable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from models.identity.api_token import SCOPES as ALL_SCOPES
from models.identity.api_token import SCOPES_FOR
from routes.route import Route
from support.api.doors import (
    ENDED,
    FAMILIES,
    GUARDED,
    SCOPES,
    SESSIONS_ONLY,
    attempt_of,
    expected_refusal,
    make_token,
)
from support.api.isolation import ROUTES, Elsewhere, Open, Theirs, fill_ids, send, with_everything
from support.api.problems import problem_of
from support.servers import Person, Server


def doors_of(app: FastAPI) -> dict[str, Any]:
    """By route: the scopes that open it, none where sessions alone do, None where it is for anyone."""
    found = {}
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and not is_elsewhere(route):
            assert isinstance(route, Route), f"{context.path} asks nobody who they are: it is no Route"
            permission = route.door.permission if route.door else None
            scopes = (SCOPES_FOR[permission] if permission else ()) if route.door else None
            for method in (context.methods or set()) - {"HEAD"}:
                found[f"{method} {context.path}"] = scopes
    return found


def is_elsewhere(route: APIRoute) -> bool:
    return any(isinstance(ROUTES[f"{method} {route.path}"], Elsewhere) for method in route.methods - {"HEAD"})


@pytest.mark.engines("sqlite")
def test_these_routes_and_no_others_take_signed_in_sessions_only(server: Server) -> None:
    doors = doors_of(server.app)
    assert {route for route, scopes in doors.items() if scopes == ()} == SESSIONS_ONLY
    assert {route: scopes for route, scopes in doors.items() if scopes} == SCOPES
    assert {route for route, scopes in doors.items() if scopes is None} == {
        route
        for route, way in ROUTES.items()
        if isinstance(way, Open) and not route.startswith("GET /.well-known/oauth")
    }
    assert set(GUARDED) == SESSIONS_ONLY | SCOPES.keys()


@pytest.fixture(scope="module")
def ended(server: Server) -> dict[str, httpx.Client]:
    return {name: server.client(Authorization=f"Bearer {make(server)}") for name, make in ENDED.items()}


@pytest.fixture(scope="module")
def programs(server: Server, theirs: Theirs) -> dict[str, httpx.Client]:
    """A client with an API token of the first person, for each scope."""
    return open_programs(server, theirs)


def open_programs(server: Server, owner: Theirs) -> dict[str, httpx.Client]:
    made = {scope: make_token(owner.person, scope) for scope in ALL_SCOPES if scope != "write"}
    made["write"] = make_token(owner.person, "read", "write")
    return {scope: server.client(Authorization=f"Bearer {token}") for scope, token in made.items()}


INVALID = "urn:parley:problem:invalid-token"
# What a credential may is read from the database in one place, before the route: all routes on one engine, and on the
# others one of each kind.
ONE_OF_EACH_KIND = {"GET /v1/tasks", "PATCH /v1/tasks/{task_id}", "DELETE /v1/me"}
# After these the rows are not what they were: what they are tried with is theirs alone.
# Which can be done once: each scope has a person of its own.
ENDING = {route for route in SCOPES if route.startswith("DELETE ") or route == "POST /v1/undo"}


def routes_on(engine_name: str, routes: Iterable[str]) -> list[str]:
    return [route for route in routes if engine_name == "sqlite" or route in ONE_OF_EACH_KIND]


@pytest.mark.also_on_mariadb
def test_a_credential_that_has_ended_opens_no_route(
    server: Server, theirs: Theirs, ended: dict[str, httpx.Client], engine_name: str
) -> None:
    before = theirs.everything()
    anyone = server.client()
    for route in routes_on(engine_name, GUARDED):
        nobody = send(anyone, route, attempt_of(route), theirs.ids)
        problem_of(nobody, 401)
        assert nobody.headers["www-authenticate"] == "Bearer"
        for name, client in ended.items():
            answer = send(client, route, attempt_of(route), theirs.ids)
            problem_of(answer, 401)
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"', (route, name)
            assert answer.json() == {**nobody.json(), "type": INVALID, "title": "Invalid Token"}, (
                route,
                name,
            )
    assert theirs.everything() == before


@pytest.mark.also_on_mariadb
def test_a_token_without_the_scope_of_a_route_is_told_which_one(
    theirs: Theirs, programs: dict[str, httpx.Client], engine_name: str
) -> None:
    """A token that may only read, and tokens of every wrong family; nothing is done for any of them."""
    before = theirs.everything()
    for route in routes_on(engine_name, GUARDED):
        refusal = expected_refusal(route)
        wrong = [scope for scope in ("read", *FAMILIES) if scope not in SCOPES.get(route, ())]
        for scope in [*wrong, *(["write"] if route in SESSIONS_ONLY else [])]:
            answer = send(programs[scope], route, attempt_of(route), theirs.ids)
            problem_of(answer, refusal.status)
            assert answer.headers["www-authenticate"] == refusal.challenge, (route, scope)
        # A search finds what its token may read, so three of the scopes are enough for it.
        assert len(wrong) >= (3 if route == "GET /v1/search" else 4)
    assert theirs.everything() == before


def answer_of(http: httpx.Client, route: str, ids: dict[str, str]) -> tuple[int, str]:
    """Status and media type; a stream is not read."""
    method, path = route.split(" ")
    attempt = attempt_of(route)
    for name, value in attempt.path.items():
        path = path.replace(f"{{{name}}}", ids.get(value, value))
    query, body = fill_ids(attempt.query, ids), fill_ids(attempt.body, ids)
    with http.stream(method, path, params=query, json=body) as answer:
        return answer.status_code, answer.headers.get("content-type", "")


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_token_with_a_scope_of_a_route_gets_what_a_session_gets(server: Server, engine_name: str) -> None:
    owner = with_everything(server.person())
    tokens = open_programs(server, owner)
    for route in routes_on(engine_name, SCOPES):
        if route in ENDING:
            twins = {scope: with_everything(server.person()) for scope in ("", *SCOPES[route])}
            programs = {scope: open_programs(server, twin)[scope] for scope, twin in twins.items() if scope}
            expected = answer_of(twins[""].person.http, route, twins[""].ids)
        else:
            twins, programs = dict.fromkeys(SCOPES[route], owner), tokens
            expected = answer_of(owner.person.http, route, owner.ids)
        for scope in SCOPES[route]:
            came = answer_of(programs[scope], route, twins[scope].ids)
            assert came == expected, (route, scope)
            assert came[0] < 300, (route, scope, came)


def test_a_token_sees_and_touches_only_what_is_its_users(server: Server, theirs: Theirs, ann: Person) -> None:
    """The same requests with a stranger's token of every scope: another's row looks like none."""
    token = make_token(ann, *ALL_SCOPES)
    stranger = server.client(Authorization=f"Bearer {token}")
    before = theirs.everything()
    for route in SCOPES:
        if isinstance(ROUTES[route], list):
            answer = send(stranger, route, attempt_of(route), theirs.ids)
            assert answer.status_code == attempt_of(route).status, route
    assert "A secret plan" not in stranger.get("/v1/tasks").text
    assert theirs.everything() == before


@pytest.mark.engines("sqlite")
def test_the_description_says_which_scopes_open_a_route(server: Server) -> None:
    document = server.app.openapi()
    assert document["components"]["securitySchemes"].keys() == {
        "OAuth2PasswordBearer",
        "ApiToken",
        "ConsoleSession",
    }
    session: dict[str, list[str]] = {"OAuth2PasswordBearer": []}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            route = f"{method.upper()} {path}"
            tokens = [{"ApiToken": [scope]} for scope in SCOPES.get(route, ())]
            expected = [session, *tokens] if route in GUARDED else []
            if route == "POST /v1/web/session/refresh":
                expected = [{"ConsoleSession": []}]
            assert operation["security"] == expected, route
            if route in GUARDED:
                assert {"401", "403"} <= operation["responses"].keys()
