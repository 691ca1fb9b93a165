# test_metrics.py -- what is counted of requests, runs, streams, commits, limits and failures, and who may read it.
import ast
import re
import socket
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client.metrics import MetricWrapperBase

from access import Caller
from failure_causes import log_failure
from lifespan import open_metrics_port
from llm.protocol import AnswerEnd, ModelError
from main import create_app
from metrics.recorder import Sample
from sampling import Sampler
from server.metrics_access import find_prometheus
from settings import ROOT, SettingsError
from support.api.runs import STREAM, begin, followed
from support.databases.statement_counts import count_statements
from support.llm.scripted_model import ScriptedModel, call
from support.metrics import TOKEN, Meter, parse, read_samples
from support.servers import Person, Server, read_events, serving, settings_for, wait_until
from support.source import BACKEND, MODULES
from timings import Timings

pytestmark = pytest.mark.engines("sqlite")
Ask = Callable[..., httpx.Response]


def test_without_a_setting_there_is_no_page(server: Server, ask: Ask) -> None:
    unknown = server.client().get("/nothing")
    for headers in ({}, {"Authorization": f"Bearer {TOKEN}"}):
        answer = ask(server, **headers)
        assert (answer.status_code, answer.json()) == (404, unknown.json())


def test_a_port_alone_opens_no_page(own_database_url: str, ask: Ask) -> None:
    port = find_free_port()
    with serving(settings_for(own_database_url, metrics_port=port)) as server:
        assert ask(server, Authorization=f"Bearer {TOKEN}").status_code == 404
        served = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
        assert ("parley_runs_at_work", ()) in parse(served.text)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_only_the_operators_token_opens_the_page(measured: Server, ask: Ask) -> None:
    person = measured.person()
    api_token = person.post("/v1/me/tokens", name="A program", scopes=["read", "write"])["token"]
    assert ask(measured).status_code == 401
    for wrong in (TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), "é" * 20, api_token, person.tokens["access_token"]):
        headers = {"Authorization": f"Bearer {wrong}".encode()}
        refused = measured.client().get("/metrics", headers=headers)  # type: ignore[arg-type]
        assert refused.status_code == 401, wrong
        assert "parley_" not in refused.text.replace(api_token, "")
    twice = measured.client()
    assert twice.get("/metrics", headers=[("Authorization", f"Bearer {TOKEN}")] * 2).status_code == 401
    assert ask(measured, Authorization=f"Bearer {TOKEN}").status_code == 200
    assert "/metrics" not in measured.app.openapi()["paths"]


def test_a_port_that_is_taken_stops_the_start_with_one_line(own_database_url: str) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        settings = settings_for(own_database_url, metrics_port=port)
        create_app(settings)
        with pytest.raises(
            SettingsError, match=rf"^METRICS_PORT: 127.0.0.1:{port}: Address already in use.$"
        ):
            open_metrics_port(settings)


def test_requests_are_counted_by_their_routes_and_nothing_that_clients_choose(
    measured: Server, meter: Meter
) -> None:
    person = measured.person()
    task = person.post("/v1/tasks", title="Buy milk")
    for _ in range(3):
        person.get("/v1/tasks")
        person.http.get(f"/v1/tasks/{uuid4()}")
        person.http.get(f"/{uuid4()}", params={"q": uuid4().hex})
        person.http.request("PROPFIND", f"/v1/tasks/{task['id']}")
    person.http.head("/healthz")
    person.http.post("/v1/tasks", json={"title": ""})
    assert meter.grown("parley_requests_total") == {
        ("POST", "/v1/tasks", "201"): 1,
        ("GET", "/v1/tasks", "200"): 3,
        ("GET", "/v1/tasks/{task_id}", "404"): 3,
        ("GET", "none", "404"): 3,
        ("GET", "/healthz", "200"): 1,
        ("POST", "/v1/tasks", "422"): 1,
        ("other", "/v1/tasks/{task_id}", "405"): 3,
        ("GET", "/metrics", "200"): 1,  # of the meter itself
    }
    assert meter.grown("parley_request_seconds_count")["GET", "/v1/tasks"] == 3


