# errors.py -- what can go wrong, and its RFC 9457 problem+json form.
import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, ClassVar

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger()

# RFC 9110's names; older Pythons know former ones.
TITLES = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
TOO_LARGE = "The body is over 1 MiB."
MAX_REPORTED = 20
MAX_WORD = 100
RETRY_SECONDS = 2
# All that a client is told of an exception that nobody foresaw.
INTERNAL_ERROR = "Something went wrong on our side."


class ParleyError(Exception):
    """Base of the errors that are told to the client; `detail` is a sentence for a person.

    `members` are further members of the problem, for a program (RFC 9457, 3.2).
    """

    status: ClassVar[int] = 400
    headers: dict[str, str] | None = None

    def __init__(self, detail: str, **members: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.members = members


class Unauthorized(ParleyError):
    status = 401

    def __init__(self, detail: str = "Sign in first: the access token is missing, wrong or expired.") -> None:
        super().__init__(detail)
        self.headers = {"WWW-Authenticate": "Bearer"}


class Forbidden(ParleyError):
    """For what a caller may never do; other people's rows are NotFound, never this."""

    status = 403


class PasswordRequired(Forbidden):
    """For a caller who is let in, but has to give the password once more: a program knows it by the type."""

    def __init__(self) -> None:
        super().__init__(
            "Give your current password with this, or sign in anew.",
            type="urn:parley:problem:password-required",
            title="Password Required",
        )


class NotFound(ParleyError):
    """Missing and forbidden alike, so that nobody learns what others have."""

    status = 404

    def __init__(self, noun: str) -> None:
        super().__init__(f"There is no such {noun}.")


class Conflict(ParleyError):
    status = 409


class Invalid(ParleyError):
    """A value that only the code, not the schema, can refuse; `loc` says where it stood."""

    status = 422

    def __init__(self, detail: str, loc: Sequence[str | int] = ()) -> None:
        super().__init__(detail)
        self.loc = tuple(loc)


class TooManyRequests(ParleyError):
    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"Too many attempts. Try again in {retry_after} seconds.")
        self.retry_after = retry_after
        self.headers = {"Retry-After": str(retry_after)}


class Busy(ParleyError):
    """The caller has too much going on already; `retry_after` are seconds, where that says when to come back."""

    status = 429

    def __init__(self, detail: str, retry_after: int | None = None) -> None:
        super().__init__(detail)
        if retry_after is not None:
            self.headers = {"Retry-After": str(retry_after)}


class Gone(ParleyError):
    """It was there, and the caller has deleted it."""

    status = 410


class Misdirected(ParleyError):
    """For another host than this server's."""

    status = 421


class Unavailable(ParleyError):
    status = 503


class DatabaseBusy(Unavailable):
    """The database is locked, full, away or has too much to do; `logged_as` says which, for the operator alone."""

    def __init__(self, logged_as: str) -> None:
        super().__init__("The database does not answer in time. Try again in a moment.")
        self.logged_as = logged_as
        self.headers = {"Retry-After": str(RETRY_SECONDS)}


def title_of(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase


class ProblemResponse(Response):
    media_type = "application/problem+json"

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[dict[str, Any]] | None = None,
        headers: Any = None,
        members: dict[str, str] | None = None,
    ) -> None:
        title = title_of(status)
        problem: dict[str, Any] = {
            "type": f"urn:parley:problem:{title.lower().replace(' ', '-')}",
            "title": title,
            "status": status,
            "detail": detail,
            **(members or {}),
        }
        if errors is not None:
            problem["errors"] = errors
        # ASCII escapes: a field name may hold half a surrogate pair, which has no UTF-8 form.
        super().__init__(json.dumps(problem).encode(), status, headers)


def reported(error: dict[str, Any]) -> dict[str, Any]:
    """A validation error without the input, which may be a password."""
    loc = [part[:MAX_WORD] if isinstance(part, str) else part for part in error["loc"]]
    return {"loc": loc, "msg": error["msg"][: 3 * MAX_WORD], "type": error["type"]}


async def answer_parley_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ParleyError)
    if isinstance(error, DatabaseBusy):
        log.warning("database busy", method=request.method, path=request.url.path, reason=error.logged_as)
    errors = None
    if isinstance(error, Invalid):
        errors = [{"loc": list(error.loc), "msg": error.detail, "type": "value_error"}]
    return ProblemResponse(error.status, error.detail, errors, error.headers, error.members)


async def answer_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    errors = [reported(e) for e in error.errors()[:MAX_REPORTED]]
    where = ", ".join(".".join(str(part) for part in e["loc"][1:]) or str(e["loc"][0]) for e in errors[:3])
    return ProblemResponse(422, f"The request is not valid: {where}.", errors)


async def answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    return ProblemResponse(error.status_code, str(error.detail), headers=error.headers)


class BodyLimit:
    """Refuses a body over `most` bytes: at once where it says its length, else when that much has come.

    FastAPI's own `max_body_size` answers in plain text, past every exception handler.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app = app
        self.most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        come = 0

        async def count() -> Message:
            nonlocal come
            message = await receive()
            come += len(message.get("body", b""))
            if come > self.most:
                raise HTTPException(413, TOO_LARGE)  # FastAPI lets only these pass while it reads a body
            return message

        length = Headers(scope=scope).get("content-length", "")
        if length.isdigit() and int(length) > self.most:
            await ProblemResponse(413, TOO_LARGE)(scope, receive, send)
        else:
            await self.app(scope, count, send)


class CrashAnswer:
    """Anything unforeseen: the log gets the traceback, the client a sentence, and the connection lives on."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:
            if started or scope["type"] != "http":
                raise
            log.error("request failed", method=scope["method"], path=scope["path"], exc_info=error)
            await ProblemResponse(500, INTERNAL_ERROR)(scope, receive, send)


def install(app: FastAPI, max_body_bytes: int) -> None:
    app.add_exception_handler(ParleyError, answer_parley_error)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
    app.add_exception_handler(HTTPException, answer_http_error)
    app.add_middleware(CrashAnswer)
    app.add_middleware(BodyLimit, most=max_body_bytes)
