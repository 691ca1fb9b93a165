# agent/failure_log.py -- one line of the log for a failure that a background task survives.
from typing import Any

import structlog

from failure_causes import cause_of, place_of

log = structlog.get_logger()


def log_failure(event: str, error: BaseException, **words: Any) -> None:
    """Log the cause on one line; the traceback only with LOG_LEVEL=debug."""
    log.error(event, cause=cause_of(error), place=place_of(error), **words)
    log.debug(event, exc_info=error)
