# test_sign_out.py -- sign out and revoke: at once here, within a second on every worker.
import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlmodel import update

from clock import utc_now
from db import Transaction
from llm.protocol import ModelRequest, TextDelta
from models import AuthSession
from support.api.problems import problem_of
from support.api.sign_in import refresh, sign_in
from support.servers import (
    Person,
    Server,
    in_database,
    ok,
    read_events,
    serving,
    settings_for,
    wait_until,
)

# One session ends by one statement; that other workers hear of it is tried on both.
pytestmark = pytest.mark.engines("sqlite")


@pytest.fixture(scope="module")
def other_worker(server: Server) -> Iterator[Server]:
    """A second process would be no different: the two share nothing but the database."""
    with serving(server.settings) as running:
        yield running


@pytest.mark.also_on_mariadb
def test_logging_out_ends_this_session_at_once_and_no_other(server: Server) -> None:
    here = server.person()
    there = server.sign_in(here.email)
    assert here.http.post("/v1/auth/logout").status_code == 204
    problem_of(here.http.get("/v1/me"), 401)
    problem_of(here.http.post("/v1/auth/logout"), 401)
    problem_of(refresh(server, here.tokens["refresh_token"]), 401)
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
    problem_of(there.get("/v1/me"), 401)
    problem_of(refresh(server, tokens["refresh_token"]), 401)
    assert [session["current"] for session in here.get("/v1/me/sessions")["data"]] == [True]
    problem_of(here.http.delete(f"/v1/me/sessions/{sessions[0]['id']}"), 404)


def test_ending_the_session_at_hand_is_logging_out(ann: Person) -> None:
    [session] = ann.get("/v1/me/sessions")["data"]
    ann.delete(f"/v1/me/sessions/{session['id']}")
    problem_of(ann.http.get("/v1/me"), 401)


def test_a_session_past_its_end_does_not_count_and_is_not_listed(server: Server) -> None:
    here = server.person()
    gone = server.sign_in(here.email)
    [session_id] = [s["id"] for s in here.get("/v1/me/sessions")["data"] if not s["current"]]

    async def end(tx: Transaction) -> None:
        expire = update(AuthSession).where(AuthSession.id == UUID(session_id))  # type: ignore[arg-type]
        await tx.execute(expire.values(expires_at=utc_now() - timedelta(seconds=1)))

    in_database(server, end)
    wait_until(lambda: gone.http.get("/v1/me").status_code == 401)
    assert len(here.get("/v1/me/sessions")["data"]) == 1
    problem_of(here.http.delete(f"/v1/me/sessions/{session_id}"), 404)


def stops_within_a_second(ask: Callable[[], httpx.Response], since: float) -> None:
    """No request that is sent later than a second after `since` is let in."""
    while True:
        sent_at = time.monotonic()
        answer = ask()
        if answer.status_code == 401:
            return
        assert answer.is_success or answer.status_code == 404, answer.text
        assert sent_at - since < 1, "a revoked session still works after a second"


@pytest.mark.engines("sqlite", "postgresql")
def test_a_revoked_session_stops_on_every_worker_within_a_second(
    server: Server, other_worker: Server
) -> None:
    person = server.person()
    there = other_worker.client(Authorization=f"Bearer {person.tokens['access_token']}")
    assert there.get("/v1/me").status_code == 200  # now the other worker remembers
    person.http.post("/v1/auth/logout")
    stops_within_a_second(lambda: there.get("/v1/me"), since=time.monotonic())


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
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
        problem_of(there.post(path, json=body), 401)
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


@pytest.mark.engines("sqlite", "postgresql")
@pytest.mark.busy
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
