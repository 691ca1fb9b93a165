# logs.py -- one line for each event, on standard error, without secrets and terminal control characters.
import io
import logging
import sys
from typing import TextIO

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.typing import EventDict, ExcInfo, Processor

# SQLSTATE classes whose cause is outside of the program: connection, resources, locks, operator, system.
OUTSIDE = {"08", "53", "55", "57", "58"}


def escape_text(text: str) -> str:
    """Text without characters that act on a terminal or change the text's direction; line breaks are escaped too."""
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text
    )


def escape_values(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Only strings: other values are printed by `repr`, which escapes them."""
    return {name: escape_text(value) if isinstance(value, str) else value for name, value in event.items()}


def is_from_outside(error: object) -> bool:
    """Whether the cause is outside of the program, such as an unreachable database or a full disk."""
    if isinstance(error, DBAPIError):
        state = str(getattr(error.orig, "sqlstate", None) or "")
        return isinstance(error, OperationalError | InterfaceError) or state[:2] in OUTSIDE
    return isinstance(error, OSError | PoolTimeout)


def replace_traceback(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Replaces the traceback of a cause outside of the program by the other system's own message.

    DatabaseBusy has that message in `logged_as`.
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
    """Plain: structlog's other formatters print local variables, and with them tokens and passwords."""
    written = io.StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    sink.write("\n".join(map(escape_text, written.getvalue().split("\n"))))


def configure_logs(level: str) -> None:
    processors: list[Processor] = [
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
        # sys.stderr is looked up for each line, so that output captured by a test lands in that test.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
