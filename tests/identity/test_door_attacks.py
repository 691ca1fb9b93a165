# test_door_attacks.py -- credentials in odd places and forms, and what a token can do while it ends.
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

import cli
from access import Caller
from models.identity.api_token import SCOPES, parse_scopes
from routes.dependencies import CallerDep, TasksReadDep
from routes.route import Route
from settings import get_settings
from support.api.doors import end_token, make_token, revoke_token
from support.api.problems import problem_of
from support.clients.mcp_client import CALL, post_call
from support.servers import PASSWORD, Person, Server, connected, next_answer, ok, wait_until

# A header is read before the database is asked; races, columns and rows are tried on more.
pytestmark = pytest.mark.engines("sqlite")

INVALID = 'Bearer error="invalid_token"'


def ask(server: Server, path: str = "/v1/tasks", **headers: str) -> httpx.Response:
    return server.client(**headers).get(path)


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR", "Bearer "])
def test_the_scheme_counts_in_any_case(server: Server, ann: Person, scheme: str) -> None:
    assert ask(server, Authorization=f"{scheme} {make_token(ann, 'read')}").status_code == 200


@pytest.mark.parametrize(
    ("form", "challenge"),
    [
        ("{token}", "Bearer"),
        ("Basic {token}", "Bearer"),
        ("Token {token}", "Bearer"),
        ("Bearer", "Bearer"),
        ("Bearer\t{token}", "Bearer"),
        ("Bearer {token} x", INVALID),
        ("Bearer {token},Bearer {token}", INVALID),
        ("Bearer {upper}", INVALID),
        ("Bearer {token}x", INVALID),
        ("Bearer {short}", INVALID),
        ('Bearer "{token}"', INVALID),
    ],
)
def test_a_token_in_another_form_is_none(server: Server, ann: Person, form: str, challenge: str) -> None:
    token = make_token(ann, "read")
    header = form.format(token=token, upper=token.upper(), short=token[:-1])
    for path in ("/v1/tasks", "/v1/me"):
        refused = ask(server, path, Authorization=header)
        problem_of(refused, 401)
        assert refused.headers["www-authenticate"] == challenge


def test_two_authorization_headers_let_nobody_in(server: Server, ann: Person, bob: Person) -> None:
    """Whoever stands in front of Parley may have looked at the other one."""
    mine, his = make_token(ann, "read"), bob.tokens["access_token"]
    for first, second in [(mine, his), (his, mine), (mine, mine), ("x", mine), (mine, "x")]:
        for path in ("/v1/tasks", "/v1/me"):
            headers = [("Authorization", f"Bearer {token}") for token in (first, second)]
            refused = server.client().get(path, headers=headers)
            problem_of(refused, 401)
            assert refused.headers["www-authenticate"] == INVALID
        assert post_call(server, headers).status_code == 401
    assert ann.get("/v1/tasks")["data"] == []


def test_a_token_counts_in_no_other_place(server: Server, ann: Person) -> None:
    token, access = make_token(ann, "read", "write"), ann.tokens["access_token"]
    for secret in (token, access):
        for name in ("access_token", "token", "authorization", "Authorization", "api_key"):
            problem_of(server.client().get("/v1/tasks", params={name: secret}), 401)
            problem_of(server.client(Cookie=f"{name}={secret}").get("/v1/tasks"), 401)
        for header in ("X-Api-Key", "X-Authorization", "Proxy-Authorization"):
            problem_of(ask(server, **{header: f"Bearer {secret}"}), 401)
        form = server.client().post("/v1/tasks", data={"access_token": secret, "title": "x"})
        problem_of(form, 401)
    problem_of(server.client().post("/v1/auth/refresh", json={"refresh_token": token}), 401)


def test_what_a_token_is_refused_is_never_read(server: Server, ann: Person) -> None:
    """Before the body has come, as for somebody who is not signed in."""
    token = make_token(ann, "read")
    head = (
        f"POST /v1/tasks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 900000\r\n\r\n"
    )
    with connected(server.base_url, head.encode()) as raw:
        assert next_answer(raw)[0] == 403


