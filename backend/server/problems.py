# server/problems.py -- errors as problem+json answers (RFC 9457), and the handlers that turn exceptions into them.
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TypedDict

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match
from structlog.typing import FilteringBoundLogger

from errors import DatabaseBusy, Invalid, ParleyError
from errors.problem_types import PREFIX
from metrics.recorder import get_recorder
from models.shapes import JsonObject

log: FilteringBoundLogger = structlog.get_logger()

# The names of RFC 9110; Python 3.12 and older know those of RFC 7231.
TITLES = {413: "Content Too Large", 414: "URI Too Long", 422: "Unprocessable Content"}
MAX_REPORTED = 20
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
MAX_WORD = 100
# Who gets such an answer has run into a limit.
LIMIT_STATUSES = frozenset({413, 429})
DATABASE_BUSY = "database-busy"


class FieldError(TypedDict):
    """What is wrong with one value of a request, in pydantic's words: where it stands, what, and the kind of error.

    `pointer` is the place in the body as a JSON Pointer (RFC 6901); None where the value is not in the body.
    """

    loc: list[str | int]
    pointer: str | None
    msg: str
    type: str


def problem_title(status: int) -> str:
    return TITLES.get(status) or HTTPStatus(status).phrase


def to_slug(title: str) -> str:
    return title.lower().replace(" ", "-")


def describe_problem(
    status: int, detail: str, problem: str | None = None, members: Mapping[str, str] | None = None
) -> dict[str, object]:
    """The members of a problem of the type `problem`, by default of that of its status, with `members` beside."""
    title = problem.replace("-", " ").title() if problem else problem_title(status)
    return {
        "type": f"{PREFIX}{to_slug(title)}",
        "title": title,
        "status": status,
        "detail": detail,
        **(members or {}),
    }


class ProblemResponse(Response):
    media_type = "application/problem+json"

    def __init__(
        self,
        status: int,
        detail: str,
        errors: Sequence[FieldError] | None = None,
        headers: Mapping[str, str] | None = None,
        problem: str | None = None,
        members: dict[str, str] | None = None,
    ) -> None:
        described = describe_problem(status, detail, problem, members)
        if errors is not None:
            described["errors"] = errors
        if status in LIMIT_STATUSES or problem == DATABASE_BUSY:
            get_recorder().count_limit(problem or to_slug(problem_title(status)))
        # json.dumps escapes to ASCII: a field name may hold a lone surrogate, which has no UTF-8 form.
        super().__init__(json.dumps(described).encode(), status, headers)


def without_input(error: JsonObject) -> FieldError:
    """A validation error without its input, which may be a password."""
    loc = [part[:MAX_WORD] if isinstance(part, str) else part for part in error["loc"]]
    return describe_field(loc, error["msg"][: 3 * MAX_WORD], error["type"])


def describe_field(loc: Sequence[str | int], message: str, type_: str) -> FieldError:
    where = (str(part).replace("~", "~0").replace("/", "~1") for part in loc[1:])
    pointer = "".join(f"/{part}" for part in where) if loc and loc[0] == "body" else None
    return {"loc": list(loc), "pointer": pointer, "msg": message, "type": type_}


async def answer_parley_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ParleyError)
    if isinstance(error, DatabaseBusy):
        log.warning("database busy", method=request.method, path=request.url.path, reason=error.logged_as)
    errors: list[FieldError] | None = None
    if isinstance(error, Invalid):
        errors = [describe_field(error.loc, error.detail, "value_error")]
    return ProblemResponse(error.status, error.detail, errors, error.headers, error.problem, error.members)


async def answer_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    if error.errors()[0]["type"] == "json_invalid":
        [first] = error.errors()
        return ProblemResponse(
            400, f"The body is no JSON at character {first['loc'][1]}: {first['ctx']['error']}."
        )
    errors = [without_input(e) for e in error.errors()[:MAX_REPORTED]]
    where = ", ".join(".".join(str(part) for part in e["loc"][1:]) or str(e["loc"][0]) for e in errors[:3])
    return ProblemResponse(422, f"The request is not valid: {where}.", errors)


async def answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code in (204, 304):
        return Response(status_code=error.status_code, headers=error.headers)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(list_methods(request))
    return ProblemResponse(error.status_code, str(error.detail), headers=headers)


def list_methods(request: Request) -> list[str]:
    """The methods of all routes with the path of the request; Starlette names those of the first one."""
    app: FastAPI = request.app
    found = [
        method
        for method in METHODS
        if any(route.matches({**request.scope, "method": method})[0] is Match.FULL for route in app.routes)
    ]
    return ["HEAD", *found] if "GET" in found else found


def install_error_handlers(app: FastAPI) -> None:
    app.add_exception_handler(ParleyError, answer_parley_error)
    app.add_exception_handler(RequestValidationError, answer_validation_error)
    app.add_exception_handler(HTTPException, answer_http_error)
