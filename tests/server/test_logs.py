# test_logs.py -- where log lines go, and what never stands in them.
import io
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from logs import configure_logs


@pytest.fixture
def configured() -> Iterator[None]:
    before = structlog.get_config()
    yield
    structlog.configure(**before)


def test_a_line_goes_to_the_stderr_of_its_time(configured: None, capsys: pytest.CaptureFixture[str]) -> None:
    log = structlog.get_logger()
    with redirect_stderr(io.StringIO()) as aside:
        configure_logs("info")
        log.info("the first")
        assert "the first" in aside.getvalue()
    aside.close()
    log.info("the second")
    assert "the second" in capsys.readouterr().err


ACTING = ["\x1b[2J", "\r", "\n", "\x9b31m", "\u202e", "\u2066", "\x00", "\x7f", "\u2028", "\ud800"]


@pytest.mark.parametrize("acting", ACTING)
def test_nothing_in_a_line_acts_on_the_terminal(
    configured: None, capsys: pytest.CaptureFixture[str], acting: str
) -> None:
    configure_logs("info")
    structlog.get_logger().error(
        f"event{acting}",
        path=f"/v1/{acting}",
        words=f"two words{acting}",
        list=[acting],
        error=ValueError(acting),
    )
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert printed[:-1].isprintable()
    assert f"path=/v1/{acting.encode('unicode_escape').decode()}" in printed


@pytest.mark.parametrize("acting", ACTING)
def test_nothing_in_a_traceback_acts_on_the_terminal(
    configured: None, capsys: pytest.CaptureFixture[str], acting: str
) -> None:
    configure_logs("info")
    try:
        raise ValueError(f"the value {acting} is wrong")
    except ValueError as error:
        structlog.get_logger().error("it failed", exc_info=error)
    printed = capsys.readouterr().err
    assert "Traceback (most recent call last)" in printed
    assert all(line.isprintable() for line in printed.split("\n"))


def test_text_in_any_language_is_printed_as_it_is(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info")
    structlog.get_logger().info("✅ done", title="naïve-日本語-חלב")
    assert "✅ done" in (printed := capsys.readouterr().err)
    assert "title=naïve-日本語-חלב" in printed


class AdminShutdown(Exception):
    sqlstate = "57P01"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OperationalError("SELECT 1", {}, Exception("database or disk is full")), "database or disk is full"),
        (DBAPIError("SELECT 1", {}, AdminShutdown("terminating connection")), "terminating connection"),
        (ConnectionRefusedError(111, "Connect call failed\nand more"), "Connect call failed"),
        (PoolTimeout("QueuePool limit reached"), "QueuePool limit reached"),
    ],
)
def test_what_comes_from_outside_is_one_line_with_its_cause(
    configured: None, capsys: pytest.CaptureFixture[str], error: Exception, reason: str
) -> None:
    configure_logs("info")
    structlog.get_logger().error("cleaning up failed", exc_info=error)
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert reason in printed
    assert "SELECT" not in printed


def test_a_fault_of_the_program_keeps_its_traceback(
    configured: None, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs("info")
    structlog.get_logger().error("cleaning up failed", exc_info=IntegrityError("INSERT", {}, Exception("x")))
    assert "IntegrityError" in (printed := capsys.readouterr().err)
    assert printed.count("\n") > 1
