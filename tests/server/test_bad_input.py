# test_bad_input.py -- whatever is sent: a clear problem, nothing half-stored, no secret sent back, never a 500.
import asyncio
import base64
import hmac
import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import func
from sqlmodel import SQLModel, select
from starlette.requests import Request

import main
from server.body_limits import MAX_STRANGERS_BYTES, MAX_VALUES
from storage.engines import open_engine
from support.servers import KEY, PASSWORD, Person, Server, connected, next_answer

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BLANK = ["", " ", "\t", "\n", "\u200b", " \u200b\t\u00a0", "\u2028", "\ufeff"]
UNSTORABLE = ["a\0b", "\0", "a\ud800b", "\udfff"]
NO_TEXT = [5, 1.5, True, [], ["x"], {}, {"x": 1}]
# Refused before any database is asked: one engine is enough.
ON_ONE_ENGINE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
# A mark by which an input would be found in the answer.
MARK = "s3cret-mark"


def refused(answer: httpx.Response, *statuses: int) -> dict[str, Any]:
    """The problem of a refusal, in the form that all of them have."""
    request = f"{answer.request.method} {answer.request.url}"[:200]
    assert answer.status_code in statuses, f"{request}: {answer.status_code} {answer.text[:500]}"
    assert answer.headers["content-type"] == "application/problem+json", request
    problem: dict[str, Any] = answer.json()
    assert list(problem)[:4] == ["type", "title", "status", "detail"]
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:parley:problem:{problem['title'].lower().replace(' ', '-')}"
    assert len(problem["detail"]) > 5
    if answer.status_code == 422:
        assert problem["errors"] != []
        assert all(error.keys() == {"loc", "msg", "type"} and error["msg"] for error in problem["errors"])
    else:
        assert problem.keys() == {"type", "title", "status", "detail"}
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"] == "Bearer"
    assert MARK not in answer.text
    assert len(answer.content) < 20_000
    return problem


def counts(server: Server) -> dict[str, int]:
    """How many rows each table has."""

    async def count() -> dict[str, int]:
        engine = open_engine(server.settings.database_url.get_secret_value())
        try:
            async with engine.connect() as connection:
                return {
                    table.name: (
                        await connection.execute(select(func.count()).select_from(table))
                    ).scalar_one()
                    for table in SQLModel.metadata.sorted_tables
                }
        finally:
            await engine.dispose()

    return asyncio.run(count())


@pytest.fixture
def nothing_stored(server: Server, somebody: "Somebody") -> Iterator[None]:
    before = counts(server), somebody.everything()
    yield
    assert (counts(server), somebody.everything()) == before


@dataclass
class Somebody:
    """A signed-in person with one row of everything."""

    person: Person
    ids: dict[str, str]

    @property
    def http(self) -> httpx.Client:
        return self.person.http

    def path(self, route: str) -> str:
        return route.split(" ")[1].format(**self.ids)

    def everything(self) -> list[Any]:
        conversation = self.ids["conversation_id"]
        paths = ["/v1/me", "/v1/tasks", "/v1/conversations", f"/v1/conversations/{conversation}/messages"]
        return [self.person.get(path) for path in paths]


@pytest.fixture(scope="module")
def somebody(server: Server) -> Somebody:
    person = server.person()
    chat = person.chat("hello")
    ids = {
        "task_id": person.post("/v1/tasks", title="A task")["id"],
        "conversation_id": chat["conversation_id"],
        "run_id": chat["run_id"],
        "tool_call_id": "call_1",
        "token_id": person.post("/v1/me/tokens", name="A program", scopes=["read"])["id"],
        "session_id": person.get("/v1/me/sessions")["data"][0]["id"],
    }
    for number in range(3):
        person.post("/v1/tasks", title=f"Task {number}")
        person.post("/v1/conversations", title=f"Conversation {number}")
    return Somebody(person, ids)


# JSON bodies: a good one for every route that takes one, so that one thing at a time can be wrong with it.

BODIES: dict[str, dict[str, Any]] = {
    "POST /v1/auth/register": {"email": "nobody@example.com", "password": PASSWORD},
    "POST /v1/runs/{run_id}/approvals/{tool_call_id}": {"approve": True},
    "POST /v1/auth/refresh": {"refresh_token": "x"},
    "PATCH /v1/me": {"display_name": "Ann", "current_password": PASSWORD, "new_password": PASSWORD},
    "DELETE /v1/me": {"current_password": PASSWORD},
    "POST /v1/me/tokens": {"name": "A program", "scopes": ["read"]},
    "POST /v1/web/session": {"email": "nobody@example.com", "password": PASSWORD},
    "POST /v1/render": {"text": "**Hello**"},
    "POST /v1/tasks": {"title": "Buy milk"},
    "PATCH /v1/tasks/{task_id}": {"title": "Buy milk"},
    "POST /v1/conversations": {"title": "Shopping"},
    "PATCH /v1/conversations/{conversation_id}": {"title": "Shopping"},
    "POST /v1/conversations/{conversation_id}/messages": {"content": "hello"},
    "POST /v1/chat": {"message": "hello"},
}
# Without a body it asks for the same thing, and does it.
NEEDED = [route for route in BODIES if route != "DELETE /v1/me"]
FORMS = {"POST /v1/auth/token"}
# Which need no caller, and so may send little.
FOR_STRANGERS = ["POST /v1/auth/register", "POST /v1/auth/refresh", "POST /v1/web/session"]

