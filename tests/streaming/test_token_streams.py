# test_token_streams.py -- streams and waiting requests that were opened with an API token, and how they end with it.
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from clock import utc_now
from support.api.doors import STREAMS, end_token, make_token, revoke_token
from support.api.isolation import ROUTES, Elsewhere
from support.api.open_streams import CHAT
from support.api.user_streams import STREAM, opened, reset, types, until
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, read_events, serving, settings_for, wait_until

EVENTS = {"Accept": "text/event-stream"}
SCOPES_OF_STREAMS = {STREAM: "events:read", "/v1/runs/{run_id}/events": "chat"}
Ending = Callable[[Server, Person, str], Any]


def revoke(server: Server, person: Person, token: str) -> None:
    revoke_token(person, token)


def expire(server: Server, person: Person, token: str) -> None:
    end_token(server, token, expires_at=utc_now() - timedelta(milliseconds=1))


def delete_user(server: Server, person: Person, token: str) -> None:
    person.delete("/v1/me")


def change_password(server: Server, person: Person, token: str) -> None:
    person.patch("/v1/me", current_password="correct horse battery", new_password="another horse battery")


ENDINGS: list[Ending] = [revoke, expire, delete_user, change_password]


def program_of(server: Server, person: Person, *scopes: str) -> tuple[str, httpx.Client]:
    token = make_token(person, *scopes)
    return token, server.client(Authorization=f"Bearer {token}")


@contextmanager
def run_at_work(person: Person, model: ScriptedModel) -> Iterator[str]:
    """The id of a run whose model does not answer before the block ends."""
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    try:
        with person.http.stream("POST", "/v1/chat", json=CHAT, headers=EVENTS) as answer:
            run_id = answer.headers["X-Run-ID"]
        yield run_id
    finally:
        gate.set()


def test_every_stream_of_the_app_is_ended_in_these_tests() -> None:
    assert {f"GET {path}" for path in SCOPES_OF_STREAMS} == set(STREAMS)
    endings = ("/stream", "{run_id}/events")
    read = {
        route
        for route, way in ROUTES.items()
        if route.startswith("GET ") and route.endswith(endings) and not isinstance(way, Elsewhere)
    }
    assert read == set(STREAMS)


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("end", ENDINGS)
@pytest.mark.busy
def test_streams_end_within_a_second_with_their_token(
    scripted: Server, carl: Person, model: ScriptedModel, end: Ending
) -> None:
    """On a worker that is not told of it, and no other stream of the user ends with them."""
    url = scripted.settings.database_url.get_secret_value()
    with (
        serving(settings_for(url), ScriptedModel()) as elsewhere,
        run_at_work(carl, model) as run_id,
        ExitStack() as streams,
    ):
        token, program = program_of(elsewhere, carl, *SCOPES_OF_STREAMS.values())
        _, other = program_of(elsewhere, carl, *SCOPES_OF_STREAMS.values())
        going, staying = (
            [
                read_events(streams.enter_context(http.stream("GET", path.format(run_id=run_id))))
                for path in SCOPES_OF_STREAMS
            ]
            for http in (program, other)
        )
        for events in (going, staying):
            assert [next(stream).type for stream in events] == ["reset", "run.started"]
        end(scripted, carl, token)
        begun = time.monotonic()
        assert [list(stream) for stream in going] == [[], []]
        assert time.monotonic() - begun < 1.2  # a second, and what reading takes
        if end in (revoke, expire):
            wait_until(lambda: program.get("/v1/me").status_code == 401, seconds=1)
            assert other.get("/v1/me").status_code == 403  # it still counts, though not there
            [left] = elsewhere.state.open_streams._of_credentials.values()
            assert len(left) == 2  # the other streams are open


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_a_request_that_waits_for_its_answer_ends_with_its_token(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    token, program = program_of(scripted, carl, "chat")
    gate = threading.Event()
    model.answers = [[gate, "Done."]]
    answers: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: answers.append(program.post("/v1/chat", json=CHAT)))
    with opened(carl) as stream:
        reset(stream)
        waiting.start()
        until(stream, "run.started")
        revoke(scripted, carl, token)
        waiting.join(5)
        [refused] = answers
        assert refused.status_code == 401
        assert refused.headers["www-authenticate"] == 'Bearer error="invalid_token"'
        gate.set()
        assert until(stream, "run.completed")[-1].data["run"]["status"] == "completed"  # it is the user's run


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_what_a_token_does_is_told_to_its_user_and_to_the_tokens_own_stream(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    model.answers = [["Hello."]]
    _, program = program_of(scripted, carl, "events:read", "chat", "tasks:write")
    with opened(carl) as his, program.stream("GET", STREAM) as answer:
        its = read_events(answer)
        reset(his)
        reset(its)
        assert program.post("/v1/tasks", json={"title": "Buy milk"}).status_code == 201
        chat = program.post("/v1/chat", json=CHAT).json()
        assert chat["user_message"]["sender"]["id"] == str(carl.id)
        assert types(until(his, "run.completed")) == types(until(its, "run.completed"))


@pytest.mark.busy
def test_a_missed_notification_reaches_the_stream_of_a_token_too(scripted: Server, carl: Person) -> None:
    url = scripted.settings.database_url.get_secret_value()
    _, program = program_of(scripted, carl, "events:read")
    with serving(settings_for(url), ScriptedModel()) as other, program.stream("GET", STREAM) as answer:
        events = read_events(answer)
        reset(events)
        other.state.notifier.notify = lambda *ids: None  # type: ignore[method-assign]
        there = other.client(Authorization=carl.http.headers["Authorization"])
        assert there.post("/v1/tasks", json={"title": "From elsewhere"}).status_code == 201
        assert next(events).data["task"]["title"] == "From elsewhere"


@pytest.mark.engines("sqlite")
def test_a_token_has_as_many_streams_as_a_session(own_database_url: str) -> None:
    settings = settings_for(own_database_url, streams_per_session=2)
    with serving(settings, ScriptedModel()) as server, ExitStack() as streams:
        person = server.person()
        _, program = program_of(server, person, "read")
        clients = [program, program, person.http]
        come = [read_events(streams.enter_context(http.stream("GET", STREAM))) for http in clients]
        for events in come:
            reset(events)
        refused = program.get(STREAM)
        assert refused.status_code == 429
        assert "This API token has 2 streams" in refused.json()["detail"]
