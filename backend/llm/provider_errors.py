# llm/provider_errors.py -- turns providers' exceptions into ModelError; agent/loop.py retries the transient ones
from collections.abc import Iterable
from itertools import chain

from failure_causes import describe_cause
from llm.context_overflow import is_context_overflow
from llm.protocol import ContextOverflow, ModelError

BROKEN = "The connection to the model provider broke."
BUSY = "The model provider is busy (rate limit)."
CUT_OFF = "The model's answer was cut off before it had said anything."
EMPTY = "The model gave an empty answer."
FAILED = "The model provider failed."
FILTERED = "The model provider's content filter stopped this answer."
LATE = "The model did not answer in time."
QUOTA = "The quota at the model provider is used up."
REFUSED = "The model provider refused the key."
UNREADABLE = "The model provider sent an answer that cannot be read."


def make_size_error(most: int) -> ModelError:
    return ModelError(f"The model's calls and thoughts are longer than {most} bytes.", transient=False)


def explain_error(error: Exception, secrets: Iterable[str] = ()) -> ModelError:
    """The ModelError for an exception. Address and words of the provider stand in `cause` alone, without `secrets`."""
    model_error = classify_error(error)
    model_error.cause = describe_cause(error, secrets)
    return model_error


def classify_error(error: Exception) -> ModelError:
    """The ModelError without its cause. An HTTP status says more than the general class of an exception."""
    import httpx2
    from pydantic_ai import exceptions as pai

    specific: dict[tuple[type[Exception], ...], tuple[str, bool]] = {
        (pai.ContentFilterError,): (FILTERED, False),
        (pai.ModelQuotaExceededError,): (QUOTA, False),
    }
    general: dict[tuple[type[Exception], ...], tuple[str, bool]] = {
        (pai.ModelAuthenticationError,): (REFUSED, False),
        (pai.ModelRequestRejectedError,): ("The model provider rejected the request.", False),
        (pai.ModelRateLimitError,): (BUSY, True),
        (pai.ModelServerError, pai.ModelUnavailableError): (FAILED, True),
        (TimeoutError, httpx2.TimeoutException, pai.ModelTimeoutError): (LATE, True),
        (OSError, httpx2.TransportError, pai.ModelConnectionError): (BROKEN, True),
        (pai.UserError,): ("The model cannot take such a request.", False),
        (Exception,): (FAILED if getattr(error, "in_stream", False) else UNREADABLE, True),
    }
    status = getattr(error, "status_code", None)
    if isinstance(error, pai.ModelContextWindowExceededError) or (
        isinstance(error, pai.ModelHTTPError) and is_context_overflow(str(error), status)
    ):
        return ContextOverflow()
    if getattr(error, "provider_error_code", None) == "content_filter":
        return ModelError(FILTERED, transient=False)
    if isinstance(error, pai.ModelHTTPError) and not isinstance(error, tuple(chain(*specific))):
        return classify_status(error.status_code, error.retry_after)
    table = {**specific, **general}
    reason, transient = next(answer for kinds, answer in table.items() if isinstance(error, kinds))
    return ModelError(reason, transient=transient, retry_after=getattr(error, "retry_after", None))


def classify_status(status: int, retry_after: float | None) -> ModelError:
    if status in (401, 403):
        return ModelError(REFUSED, transient=False)
    if status == 429:
        return ModelError(BUSY, transient=True, retry_after=retry_after)
    if status in (408, 409) or status >= 500:
        return ModelError(f"The model provider failed ({status}).", transient=True, retry_after=retry_after)
    return ModelError(f"The model provider rejected the request ({status}).", transient=False)
