# llm/provider_errors.py -- what providers' failures mean, in words that may be shown to anybody.
from collections.abc import Iterable
from itertools import chain

from failure_causes import describe_cause
from llm.protocol import ModelError

BUSY = "The model provider is busy (rate limit)."
BROKEN = "The connection to the model provider broke."
FAILED = "The model provider failed."
FILTERED = "The model provider's content filter stopped this answer."
LATE = "The model did not answer in time."
REFUSED = "The model provider refused the key."
UNREADABLE = "The model provider sent an answer that cannot be read."


def explain(error: Exception, secrets: Iterable[str] = ()) -> ModelError:
    """What went wrong, without the address and the words of the provider: those are its `cause`, without keys."""
    explained = explain_mildly(error)
    explained.cause = describe_cause(error, secrets)
    return explained


def explain_mildly(error: Exception) -> ModelError:
    import httpx2
    from pydantic_ai import exceptions as pai

    first: dict[tuple[type[Exception], ...], tuple[str, bool]] = {
        (pai.ContentFilterError,): (FILTERED, False),
        (pai.ModelQuotaExceededError,): ("The quota at the model provider is used up.", False),
        (pai.ModelContextWindowExceededError,): ("The conversation is too long for the model.", False),
    }
    then: dict[tuple[type[Exception], ...], tuple[str, bool]] = {
        (pai.ModelAuthenticationError,): (REFUSED, False),
        (pai.ModelRequestRejectedError,): ("The model provider rejected the request.", False),
        (pai.ModelRateLimitError,): (BUSY, True),
        (pai.ModelServerError, pai.ModelUnavailableError): (FAILED, True),
        (TimeoutError, httpx2.TimeoutException, pai.ModelTimeoutError): (LATE, True),
        (OSError, httpx2.TransportError, pai.ModelConnectionError): (BROKEN, True),
        (pai.UserError,): ("The model cannot take such a request.", False),
        (Exception,): (FAILED if getattr(error, "in_stream", False) else UNREADABLE, True),
    }
    if getattr(error, "provider_error_code", None) == "content_filter":
        return ModelError(FILTERED, transient=False)
    if isinstance(error, pai.ModelHTTPError) and not isinstance(error, tuple(chain(*first))):
        return explain_status(error.status_code, error.retry_after)
    known = (answer for kinds, answer in {**first, **then}.items() if isinstance(error, kinds))
    reason, transient = next(known)
    return ModelError(reason, transient=transient, retry_after=getattr(error, "retry_after", None))


def explain_status(status: int, retry_after: float | None) -> ModelError:
    if status in (401, 403):
        return ModelError(REFUSED, transient=False)
    if status == 429:
        return ModelError(BUSY, transient=True, retry_after=retry_after)
    if status in (408, 409) or status >= 500:
        return ModelError(f"The model provider failed ({status}).", transient=True, retry_after=retry_after)
    return ModelError(f"The model provider rejected the request ({status}).", transient=False)
