# routes/openapi.py -- the API's description: what FastAPI makes of the routes, with the errors that all of them have.
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from models.shapes import ApiModel
from server.problems import problems

DESCRIPTION = """\
The backend behind a chatbot that gets things done. Register, sign in (the **Authorize** button takes your email as
*username*), then `POST /v1/chat`. Errors are `application/problem+json`; lists page by `next_cursor`."""


class Problem(ApiModel):
    """RFC 9457. `errors` comes with 422: where, what, and the kind of the error."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[dict[str, Any]] | None = None


def build_openapi(app: FastAPI) -> dict[str, Any]:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        shapes = schema["components"]["schemas"]
        shapes["Problem"] = Problem.model_json_schema()
        for path, there in schema["paths"].items():
            for operation in there.values() if path.startswith("/v1") else ():
                operation["responses"] |= {str(status): said for status, said in problems(503).items()}
        operations = [operation for path in schema["paths"].values() for operation in path.values()]
        for operation in operations:
            if "requestBody" in operation:
                operation["responses"] |= {str(status): said for status, said in problems(400, 413).items()}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if content["schema"].get("$ref", "").rpartition("/")[2].startswith("Body_sign_in"):
                    content["example"] = {"username": "ann@example.com", "password": "correct horse battery"}
        app.openapi_schema = schema
    return app.openapi_schema


def prepare_routes(app: FastAPI) -> None:
    """FastAPI builds an included route when the first request passes it; ours are ready before anybody asks.

    Two apps of one process, each in a thread, would otherwise build at once, which pydantic does not bear.
    """
    nowhere = {"type": "http", "method": "GET", "path": "/-", "root_path": "", "headers": []}
    for route in app.routes:
        route.matches(nowhere)