@pytest.mark.engines("sqlite", "postgresql")
def test_a_refused_request_does_not_use_up_its_key(server: Server, ann: Person) -> None:
    """Nor does a token without the scope get at the answer that is stored under a key of its user."""
    reader, writer = (
        server.client(Authorization=f"Bearer {make_token(ann, scope)}")
        for scope in ("tasks:read", "tasks:write")
    )
    request: dict[str, Any] = {"json": {"title": "Once"}, "headers": {"Idempotency-Key": "k-1"}}
    problem_of(reader.post("/v1/tasks", **request), 403)
    first = writer.post("/v1/tasks", **request)
    assert first.status_code == 201
    problem_of(reader.post("/v1/tasks", **request), 403)
    for http in (writer, ann.http):
        again = http.post("/v1/tasks", **request)
        assert (again.status_code, again.json()) == (201, first.json())
        assert again.headers["idempotent-replayed"] == "true"
    assert len(ann.get("/v1/tasks")["data"]) == 1


@contextmanager
def set_at_the_end(done: threading.Event) -> Iterator[None]:
    """Also where the block fails: threads that go on until then would keep the test from ending."""
    try:
        yield
    finally:
        done.set()


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_requests_at_once_with_a_revocation_stop_and_are_stored_or_refused(
    server: Server, ann: Person
) -> None:
    token = make_token(ann, "tasks:write")
    http = server.client(Authorization=f"Bearer {token}")
    done = threading.Event()
    statuses: list[int] = []

    def write(number: int) -> None:
        while not done.is_set():
            statuses.append(http.post("/v1/tasks", json={"title": f"Task {number}"}).status_code)

    with ThreadPoolExecutor(4) as pool, set_at_the_end(done):
        for number in range(4):
            pool.submit(write, number)
        wait_until(lambda: len(statuses) > 20)
        revoke_token(ann, token)
        wait_until(lambda: 401 in statuses)
    assert set(statuses) == {201, 401}
    wait_until(lambda: http.post("/v1/tasks", json={"title": "Late"}).status_code == 401, seconds=1)
    stored = ann.get("/v1/tasks", limit=200)
    assert stored["next_cursor"] is not None or len(stored["data"]) == statuses.count(201)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_requests_at_once_with_the_end_of_an_account_leave_nothing(server: Server) -> None:
    person = server.person()
    token = make_token(person, "read", "write")
    http = server.client(Authorization=f"Bearer {token}")
    statuses: list[int] = []
    done = threading.Event()

    def write() -> None:
        while not done.is_set():
            statuses.append(http.post("/v1/conversations", json={"title": "Mine"}).status_code)

    with ThreadPoolExecutor(4) as pool, set_at_the_end(done):
        for _ in range(4):
            pool.submit(write)
        wait_until(lambda: len(statuses) > 20)
        person.delete("/v1/me")
        wait_until(lambda: 401 in statuses)
    assert set(statuses) <= {201, 401}
    problem_of(http.get("/v1/tasks"), 401)


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("text", ["", " ", "admin", "READ", "read,write", "tasks:* *", "read\u00a0write"])
def test_words_in_a_row_that_are_no_scopes_allow_nothing(server: Server, ann: Person, text: str) -> None:
    token = make_token(ann, "read", "write")
    http = server.client(Authorization=f"Bearer {token}")
    end_token(server, token, scopes=text)
    problem_of(http.get("/v1/tasks"), 403)
    problem_of(http.post("/v1/tasks", json={"title": "Mine"}), 403)
    assert post_call(server, http.headers.multi_items()).status_code == 403
    [listed] = ann.get("/v1/me/tokens")["data"]
    assert listed["scopes"] == []


@pytest.mark.engines("sqlite", "postgresql")
def test_scopes_of_an_older_version_keep_their_meaning(server: Server, ann: Person) -> None:
    for stored, status in [("read", 403), ("read write", 201), ("write read  later:scope", 201)]:
        token = make_token(ann, "read")
        end_token(server, token, scopes=stored)
        http = server.client(Authorization=f"Bearer {token}")
        assert http.get("/v1/tasks").status_code == 200
        assert http.post("/v1/tasks", json={"title": "Mine"}).status_code == status
    assert parse_scopes("write read  later:scope") == ["read", "write"]


@pytest.mark.engines("sqlite", "postgresql")
def test_all_scopes_at_once_fit_into_their_column(ann: Person) -> None:
    made = ann.post("/v1/me/tokens", name="Everything", scopes=list(SCOPES))
    assert made["scopes"] == sorted(SCOPES)
    assert len(" ".join(SCOPES)) <= 100


