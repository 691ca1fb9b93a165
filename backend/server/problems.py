# server/problems.py -- errors as RFC 9457 problem+json, for clients and for the API's description.
import json
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from errors import DatabaseBusy, Invalid, ParleyError

log = structlog.get_logger()

# RFC 9110's names; older Pythons know former ones.
TITLES = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
MAX_REPORTED = 20
MAX_WORD = 100


def problem_title(status: int) -> str:
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
        title = problem_title(status)
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


def without_input(error: dict[str, Any]) -> dict[str, Any]:
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
    errors = [without_input(e) for e in error.errors()[:MAX_REPORTED]]
    where = ", ".join(".".join(str(part) for part in e["loc"][1:]) or str(e["loc"][0]) for e in errors[:3])
    return ProblemResponse(422, f"The request is not valid: {where}.", errors)


async def answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    return ProblemResponse(error.status_code, str(error.detail), headers=error.headers)


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ParleyError, answer_parley_error)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
    app.add_exception_handler(HTTPException, answer_http_error)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The error answers of a route, for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {ProblemResponse.media_type: {"schema": schema}}
    return {status: {"description": DESCRIPTIONS[status], "content": content} for status in statuses}


DESCRIPTIONS = {
    400: "The body cannot be read.",
    401: "Not signed in, or not any more.",
    403: "Not allowed; where only the current password is missing, `type` says so.",
    404: "Missing, or not yours.",
    409: "In conflict with what is stored.",
    410: "It was there, and you have deleted it.",
    413: "The body is over 1 MiB (16 KiB where nobody is signed in), or has too many values.",
    422: "The request is not valid; `errors` says where.",
    429: "Too many attempts; `Retry-After` says when to come back.",
    503: "The database does not answer, or too much is asked for at this moment; `Retry-After` says when to come back.",
}
SIGNED_IN = problems(401, 422)
SIGNED_IN_ONE = problems(401, 404, 422)
