# failure_causes.py -- the cause of a failure as one line of the log, without secrets.
import json
import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import structlog
from structlog.typing import FilteringBoundLogger

log: FilteringBoundLogger = structlog.get_logger()

MAX_CHARACTERS = 500
# Only so much is searched for keys, and nothing behind it is shown.
MAX_READ_CHARACTERS = 20_000
REDACTED = "[cut out]"
BACKEND = Path(__file__).resolve().parent
# Text that looks like a key of any provider: after a word that names it, which stays, or by its own form.
NAMED_KEY = re.compile(
    r"(?i)((?:bearer|basic)\s+|(?:api[-_ ]?key|authorization|access[-_]?token|secret|password|[?&]key)"
    r"[\"'\\]{0,4}\s{0,4}[:=]\s{0,4}[\"'\\]{0,4}(?:(?:bearer|basic)\s+)?)[^\s\"'\\,;&<>(){}\[\]]+"
)
KEY = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|r8|nvapi)[-_][\w*.-]{6,}|\bAIza[\w-]{10,}|\beyJ[\w-]{10}[\w.-]*")
PASSWORD_IN_URL = re.compile(r"(://[^\s/:@]{0,200}:)[^\s/@]{1,200}(?=@)")


def to_one_line(text: str, secrets: Iterable[str] = ()) -> str:
    """The text without keys and control characters, cut to MAX_CHARACTERS."""
    for secret in secrets:
        for form in {secret, json.dumps(secret)[1:-1], quote(secret, safe="")} - {""}:
            text = text.replace(form, REDACTED)
    text = text[:MAX_READ_CHARACTERS]
    text = PASSWORD_IN_URL.sub(rf"\1{REDACTED}", text)
    text = KEY.sub(REDACTED, NAMED_KEY.sub(rf"\1{REDACTED}", text))
    words = " ".join(text.split())
    shown = words if len(words) <= MAX_CHARACTERS else words[: MAX_CHARACTERS - 1] + "…"
    return "".join(escape_character(character) for character in shown)


def escape_character(character: str) -> str:
    """Escapes control and format characters (text direction too) and lone surrogates."""
    return (
        ascii(character)[1:-1] if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co") else character
    )


def describe_cause(error: BaseException, secrets: Iterable[str] = ()) -> str:
    """The error and its causes, the first cause last: that one has the words of the other system."""
    lines: list[str] = []
    current: BaseException | None = error
    while current is not None and len(lines) < 4:
        orig = getattr(current, "orig", None)  # SQLAlchemy's errors repeat their driver's, with the statement
        words = str(orig if isinstance(orig, BaseException) else current)
        if not any(words and words in other for other in lines):
            lines.append(f"{type(current).__name__}: {words}")
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return to_one_line(" <- ".join(lines), secrets)


def find_place(error: BaseException) -> str:
    """The innermost line of our own code in the traceback."""
    place = ""
    trace: TracebackType | None = error.__traceback__
    while trace is not None:
        path = Path(trace.tb_frame.f_code.co_filename)
        if path.is_relative_to(BACKEND):
            place = f"{path.relative_to(BACKEND)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place


def log_failure(event: str, error: BaseException, **words: Any) -> None:
    """Log a failure that a background task survives on one line; the traceback only with LOG_LEVEL=debug."""
    log.error(event, cause=describe_cause(error), place=find_place(error), **words)
    log.debug(event, exc_info=error)