TITLE = [*BLANK, "x" * 256, "ü" * 256, *UNSTORABLE, *NO_TEXT, None]
MESSAGE = [*BLANK, "x" * 32_001, *UNSTORABLE, *NO_TEXT, None]
NAME = ["", "x" * 65, "a b", "é", "a\n", "a\0", *NO_TEXT]
BUSY = ["", "wait", "Queue", "queue\0", *NO_TEXT, None]
PASSWORDS = [
    *("x" * 7, "ü" * 7, "", "x" * 1_025, MARK + "\0", MARK + "\ud800", None),
    *(10**20, [MARK] * 8, {MARK: MARK}),
]
EMAILS = [
    *("", " ", "x", "@", "a@", "@b.example", "a b@c.example", "a@b", "a@b..example", "a@-b.example"),
    *("a@" + "b" * 300 + ".example", "a@b.example\n.c", "a\u200bb@c.example"),
    *(*UNSTORABLE, "a\0@b.example", "a\ud800@b.example", *NO_TEXT, None),
]
# What each field refuses. Lists that end in None: null is refused as well.
FIELDS: dict[str, dict[str, list[Any]]] = {
    "POST /v1/auth/register": {
        "email": EMAILS,
        "password": PASSWORDS,
        "display_name": [*BLANK, "x" * 101, *UNSTORABLE, *NO_TEXT],
        "timezone": [
            *(
                "",
                "Nowhere/Else",
                "Europe",
                "../UTC",
                "/etc/localtime",
                "Europe/Berlin\0",
                "x" * 65,
                "UTC ",
                "é",
            ),
            *(*UNSTORABLE, *NO_TEXT, None),
        ],
    },
    "POST /v1/runs/{run_id}/approvals/{tool_call_id}": {
        "approve": [0, 1, "true", "yes", 1.5, [], {}, None],
        "digest": ["", "x" * 64, "0" * 63, "0" * 65, *UNSTORABLE, *NO_TEXT],
    },
    "POST /v1/auth/refresh": {"refresh_token": [*NO_TEXT, None]},
    "PATCH /v1/me": {
        "display_name": [*BLANK, "x" * 101, *UNSTORABLE, *NO_TEXT],
        "timezone": ["", "Nowhere/Else", "Europe", *UNSTORABLE, *NO_TEXT, None],
        "approval": ["", "sometimes", "Always", *NO_TEXT, None],
        "email": EMAILS,
        "new_password": PASSWORDS,
        "current_password": PASSWORDS,
    },
    "DELETE /v1/me": {"current_password": PASSWORDS},
    "POST /v1/me/tokens": {
        "name": [*BLANK, "x" * 101, *UNSTORABLE, *NO_TEXT, None],
        "expires_in_days": [0, -1, 3_651, 10**20, 1.5, "90", "", True, [], {}],
        "scopes": [[], ["write"], ["read", "read"], ["read", "admin"], ["READ"], "read", {}, 5, None],
        "current_password": PASSWORDS,
    },
    "POST /v1/web/session": {"email": [*NO_TEXT, None], "password": [*NO_TEXT, None]},
    "POST /v1/render": {"text": ["x" * 50_001, *NO_TEXT, None]},
    "POST /v1/tasks": {
        "title": TITLE,
        "description": ["x" * 10_001, *UNSTORABLE, *NO_TEXT],
        "completed": ["true", "yes", 1, 0, "", [], {}, None],
    },
    "PATCH /v1/tasks/{task_id}": {
        "title": TITLE,
        "description": ["x" * 10_001, *UNSTORABLE, *NO_TEXT],
        "completed": ["true", "yes", 1, 0, "", [], {}, None],
    },
    "POST /v1/conversations": {"title": TITLE[:-1]},
    "PATCH /v1/conversations/{conversation_id}": {"title": TITLE[:-1]},
    "POST /v1/conversations/{conversation_id}/messages": {
        "content": MESSAGE,
        "client_id": NAME,
        "on_busy": BUSY,
    },
    "POST /v1/chat": {
        "message": MESSAGE,
        "client_id": NAME,
        "on_busy": BUSY,
        "conversation_id": ["", "x", "0" * 31, "0" * 33, "\ud800", "\0", 5, [], {}, True],
    },
}


CONSOLE = {"X-Parley-Console": "1"}


