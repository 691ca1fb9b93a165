# test_auth.py -- register, sign in, stay signed in, sign out; on one worker and on two.
import asyncio
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import argon2.low_level
import bcrypt
import httpx
import pytest
import structlog
from sqlalchemy import event, text
from sqlmodel import SQLModel, select, update

import logs
import services.tasks
from db import Transaction
from llm.protocol import ModelRequest, TextDelta
from models import AuthSession, RefreshToken, Run, User
from models.columns import now
from security import hash_token
from services.identity import auth, rate_limits
from services.identity.password_hashing import Hashers
from support.servers import (
    PASSWORD,
    Person,
    Server,
    in_database,
    ok,
    read_events,
    serving,
    settings_for,
    wait_until,
)
from support.sign_in import NEW_PASSWORD, later, me, refresh, refused, sign_in


@pytest.fixture(scope="module")
def other_worker(server: Server) -> Iterator[Server]:
    """A second process would be no different: the two share nothing but the database."""
    with serving(server.settings) as running:
        yield running


def rows(server: Server) -> dict[str, set[str]]:
    """Every row of every table, as text."""

    async def read(tx: Transaction) -> dict[str, set[str]]:
        tables = SQLModel.metadata.sorted_tables
        return {table.name: {str(tuple(row)) for row in await tx.execute(table.select())} for table in tables}

    return in_database(server, read)


@contextmanager
def statements(server: Server) -> Iterator[list[str]]:
    """What the server asks its database meanwhile, without the beginnings of transactions."""
    seen: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        if not statement.startswith("BEGIN"):
            seen.append(statement)

    engine = server.state.db.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


# Register


@pytest.mark.also_on_mariadb
def test_a_person_registers_and_sees_the_profile_and_no_secret(server: Server) -> None:
    email = f"Ann.{uuid4().hex}@Example.COM"
    new = {"email": email, "password": PASSWORD, "display_name": "  Ann ", "timezone": "Europe/Berlin"}
    answer = server.client().post("/v1/auth/register", json=new)
    assert answer.status_code == 201
    user = answer.json()
    assert user.keys() == {"id", "email", "display_name", "timezone", "approval", "created_at", "updated_at"}
    assert (user["email"], user["display_name"], user["timezone"]) == (email.lower(), "Ann", "Europe/Berlin")
    assert server.sign_in(email).get("/v1/me") == user
    assert PASSWORD not in str(rows(server)["users"])


@pytest.mark.also_on_mariadb
def test_the_same_email_registered_many_times_at_once_is_one_user(server: Server) -> None:
    email = f"{uuid4().hex}@example.com"
    spellings = [email, email.upper(), email.title()] * 3
    with ThreadPoolExecutor(9) as pool:
        posts = [
            pool.submit(
                server.client().post, "/v1/auth/register", json={"email": spelling, "password": PASSWORD}
            )
            for spelling in spellings
        ]
        answers = [post.result() for post in posts]
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 8
    assert {refused(answer, 409)["detail"] for answer in answers if answer.status_code == 409} == {
        "This email is taken."
    }
    assert len([row for row in rows(server)["users"] if email in row]) == 1


def test_an_email_signs_in_however_it_is_written(server: Server) -> None:
    """The address that a person typed to register is the one that the same person types to sign in."""
    name = uuid4().hex
    for registered, others in {
        f"JOSÉ.{name}@example.com": [
            f"josé.{name}@EXAMPLE.com",
            f" José.{name}@example.com ",
            f"JOSE\u0301.{name}@example.com",
        ],
        f"cafe\u0301.{name}@example.com": [f"café.{name}@example.com", f"cafe\u0301.{name}@example.com"],
        f"ann.{name}@xn--bcher-kva.example": [
            f"Ann.{name}@bücher.example",
            f"ann.{name}@xn--bcher-kva.example",
        ],
    }.items():
        ok(server.client().post("/v1/auth/register", json={"email": registered, "password": PASSWORD}))
        for spelling in [registered, *others]:
            assert sign_in(server, spelling).status_code == 200, spelling
            twice = server.client().post("/v1/auth/register", json={"email": spelling, "password": PASSWORD})
            assert twice.status_code == 409, spelling


@pytest.mark.parametrize("email", ["Ann <ann@example.com>", "<ann@example.com>", '"Ann" ann@example.com'])
def test_only_a_bare_address_is_an_email(server: Server, email: str) -> None:
    """What is kept would not be what was typed."""
    answer = server.client().post("/v1/auth/register", json={"email": email, "password": PASSWORD})
    assert refused(answer, 422)["errors"][0]["loc"] == ["body", "email"]


def test_registration_can_be_closed_and_signing_in_goes_on(server: Server) -> None:
    email = server.register()
    url = server.settings.database_url.get_secret_value()
    with serving(settings_for(url, registration="closed")) as closed:
        new = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        problem = refused(closed.client().post("/v1/auth/register", json=new), 403)
        assert problem["detail"] == "Registration is closed here."
        assert sign_in(closed, email).status_code == 200
        assert sign_in(closed, new["email"]).status_code == 401


# Sign in


def test_signing_in_gives_tokens_that_nobody_keeps(server: Server) -> None:
    answer = sign_in(server, server.register())
    assert answer.headers["cache-control"] == "no-store"
    tokens = answer.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("bearer", 15 * 60)
    assert me(server, tokens["access_token"]).status_code == 200
    kept = str(rows(server))
    assert tokens["refresh_token"] not in kept
    assert tokens["access_token"] not in kept
    assert hash_token(tokens["refresh_token"]) in kept


