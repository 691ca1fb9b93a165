# logs.py -- one line an event, to standard error, without secrets.
import logging
import sys
from typing import Any

import structlog


def say_why(_logger: Any, _method: str, line: dict[str, Any]) -> dict[str, Any]:
    """An error that has its cause in words needs no traceback, and a busy database would fill the log with them."""
    if why := getattr(line.get("exc_info"), "logged_as", None):
        del line["exc_info"]
        line["reason"] = why
    return line


def configure_logs(level: str) -> None:
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        say_why,
        # Plain tracebacks: the pretty ones print local variables, and with them tokens and passwords.
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        ),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # Looked up for each line: who has replaced stderr, for a while, gets the lines of that while and no others.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
