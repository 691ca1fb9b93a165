# logs.py -- one line an event, to standard error, without secrets and without what would act on a terminal.
import io
import logging
import sys
from typing import Any, TextIO

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.typing import EventDict, ExcInfo

# Classes of SQLSTATE that speak of the database's surroundings: connection, resources, locks, operator, system.
OUTSIDE = {"08", "53", "55", "57", "58"}


def escape_text(text: str) -> str:
    """Text in which nothing is left that a terminal would obey or that turns letters around; line breaks too."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def escape_values(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Values that are not text are printed by `repr`, which escapes them."""
    return {name: escape_text(value) if isinstance(value, str) else value for name, value in event.items()}


def is_from_outside(error: object) -> bool:
    """Whether the cause is around the program, not in it: a database that is away, a disk that is full."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return isinstance(error, OperationalError | InterfaceError) or state[:2] in OUTSIDE
    return isinstance(error, OSError | PoolTimeout)


def replace_traceback(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """What comes from outside is told in the other side's own words: a traceback would only hide them.

    A busy database has its words in `logged_as`.
    """
    error = event.get("exc_info")
    if why := getattr(error, "logged_as", None):
        del event["exc_info"]
        event["reason"] = why
    elif is_from_outside(error):
        del event["exc_info"]
        cause = error.orig if isinstance(error, DBAPIError) else error
        lines = str(cause).splitlines()
        event.setdefault("reason", f"{type(cause).__name__}: {lines[0]}" if lines else type(cause).__name__)
    return event


def write_traceback(sink: TextIO, exc_info: ExcInfo) -> None:
    """Plain: the pretty ones print local variables, and with them tokens and passwords."""
    written = io.StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    sink.write("\n".join(map(escape_text, written.getvalue().split("\n"))))


def configure_logs(level: str) -> None:
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        replace_traceback,
        escape_values,
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=write_traceback),
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # Looked up for each line: who has replaced stderr, for a while, gets the lines of that while and no others.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