def test_an_unknown_email_and_a_wrong_password_get_the_same_answer_for_the_same_work(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    email = server.register()
    sign_in(server, "nobody@example.com")  # the first one makes the hash that it compares with
    done: list[str] = []
    for name in ("hash_secret", "verify_secret"):
        original = getattr(argon2.low_level, name)

        def counting(*args: Any, _name: str = name, _original: Any = original, **kw: Any) -> Any:
            done.append(_name)
            return _original(*args, **kw)

        monkeypatch.setattr(argon2.low_level, name, counting)
    for password in ("wrong " + PASSWORD, "", "x" * 5_000, "pass\0word"):
        wrong = sign_in(server, email, password)
        work = done.copy()
        done.clear()
        unknown = sign_in(server, f"{uuid4().hex}@example.com", password)
        assert (refused(wrong, wrong.status_code), work) == (refused(unknown, wrong.status_code), done)
        assert wrong.status_code in (401, 422)
        assert {**wrong.headers, "date": ""} == {**unknown.headers, "date": ""}
        done.clear()
    assert (
        refused(sign_in(server, email, "wrong " + PASSWORD), 401)["detail"]
        == "The email or the password is wrong."
    )


def test_a_refusal_is_the_same_work_for_hashes_of_whatever_days(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted, not timed: each bcrypt is 2 to the power of its cost, and each argon2 the same."""
    work = {"argon2": 0, "bcrypt": 0}
    emails = {cost: server.register() for cost in (4, 5, 7, None)}

    async def put(tx: Transaction) -> None:
        for cost, email in emails.items():
            if cost:
                stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(cost)).decode()
                await tx.execute(update(User).where(User.email == email).values(password_hash=stored))  # type: ignore[arg-type]

    in_database(server, put)
    monkeypatch.setattr(server.state.auth.old_hashes, "_asked_at", None)
    hashpw, verify_secret = bcrypt.hashpw, argon2.low_level.verify_secret

    def count_bcrypt(password: bytes, salt: bytes) -> bytes:
        made = hashpw(password, salt)  # unless it refuses the password unread
        work["bcrypt"] += 2 ** int(salt[4:6])
        return made

    def count_argon2(*args: Any) -> bool:
        work["argon2"] += 1
        return verify_secret(*args)

    monkeypatch.setattr(bcrypt, "hashpw", count_bcrypt)
    monkeypatch.setattr(argon2.low_level, "verify_secret", count_argon2)
    for password in ("wrong " + PASSWORD, "x" * 100, "pass\0word"):
        found = []
        for email in [*emails.values(), f"{uuid4().hex}@example.com"]:
            work.update(argon2=0, bcrypt=0)
            refused(sign_in(server, email, password), 401)
            found.append(dict(work))
        assert found == [{"argon2": 1, "bcrypt": 2**7}] * 5, password

    async def forget(tx: Transaction) -> None:
        await tx.execute(update(User).where(User.email.in_(emails.values())).values(password_hash="!"))  # type: ignore[attr-defined]

    in_database(server, forget)
    monkeypatch.setattr(server.state.auth.old_hashes, "_asked_at", None)
    work.update(argon2=0, bcrypt=0)
    refused(sign_in(server, f"{uuid4().hex}@example.com", "wrong " + PASSWORD), 401)
    assert work == {"argon2": 1, "bcrypt": 0}, "where no such hash is left, nobody pays for one"


def test_a_bcrypt_hash_of_former_days_signs_in_and_is_made_anew(server: Server) -> None:
    email = server.register()
    stored = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()

    async def put(tx: Transaction) -> None:
        await tx.execute(update(User).where(User.email == email).values(password_hash=stored))  # type: ignore[arg-type]

    async def take(tx: Transaction) -> str:
        return (await tx.execute(select(User.password_hash).where(User.email == email))).scalar_one()

    in_database(server, put)
    assert sign_in(server, email, "wrong " + PASSWORD).status_code == 401
    assert in_database(server, take) == stored
    assert sign_in(server, email).status_code == 200
    assert in_database(server, take).startswith("$argon2id$")
    assert sign_in(server, email).status_code == 200


@pytest.mark.parametrize("change", ["changed", "deleted"])
def test_a_password_that_was_right_until_a_moment_ago_opens_no_session(
    server: Server, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """A hash takes a tenth of a second: long enough for somebody to change the password meanwhile."""
    person = server.person()
    verified = auth.verified

    async def slowly(password: str, password_hash: str | None) -> tuple[bool, str | None]:
        result = await verified(password, password_hash)
        monkeypatch.setattr(auth, "verified", verified)
        request = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        if change == "changed":
            await asyncio.to_thread(lambda: person.patch("/v1/me", **request))
        else:
            await asyncio.to_thread(lambda: person.delete("/v1/me"))
        return result

    monkeypatch.setattr(auth, "verified", slowly)
    refused(sign_in(server, person.email), 401)


def test_the_authorize_button_of_the_docs_knows_where_to_sign_in(server: Server) -> None:
    schema = ok(server.client().get("/openapi.json"))
    [scheme] = schema["components"]["securitySchemes"].values()
    assert scheme["type"] == "oauth2"
    flow = scheme["flows"]["password"]
    assert (flow["tokenUrl"], flow["refreshUrl"]) == ("/v1/auth/token", "/v1/auth/refresh")
    form = schema["paths"]["/v1/auth/token"]["post"]["requestBody"]["content"]
    assert form.keys() == {"application/x-www-form-urlencoded"}
    email = server.register()
    # As Swagger UI sends it: with the grant type, and the client's (empty) credentials in a header of their own.
    fields = {"grant_type": "password", "username": email, "password": PASSWORD, "scope": ""}
    answer = server.client(Authorization="Basic Og==").post(flow["tokenUrl"], data=fields)
    assert me(server, ok(answer)["access_token"]).status_code == 200
    assert "swagger-ui" in server.client().get("/docs").text


# Refresh


@pytest.mark.also_on_mariadb
def test_refreshing_gives_a_new_pair_and_uses_the_old_token_up(server: Server) -> None:
    first = server.person().tokens
    answer = refresh(server, first["refresh_token"])
    assert answer.headers["cache-control"] == "no-store"
    second = ok(answer)
    assert second.keys() == first.keys()
    assert second["refresh_token"] != first["refresh_token"]
    assert me(server, second["access_token"]).json() == me(server, first["access_token"]).json()
    third = ok(refresh(server, second["refresh_token"]))
    assert len({first["refresh_token"], second["refresh_token"], third["refresh_token"]}) == 3
    sessions = ok(server.client(Authorization=f"Bearer {third['access_token']}").get("/v1/me/sessions"))[
        "data"
    ]
    assert len(sessions) == 1, "refreshing opens no session"


def test_two_tabs_that_refresh_within_30_seconds_both_stay_signed_in(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = server.person().tokens["refresh_token"]
    one = ok(refresh(server, token))
    later(monkeypatch, "services.identity.auth", seconds=29)
    two = ok(refresh(server, token))
    assert one["refresh_token"] != two["refresh_token"]
    for tab in (one, two):
        again = ok(refresh(server, tab["refresh_token"]))
        assert me(server, again["access_token"]).status_code == 200


def test_a_token_that_is_used_again_later_ends_the_whole_family(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = server.person()
    elsewhere = server.sign_in(person.email)
    stolen = person.tokens["refresh_token"]
    honest = ok(refresh(server, stolen))
    later(monkeypatch, "services.identity.auth", seconds=31)
    refused(refresh(server, stolen), 401)
    refused(refresh(server, honest["refresh_token"]), 401)
    for access_token in (person.tokens["access_token"], honest["access_token"]):
        wait_until(lambda access_token=access_token: me(server, access_token).status_code == 401)
    assert me(server, elsewhere.tokens["access_token"]).status_code == 200, (
        "another sign-in is another family"
    )
    assert refresh(server, elsewhere.tokens["refresh_token"]).status_code == 200


def test_the_thief_who_comes_first_is_found_out_by_the_owner(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = server.person()
    thief = ok(refresh(server, owner.tokens["refresh_token"]))
    thief = ok(refresh(server, thief["refresh_token"]))
    later(monkeypatch, "services.identity.auth", minutes=16)
    refused(refresh(server, owner.tokens["refresh_token"]), 401)
    refused(refresh(server, thief["refresh_token"]), 401)


def test_two_refreshes_with_one_token_at_once_each_give_a_token_that_works(server: Server) -> None:
    person = server.person()
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: refresh(server, person.tokens["refresh_token"]), range(2)))
    tokens = [ok(answer)["refresh_token"] for answer in answers]
    assert len(set(tokens)) == 2
    assert all(refresh(server, token).status_code == 200 for token in tokens)
    assert len(person.get("/v1/me/sessions")["data"]) == 1


def test_many_refreshes_with_one_token_at_once_are_a_theft(server: Server) -> None:
    person = server.person()
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: refresh(server, person.tokens["refresh_token"]), range(6)))
    tokens = [answer.json()["refresh_token"] for answer in answers if answer.status_code == 200]
    assert len(tokens) == 2
    assert [refresh(server, token).status_code for token in tokens] == [401, 401]


def test_a_refresh_and_a_logout_at_once_leave_nobody_signed_in(server: Server) -> None:
    for _ in range(5):
        person = server.person()
        with ThreadPoolExecutor(2) as pool:
            rotation = pool.submit(refresh, server, person.tokens["refresh_token"])
            ending = pool.submit(person.http.post, "/v1/auth/logout")
            answer, ended = rotation.result(), ending.result()
        assert ended.status_code == 204
        assert answer.status_code in (200, 401)
        if answer.status_code == 200:
            refused(refresh(server, answer.json()["refresh_token"]), 401)


def test_a_sign_in_that_is_not_used_ends_and_one_that_is_used_goes_on(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    used, unused = server.person(), server.person()
    later(monkeypatch, "services.identity.auth", days=29)
    tokens = ok(refresh(server, used.tokens["refresh_token"]))
    later(monkeypatch, "services.identity.auth", days=31)
    assert refresh(server, tokens["refresh_token"]).status_code == 200
    refused(refresh(server, unused.tokens["refresh_token"]), 401)


def test_tokens_of_long_ago_do_not_pile_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    person = server.person()
    tokens = person.tokens
    for days in range(0, 120, 20):
        later(monkeypatch, "services.identity.auth", days=days)
        tokens = ok(refresh(server, tokens["refresh_token"]))

    async def count(tx: Transaction) -> int:
        mine = select(RefreshToken).join(AuthSession).where(AuthSession.user_id == person.id)
        return len((await tx.execute(mine)).all())

    assert in_database(server, count) <= 3


@pytest.mark.parametrize("token", ["", "x", "é", "x" * 10_000, "6f1c2d7e-8f6b-4c0e-9a51-0d4c8f1f9b11"])
def test_a_refresh_token_that_nobody_was_given_is_refused(server: Server, token: str) -> None:
    assert refresh(server, token).status_code in (401, 422)


def test_an_access_token_does_not_refresh(ann: Person, server: Server) -> None:
    refused(refresh(server, ann.tokens["access_token"]), 401)


# Sign out


@pytest.mark.also_on_mariadb
def test_logging_out_ends_this_session_at_once_and_no_other(server: Server) -> None:
    here = server.person()
    there = server.sign_in(here.email)
    assert here.http.post("/v1/auth/logout").status_code == 204
    refused(here.http.get("/v1/me"), 401)
    refused(here.http.post("/v1/auth/logout"), 401)
    refused(refresh(server, here.tokens["refresh_token"]), 401)
    assert there.http.get("/v1/me").status_code == 200
    assert refresh(server, there.tokens["refresh_token"]).status_code == 200


def test_a_person_sees_where_they_are_signed_in_and_signs_out_there(server: Server) -> None:
    here = server.person()
    tokens = ok(sign_in(server, here.email, **{"User-Agent": "Teapot/1.0 (" + "x" * 500 + ")"}))
    there = server.client(Authorization=f"Bearer {tokens['access_token']}")
    sessions = here.get("/v1/me/sessions")["data"]
    assert [session["current"] for session in sessions] == [False, True], "last used first"
    assert sessions[0]["user_agent"] == ("Teapot/1.0 (" + "x" * 500)[:255]
    assert sessions[0]["address"] == "127.0.0.1"
    assert sessions[0].keys() == {
        *("id", "user_agent", "address", "created_at", "last_used_at", "expires_at", "current"),
    }
    here.delete(f"/v1/me/sessions/{sessions[0]['id']}")
    refused(there.get("/v1/me"), 401)
    refused(refresh(server, tokens["refresh_token"]), 401)
    assert [session["current"] for session in here.get("/v1/me/sessions")["data"]] == [True]
    refused(here.http.delete(f"/v1/me/sessions/{sessions[0]['id']}"), 404)


def test_ending_the_session_at_hand_is_logging_out(ann: Person) -> None:
    [session] = ann.get("/v1/me/sessions")["data"]
    ann.delete(f"/v1/me/sessions/{session['id']}")
    refused(ann.http.get("/v1/me"), 401)


def test_a_session_past_its_end_does_not_count_and_is_not_listed(server: Server) -> None:
    here = server.person()
    gone = server.sign_in(here.email)
    [session_id] = [s["id"] for s in here.get("/v1/me/sessions")["data"] if not s["current"]]

    async def end(tx: Transaction) -> None:
        expire = update(AuthSession).where(AuthSession.id == UUID(session_id))  # type: ignore[arg-type]
        await tx.execute(expire.values(expires_at=now() - timedelta(seconds=1)))

    in_database(server, end)
    wait_until(lambda: gone.http.get("/v1/me").status_code == 401)
    assert len(here.get("/v1/me/sessions")["data"]) == 1
    refused(here.http.delete(f"/v1/me/sessions/{session_id}"), 404)


def stops_within_a_second(ask: Callable[[], httpx.Response], since: float) -> None:
    """No request that is sent later than a second after `since` is let in."""
    while True:
        sent_at = time.monotonic()
        answer = ask()
        if answer.status_code == 401:
            return
        assert answer.is_success or answer.status_code == 404, answer.text
        assert sent_at - since < 1, "a revoked session still works after a second"


def test_a_revoked_session_stops_on_every_worker_within_a_second(
    server: Server, other_worker: Server
) -> None:
    person = server.person()
    there = other_worker.client(Authorization=f"Bearer {person.tokens['access_token']}")
    assert there.get("/v1/me").status_code == 200  # now the other worker remembers
    person.http.post("/v1/auth/logout")
    stops_within_a_second(lambda: there.get("/v1/me"), since=time.monotonic())


def test_a_deleted_account_stops_on_every_worker_and_is_never_an_error_of_ours(
    server: Server, other_worker: Server
) -> None:
    """The other worker may still believe in the session for half a second: what it tries must fail gently."""
    bodies: dict[str, dict[str, Any]] = {
        "/v1/tasks": {"title": "Too late"},
        "/v1/conversations": {"title": "Too late"},
        "/v1/chat": {"message": "Too late"},
    }
    for path, body in bodies.items():
        person = server.person()
        there = other_worker.client(Authorization=f"Bearer {person.tokens['access_token']}")
        assert there.get("/v1/me").status_code == 200
        person.delete("/v1/me")
        deleted_at = time.monotonic()
        refused(there.post(path, json=body), 401)
        stops_within_a_second(lambda there=there: there.get("/v1/me"), deleted_at)
        stops_within_a_second(
            lambda there=there: there.patch("/v1/me", json={"display_name": "x"}), deleted_at
        )


class Waiting:
    """A model that never answers."""

    name = "waiting"

    async def respond(self, request: ModelRequest) -> Any:
        await asyncio.Event().wait()
        yield TextDelta("never")


def test_a_revoked_session_stops_receiving(server: Server) -> None:
    with serving(settings_for(server.settings.database_url.get_secret_value()), Waiting()) as running:
        person = running.person()
        headers = {"Accept": "text/event-stream"}
        request = {"json": {"message": "hello"}, "headers": headers, "timeout": 5}
        with person.http.stream("POST", "/v1/chat", **request) as answer:
            events = read_events(answer)
            assert next(events).type == "run.started"
            person.http.post("/v1/auth/logout")
            assert list(events) == []


# The password


def test_a_changed_password_ends_all_other_sessions_but_not_this_one(server: Server) -> None:
    here = server.person()
    others = [server.sign_in(here.email) for _ in range(2)]
    changed = here.patch("/v1/me", current_password=PASSWORD, new_password=NEW_PASSWORD, display_name="Ann")
    assert changed["display_name"] == "Ann"
    assert here.http.get("/v1/me").status_code == 200
    for person in others:
        refused(person.http.get("/v1/me"), 401)
        refused(refresh(server, person.tokens["refresh_token"]), 401)
    assert refresh(server, here.tokens["refresh_token"]).status_code == 200
    refused(sign_in(server, here.email), 401)
    assert sign_in(server, here.email, NEW_PASSWORD).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"current_password": "not the right one", "new_password": NEW_PASSWORD, "display_name": "Changed"},
        {"new_password": NEW_PASSWORD, "display_name": "Changed"},
        {"current_password": PASSWORD, "display_name": "Changed"},
        {"current_password": PASSWORD, "new_password": "short", "display_name": "Changed"},
        {"current_password": PASSWORD, "new_password": None, "display_name": "Changed"},
        {"current_password": PASSWORD, "new_password": NEW_PASSWORD, "timezone": "Nowhere/Else"},
    ],
    ids=["wrong", "without the current", "without the new", "too short", "null", "with a wrong time zone"],
)
def test_a_password_change_that_is_refused_changes_nothing(server: Server, body: dict[str, Any]) -> None:
    here = server.person()
    there = server.sign_in(here.email)
    before = here.get("/v1/me")
    problem = refused(here.http.patch("/v1/me", json=body), 422)
    assert PASSWORD not in str(problem)
    assert NEW_PASSWORD not in str(problem)
    assert here.get("/v1/me") == there.get("/v1/me") == before
    assert sign_in(server, here.email).status_code == 200


def test_two_password_changes_at_once_do_not_both_count(server: Server) -> None:
    person = server.person()
    passwords = [f"{NEW_PASSWORD} {number}" for number in range(3)]
    with ThreadPoolExecutor(3) as pool:
        patches = [
            pool.submit(
                person.http.patch, "/v1/me", json={"current_password": PASSWORD, "new_password": password}
            )
            for password in passwords
        ]
        answers = [patch.result().status_code for patch in patches]
    assert answers.count(200) == 1
    assert set(answers) <= {200, 409, 422}
    working = [
        password for password in passwords if sign_in(server, person.email, password).status_code == 200
    ]
    assert working == [passwords[answers.index(200)]]


# The account


@pytest.mark.also_on_mariadb
def test_deleting_an_account_leaves_no_row_of_it_and_every_row_of_others(server: Server) -> None:
    def fill(person: Person) -> None:
        with_key = {"Idempotency-Key": "the-same-for-both"}
        ok(person.http.post("/v1/tasks", json={"title": "Buy milk"}, headers=with_key))
        person.chat("add call mom")
        assert person.chat("delete call mom")["status"] == "awaiting_approval"
        person.post("/v1/conversations", title="Empty")
        person.post("/v1/me/tokens", name="A program", scopes=["read"])
        refresh(server, person.tokens["refresh_token"])
        with person.http.stream("GET", "/v1/events/stream") as answer:
            next(answer.iter_lines())  # whoever reads numbers what happened

    async def at_work(tx: Transaction) -> int:
        return len((await tx.execute(select(Run).where(Run.status.in_(("queued", "running"))))).all())  # type: ignore[attr-defined]

    wait_until(lambda: in_database(server, at_work) == 0)  # what former tests have left running
    before = rows(server)
    gone = server.person()
    fill(gone)
    made = {name: found - before[name] for name, found in rows(server).items()}
    assert [name for name, found in made.items() if not found] in ([], ["rate_limits"])
    stays = server.person()
    fill(stays)
    with_both = rows(server)
    gone.delete("/v1/me")
    after = rows(server)
    assert {name: with_both[name] - after[name] for name in after} == made
    assert [
        name for name, found in after.items() if str(gone.id) in str(found) or gone.id.hex in str(found)
    ] == []
    refused(gone.http.get("/v1/me"), 401)
    refused(refresh(server, gone.tokens["refresh_token"]), 401)
    refused(sign_in(server, gone.email), 401)
    assert stays.http.get("/v1/me").status_code == 200
    again = {"email": gone.email, "password": PASSWORD}
    assert ok(server.client().post("/v1/auth/register", json=again))["id"] != str(gone.id)


def test_a_profile_is_changed_field_by_field(ann: Person) -> None:
    ann.patch("/v1/me", display_name="Ann", timezone="Asia/Tokyo")
    changed = ann.patch("/v1/me", display_name=None)
    assert (changed["display_name"], changed["timezone"]) == (None, "Asia/Tokyo")
    assert ann.get("/v1/me") == changed


# Who is at the other end


@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session")
@pytest.mark.parametrize(
    ("proxies", "believed", "address", "secure"),
    [
        ([], "127.0.0.1", "127.0.0.1", False),
        (["192.0.2.1"], "*", "127.0.0.1", False),
        (["127.0.0.1"], "192.0.2.1", "198.51.100.7", True),
    ],
)
def test_forwarding_headers_count_where_the_settings_say_so_whatever_uvicorn_believes(
    new_database: Callable[[str], str],
    engine_name: str,
    proxies: list[str],
    believed: str,
    address: str,
    secure: bool,
) -> None:
    """uvicorn believes those of 127.0.0.1 by itself."""
    settings = settings_for(new_database(engine_name), trusted_proxies=proxies)
    said = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7", "X-Forwarded-Proto": "https"}
    with serving(settings, proxy_headers=True, forwarded_allow_ips=believed) as server:
        person = server.person()
        http = server.client(**said, **{"X-Parley-Console": "1"})
        answer = http.post("/v1/web/session", json={"email": person.email, "password": PASSWORD})
        assert ("Secure" in answer.headers["set-cookie"]) == secure
        found = {session["address"] for session in person.get("/v1/me/sessions")["data"]}
        assert found == {"127.0.0.1", address}


# Limits


@pytest.fixture(scope="module")
def limited(engine_name: str, new_database: Callable[[str], str]) -> Iterator[tuple[Server, Server]]:
    """Two workers that count, on one database, behind a proxy that they trust: so each test has its own address."""
    settings = settings_for(new_database(engine_name), rate_limits="on", trusted_proxies=["127.0.0.1"])
    with serving(settings) as one, serving(settings) as two:
        yield one, two


@pytest.fixture
def address() -> str:
    number = uuid4().int
    return f"2001:db8:{number % 65536:x}:{(number >> 16) % 65536:x}::{(number >> 64) % 65535 + 1:x}"


def too_many(answer: httpx.Response, at_most: int) -> None:
    problem = refused(answer, 429)
    seconds = int(answer.headers["retry-after"])
    assert 1 <= seconds <= at_most
    assert problem["detail"] == f"Too many attempts. Try again in {seconds} seconds."


def test_sign_ins_per_email_are_limited_and_counted_across_workers(
    limited: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    email = limited[0].register()
    for number in range(10):
        # Each from an address of its own, in another case, and now on this worker, now on that.
        tries = {"X-Forwarded-For": f"192.0.2.{number}"}
        refused(sign_in(limited[number % 2], email.upper() if number % 3 else email, "wrong", **tries), 401)
    for server in limited:
        too_many(sign_in(server, email, **{"X-Forwarded-For": "192.0.2.77"}), at_most=300)
    assert sign_in(limited[1], limited[0].register(), **{"X-Forwarded-For": "192.0.2.77"}).status_code == 200
    later(monkeypatch, "services.identity.rate_limits", seconds=301)
    assert sign_in(limited[1], email, **{"X-Forwarded-For": "192.0.2.77"}).status_code == 200


def test_whoever_guesses_in_one_network_locks_nobody_out_elsewhere(limited: tuple[Server, Server]) -> None:
    email = limited[0].register()
    for number in range(12):
        tries = {"X-Forwarded-For": f"203.0.113.{number % 10}"}
        assert sign_in(limited[number % 2], email, "wrong", **tries).status_code == (
            401 if number < 10 else 429
        )
    too_many(sign_in(limited[0], email, **{"X-Forwarded-For": "203.0.113.200"}), at_most=300)
    assert sign_in(limited[1], email, **{"X-Forwarded-For": "203.0.114.1"}).status_code == 200


def test_guessing_from_everywhere_is_limited_too(limited: tuple[Server, Server]) -> None:
    email = limited[0].register()
    window = rate_limits.SIGN_IN_PER_EMAIL

    async def nearly_use_up(tx: Transaction) -> None:
        key = rate_limits.hashed(window.key_for("sign-in", email))
        await rate_limits.count_hit(tx, key, 3600, window.amount - 1)

    in_database(limited[0], nearly_use_up)
    refused(sign_in(limited[0], email, "wrong", **{"X-Forwarded-For": "198.18.1.1"}), 401)
    too_many(sign_in(limited[1], email, **{"X-Forwarded-For": "198.18.2.1"}), at_most=3600)


def test_an_email_that_nobody_has_is_limited_like_any_other(
    limited: tuple[Server, Server], address: str
) -> None:
    email = f"{uuid4().hex}@example.com"
    for _ in range(10):
        refused(sign_in(limited[0], email, **{"X-Forwarded-For": address}), 401)
    too_many(sign_in(limited[1], email, **{"X-Forwarded-For": address}), at_most=300)


def test_whoever_is_refused_and_goes_on_costs_one_statement_at_most(
    limited: tuple[Server, Server], address: str
) -> None:
    server, email = limited[0], f"{uuid4().hex}@example.com"
    tries = {"X-Forwarded-For": address}
    while sign_in(server, email, **tries).status_code != 429:
        pass
    with statements(server) as seen:
        for _ in range(5):
            too_many(sign_in(server, email, "wrong", **tries), at_most=300)
            assert len(seen) <= 1  # the count of what is not over its limit
            seen.clear()


def test_no_more_refusals_are_remembered_than_there_is_room_for(
    limited: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "MOST_REMEMBERED", 3)
    limits = rate_limits.Limits(limited[0].state.db, enabled=True)
    until = now() + timedelta(seconds=60)
    for key in "abcab":
        limits.remember(key, until)
    limits.remember("d", until)
    assert list(limits._refused) == ["a", "b", "d"]


@pytest.fixture
def blocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """One hash at a time and one that waits; none ends before the event."""
    gate = threading.Event()

    def verify(*asked: object) -> tuple[bool, str | None]:
        gate.wait(15)
        return False, None

    monkeypatch.setattr(auth, "HASHERS", Hashers(1, 1))
    monkeypatch.setattr(auth, "verify_password", verify)
    yield gate
    gate.set()


def test_a_flood_of_sign_ins_waits_in_a_queue_with_an_end(
    server: Server, ann: Person, blocked: threading.Event
) -> None:
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(sign_in, server, ann.email, "wrong") for _ in range(2)]
        wait_until(lambda: auth.HASHERS._places._value == 0)
        answer = sign_in(server, ann.email)
        refused(answer, 503)
        assert int(answer.headers["retry-after"]) > 0
        new = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        refused(server.client().post("/v1/auth/register", json=new), 503)
        change = {"current_password": PASSWORD, "new_password": NEW_PASSWORD}
        refused(ann.http.patch("/v1/me", json=change), 503)
        assert ann.get("/v1/me")["email"] == ann.email
        blocked.set()
        assert [one.result().status_code for one in waiting] == [401, 401]
    refused(sign_in(server, ann.email, "wrong"), 401)


@pytest.mark.skipif(sys.platform != "linux", reason="no niceness of threads")
def test_hashes_stand_behind_everything_else() -> None:
    def niceness() -> int:
        return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())

    assert asyncio.run(Hashers(1).run(niceness)) > niceness()


def test_signing_in_at_last_clears_the_count_of_the_email(limited: tuple[Server, Server]) -> None:
    email = limited[0].register()
    for round_ in range(2):
        for number in range(9):
            tries = {"X-Forwarded-For": f"198.51.100.{round_ * 10 + number}"}
            refused(sign_in(limited[number % 2], email, "wrong", **tries), 401)
        assert (
            sign_in(limited[0], email, **{"X-Forwarded-For": f"198.51.100.{200 + round_}"}).status_code == 200
        )


def test_an_ipv6_network_counts_as_one_address(limited: tuple[Server, Server], address: str) -> None:
    network = address.rpartition("::")[0]
    for number in range(30):
        somebody = f"{uuid4().hex}@example.com"
        refused(sign_in(limited[0], somebody, **{"X-Forwarded-For": f"{network}::{number + 1:x}"}), 401)
    too_many(sign_in(limited[1], "x@example.com", **{"X-Forwarded-For": f"{network}:1:2:3:4"}), at_most=60)


def test_sign_ins_per_address_are_limited_and_counted_across_workers(
    limited: tuple[Server, Server], address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ThreadPoolExecutor(
        4
    ) as pool:  # at once, so that a count that is read and written apart would be lost
        tries = [
            pool.submit(
                sign_in, limited[number % 2], f"{uuid4().hex}@example.com", **{"X-Forwarded-For": address}
            )
            for number in range(34)
        ]
        statuses = sorted(attempt.result().status_code for attempt in tries)
    assert statuses == [401] * 30 + [429] * 4
    too_many(sign_in(limited[1], limited[1].register(), **{"X-Forwarded-For": address}), at_most=60)
    later(monkeypatch, "services.identity.rate_limits", seconds=61)
    assert sign_in(limited[0], limited[1].register(), **{"X-Forwarded-For": address}).status_code == 200


def test_registrations_per_address_are_limited(limited: tuple[Server, Server], address: str) -> None:
    client = limited[0].client(**{"X-Forwarded-For": address})
    window = rate_limits.REGISTER_PER_ADDRESS

    async def use_up(tx: Transaction) -> None:
        key = rate_limits.hashed(window.key_for("register", rate_limits.network(address)))
        await rate_limits.count_hit(tx, key, 3600, window.amount)

    in_database(limited[0], use_up)
    new = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD}
    too_many(client.post("/v1/auth/register", json=new), at_most=3600)
    assert new["email"] not in str(rows(limited[0])["users"])


def test_guessing_the_current_password_is_limited(limited: tuple[Server, Server]) -> None:
    person = limited[0].person()
    there = limited[1].client(Authorization=f"Bearer {person.tokens['access_token']}")
    body = {"current_password": "not the right one", "new_password": NEW_PASSWORD}
    for number in range(10):
        refused((person.http, there)[number % 2].patch("/v1/me", json=body), 422)
    too_many(there.patch("/v1/me", json={**body, "current_password": PASSWORD}), at_most=300)
    assert person.http.patch("/v1/me", json={"display_name": "Ann"}).status_code == 200


def test_neither_emails_nor_addresses_are_kept_for_counting(
    limited: tuple[Server, Server], address: str
) -> None:
    email = f"{uuid4().hex}@example.com"
    sign_in(limited[0], email, **{"X-Forwarded-For": address})
    kept = str(rows(limited[0])["rate_limits"])
    assert email not in kept
    assert address not in kept


def addresses(server: Server, forwarded: str) -> str:
    """Which address the server takes a sign-in with this X-Forwarded-For to come from."""
    tokens = ok(sign_in(server, server.register(), **{"X-Forwarded-For": forwarded}))
    [session] = ok(server.client(Authorization=f"Bearer {tokens['access_token']}").get("/v1/me/sessions"))[
        "data"
    ]
    return str(session["address"])


def test_a_forwarding_header_counts_only_from_a_proxy_that_is_trusted(server: Server) -> None:
    """`server` trusts nobody. Were it otherwise, whoever guesses passwords would choose a new address each time."""
    assert addresses(server, "203.0.113.7") == "127.0.0.1"
    url = server.settings.database_url.get_secret_value()
    with serving(settings_for(url, trusted_proxies=["10.0.0.0/8", "127.0.0.1"])) as trusting:
        assert addresses(trusting, "203.0.113.7") == "203.0.113.7"
        # The last that none of our proxies has added: the rest is what the client likes to say.
        assert addresses(trusting, "1.2.3.4, 203.0.113.7, 10.1.2.3") == "203.0.113.7"
        assert addresses(trusting, "x" * 200) in ("127.0.0.1", "x" * 64)
    with serving(settings_for(url, trusted_proxies=["192.0.2.1"])) as distrusting:
        assert addresses(distrusting, "203.0.113.7") == "127.0.0.1"


# Logs


@pytest.fixture
def logged(
    capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> Iterator[Callable[[], str]]:
    """All that is logged at the most talkative level: by us, by uvicorn, by whoever uses `logging`."""
    before = structlog.get_config()
    with caplog.at_level("INFO"):
        logs.configure_logs("debug")
        yield lambda: capsys.readouterr().err + caplog.text
    structlog.configure(**before)


def test_a_crash_is_logged_without_any_secret(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch, logged: Callable[[], str]
) -> None:
    async def crash(*args: Any) -> Any:
        raise RuntimeError("a bug of ours")

    monkeypatch.setattr(services.tasks, "list_tasks", crash)
    monkeypatch.setattr(auth, "open_session", crash)
    monkeypatch.setattr(auth, "create_user", crash)
    monkeypatch.setattr(auth, "rotate_token", crash)
    headers = {"Connection": "close"}
    answers = [
        ann.http.get("/v1/tasks", params={"q": "a private word"}, headers=headers),
        sign_in(server, ann.email, **headers),
        server.client(**headers).post(
            "/v1/auth/register", json={"email": "x@example.com", "password": NEW_PASSWORD}
        ),
        server.client(**headers).post(
            "/v1/auth/refresh", json={"refresh_token": ann.tokens["refresh_token"]}
        ),
    ]
    for answer in answers:
        problem = refused(answer, 500)
        assert problem["detail"] == "Something went wrong on our side."
        assert "bug of ours" not in answer.text
    written = logged()
    assert written.count("a bug of ours") >= 4, "the log tells the operator what happened"
    assert "/v1/auth/token" in written
    secrets = [PASSWORD, NEW_PASSWORD, *ann.tokens.values(), "a private word", "argon2id"]
    assert [
        secret for secret in secrets if isinstance(secret, str) and len(secret) > 6 and secret in written
    ] == []


def test_an_error_of_the_database_does_not_say_with_which_values(server: Server) -> None:
    """SQLAlchemy writes the parameters of a failed statement, and with them hashes and words, into its message."""

    async def fail(tx: Transaction) -> None:
        await tx.execute(text("SELECT * FROM nothing WHERE a = :value"), {"value": "hunter22"})

    with pytest.raises(Exception, match="nothing") as failure:
        in_database(server, fail)
    assert "hunter22" not in str(failure.value)


# Pages of other origins


def cors(server: Server, origin: str) -> tuple[httpx.Response, httpx.Response]:
    """A preflight, and a request that is refused, both from a page of `origin`."""
    wanted = {
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    client = server.client(Origin=origin)
    return client.options("/v1/me", headers=wanted), client.get("/v1/me")


def test_pages_of_other_origins_may_call_only_where_the_setting_says_so(server: Server) -> None:
    preflight, request = cors(server, "https://app.example")
    assert "access-control-allow-origin" not in {*preflight.headers, *request.headers}
    url = server.settings.database_url.get_secret_value()
    with serving(settings_for(url, cors_origins=["https://app.example"])) as open_:
        preflight, request = cors(open_, "https://app.example")
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "https://app.example"
        assert "PATCH" in preflight.headers["access-control-allow-methods"]
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        assert request.status_code == 401
        assert request.headers["access-control-allow-origin"] == "https://app.example"
        assert "Retry-After" in request.headers["access-control-expose-headers"]
        assert "access-control-allow-credentials" not in {*preflight.headers, *request.headers}
        preflight, request = cors(open_, "https://evil.example")
        assert preflight.status_code == 400
        assert "access-control-allow-origin" not in {*preflight.headers, *request.headers}
    with serving(settings_for(url, cors_origins=["*"])) as wide_open:
        preflight, request = cors(wide_open, "https://any.example")
        assert request.headers["access-control-allow-origin"] == "*"
        assert "access-control-allow-credentials" not in {*preflight.headers, *request.headers}


def test_the_log_of_a_request_that_went_well_holds_no_secret(
    server: Server, ann: Person, logged: Callable[[], str]
) -> None:
    ann.chat("add a private word")
    ok(refresh(server, ann.tokens["refresh_token"]))
    written = logged()
    secrets = [PASSWORD, ann.tokens["access_token"], ann.tokens["refresh_token"], "a private word"]
    assert [secret for secret in secrets if secret in written] == []
