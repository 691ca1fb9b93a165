# test_request_ids.py -- X-Request-ID: in the answer, and on the log lines that a request leads to.
import asyncio
import re
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog
from structlog.typing import FilteringBoundLogger

from services import tasks
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, read_events, serving, settings_for

MADE = re.compile(r"[0-9a-f]{32}")
log: FilteringBoundLogger = structlog.get_logger()


@pytest.fixture
def talkative(new_database: Callable[[str], str], model: ScriptedModel) -> Iterator[Server]:
    """A server that logs everything."""
    with serving(settings_for(new_database("sqlite"), log_level="info"), model) as running:
        yield running


def request_id(server: Server, *sent: str) -> str:
    headers = [("X-Request-ID", value) for value in sent]
    answer = server.client().get("/healthz", headers=headers)
    [received] = answer.headers.get_list("x-request-id")
    return str(received)


@pytest.mark.parametrize("sent", ["a", "7f3c-42", "!~", "x" * 128])
def test_an_id_that_is_given_comes_back(talkative: Server, sent: str) -> None:
    assert request_id(talkative, sent) == sent


@pytest.mark.parametrize("sent", ["", "two words", "x" * 129, "a\tb", "ü".encode().decode("latin-1")])
def test_an_id_that_could_forge_a_line_is_replaced(talkative: Server, sent: str) -> None:
    assert MADE.fullmatch(request_id(talkative, sent.encode("latin-1")))  # type: ignore[arg-type]


def test_a_request_without_an_id_gets_one_of_its_own(talkative: Server) -> None:
    ids = [request_id(talkative) for _ in range(3)]
    assert all(map(MADE.fullmatch, ids))
    assert len(set(ids)) == 3


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/me", 401),
        ("GET", "/v1/nothing", 404),
        ("PUT", "/healthz", 405),
        ("HEAD", "/healthz", 200),
        ("POST", "/mcp", 401),
        ("GET", "/", 200),
    ],
)
def test_every_answer_has_an_id(talkative: Server, method: str, path: str, status: int) -> None:
    answer = talkative.client().request(method, path, headers={"X-Request-ID": "mine"})
    assert (answer.status_code, answer.headers["x-request-id"]) == (status, "mine")


def test_a_stream_has_the_id_too(talkative: Server, model: ScriptedModel) -> None:
    model.answers = [["Done."]]
    headers = {"Accept": "text/event-stream", "X-Request-ID": "mine"}
    with talkative.person().http.stream(
        "POST", "/v1/chat", json={"message": "hello"}, headers=headers
    ) as answer:
        assert answer.headers["x-request-id"] == "mine"
        assert list(read_events(answer))[-1].type == "run.completed"


def lines_with(text: str, event: str) -> list[str]:
    plain = re.sub(r"\x1b\[[0-9;]*m", "", text)
    return [line for line in plain.splitlines() if event in line]


def test_the_line_of_a_failure_has_the_id_of_its_answer(
    talkative: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def fail(*_: Any) -> None:
        raise RuntimeError("it broke")

    ann = talkative.person()
    monkeypatch.setattr(tasks, "list_tasks", fail)
    answer = ann.http.get("/v1/tasks")
    assert answer.status_code == 500
    [line] = lines_with(capfd.readouterr().err, "request failed")
    assert f"request={answer.headers['x-request-id']}" in line


def test_requests_at_the_same_time_do_not_mix(
    talkative: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    arrived = 0
    everybody = asyncio.Event()

    async def log_late(*_: Any) -> bytes:
        nonlocal arrived
        arrived += 1
        if arrived == 8:
            everybody.set()
        await everybody.wait()
        log.info("all are here", own=structlog.contextvars.get_contextvars()["request"])
        return b'{"data":[],"next_cursor":null}'

    ann = talkative.person()
    monkeypatch.setattr(tasks, "list_tasks", log_late)

    def ask(number: int) -> None:
        answer = ann.http.get("/v1/tasks", headers={"X-Request-ID": f"request-{number}"})
        assert answer.headers["x-request-id"] == f"request-{number}"

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(ask, range(8)))
    lines = lines_with(capfd.readouterr().err, "all are here")
    found = [re.findall(r"\b(?:own|request)=(request-\d)\b", line) for line in lines]
    assert sorted(found) == [[f"request-{number}"] * 2 for number in range(8)]


def test_a_run_s_lines_have_its_id_and_not_that_of_the_request_that_queued_it(
    talkative: Server, model: ScriptedModel, capfd: pytest.CaptureFixture[str]
) -> None:
    model.answers = [[1]]  # type: ignore[list-item]
    ann: Person = talkative.person()
    run_id = ann.chat("hello")["run_id"]
    [line] = lines_with(capfd.readouterr().err, "run crashed")
    assert f"run={run_id}" in line
    assert "request=" not in line