def post(somebody: Somebody, route: str, content: Any, **headers: str) -> httpx.Response:
    """Bytes as they are, anything else as JSON (with ASCII escapes, so that halves of surrogate pairs can be said)."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return somebody.http.request(
        route.split(" ")[0], somebody.path(route), content=data, headers={**JSON, **CONSOLE, **headers}
    )


def test_every_route_that_takes_a_body_and_each_of_its_fields_is_in_the_tables(server: Server) -> None:
    schema = server.app.openapi()
    shapes = schema["components"]["schemas"]
    described: dict[str, set[str]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                route = f"{method.upper()} {path}"
                if kind == "application/json":
                    described[route] = shapes[content["schema"]["$ref"].rpartition("/")[2]][
                        "properties"
                    ].keys()
                else:
                    assert route in FORMS
    assert described == {route: fields.keys() for route, fields in FIELDS.items()}
    assert BODIES.keys() == FIELDS.keys()


@pytest.mark.parametrize("route", BODIES)
@pytest.mark.usefixtures("nothing_stored")
def test_a_field_refuses_what_it_does_not_mean(somebody: Somebody, route: str) -> None:
    for name, values in FIELDS[route].items():
        for value in values:
            answer = post(somebody, route, {**BODIES[route], name: value})
            problem = refused(answer, 422)
            places = [error["loc"][:2] for error in problem["errors"]]
            assert ["body", name] in places, f"{name}={value!r:.50}: {places}"
            assert {tuple(place) for place in places} == {("body", name)}, f"{name}={value!r:.50}: {places}"
            if isinstance(value, str) and len(value) > 6:
                assert value not in answer.text


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", BODIES)
@pytest.mark.usefixtures("nothing_stored")
def test_an_unknown_field_is_refused_and_a_needed_one_missed(somebody: Somebody, route: str) -> None:
    for name in [
        "unknown",
        "id",
        "user_id",
        "created_at",
        "",
        " ",
        "\0",
        "\ud800",
        "é",
        "x" * (15_000 if route in FOR_STRANGERS else 20_000),
        "__class__",
    ]:
        problem = refused(post(somebody, route, {**BODIES[route], name: MARK}), 422)
        assert problem["errors"][0]["loc"][0] == "body"
        assert len(json.dumps(problem)) < 1_500
    refused(post(somebody, route, {**BODIES[route], **{str(number): 1 for number in range(900)}}), 422)
    if route.startswith("POST") and route != "POST /v1/conversations":
        problem = refused(post(somebody, route, {}), 422)
        assert {error["loc"][1] for error in problem["errors"]} == BODIES[route].keys()


NOT_JSON = {
    "nothing": b"",
    "half an object": b'{"title": "x"',
    "a trailing comma": b'{"title": "x",}',
    "single quotes": b"{'title': 'x'}",
    "words": b"hello " + MARK.encode(),
    "a raw NUL": b'{"title": "a\0b"}',
    "a raw line break": b'{"title": "a\nb"}',
    "text that is not UTF-8": b'{"title": "\xff' + MARK.encode() + b'"}',
    "half a surrogate pair in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "half an escape": b'{"title": "\\u12"}',
    "deep lists": b"[" * 9_000,
    "deep objects": b'{"a":' * 3_000,
    "deep and closed": b'{"title":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a number with 5000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
    "two documents": b'{"title": "x"} {"title": "y"}',
    "null": b"null",
    "a list": b'[{"title": "x"}]',
    "a text": b'"title"',
    "a number": b"1e400",
    "NaN": b"NaN",
    "true": b"true",
}


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", NEEDED)
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_that_is_no_json_object_is_refused(somebody: Somebody, route: str) -> None:
    for name, body in NOT_JSON.items():
        problem = refused(post(somebody, route, body), 400, 422)
        assert "Traceback" not in str(problem), name


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", BODIES)
@pytest.mark.usefixtures("nothing_stored")
def test_numbers_beyond_all_numbers_are_refused(somebody: Somebody, route: str) -> None:
    for name in BODIES[route]:
        for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 400):
            refused(post(somebody, route, b'{"%s": %s}' % (name.encode(), number)), 422)


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", BODIES)
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_of_another_kind_is_refused(somebody: Somebody, route: str) -> None:
    good = json.dumps(BODIES[route]).encode()
    for kind in [
        "text/plain",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "x",
        "",
    ]:
        refused(post(somebody, route, good, **{"Content-Type": kind}), 415, 422)


# Each of 250 KB at least, and none too large for those who are signed in.
BULK = {
    "deep lists": b"[" * 250_000,
    "deep objects": b'{"a":' * 50_000,
    "deep and closed": b'{"title":' + b"[" * 125_000 + b"]" * 125_000 + b"}",
    "lists": b'{"title":[' + b"[]," * 300_000 + b"[]]}",
    "texts": b'{"title":[' + b'"",' * 300_000 + b'""]}',
    "unknown fields": json.dumps({f"a{number}": 1 for number in range(60_000)}).encode(),
    "unknown fields further down": json.dumps({"title": {f"a{n}": "x" * 250 for n in range(1_001)}}).encode(),
    "numbers after a text with every mark": json.dumps({"title": '\\",[{' * 9, "b": [1] * 90_000}).encode(),
}


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", BODIES)
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_of_very_many_values_is_refused_before_it_is_understood(
    somebody: Somebody, route: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which a model would make of it costs a hundred times what it costs to send."""
    monkeypatch.setattr(Request, "json", None)
    for name, body in BULK.items():
        assert 250_000 <= len(body) <= main.MAX_BODY_BYTES, name
        problem = refused(post(somebody, route, body), 413)
        assert "16 KiB" in problem["detail"] if route in FOR_STRANGERS else "values" in problem["detail"], (
            name
        )


def test_marks_in_a_text_are_no_values(ann: Person) -> None:
    for text in (",[{" * 10_000, '",' * 15_000, '\\,"' * 10_000, ":" * 30_000, "\\" * 30_001):
        assert ann.post("/v1/render", text=text)["html"]
    assert len(json.dumps({"text": '",' * 15_000})) > 2 * MAX_VALUES


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", [route for route in BODIES if route not in FOR_STRANGERS])
@pytest.mark.usefixtures("nothing_stored")
def test_who_is_not_signed_in_is_told_so_before_they_have_sent_a_body(somebody: Somebody, route: str) -> None:
    """And the next request on the same connection is understood."""
    head = f"{route.split(' ')[0]} {somebody.path(route)} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    body = BULK["lists"]
    with connected(str(somebody.http.base_url), f"{head}Content-Length: {len(body)}\r\n\r\n".encode()) as raw:
        assert next_answer(raw)[0] == 401
        raw.sendall(body + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        assert next_answer(raw) == (200, b'{"status":"ok"}')


# Sizes

FOR_STRANGERS_BYTES = MAX_STRANGERS_BYTES + 1


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", [*FOR_STRANGERS, *FORMS])
@pytest.mark.usefixtures("nothing_stored")
def test_who_is_not_signed_in_may_send_sixteen_kibibytes(somebody: Somebody, route: str) -> None:
    kind = FORM if route in FORMS else JSON
    for content in (b" " * FOR_STRANGERS_BYTES, chunks(FOR_STRANGERS_BYTES)):
        answer = somebody.http.post(somebody.path(route), content=content, headers=kind)
        assert "16 KiB" in refused(answer, 413)["detail"]
    answer = somebody.http.post(somebody.path(route), content=b" " * MAX_STRANGERS_BYTES, headers=kind)
    refused(answer, 400, 422)


LARGE = main.MAX_BODY_BYTES + 1


def chunks(size: int) -> Iterator[bytes]:
    for start in range(0, size, 65_536):
        yield b"x" * min(65_536, size - start)


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    "route", [*BODIES, *FORMS, "GET /v1/tasks", "DELETE /v1/tasks/{task_id}", "PUT /v1/nothing"]
)
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_over_one_mebibyte_is_refused(somebody: Somebody, route: str) -> None:
    method, path = route.split(" ")[0], somebody.path(route)
    kind = FORM if route in FORMS else JSON
    for headers in (kind, {**kind, "Authorization": "Bearer nonsense"}):
        answer = somebody.http.request(
            method, path, content=b"x" * LARGE, headers={**headers, "Connection": "close"}
        )
        assert "1 MiB" in refused(answer, 413)["detail"]


