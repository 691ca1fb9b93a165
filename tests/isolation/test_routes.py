# test_routes.py -- no route shows, changes or confirms what is another's.

import json
import re
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from starlette.routing import Route

from support.api.isolation import ROUTES, Attempt, Own, Theirs, of_nothing, send, with_everything
from support.servers import Server

ATTEMPTS = [
    (route, attempt)
    for route, attempts in ROUTES.items()
    if isinstance(attempts, list)
    for attempt in attempts
]
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


def seen(answer: httpx.Response, ids: dict[str, str]) -> tuple[Any, ...]:
    """All that an answer says, apart from the ids that were asked for and the time of day."""
    text = answer.text
    for placeholder, value in ids.items():
        text = text.replace(value, placeholder)
    headers = {name: value for name, value in answer.headers.items() if name not in ("date", "x-request-id")}
    return answer.status_code, headers, text


@pytest.mark.engines("sqlite")
def test_every_route_is_in_the_table_and_every_line_of_the_table_is_a_route(server: Server) -> None:
    assert routes_of(server.app) == ROUTES.keys()


@pytest.mark.engines("sqlite")
def test_every_route_with_an_id_in_its_path_is_tried(server: Server) -> None:
    untried = [route for route, way in ROUTES.items() if "{" in route and isinstance(way, Own)]
    assert untried == []
    named = re.compile(r"\{(\w+)\}")
    assert [
        route
        for route, way in ROUTES.items()
        if isinstance(way, list) and set(named.findall(route)) != {name for a in way for name in a.path}
    ] == []


@pytest.mark.engines("sqlite")
def test_every_id_in_a_query_or_a_body_is_tried(server: Server) -> None:
    """What the description calls a UUID, wherever it stands."""
    schema = server.app.openapi()
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            way = ROUTES[f"{method.upper()} {path}"]
            tried = (
                {name for a in way for name in [*a.query, *(a.body or {})]}
                if isinstance(way, list)
                else set(getattr(way, "filters", ()))
            )
            for parameter in operation.get("parameters", []):
                if parameter.get("in") == "query" and '"uuid"' in json.dumps(parameter):
                    assert parameter["name"] in tried, f"{method} {path}: {parameter['name']}"
            for content in operation.get("requestBody", {}).get("content", {}).values():
                name = content["schema"].get("$ref", "").rpartition("/")[2]
                if not name:  # a file
                    continue
                for part, kind in schema["components"]["schemas"][name]["properties"].items():
                    if '"uuid"' in json.dumps(kind):
                        assert part in tried, f"{method} {path}: {part}"


def test_what_is_anothers_looks_like_what_does_not_exist(theirs: Theirs, intruder: Theirs) -> None:
    before = theirs.everything()
    own = intruder.own_ids()
    for route, attempt in ATTEMPTS:
        nothing = of_nothing() | own
        forbidden = send(intruder.person.http, route, attempt, theirs.ids | own)
        missing = send(intruder.person.http, route, attempt, nothing)
        assert forbidden.status_code == attempt.status, (route, forbidden.text)
        assert forbidden.headers["content-type"] == "application/problem+json", route
        assert seen(forbidden, theirs.ids) == seen(missing, nothing), route
    assert theirs.everything() == before


def test_the_same_requests_work_for_the_person_whose_rows_they_name(server: Server) -> None:
    """Or the refusals above could have any other reason."""
    destructive = []
    owner = with_everything(server.person(), partner=server.person())
    own = owner.own_ids()
    for route, attempt in ATTEMPTS:
        if route.startswith("DELETE"):
            # With and without a version one and the same conversation is deleted.
            if not route.startswith("DELETE /chats/"):
                destructive.append((route, attempt))
            continue
        # A client_id repeated with other words is a conflict of its own.
        names = {"<client id>": f"name-{uuid4()}"}
        answer = send(owner.person.http, route, attempt, owner.ids | own | names)
        assert answer.is_success, f"{route}: {answer.text}"
    # An agent takes its keys along, a group its messages, an account its members, agents and invitations.
    last = {
        "DELETE /v1/messages/{message_id}": -2,
        "DELETE /v1/conversations/{conversation_id}/participants/{user_id}": -1,
        "DELETE /v1/conversations/{conversation_id}": 1,
        "DELETE /v1/accounts/{account_id}/agents/{agent_id}": 1,
        "DELETE /v1/accounts/{account_id}": 2,
        "DELETE /v1/me/sessions/{session_id}": 3,
    }
    for route, attempt in sorted(destructive, key=lambda pair: last.get(pair[0], 0)):
        # A message stays, as an empty one.
        status = 200 if route == "DELETE /v1/messages/{message_id}" else 204
        assert send(owner.person.http, route, attempt, owner.ids | own).status_code == status, route


def test_a_list_shows_nothing_of_anothers(server: Server, theirs: Theirs, intruder: Theirs) -> None:
    paged = [
        path
        for path, operations in server.app.openapi()["paths"].items()
        if "limit" in {each.get("name") for each in operations.get("get", {}).get("parameters", [])}
    ]
    strangers = [*theirs.ids.values(), str(theirs.person.id), theirs.person.email, "A secret plan"]
    for route in LISTS:
        path = route.split(" ")[1]
        shown = intruder.person.http.get(path, params={"limit": 200} if path in paged else {}).text
        assert [value for value in strangers if value in shown] == [], route
        own = [str(intruder.person.id), *intruder.ids.values()]
        assert any(value in shown for value in own), route


def test_searching_tasks_finds_nothing_of_anothers(theirs: Theirs, intruder: Theirs) -> None:
    for path in ("/v1/tasks", "/v1/search"):
        assert theirs.person.get(path, q="secret")["data"] != []
        assert intruder.person.get(path, q="secret")["data"] == []


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


def test_what_one_does_to_ones_own_changes_nothing_of_anothers(server: Server, theirs: Theirs) -> None:
    before = theirs.everything()
    tried = 0
    for route, way in ROUTES.items():
        if isinstance(way, Own) and not way.streams:
            tried += 1
            answer = send(server.person().http, route, Attempt(query=way.query, body=way.body), {})
            assert answer.is_success, (route, answer.text)
    assert tried > 10
    assert theirs.everything() == before


def test_the_ids_of_rows_cannot_be_guessed(theirs: Theirs) -> None:
    not_ids = ("<client id>", "<call>", "<invitation token>")
    ids = [value for name, value in theirs.ids.items() if name not in not_ids]
    assert {UUID(value).version for value in ids} == {4}