def test_runs_are_counted_by_how_they_end_with_their_tokens_and_costs(
    measured: Server, meter: Meter, model: ScriptedModel
) -> None:
    person = measured.person()
    usage = AnswerEnd("stop", input_tokens=1_000_000, output_tokens=500_000)
    model.answers = [
        ["Hello.", usage],
        [ModelError("The model does not answer.", transient=False)],
        [call("add_task", {"title": "x"})],
        [call("add_task", {"title": "x"})],
    ]
    assert person.chat("hello")["status"] == "completed"
    assert person.chat("hello")["status"] == "failed"
    object.__setattr__(measured.state.worker.context.limits, "tool_calls", 1)
    assert person.chat("add x twice")["status"] == "failed"
    assert meter.grown("parley_runs_ended_total") == {
        ("", "completed"): 1,
        ("model", "failed"): 1,
        ("limit", "failed"): 1,
    }
    assert meter.grown("parley_run_seconds_count") == {("completed",): 1, ("failed",): 2}
    assert meter.grown("parley_run_tokens_total") == {
        ("input", "scripted"): 1_000_000,
        ("output", "scripted"): 500_000,
    }
    assert meter.grown("parley_run_cost_total") == {("scripted",): pytest.approx(2)}
    assert meter.grown("parley_limits_hit_total") == {("run tool calls",): 1}
    assert meter.grown("parley_failures_total") == {("", "model failed"): 1}


def test_a_run_that_is_cancelled_is_counted(measured: Server, meter: Meter, model: ScriptedModel) -> None:
    person, go_on = measured.person(), threading.Event()
    model.answers = [["Well", go_on]]
    run_id = begin(person)
    person.post(f"/v1/runs/{run_id}/cancel")
    wait_until(lambda: meter.grown("parley_runs_ended_total") == {("", "cancelled"): 1})


def test_commits_streams_and_the_log_are_measured(
    measured: Server, meter: Meter, model: ScriptedModel
) -> None:
    person = measured.person()
    model.answers = [[f"word{n} " for n in range(20)]]
    with person.http.stream("GET", "/v1/events/stream") as stream:
        events = read_events(stream)
        assert next(events).type == "reset"
        followed(person, begin(person))
        while next(events).type != "run.completed":
            pass
        take_sample(measured)
        assert meter.grown("parley_streams") == {("log",): 1}
        assert meter.grown("parley_connections")[()] >= 1
    lines = meter.grown("parley_batch_lines_sum")[()]
    assert lines >= 1
    assert 1 <= meter.grown("parley_batch_lines_count")[()] <= lines
    assert meter.grown("parley_log_events_total")[()] >= 2
    assert meter.grown("parley_log_read_seconds_count")[()] >= 1


def take_sample(server: Server, *, look: bool = True) -> Sample:
    async def take() -> Sample:
        sample = await Sampler(server.state, server.app.state.gate).take_sample(look=look)
        recorder = find_prometheus()
        assert recorder
        recorder.note_sample(sample)
        return sample

    return server.run(take())


@pytest.mark.engines("sqlite", "postgresql")
def test_a_sample_says_what_a_worker_has_and_what_waits(measured: Server, model: ScriptedModel) -> None:
    person, go_on = measured.person(), threading.Event()
    model.otherwise = ["Well", go_on]
    chat = person.post("/v1/conversations")["id"]
    first = begin(person, conversation_id=chat)
    begin(person, conversation_id=chat)
    # The second has a place for as long as it takes to see that it has to wait.
    sample = wait_until(lambda: sample if (sample := take_sample(measured)).runs_at_work == 1 else None)
    assert sample.runs == {"queued": 1, "running": 1, "awaiting_approval": 0}
    assert (sample.oldest_run_seconds or 0) > 0
    assert take_sample(measured, look=False).runs is None
    pools = {"long work", "requests"} | ({"readers"} if measured.state.db.is_sqlite else set())
    assert sample.pool_size.keys() == sample.pool_in_use.keys() == pools
    assert sample.pool_size["long work"] == 1
    go_on.set()
    followed(person, first)