def test_mcp_takes_the_same_scopes(server: Server, ann: Person) -> None:
    for scopes, status, made in [
        (["tasks:write"], 200, True),
        (["tasks:read"], 200, False),
        (["chat"], 200, False),
        (["events:read", "events:write"], 403, False),
    ]:
        header = ("Authorization", f"Bearer {make_token(ann, *scopes)}")
        answer = post_call(server, [header])
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["result"].get("isError", False) is not made
        else:
            problem_of(answer, 403)
            challenge = answer.headers["www-authenticate"]
            assert challenge.startswith(
                'Bearer error="insufficient_scope", scope="tasks:read", resource_meta'
            )
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == [CALL["params"]["arguments"]["title"]]


def test_a_run_that_a_token_started_acts_for_its_user(server: Server, ann: Person) -> None:
    program = server.client(Authorization=f"Bearer {make_token(ann, 'chat')}")
    problem_of(program.post("/v1/tasks", json={"title": "Mine"}), 403)
    answer = ok(program.post("/v1/chat", json={"message": "add buy milk"}))
    assert [call["error"] for call in answer["tool_calls"]] == [None]
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Buy milk"]
    asking = ok(program.post("/v1/chat", json={"message": "delete buy milk"}))
    [call] = asking["pending_approvals"]
    path = f"/v1/runs/{asking['run_id']}/approvals/{call['tool_call_id']}"
    problem_of(program.post(path, json={"approve": True}), 403)
    assert ann.http.post(path, json={"approve": True}).status_code == 200


def test_a_route_has_one_door() -> None:
    async def ambiguous(mine: CallerDep, its: TasksReadDep) -> list[Caller]:
        return [mine, its]

    with pytest.raises(TypeError, match="one door"):
        Route("/x", ambiguous)


def test_a_route_that_declares_nothing_takes_sessions_only(server: Server, ann: Person) -> None:
    async def forgetful() -> str:
        return "secret"

    server.app.router.routes.insert(0, Route("/v1/forgotten", forgetful))
    try:
        problem_of(server.client().get("/v1/forgotten"), 401)
        problem_of(ask(server, "/v1/forgotten", Authorization=f"Bearer {make_token(ann, 'read')}"), 403)
        assert ann.get("/v1/forgotten") == "secret"
    finally:
        del server.app.router.routes[0]


def test_signing_in_by_json_is_signing_in(server: Server, ann: Person) -> None:
    good, bad = {"email": ann.email, "password": PASSWORD}, {"email": ann.email, "password": "wrong horse"}
    for kind in ("application/json", "Application/JSON; charset=utf-8"):
        answer = server.client().post("/v1/auth/token", json=good, headers={"Content-Type": kind})
        assert answer.headers["cache-control"] == "no-store"
        access = ok(answer)["access_token"]
        assert ask(server, "/v1/me", Authorization=f"Bearer {access}").json()["email"] == ann.email
    refused = server.client().post("/v1/auth/token", json=bad)
    by_form = server.client().post("/v1/auth/token", data={"username": ann.email, "password": "wrong horse"})
    assert problem_of(refused, 401) == problem_of(by_form, 401)
    assert refused.headers["www-authenticate"] == by_form.headers["www-authenticate"] == "Bearer"
    large = server.client().post("/v1/auth/token", json={**good, "password": "x" * 20_000})
    assert "16 KiB" in problem_of(large, 413)["detail"]
    assert (
        server.client().get("/v1/auth/token", headers={"Content-Type": "application/json"}).status_code == 405
    )


def test_the_operator_names_scopes_too(server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", server.settings.database_url.get_secret_value())
    monkeypatch.setenv("SECRET_KEY", "a key for tests that is long enough")
    get_settings.cache_clear()
    words = ["token", "create", ann.email, "--name", "Cron"]
    done = CliRunner().invoke(cli.app, [*words, "--scope", "tasks:write", "--scope", "chat"])
    assert done.exit_code == 0, done.output
    [listed] = ann.get("/v1/me/tokens")["data"]
    assert listed["scopes"] == ["chat", "tasks:write"]
    for wrong, complaint in [
        (["--scope", "admin"], "parley: scopes.0: "),
        (["--scope", "write"], "parley: scopes: "),
        (["--scope", "chat", "--scope", "chat"], "parley: scopes: "),
        (["--scope", "chat", "--read-only"], "parley: --read-only and --scope"),
    ]:
        refused = CliRunner().invoke(cli.app, [*words, *wrong])
        assert refused.exit_code == 1
        assert refused.stderr.startswith(complaint)
        assert refused.stderr.count("\n") == 1
