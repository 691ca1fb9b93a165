# test_json_logs.py -- LOG_FORMAT=json: each line is an object, whoever writes it, and says no more than a line of text.
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from logs import configure_logs
from support.processes.server_process import forked
from support.servers import KEY, wait_until

SECRET = "correct horse battery"


@pytest.fixture
def configured() -> Iterator[None]:
    """The loggers of the process are as before afterwards."""
    before, root = structlog.get_config(), logging.getLogger()
    handlers = root.handlers[:]
    formatters = {handler: handler.formatter for handler in handlers}
    yield
    structlog.configure(**before)
    root.handlers = handlers
    for handler, formatter in formatters.items():
        handler.setFormatter(formatter)


def test_a_line_is_an_object_with_the_words_of_its_event(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info", "json")
    log = structlog.get_logger()
    log.debug("not this one")
    with structlog.contextvars.bound_contextvars(request="r1"):
        log.warning("the database does not answer", seconds=1.5, words="two\nlines \x1b[2J \u202e \ud800")
    [line] = capsys.readouterr().err.splitlines()
    assert line.isascii()
    assert line.isprintable()
    said = json.loads(line)
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "event": "the database does not answer",
        "level": "warning",
        "request": "r1",
        "seconds": 1.5,
        "words": "two\nlines \x1b[2J \u202e \ud800",
    }


def test_a_traceback_is_a_text_without_the_values_of_variables(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info", "json")
    password = SECRET
    try:
        raise ValueError(f"a value of {len(password)} characters")
    except ValueError as error:
        structlog.get_logger().error("request failed", exc_info=error)
    try:
        raise OSError("disk full")
    except OSError as error:
        structlog.get_logger().error("request failed", exc_info=error)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())
    assert first["exception"].startswith("Traceback (most recent call last):\n")
    assert first["exception"].endswith("ValueError: a value of 21 characters")
    assert SECRET not in json.dumps(first)
    assert (second["reason"], "exception" in second) == ("OSError: disk full", False)


def test_what_libraries_log_is_an_object_too(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    logging.getLogger().handlers = []
    configure_logs("info", "json")
    logging.getLogger("asyncio").error("Task exception was %s", "never retrieved")
    said = json.loads(capsys.readouterr().err)
    assert (said["event"], said["logger"]) == ("Task exception was never retrieved", "asyncio")


@pytest.mark.slow
def test_a_server_writes_nothing_but_objects(tmp_path: Path) -> None:
    settings = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'parley.db'}",
        "SECRET_KEY": KEY,
        "LOG_FORMAT": "json",
    }
    with forked(tmp_path, **settings) as server:
        server.ready()
        person = server.person("ann@example.com", register=True)
        person.http.get("/v1/tasks", headers={"X-Request-ID": "mine"})
        wait_until(lambda: "/v1/tasks" in server.said())
        lines = [json.loads(line) for line in server.said().splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    [access] = [line for line in lines if line.get("path") == "/v1/tasks"]
    assert (access["event"], access["method"], access["status"]) == ("request", "GET", 200)
    assert SECRET not in json.dumps(lines)
