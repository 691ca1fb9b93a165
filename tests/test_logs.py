# tests/test_logs.py -- where log lines go.
import io
from collections.abc import Iterator
from contextlib import redirect_stderr

import pytest
import structlog

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