@ON_ONE_ENGINE
@pytest.mark.parametrize("route", [*BODIES, *FORMS])
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_over_one_mebibyte_that_does_not_say_so_is_refused(somebody: Somebody, route: str) -> None:
    """Sent in chunks, without Content-Length: what counts is what arrives."""
    kind = FORM if route in FORMS else JSON
    headers = {**kind, "Connection": "close"}
    answer = somebody.http.request(
        route.split(" ")[0], somebody.path(route), content=chunks(LARGE + 65_536), headers=headers
    )
    most = "16 KiB" if route in [*FOR_STRANGERS, *FORMS] else "1 MiB"
    assert most in refused(answer, 413)["detail"]


def test_a_body_of_exactly_one_mebibyte_is_read(somebody: Somebody) -> None:
    start, end = b'{"title": "', b'"}'
    body = start + b"x" * (main.MAX_BODY_BYTES - len(start) - len(end)) + end
    assert len(body) == main.MAX_BODY_BYTES
    problem = refused(post(somebody, "POST /v1/tasks", body), 422)
    assert problem["errors"][0]["type"] == "string_too_long"


def test_the_longest_of_everything_is_stored_as_it_is(ann: Person) -> None:
    """The limits are what they say, not one less."""
    task = ann.post("/v1/tasks", title="😀" * 255, description="é" * 10_000)
    assert (task["title"], task["description"]) == ("😀" * 255, "é" * 10_000)
    assert ann.post("/v1/conversations", title="x" * 255)["title"] == "x" * 255
    answer = ann.chat("x" * 32_000, client_id="c" * 64)
    assert answer["user_message"]["content"] == "x" * 32_000
    assert ann.get(f"/v1/conversations/{answer['conversation_id']}")["title"] == "x" * 79 + "…"
    assert ann.patch("/v1/me", display_name="ü" * 100)["display_name"] == "ü" * 100


def test_odd_but_good_text_comes_back_as_it_was(ann: Person) -> None:
    for odd in [
        "\u200bx",
        "a\u202eb",
        "e\u0301",
        "👩‍👩‍👧",
        "'; DROP TABLE tasks; --",
        '<script>"',
        "\x7f.",
        "\uffff.",
    ]:
        assert ann.post("/v1/tasks", title=odd)["title"] == odd
        assert ann.get("/v1/tasks", limit=1)["data"][0]["title"] == odd


# The sign-in form

FORM_FIELDS = {
    "nothing": (b"", 422),
    "no password": (b"username=a%40example.com", 422),
    "no email": (b"password=" + MARK.encode(), 422),
    "another grant": (b"grant_type=refresh_token&username=a&password=" + MARK.encode(), 422),
    "a NUL in the email": (b"username=a%00%40example.com&password=x", 401),
    "a NUL in the password": (b"username=a%40example.com&password=%00" + MARK.encode(), 401),
    "half a surrogate pair in the email": (b"username=%ED%A0%80&password=x", 401),
    "half a surrogate pair in the password": (b"username=a%40example.com&password=%ED%A0%80", 401),
    "half a surrogate pair in a name": (b"%ED%A0%80=1&username=a&password=b", 401),
    "bytes that are not UTF-8": (b"username=%ff%fe&password=%ff", 401),
    "raw bytes that are not UTF-8": (b"username=\xff&password=\xff", 401),
    "broken percent signs": (b"username=%zz&password=%", 401),
    "a long password": (b"username=a%40example.com&password=" + b"x" * 16_000, 401),
    "a long email": (b"password=x&username=" + b"x" * 16_000, 401),
    "a password of half a megabyte": (b"username=a%40example.com&password=" + b"x" * 500_000, 413),
    "an email of half a megabyte": (b"password=x&username=" + b"x" * 500_000, 413),
    "two thousand fields": (b"&".join(b"f%d=1" % number for number in range(2_000)), 400),
    "JSON": (b'{"username": "a", "password": "b"}', 422),
}


@pytest.mark.parametrize("case", FORM_FIELDS)
def test_a_form_that_signs_nobody_in_is_refused(server: Server, case: str) -> None:
    body, status = FORM_FIELDS[case]
    answer = server.client().post("/v1/auth/token", content=body, headers=FORM)
    problem = refused(answer, status, *([422] if status == 401 else []))
    if status == 401:
        assert problem["detail"] in (
            "The email or the password is wrong.",
            f"The request is not valid: {'password'}.",
        )


