# agent/failure_log.py -- one line of the log for a failure that a background task survives.

import structlog
from structlog.typing import FilteringBoundLogger

from failure_causes import describe_cause, find_place

log: FilteringBoundLogger = structlog.get_logger()


def log_failure(event: str, error: BaseException, **words: object) -> None:
    """Log the cause on one line; the traceback only with LOG_LEVEL=debug."""
    log.error(event, cause=describe_cause(error), place=find_place(error), **words)
    log.debug(event, exc_info=error)
