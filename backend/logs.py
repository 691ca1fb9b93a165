# logs.py -- one line an event, to standard error, without secrets.
import logging
import sys
from typing import Any

import structlog


def configure_logs(level: str) -> None:
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
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
