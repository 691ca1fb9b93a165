# protocols/openai/failures.py -- errors as OpenAI's API tells them: {"error": {message, type, param, code}}.
import re
from collections.abc import Mapping
from itertools import takewhile
from typing import Literal

from fastapi import APIRouter, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic_core import to_json
from starlette.exceptions import HTTPException

from errors import INTERNAL_ERROR, Invalid, ParleyError
from routes.idempotency import IdempotentRoute
from routes.parameters import Handler
from server.problems import problem_title, to_slug

TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
# Beside the names of problems.
Code = Literal[
    "model_not_found",
    "response_not_found",
    "unknown_url",
    "invalid_json",
    "invalid_value",
    "unsupported_value",
    "wrong_model",
    "awaiting_approval",
    "run_failed",
    "timeout",
]
MAX_WORDS = 300
# A field or a place in a list; after them may come which type of a field was tried.
FIELD = re.compile(r"(?!str$)\w{1,100}")


class RequestRefused(Exception):
    """What Parley cannot do with a request; `param` is where in it."""

    def __init__(
        self, message: str, param: str | None, code: Code = "unsupported_value", status: int = 400
    ) -> None:
        super().__init__(message)
        self.message = message
        self.param = param
        self.code = code
        self.status = status


def describe_failure(status: int, message: str, code: Code | str, param: str | None = None) -> bytes:
    kind = "server_error" if status >= 500 else TYPES.get(status, "invalid_request_error")
    return to_json({"error": {"message": message, "type": kind, "param": param, "code": code}})


def answer_failure(
    status: int,
    message: str,
    code: Code | str | None = None,
    param: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    code = (code or to_slug(problem_title(status))).replace("-", "_")
    return Response(describe_failure(status, message, code, param), status, headers, "application/json")


def answer_error(error: Exception) -> Response | None:
    """None for an error that nobody has foreseen."""
    if isinstance(error, RequestRefused):
        return answer_failure(error.status, error.message, error.code, error.param)
    if isinstance(error, ParleyError):
        param = ".".join(str(part) for part in error.loc[1:]) if isinstance(error, Invalid) else None
        # What its type means here is told by 400: clients know no 422.
        status = 400 if error.status == 422 else error.status
        return answer_failure(status, error.detail, error.problem, param, error.headers)
    if isinstance(error, RequestValidationError):
        first = error.errors()[0]
        if first["type"] == "json_invalid":
            return answer_failure(400, "The body is no JSON.", "invalid_json")
        param = ".".join(takewhile(FIELD.fullmatch, (str(part) for part in first["loc"][1:])))
        return answer_failure(400, f"{param}: {first['msg'][:MAX_WORDS]}", "invalid_value", param)
    if isinstance(error, HTTPException):
        return answer_failure(error.status_code, str(error.detail), None, None, error.headers)
    return None


class OpenAIRoute(IdempotentRoute):
    """Tells errors in the envelope that these clients read."""

    def get_route_handler(self) -> Handler:
        handler = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                return await handler(request)
            except Exception as error:
                answer = answer_error(error)
                if answer is None:
                    raise
                return answer

        return handle


def describe_broken_run(error: str | None) -> bytes:
    """Of a run that has failed."""
    return describe_failure(502, error or INTERNAL_ERROR, "run_failed")


def make_router() -> APIRouter:
    return APIRouter(prefix="/openai/v1", include_in_schema=False, route_class=OpenAIRoute)