def test_a_form_of_another_kind_is_refused(server: Server, ann: Person) -> None:
    body = json.dumps({"username": ann.email, "password": PASSWORD}).encode()
    for kind in [
        "application/json",
        "text/plain",
        "",
        "multipart/form-data",
        "multipart/form-data; boundary=x",
    ]:
        answer = server.client().post("/v1/auth/token", content=body, headers={"Content-Type": kind})
        refused(answer, 400, 415, 422)
    files = {"username": ("name", ann.email.encode()), "password": ("name", PASSWORD.encode())}
    refused(server.client().post("/v1/auth/token", files=files), 422)


@pytest.mark.parametrize("spelling", [str.upper, str.title, str.swapcase, lambda email: f" {email}"])
def test_an_email_that_differs_in_case_only_is_taken(server: Server, spelling: Callable[[str], str]) -> None:
    for email in (f"ann.{uuid4().hex}@example.com", f"jÖsé.ΔΙ.жук.{uuid4().hex}@example.com"):
        new = {"email": email, "password": PASSWORD}
        assert server.client().post("/v1/auth/register", json=new).status_code == 201
        before = counts(server)
        refused(server.client().post("/v1/auth/register", json={**new, "email": spelling(email)}), 409)
        assert counts(server) == before


# Paths, queries, headers

NOT_UUIDS = [
    *("abc", "1", "-1", "0" * 31, "0" * 33, "%00", "%ff", "%ED%A0%80", "%zz", "%", "null", "*", "%20", "é"),
    *("00000000-0000-0000-0000-00000000000g", "x" * 5_000, "%2e%2e%2fme", "1%20OR%201=1", "{id}"),
]


def paths_with_ids(server: Server) -> list[str]:
    return [
        f"{method.upper()} {path}"
        for path, operations in server.app.openapi()["paths"].items()
        for method in operations
        if "{" in path
    ]


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_an_id_that_is_none_is_refused_on_every_route(server: Server, somebody: Somebody) -> None:
    routes = paths_with_ids(server)
    assert len(routes) > 8
    for route in routes:
        method, path = route.split(" ")
        name = path.partition("{")[2].partition("}")[0]
        for bad in NOT_UUIDS:
            url = f"{server.base_url}{path.replace('{' + name + '}', bad)}"
            answer = somebody.http.request(method, url, json=BODIES.get(route))
            problem = refused(answer, 404, 422)
            if answer.status_code == 422:
                assert ["path", name] in [error["loc"] for error in problem["errors"]]
            else:
                assert bad == "%2e%2e%2fme", "only a path that leads elsewhere is not found"


@pytest.mark.usefixtures("nothing_stored")
def test_a_path_or_a_method_that_is_not_there_is_a_problem_too(somebody: Somebody) -> None:
    for path in ["/v1", "/v1/nothing", "/%00", "/%ff", "/%ED%A0%80", "/%zz", "/v1/" + "x" * 5_000]:
        refused(somebody.http.get(path), 404)
    for method, path in [
        ("PUT", "/v1/tasks"),
        ("DELETE", "/v1/tasks"),
        ("PATCH", "/v1/chat"),
        ("TRACE", "/v1/me"),
    ]:
        answer = somebody.http.request(method, path)
        refused(answer, 405)
        assert answer.headers["allow"]


QUERIES = {
    "/v1/tasks": [
        *("limit=0", "limit=-1", "limit=201", "limit=x", "limit=", "limit=1.5", "limit=1e2", "limit=NaN"),
        *("limit=" + "9" * 30, "limit=" + "9" * 5_000, "limit=%00", "limit=%ED%A0%80", "limit=null"),
        *("completed=maybe", "completed=", "completed=2", "completed=null", "completed=%00"),
        *("q=%00", "q=a%00b", "q=" + "x" * 201, "cursor=", "cursor=x", "cursor=" + "x" * 501, "cursor=%00"),
    ],
    "/v1/conversations": [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=",
        "cursor=x",
        "cursor=%ff",
        "cursor=%ED%A0%80",
    ],
    "/v1/conversations/{conversation_id}/messages": [
        *("limit=0", "limit=201", "before=x", "before=", "before=END", "after=x", "after=end", "after=%00"),
        *("before=end&after={task_id}", "before={task_id}", "after={conversation_id}", "cursor=x"),
    ],
}


@pytest.mark.parametrize("path", QUERIES)
def test_a_query_that_means_nothing_is_refused(server: Server, somebody: Somebody, path: str) -> None:
    for query in QUERIES[path]:
        name = query.partition("=")[0]
        url = f"{server.base_url}{path}?{query}".format(**somebody.ids)
        problem = refused(somebody.http.get(url), 422)
        assert problem["errors"][0]["loc"][:2] == ["query", name], f"{query:.60}: {problem}"


def test_a_query_that_is_not_text_finds_nothing(server: Server, somebody: Somebody) -> None:
    for query in ["q=%ED%A0%80", "q=%ff", "q=%zz", "q=%", "q=%F0%9F%92%A9", "q=%25", "q=_", "q='", "q=%5C"]:
        answer = somebody.http.get(f"{server.base_url}/v1/tasks?{query}")
        assert (answer.status_code, answer.json()["data"]) == (200, []), query


