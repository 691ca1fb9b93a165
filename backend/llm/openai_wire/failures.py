# llm/openai_wire/failures.py -- what a provider says when it refuses or fails, and the ModelError that it means.
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

from pydantic_core import to_json

from clock import utc_now
from failure_causes import to_one_line
from llm.context_overflow import is_context_overflow
from llm.openai_wire.sse import Unreadable, parse_json
from llm.protocol import ContextOverflow, ModelError
from llm.provider_errors import BUSY, FAILED, FILTERED, QUOTA, classify_status

MAX_WORDS = 4_000
# What is said of money, whatever the status: to ask again changes nothing.
_QUOTA = re.compile(
    r"insufficient[_ ](?:quota|balance|credits?|funds)|billing_hard_limit|exceeded your current quota|"
    r"credit balance is too low|payment required|out of credits",
    re.IGNORECASE,
)
_FILTER = re.compile(
    r"content_?filter|content management policy|responsible_?ai_?policy|data_inspection_failed|content_policy",
    re.IGNORECASE,
)
_BUSY = re.compile(r"rate.?limit|too many requests|resource_?exhausted|throttl", re.IGNORECASE)
# Google's RetryInfo, and what Groq and OpenAI write into the sentence.
_DELAY = re.compile(r'"retryDelay":\s*"([\d.]+)s"|try again in ([\d.]+) ?s(?:ec|\b)', re.IGNORECASE)


class ProviderRefusal(Exception):
    """A provider has said no, by its status or within an answer that had begun well.

    `status`: of the answer, or the one that the error names. `words`: all that it says, keys included.
    """

    def __init__(self, status: int | None, words: str, retry_after: float | None = None) -> None:
        super().__init__(f"{status or 'in the stream'}: {words}")
        self.status = status
        self.words = words
        self.retry_after = retry_after


def make_refusal(status: int, headers: Mapping[str, str], body: bytes) -> ProviderRefusal:
    """From an answer that is no 200."""
    try:
        words = describe_error(parse_json(body))
    except Unreadable:
        words = body.decode("utf-8", "replace")
    if location := headers.get("Location"):
        words = f"redirects to {location} {words}"
    return ProviderRefusal(status, words[:MAX_WORDS], read_retry_after(headers, words))


def find_error(chunk: Mapping[str, Any]) -> ProviderRefusal | None:
    """The error that a chunk of a 200 holds; None where it is a piece of an answer."""
    error = chunk.get("error")
    if not error:
        says = chunk.get("message") or chunk.get("detail") or chunk.get("errors")
        if "choices" in chunk or not says or chunk.get("object") not in (None, "error"):
            return None
        error = {key: value for key, value in chunk.items() if key != "object"}
    code = error.get("code", error.get("status")) if isinstance(error, dict) else None
    with suppress(TypeError, ValueError):
        code = int(code or 0)
    status = code if isinstance(code, int) and 400 <= code < 600 else None
    words = describe_error(error)[:MAX_WORDS]
    return ProviderRefusal(status, words, read_retry_after({}, words))


def describe_error(error: Any) -> str:
    """Its message first, then all of it: a proxy puts the words of the server behind it into other fields."""
    whole = error
    if isinstance(error, list) and error:
        error = error[0]
    if isinstance(error, dict) and isinstance(error.get("error"), (dict, str)):
        error = error["error"]
    message = error.get("message") or error.get("detail") if isinstance(error, dict) else error
    said = message if isinstance(message, str) else ""
    rest = re.sub(r"\s+", " ", to_text(whole))
    return f"{said} {rest}".strip() if said and said != rest else rest


def to_text(value: object) -> str:
    return (
        value
        if isinstance(value, str)
        else to_json(value, inf_nan_mode="constants").decode("utf-8", "replace")
    )


def read_retry_after(headers: Mapping[str, str], words: str) -> float | None:
    """In seconds, from the header (seconds or an HTTP date), or from what is said."""
    for name, unit in (("Retry-After-Ms", 1000), ("Retry-After", 1)):
        value = (headers.get(name) or "").strip()
        with suppress(ValueError):
            seconds = float(value) / unit
            if isfinite(seconds) and seconds >= 0:
                return seconds
        with suppress(ValueError, TypeError):
            moment = parsedate_to_datetime(value)
            return max(0.0, (ensure_zone(moment) - utc_now()).total_seconds())
    found = _DELAY.search(words)
    return float(found[1] or found[2]) if found else None


def ensure_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def explain_refusal(refusal: ProviderRefusal, secrets: Sequence[str] = ()) -> ModelError:
    """The ModelError of a refusal; the provider's words stand in its cause alone, without `secrets`."""
    status, words = refusal.status, refusal.words
    cause = to_one_line(f"{'HTTP ' + str(status) if status else 'in the stream'}: {words}", secrets)
    if is_context_overflow(words, status):
        return ContextOverflow(cause)
    error = classify_refusal(status, words, refusal.retry_after)
    error.cause = cause
    return error


def classify_refusal(status: int | None, words: str, retry_after: float | None) -> ModelError:
    """Money and filters are known by words, whatever the status; an error within a stream often has no status."""
    if status == 402 or (status not in (401, 403, 404) and _QUOTA.search(words)):
        return ModelError(QUOTA, transient=False)
    if status not in (401, 403, 404) and _FILTER.search(words):
        return ModelError(FILTERED, transient=False)
    if status is not None:
        return classify_status(status, retry_after)
    reason = BUSY if _BUSY.search(words) else FAILED
    return ModelError(reason, transient=True, retry_after=retry_after)