def test_limits_that_are_run_into_are_counted_by_their_kinds(measured: Server, meter: Meter) -> None:
    person = measured.person()
    with measured.state.stream_slots.hold(person_caller(person)):
        object.__setattr__(measured.state.stream_slots._limits, "per_user", 1)
        assert person.http.get("/v1/events/stream").status_code == 429
    assert person.http.post("/v1/tasks", content=b"x" * 2_000_000).status_code == 413
    assert person.http.get("/healthz", headers={f"X-{n}": "y" for n in range(300)}).status_code == 431
    assert meter.grown("parley_limits_hit_total") == {
        ("too-many-streams",): 1,
        ("content-too-large",): 1,
        ("request-header-fields-too-large",): 1,
    }


def person_caller(person: Person) -> Any:
    return Caller(person.id, uuid4())


def test_failures_are_counted_by_the_class_of_their_cause(
    measured: Server, meter: Meter, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = measured.person()

    async def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError(uuid4().hex)

    monkeypatch.setattr("services.tasks.get_task", fail, raising=False)
    monkeypatch.setattr("routes.tasks.tasks.get_task", fail, raising=False)
    assert person.http.get(f"/v1/tasks/{uuid4()}").status_code == 500
    monkeypatch.setattr("sampling.count_active_runs", fail)
    with pytest.raises(ZeroDivisionError):
        take_sample(measured)
    log_failure("a test has failed", OSError(uuid4().hex))
    assert meter.grown("parley_failures_total") == {
        ("ZeroDivisionError", "request failed"): 1,
        ("OSError", "a test has failed"): 1,
    }


def test_what_is_logged_as_a_warning_or_an_error_is_a_text_of_the_code() -> None:
    """It is a label: one that is put together would be as many as there are things."""
    found = []
    for module in MODULES:
        for node in ast.walk(ast.parse((BACKEND / module).read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func)
            is_failure = name == "log_failure" or name in ("log.warning", "log.error", "log.exception")
            if is_failure and not isinstance(node.args[0], ast.Constant):
                found.append(f"{module}:{node.lineno}: {ast.unparse(node.args[0])}")
    assert found == ["failure_causes.py:77: event"]


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_metrics_add_no_statement_to_a_request_or_a_run(own_database_url: str, model: ScriptedModel) -> None:
    quiet = Timings(poll=60.0, worker_poll=60.0, metrics_sample=3600.0)
    counts = []
    for settings in ({}, {"metrics_token": TOKEN}):
        with serving(settings_for(own_database_url, **settings), model, quiet) as server:
            person = server.person()
            person.get("/v1/tasks")
            if settings:
                wait_until(lambda: read_samples(server).get(("parley_pool_size", (("pool", "requests"),))))
            model.answers = [[call("add_task", {"title": "Buy milk"})], []]
            chat = person.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM)
            with count_statements(server) as statements, chat as answer:
                assert list(read_events(answer))[-1].type == "run.completed"
                person.get("/v1/tasks")
                person.post("/v1/tasks", title="x")
            # Whether the session has ended, and what is to be reminded of, is asked for now and then.
            heads = [" ".join(statement.split())[:90] for statement in statements]
            counts.append([head for head in heads if "auth_sessions" not in head and "remind_at" not in head])
    assert sorted(counts[0]) == sorted(counts[1])


def test_every_metric_is_in_the_page_for_operators_with_its_labels(measured: Server) -> None:
    text = (ROOT / "specs" / "operating.md").read_text()
    rows = re.findall(r"^\| `(parley_\w+)` \|(.*?)\| ", text, re.MULTILINE)
    listed = {name.removesuffix("_total"): re.findall(r"`(\w+)`", labels) for name, labels in rows}
    held = [*vars(find_prometheus()).values(), *vars(find_prometheus())["_gauges"].values()]
    metrics = [value for value in held if isinstance(value, MetricWrapperBase)]
    assert listed == {metric._name: list(metric._labelnames) for metric in metrics}