def cursor_of(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


MOMENT, ID = "2026-01-01T00:00:00.000000Z", str(uuid4())
BAD_CURSORS: list[Any] = [
    *(None, True, 5, "tasks", [], {}, {"tasks": 1, "a": 2, "b": 3}, b"", b"[", b"\xff\xfe", b"[" * 300),
    *(["tasks"], ["tasks", MOMENT], ["tasks", MOMENT, ID, ID], ["other", MOMENT, ID], [None, MOMENT, ID]),
    *(["tasks", MOMENT, value] for value in (None, 5, 5.5, True, [], {}, "", "x", ID[:-1], "\ud800", [ID])),
    *(
        ["tasks", value, ID]
        for value in (None, 5, 5.5, True, [], {}, "", "x", "2026", "2026-01-01T00:00:00", "\0")
    ),
    ["tasks", "0001-01-01T00:00:00+23:59", ID],
    ["tasks", "9999-12-31T23:59:59-23:59", ID],
    ["tasks", "2026-02-30T00:00:00Z", ID],
]
BAD_NUMBERS: list[Any] = [
    *(None, [], {}, "", "x", "1.5", "-", "9" * 30, 10**30, 2**31, 1.5, True, float("inf"), float("nan")),
    *("١", " 1", "1_0", "\0"),
]


def test_a_cursor_that_no_list_gave_is_refused(somebody: Somebody) -> None:
    cursors = [cursor_of(value) for value in BAD_CURSORS]
    cursors += ["=", "====", "A", "!", "é", "\u200b", "a b", "+/+/", "x" * 500]
    for name in ("tasks", "conversations"):
        for cursor in cursors:
            problem = refused(somebody.http.get(f"/v1/{name}", params={"cursor": cursor}), 422)
            assert problem["errors"][0]["loc"] == ["query", "cursor"]
    path = f"/v1/conversations/{somebody.ids['conversation_id']}/messages"
    given = somebody.person.get(path, limit=1)["next_cursor"]
    name, number = json.loads(base64.urlsafe_b64decode(given + "=="))
    assert somebody.http.get(path, params={"cursor": cursor_of([name, number])}).status_code == 200
    for value in BAD_NUMBERS:
        refused(somebody.http.get(path, params={"cursor": cursor_of([name, value])}), 422)


def test_the_cursor_of_another_list_or_another_conversation_is_refused(server: Server) -> None:
    person = server.person()
    for number in range(3):
        person.post("/v1/tasks", title=f"Task {number}")
        person.post("/v1/conversations", title=f"Conversation {number}")
    first, second = (person.chat("hello")["conversation_id"] for _ in range(2))
    lists = ["/v1/tasks", "/v1/conversations", f"/v1/conversations/{first}/messages"]
    cursors = {path: person.get(path, limit=1)["next_cursor"] for path in lists}
    assert None not in cursors.values()
    for path in [*lists, f"/v1/conversations/{second}/messages"]:
        for source, cursor in cursors.items():
            answer = person.http.get(path, params={"cursor": cursor})
            if path == source:
                assert answer.status_code == 200
            else:
                refused(answer, 422)
    messages = f"/v1/conversations/{first}/messages"
    refused(person.http.get(messages, params={"cursor": cursors[messages], "before": "end"}), 422)


def test_a_cursor_with_one_changed_letter_is_refused_or_leads_to_ones_own_rows(server: Server) -> None:
    person = server.person()
    own = {person.post("/v1/tasks", title=f"Task {number}")["id"] for number in range(3)}
    cursor = person.get("/v1/tasks", limit=1)["next_cursor"]
    for place in range(0, len(cursor), 3):
        for letter in "A_9":
            changed = cursor[:place] + letter + cursor[place + 1 :]
            answer = person.http.get("/v1/tasks", params={"cursor": changed})
            if answer.status_code == 200:
                assert {task["id"] for task in answer.json()["data"]} <= own
            else:
                refused(answer, 422)


@pytest.mark.parametrize(
    "value", ["x", "-1", "1.5", "0x1", "9" * 10, "9" * 21, "9" * 5_000, "1,2", b"\xd9\xa3", b"\xff"]
)
def test_a_place_in_a_stream_that_it_did_not_give_is_refused(somebody: Somebody, value: str | bytes) -> None:
    path = f"/v1/runs/{somebody.ids['run_id']}/events"
    problem = refused(somebody.http.get(path, headers={"Last-Event-ID": value}), 422)
    assert problem["errors"][0]["loc"] == ["header", "Last-Event-ID"]


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    "accept", ["", "x", ";;,,;", "text/html", "*/*;q=x", "a" * 5_000, b"\xff\xfe", "text/*", "*/*"]
)
def test_an_accept_header_that_asks_for_nothing_we_have_gets_json(ann: Person, accept: str | bytes) -> None:
    answer = ann.http.post("/v1/chat", json={"message": "hello"}, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", "text/event-stream"),
        ("TEXT/Event-Stream; charset=utf-8", "text/event-stream"),
        ("text/event-stream, application/json", "text/event-stream"),
        ("application/json, text/event-stream", "application/json"),
        ("text/event-stream;q=0", "application/json"),
        ("text/event-stream;q=0, application/json", "application/json"),
        ("text/event-stream;q=0.0, */*", "application/json"),
    ],
)
def test_the_accept_header_says_how_an_answer_comes(ann: Person, accept: str, kind: str) -> None:
    answer = ann.http.post("/v1/chat", json={"message": "hello"}, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind


@contextmanager
def wire(server: Server) -> Iterator[socket.socket]:
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        yield connection


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    "line",
    [
        b"GET /v1/tasks/\xff HTTP/1.1",
        b"GET /v1/tasks?q=\xff HTTP/1.1",
        b"GET /v1/tasks?q=\xed\xa0\x80 HTTP/1.1",
        b"GET /v1/tasks?limit=%zz%00 HTTP/1.1",
        b"GET v1/tasks HTTP/1.1",
        b"GET * HTTP/1.1",
        b"\0\0\0\0",
        b"GET /v1/tasks HTTP/1.1\r\nUser-Agent: a\0b",
        b"GET /v1/tasks HTTP/1.1\r\nAuthorization: Bearer \0",
        b"POST /v1/chat HTTP/1.1\r\nContent-Length: -1",
        b"POST /v1/chat HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        b"POST /v1/chat HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz",
    ],
)
def test_bytes_that_no_client_would_send_get_an_answer_that_is_no_error_of_ours(
    server: Server, line: bytes
) -> None:
    with wire(server) as connection:
        connection.sendall(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = connection.recv(65_536)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:200]
    assert server.client().get("/healthz").status_code == 200


