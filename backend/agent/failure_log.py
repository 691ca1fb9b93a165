# agent/failure_log.py -- one log line for a failure that does not end a background task.
from typing import Any

import structlog
from structlog.typing import FilteringBoundLogger

from failure_causes import describe_cause, find_place

log: FilteringBoundLogger = structlog.get_logger()


def log_failure(event: str, error: BaseException, **words: Any) -> None:
    """Log the cause on one line; the traceback only with LOG_LEVEL=debug."""
    log.error(event, cause=describe_cause(error), place=find_place(error), **words)
    log.debug(event, exc_info=error)
