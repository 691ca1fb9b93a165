# test_failure_causes.py -- what the operator reads of a failure: the other side's words, one line, no keys.
import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy.exc import DataError

import lifespan
import main
from agent.worker import Worker
from failure_causes import MAX_CHARACTERS, REDACTED, describe_cause, find_place, to_one_line
from support.llm.scripted_provider import Status, scripted_provider
from support.servers import serving, settings_for, wait_until
from timings import Timings

KEY = 'live/very"secret+0123456789'


@pytest.mark.parametrize(
    ("said", "secret"),
    [
        (f"bad key {KEY}.", KEY),
        (json.dumps({"error": f"bad key {KEY}"}), "0123456789"),
        ("GET /x?key=live%2Fvery%22secret%2B0123456789", "0123456789"),
        ("Incorrect API key provided: sk-proj-abcdef********wxyz", "wxyz"),
        ("Authorization: Bearer abc.def-ghi", "abc"),
        ('{"authorization": "Basic YWJjOmRlZg=="}', "YWJj"),
        ("?key=AIzaSyA1234567890", "1234567890"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc", "eyJ"),
        ('{"api_key": "abc123"}', "abc123"),
        ("x-api-key: abc123", "abc123"),
        ("could not reach https://user:pa55word@example.com/v1", "pa55word"),
    ],
)
def test_keys_are_cut_out(said: str, secret: str) -> None:
    line = to_one_line(said, [KEY])
    assert secret not in line
    assert REDACTED in line


def test_what_is_no_key_stays() -> None:
    said = (
        "status_code: 400, model_name: m, body: {'message': 'registry.example/gemma does not support tools'}"
    )
    assert to_one_line(said) == said


def test_a_cause_is_one_line_of_bounded_length_without_control_characters() -> None:
    line = to_one_line("a\x1b[2Jb\r\n\n c\u202e\x85\ud800d" + "x" * 100_000)
    assert line.startswith("a\\x1b[2Jb c\\u202e \\ud800dx")
    assert len(line) < MAX_CHARACTERS + 30
    assert line.isprintable()


def test_a_key_is_not_shown_in_part_where_the_line_is_cut() -> None:
    for length in range(MAX_CHARACTERS - 40, MAX_CHARACTERS + 2):
        assert "live" not in to_one_line("x" * length + " " + KEY, [KEY])


def test_the_first_cause_is_told_and_nothing_twice() -> None:
    def fail() -> None:
        try:
            raise OSError("no route to host")
        except OSError as error:
            raise ValueError("it did not work") from error

    with pytest.raises(ValueError, match="it did not work") as caught:
        fail()
    assert describe_cause(caught.value) == "ValueError: it did not work <- OSError: no route to host"
    wrapped = DataError("INSERT ...", None, ValueError("integer out of range"))
    wrapped.__cause__ = wrapped.orig
    assert describe_cause(wrapped) == "DataError: integer out of range"


def test_the_place_is_the_last_line_of_ours() -> None:
    with pytest.raises(TypeError) as caught:
        to_one_line(5)  # type: ignore[arg-type]
    assert find_place(caught.value).startswith("failure_causes.py:")


def test_the_operator_reads_what_the_provider_said_and_the_person_does_not(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    words = f"registry.example/gemma does not support tools\x1b[2J (key {KEY}, Bearer abcdef)"
    with scripted_provider() as provider:
        provider.otherwise = Status(400, error={"message": words, "type": "api_error"})
        settings: dict[str, Any] = {"model": "x", "model_base_url": provider.base_url, "model_api_key": KEY}
        url = f"sqlite:///{tmp_path / 'parley.db'}"
        with serving(settings_for(url, log_level="warning", **settings)) as server:
            answer = server.person().chat("hello")
    assert answer["error"] == "The model provider rejected the request (400)."
    [line] = [line for line in capfd.readouterr().err.splitlines() if "model failed" in line]
    assert "does not support tools" in line
    assert "400" in line
    assert "\x1b[2J" not in line
    for secret in (KEY, "0123456789", "abcdef"):
        assert secret not in line


async def start_up(app: FastAPI) -> list[Any]:
    """What a server is told when it starts the app."""
    told: list[Any] = []

    async def receive() -> Any:
        return {"type": "lifespan.startup"}

    async def send(message: Any) -> None:
        told.append(message)

    await app({"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}, receive, send)
    return told


def test_a_start_that_fails_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("the disk\nis gone, password: hunter2")

    app = main.create_app(settings_for(f"sqlite:///{tmp_path / 'parley.db'}"))
    monkeypatch.setattr(lifespan, "build_app_state", fail)
    [told] = asyncio.run(start_up(app))
    assert told["type"] == "lifespan.startup.failed"
    assert told["message"].startswith("parley: the start failed: RuntimeError: the disk is gone")
    assert "hunter2" not in told["message"]
    assert "lifespan.py:" in told["message"]
    assert "\n" not in told["message"]


def test_a_job_that_fails_is_one_line_and_is_tried_again(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0

    async def fail(self: Worker) -> None:
        nonlocal tries
        tries += 1
        raise OSError("no space\nleft on device")

    monkeypatch.setattr(Worker, "poll", fail)
    with serving(settings_for(f"sqlite:///{tmp_path / 'parley.db'}"), timings=Timings(worker_poll=0.0)):
        wait_until(lambda: tries >= 2)
    lines = capfd.readouterr().err.splitlines()
    assert len(lines) >= 2
    assert all(
        "polling for runs failed" in line and "OSError: no space left on device" in line for line in lines
    )