def test_a_sign_in_with_any_user_agent_is_kept_as_far_as_it_can_be(server: Server) -> None:
    email = server.register()
    for agent in (b"\xff\xfe", b"x" * 10_000, b"\xc3\xa9", b""):
        data = {"username": email, "password": PASSWORD}
        answer = server.client().post("/v1/auth/token", data=data, headers={"User-Agent": agent})
        assert answer.status_code == 200


# Access tokens. What the decoding makes of them, test_security.py tests more widely.


def jwt(header: Any, payload: Any, key: str = KEY, digest: str = "sha256") -> str:
    def part(value: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    text = f"{part(header)}.{part(payload)}"
    signature = hmac.digest(key.encode(), text.encode(), digest)
    return f"{text}.{base64.urlsafe_b64encode(signature).decode().rstrip('=')}"


Forge = Callable[[dict[str, Any], str, Person], str]
HS256 = {"alg": "HS256", "typ": "JWT"}
FORGED: dict[str, Forge] = {
    "expired": lambda claims, token, me: jwt(HS256, {**claims, "exp": time.time() - 1}),
    "tampered": lambda claims, token, me: jwt(HS256, claims, key="x" * 40),
    "another payload under the signature": lambda claims, token, me: (
        jwt(HS256, {**claims, "exp": claims["exp"] + 9}).rpartition(".")[0] + "." + token.rpartition(".")[2]
    ),
    "without its signature": lambda claims, token, me: token.rpartition(".")[0] + ".",
    "cut off": lambda claims, token, me: token[:-5],
    "alg none": lambda claims, token, me: jwt({"alg": "none"}, claims).rpartition(".")[0] + ".",
    "alg none, signed": lambda claims, token, me: jwt({"alg": "none"}, claims),
    "alg HS512 with the same key": lambda claims, token, me: jwt({"alg": "HS512"}, claims, digest="sha512"),
    "alg HS384 with the same key": lambda claims, token, me: jwt({"alg": "HS384"}, claims, digest="sha384"),
    "alg RS256": lambda claims, token, me: jwt({"alg": "RS256"}, claims),
    "wrong audience": lambda claims, token, me: jwt(HS256, {**claims, "aud": "other"}),
    "wrong issuer": lambda claims, token, me: jwt(HS256, {**claims, "iss": "other"}),
    "other typ": lambda claims, token, me: jwt(HS256, {**claims, "typ": "refresh"}),
    "refresh as access": lambda claims, token, me: me.tokens["refresh_token"],
    "crit header": lambda claims, token, me: jwt({**HS256, "crit": ["exp"]}, claims),
    "huge": lambda claims, token, me: jwt(HS256, {**claims, "more": "x" * 30_000}),
    "deep": lambda claims, token, me: f"{base64.urlsafe_b64encode(b'[' * 1_400).decode()}.e30.e30",
    "no session": lambda claims, token, me: jwt(HS256, {**claims, "sid": str(uuid4())}),
    "another user": lambda claims, token, me: jwt(HS256, {**claims, "sub": str(uuid4())}),
    "ids that are none": lambda claims, token, me: jwt(HS256, {**claims, "sub": "x", "sid": "\0"}),
    **{
        f"without {name}": lambda claims, token, me, name=name: jwt(
            HS256, {key: value for key, value in claims.items() if key != name}
        )
        for name in ("iss", "aud", "typ", "sub", "sid", "exp")
    },
    **{
        text[:9]: lambda claims, token, me, text=text: text
        for text in ("x", ".", "..", "a.b.c", "x" * 60_000)
    },
}


@ON_ONE_ENGINE
@pytest.mark.parametrize("case", FORGED)
def test_a_forged_token_lets_nobody_in(server: Server, somebody: Somebody, case: str) -> None:
    token = somebody.person.tokens["access_token"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert server.client(Authorization=f"Bearer {jwt(HS256, claims)}").get("/v1/me").status_code == 200
    forged = FORGED[case](claims, token, somebody.person)
    answer = server.client(Authorization=f"Bearer {forged}").get("/v1/me")
    problem = refused(answer, 401)
    assert problem["detail"] == "Sign in first: the access token is missing, wrong or expired."


def test_a_token_of_one_person_does_not_open_the_session_of_another(
    server: Server, ann: Person, bob: Person
) -> None:
    parts = [
        json.loads(base64.urlsafe_b64decode(person.tokens["access_token"].split(".")[1] + "=="))
        for person in (ann, bob)
    ]
    mixed = jwt(HS256, {**parts[0], "sid": parts[1]["sid"]})
    refused(server.client(Authorization=f"Bearer {mixed}").get("/v1/me"), 401)


@pytest.mark.parametrize(
    "header", ["Bearer", "Basic YTpi", "Token x", "x", "Bearer x y", b"Bearer \xff", "bearer x"]
)
def test_an_authorization_header_of_another_kind_lets_nobody_in(server: Server, header: str | bytes) -> None:
    refused(server.client().get("/v1/me", headers={"Authorization": header}), 401)


# The description

ERRORS = {"400", "401", "403", "404", "405", "409", "413", "415", "422", "429", "500", "503"}


def operations(server: Server) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in server.app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_the_description_names_every_route(server: Server) -> None:
    from fastapi.routing import iter_route_contexts

    hidden = {"/docs", "/docs/{name}", "/redoc", "/openapi.json", "/", "/web/{name:path}"}
    hidden |= {"/mcp", "/mcp/", "/.well-known/oauth-protected-resource/mcp"}
    routes = {
        f"{method} {context.path}"  # type: ignore[attr-defined]
        for context in iter_route_contexts(server.app.routes)
        for method in context.methods - {"HEAD"}  # type: ignore[attr-defined]
        if context.path not in hidden  # type: ignore[attr-defined]
    }
    assert {route for route, _ in operations(server)} == routes


@ON_ONE_ENGINE
def test_every_operation_says_what_it_does_and_what_can_go_wrong(server: Server) -> None:
    wrong: list[str] = []
    names = [operation["operationId"] for _, operation in operations(server)]
    assert len(set(names)) == len(names)
    for route, operation in operations(server):
        answers = operation["responses"]
        needed = set()
        if operation.get("security"):
            needed.add("401")
        if "{" in route:
            needed |= {"404"}
        if operation.get("parameters") or operation.get("requestBody"):
            needed.add("422")
        if operation.get("requestBody"):
            needed |= {"400", "413"}
        for status in needed - answers.keys():
            wrong.append(f"{route}: {status} is not described")
        if not operation.get("summary") or len(operation.get("tags", [])) != 1:
            wrong.append(f"{route}: no summary, or not one tag")
        for status, answer in answers.items():
            if status in ERRORS and [*answer.get("content", {})] != ["application/problem+json"]:
                wrong.append(f"{route}: {status} is no problem+json")
            if not answer.get("description"):
                wrong.append(f"{route}: {status} has no description")
            if status not in ERRORS | {"204"} and not answer.get("content"):
                wrong.append(f"{route}: {status} has no content")
    assert wrong == []


def test_every_body_has_an_example_that_works(server: Server, somebody: Somebody, ann: Person) -> None:
    """Of each field that is needed, or of the body as a whole; as it stands there, it is understood."""
    schema = server.app.openapi()
    wrong: list[str] = []
    for route, operation in operations(server):
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            shape = schema["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            whole = (
                content.get("examples")
                or content.get("example")
                or shape.get("examples")
                or shape.get("example")
            )
            needed = shape.get("required", []) or list(shape["properties"])
            bare = [name for name in needed if not shape["properties"][name].get("examples")]
            if not whole and bare:
                wrong.append(f"{route} ({kind}): no example of {', '.join(bare)}")
                continue
            if whole:
                example = whole[0] if isinstance(whole, list) else whole
            else:
                example = {name: shape["properties"][name]["examples"][0] for name in needed}
            sent = {"json" if kind == "application/json" else "data": example}
            answer = ann.http.request(route.split(" ")[0], somebody.path(route), **sent)
            if answer.status_code in (400, 422):
                wrong.append(f"{route} ({kind}): {example} is refused: {answer.text}")
    assert wrong == []


# Whatever else there may be


@pytest.fixture(scope="module")
def described(server: Server) -> Any:
    return schemathesis.openapi.from_dict(server.app.openapi())


EXAMPLES = 10
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
MODES = list(schemathesis.GenerationMode)


def documented_operations() -> list[str]:
    """Collected without a server: the table of bodies and the paths of the app that settings do not change."""
    from support.servers import settings_for

    app = main.create_app(settings_for("sqlite:///nowhere.db"))
    paths = app.openapi()["paths"]
    endless = {"GET /v1/events/stream"}
    return sorted(
        {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods} - endless
    )


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)  # the stricter of the two
@pytest.mark.parametrize("mode", MODES, ids=lambda mode: mode.value)
@pytest.mark.parametrize("route", documented_operations())
def test_anything_that_the_description_allows_and_most_that_it_does_not_is_answered_as_described(
    server: Server, somebody: Somebody, described: Any, route: str, mode: Any
) -> None:
    method, path = route.split(" ")
    operation = described[path][method]
    ending = route in ("POST /v1/auth/logout", "DELETE /v1/me", "DELETE /v1/me/sessions/{session_id}")
    person = server.person() if ending else somebody.person
    chosen = st.sampled_from(
        [{}, {name: value for name, value in somebody.ids.items() if "{" + name + "}" in path}]
    )
    destructive = method == "DELETE"

    @BOUNDED
    @given(data=st.data())
    def answered(data: st.DataObject) -> None:
        known = {} if destructive else data.draw(chosen)
        given_ids = {"path_parameters": known} if known else {}
        case = data.draw(operation.as_strategy(generation_mode=mode, **given_ids))
        headers = {"Authorization": person.http.headers["Authorization"], "Connection": "close"}
        answer = case.call(base_url=server.base_url, headers=headers)
        assert answer.status_code < 500, case.as_curl_command()
        if answer.status_code in (400, 405) and mode is schemathesis.GenerationMode.NEGATIVE:
            assert answer.headers["content-type"] == ["application/problem+json"]
            return
        if answer.status_code == 404 and "{" not in path:
            return  # a path that leads elsewhere
        checks = [status_code_conformance, content_type_conformance]
        if not answer.headers.get("content-type", [""])[0].startswith("text/event-stream"):
            checks.append(response_schema_conformance)
        case.validate_response(answer, checks=checks)

    with suppress(Unsatisfiable):  # where there is nothing to get wrong
        answered()
