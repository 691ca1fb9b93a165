# test_processes.py -- Parley as its own process: started as documented, terminated, killed, started again.
import signal
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from settings import ROOT
from support.llm.scripted_provider import Calls, Hang, ScriptedProvider, Text
from support.processes.server_process import forked, started
from support.servers import KEY, TIMEOUT, ok, read_events, wait_until

pytestmark = pytest.mark.slow

STREAM = {"Accept": "text/event-stream"}


def model_settings(provider: ScriptedProvider, database_url: str) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url,
        "SECRET_KEY": KEY,
        "MODEL": "some-model",
        "MODEL_BASE_URL": provider.base_url,
        "RATE_LIMITS": "off",
    }


def test_both_documented_ways_to_start_work_and_share_the_database(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'parley.db'}"}
    with started(tmp_path, cwd=ROOT / "backend", **settings) as first:
        ann = first.ready().person("ann@example.com", register=True)
        ann.chat("add buy milk")
        assert "✅ Database tables initialized" in first.said()
        token = ann.http.headers["Authorization"]
    with started(tmp_path, "--app-dir", "backend", **settings) as second:
        second.ready()
        assert "initialized" not in second.said()
        answer = httpx.get(f"{second.base_url}/v1/tasks", headers={"Authorization": token}, trust_env=False)
        assert [task["title"] for task in ok(answer)["data"]] == ["Buy milk"]
    key = tmp_path / "parley.db.key"
    assert key.stat().st_mode & 0o777 == 0o600


def test_sigterm_with_an_open_stream_ends_the_process_and_the_next_one_goes_on(
    tmp_path: Path, new_database: Callable[[str], str], engine_name: str, provider: ScriptedProvider
) -> None:
    settings = model_settings(provider, new_database(engine_name))
    provider.script += [Calls([("add_task", '{"title": "Buy milk"}')]), Hang(20), Text("All done.")]
    with forked(tmp_path, **settings) as first:
        ann = first.ready().person("ann@example.com", register=True)
        with ann.http.stream("POST", "/v1/chat", json={"message": "milk"}, headers=STREAM) as answer:
            seen = []
            for event in read_events(answer):
                seen.append(event)
                if event.type == "tool.result":
                    wait_until(lambda: len(provider.requests) == 2)
                    first.process.send_signal(signal.SIGTERM)
        assert first.process.wait(timeout=10) is not None
        assert "Traceback" not in first.said()
    with forked(tmp_path, **settings) as second:
        ann = second.ready().person("ann@example.com")
        with ann.http.stream(
            "GET", f"/v1/runs/{seen[0].data['run_id']}/events", headers={"Last-Event-ID": str(seen[-1].id)}
        ) as answer:
            rest = list(read_events(answer))
        assert rest[-1].type == "run.completed"
        assert [event.id for event in seen + rest] == list(range(1, len(seen + rest) + 1))
        assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Buy milk"]


def test_a_killed_process_loses_nothing_that_was_acknowledged(
    tmp_path: Path, new_database: Callable[[str], str], engine_name: str
) -> None:
    settings = {"DATABASE_URL": new_database(engine_name), "SECRET_KEY": KEY, "RATE_LIMITS": "off"}
    with forked(tmp_path, **settings) as first:
        ann = first.ready().person("ann@example.com", register=True)
        made = [ann.post("/v1/tasks", title=f"Task {n}")["id"] for n in range(5)]
        first.process.kill()
    with forked(tmp_path, **settings) as second:
        ann = second.ready().person("ann@example.com")
        assert [task["id"] for task in ann.get("/v1/tasks")["data"]] == made[::-1]


def test_two_workers_on_one_port_serve_one_database(
    tmp_path: Path, new_database: Callable[[str], str], engine_name: str
) -> None:
    settings = {"DATABASE_URL": new_database(engine_name), "SECRET_KEY": KEY, "RATE_LIMITS": "off"}
    with forked(tmp_path, "--workers", "2", **settings) as both:
        both.ready()
        wait_until(lambda: both.said().count("Application startup complete") == 2, 30)
        ann = both.person("ann@example.com", register=True)
        for n in range(6):  # each from a connection of its own, so that both workers get some
            with httpx.Client(
                base_url=both.base_url, headers=dict(ann.http.headers), timeout=TIMEOUT, trust_env=False
            ) as http:
                assert ok(http.post("/v1/chat", json={"message": f"add task {n}"}))["status"] == "completed"
        assert len(ann.get("/v1/tasks")["data"]) == 6
        both.process.send_signal(signal.SIGTERM)
        both.process.wait(timeout=15)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "parley: SECRET_KEY is not set."),
        ({"SECRET_KEY": "short"}, "parley: SECRET_KEY is shorter than 32 bytes."),
        ({"LOG_LEVEL": "loud"}, "parley: LOG_LEVEL: Input should be 'debug', 'info', 'warning' or 'error'"),
        ({"MODEL": "openai:gpt"}, "parley: MODEL with the provider openai needs MODEL_API_KEY."),
        ({"MODEL": "nonsense"}, "parley: MODEL"),
        (
            {"DATABASE_URL": "oracle://x/y", "SECRET_KEY": KEY},
            "parley: DATABASE_URL: oracle is not supported",
        ),
        ({"DATABASE_URL": "nonsense", "SECRET_KEY": KEY}, "parley: DATABASE_URL"),
        ({"DATABASE_URL": "sqlite://"}, "parley: DATABASE_URL: SQLite needs a file"),
        (
            {"DATABASE_URL": "postgresql://n@127.0.0.1:1/x", "SECRET_KEY": KEY},
            "parley: the database does not answer",
        ),
    ],
)
def test_what_cannot_work_stops_the_start_with_one_line(
    tmp_path: Path, settings: dict[str, str], line: str
) -> None:
    database = {"DATABASE_URL": f"sqlite:///{tmp_path / 'parley.db'}"}
    with forked(tmp_path, **{**database, **settings}) as process:
        assert process.process.wait(timeout=30) != 0
        said = process.said()
    assert line in said
    assert "Traceback" not in said
