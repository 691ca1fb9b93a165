# logs.py -- one line for each event, on standard error, without secrets and terminal control characters.
import io
import logging
import sys
from typing import Literal, TextIO

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from structlog.typing import EventDict, ExcInfo, Processor

from metrics.recorder import get_recorder

# SQLSTATE classes whose cause is outside of the program: connection, resources, locks, operator, system.
OUTSIDE = {"08", "53", "55", "57", "58"}
# The word with which failure_causes.log_failure says where in the code it was.
PLACE = "place"


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


def count_failure(_logger: object, method: str, event: EventDict) -> EventDict:
    """What is logged as a warning or an error, by the class of its cause. Both stand in the code."""
    if method in ("warning", "error"):
        error = event.get("exc_info")
        cause = type(error).__name__ if isinstance(error, BaseException) else ""
        if PLACE in event:  # by log_failure, which says the class first
            cause = str(event.get("cause")).partition(":")[0]
        get_recorder().count_failure(event["event"], cause)
    return event


def write_traceback(sink: TextIO, exc_info: ExcInfo) -> None:
    """Plain: structlog's other formatters print local variables, and with them tokens and passwords."""
    written = io.StringIO()
    structlog.dev.plain_traceback(written, exc_info)
    sink.write("\n".join(map(escape_text, written.getvalue().split("\n"))))


def format_traceback(_logger: object, _method: str, event: EventDict) -> EventDict:
    """As write_traceback, as one more text of a JSON object."""
    if error := event.pop("exc_info", None):
        written = io.StringIO()
        if isinstance(error, BaseException):
            error = (type(error), error, error.__traceback__)
        structlog.dev.plain_traceback(written, error)
        event["exception"] = written.getvalue().strip()
    return event


STAMP = structlog.processors.TimeStamper(fmt="iso", utc=True)
# It escapes what is not ASCII, and with it what would act on a terminal.
RENDER_JSON = structlog.processors.JSONRenderer()
# uvicorn's loggers, each with a handler of its own, and the one of all others.
OTHER_LOGGERS = ("uvicorn", "uvicorn.access", "")


def configure_logs(level: str, style: Literal["text", "json"] = "text") -> None:
    rendering: list[Processor]
    if style == "json":
        rendering = [format_traceback, RENDER_JSON]
        write_others_as_json()
    else:
        console = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=write_traceback
        )
        rendering = [escape_values, console]
    processors: list[Processor] = [
        count_failure,
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        STAMP,
        replace_traceback,
        *rendering,
    ]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        # sys.stderr is looked up for each line, so that output captured by a test lands in that test.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )


def write_others_as_json() -> None:
    """What uvicorn and libraries log themselves; lines of uvicorn's before it imports the app stay as they are."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            STAMP,
            add_access_words,
        ],
        pass_foreign_args=True,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            format_traceback,
            RENDER_JSON,
        ],
    )
    if not logging.getLogger().handlers:
        logging.getLogger().addHandler(logging.StreamHandler())
    for name in OTHER_LOGGERS:
        for handler in logging.getLogger(name).handlers:
            handler.setFormatter(formatter)


def add_access_words(_logger: object, _method: str, event: EventDict) -> EventDict:
    """The parts of a line of uvicorn's access log, which otherwise stand in its text alone."""
    words = event.pop("positional_args", ())
    if event["logger"] == "uvicorn.access" and len(words) == 5:
        client, method, path, _, status = words
        event.update(event="request", client=client, method=method, path=path, status=status)
    return event
