# routes/openapi.py -- how routes describe their answers in the OpenAPI document, and the document itself.
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel

from models.account import InvitationPublic
from models.audit.undo_step import UndoStepPublic
from models.event import ChangePublic
from models.identity.api_token import SCOPES_FOR
from models.message import RecordedToolCallPublic
from models.participation.message_delivery import DeliveryPublic
from models.search.excerpt import ExcerptPart
from models.search.search_hit import MessageHit, TaskHit
from models.shapes import ApiModel, JsonObject
from routes.dependencies import Route
from routes.door import Door
from server.problems import ProblemResponse

# The JSON of an OpenAPI document, or of a part of it. Any: FastAPI has no types for it.
Document = dict[str, Any]
Responses = dict[int | str, Document]

DESCRIPTIONS = {
    400: "The body cannot be read.",
    401: "Not signed in, or the session has ended.",
    403: "Not allowed. Where an API token lacks a scope, `WWW-Authenticate` names it; where only the current password "
    "is missing, `type` says so.",
    404: "Missing, or not yours.",
    409: "In conflict with what is stored.",
    410: "The row existed, and was deleted.",
    413: "The body is over 1 MiB (16 KiB where nobody is signed in, 100 MiB of a file), or has too many values.",
    422: "The request is not valid; `errors` says where.",
    429: "Too many attempts; `Retry-After` says when to come back.",
    503: "The database does not answer, or too much is asked for at this moment; `Retry-After` says when to come back.",
}


API_TOKEN_SCHEME: Document = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "parley_...",
    "description": "An API token of POST /v1/me/tokens. A route lists the scopes of which one is enough.",
}


# What only lists have, whose bytes do not pass through pydantic.
LISTED = (
    ChangePublic,
    DeliveryPublic,
    ExcerptPart,
    InvitationPublic,
    MessageHit,
    RecordedToolCallPublic,
    TaskHit,
    UndoStepPublic,
)
PREFER: Document = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "maxLength": 200},
    "description": "`timestamps=epoch-ms`: each `..._at` of the answer is an integer, in milliseconds since 1970, "
    "where this document has a string.",
}


class Problem(ApiModel):
    """RFC 9457. `errors` comes with 422: where, what, and the kind of the error."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[JsonObject] | None = None


def problems(*statuses: int) -> Responses:
    """The error answers of a route, for OpenAPI."""
    schema = {"$ref": "#/components/schemas/Problem"}
    content = {ProblemResponse.media_type: {"schema": schema}}
    return {status: {"description": DESCRIPTIONS[status], "content": content} for status in statuses}


SIGNED_IN = problems(401, 422)
SIGNED_IN_ONE = problems(401, 404, 422)


SCHEMA_REFERENCE = "#/components/schemas/{model}"


def list_of(*items: type[BaseModel], **ends: Document) -> Responses:
    """The 200 answer of a list, whose bytes do not pass through pydantic. `ends` stand in place of `next_cursor`.

    Several `items` are told apart by their `kind`.
    """
    references = [{"$ref": SCHEMA_REFERENCE.format(model=item.__name__)} for item in items]
    item = references[0] if len(references) == 1 else {"oneOf": references}
    ends = ends or {"next_cursor": {"anyOf": [{"type": "string"}, {"type": "null"}]}}
    schema = {
        "type": "object",
        "required": ["data", *ends],
        "properties": {
            "data": {"type": "array", "items": item},
            **ends,
        },
    }
    return {200: {"description": "One page.", "content": {"application/json": {"schema": schema}}}}


def build_openapi(app: FastAPI) -> Document:
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        components = schema["components"]
        components["schemas"]["Problem"] = Problem.model_json_schema()
        # Of lists, whose bytes do not pass through pydantic.
        for item in LISTED:
            components["schemas"][item.__name__] = item.model_json_schema(ref_template=SCHEMA_REFERENCE)
        components["securitySchemes"]["ApiToken"] = API_TOKEN_SCHEME
        doors = find_doors(app)
        for path, operations in schema["paths"].items():
            for method, operation in operations.items():
                add_security(operation, doors.get((method.upper(), path)))
                complete_operation(operation, is_versioned=path.startswith("/v1"))
        app.openapi_schema = schema
    return app.openapi_schema


def find_doors(app: FastAPI) -> dict[tuple[str, str], Door | None]:
    """The door of each route by method and path."""
    return {
        (method, context.path or ""): context.original_route.door
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, Route)
        for method in context.methods or ()
    }


def add_security(operation: Document, door: Door | None) -> None:
    """A session, or an API token with any one of the scopes."""
    if door is None:
        return
    scopes = SCOPES_FOR[door.permission] if door.permission else ()
    operation["security"] = [{door.scheme_name: []}, *({"ApiToken": [scope]} for scope in scopes)]
    operation["responses"] |= {str(status): response for status, response in problems(403).items()}


def complete_operation(operation: Document, *, is_versioned: bool) -> None:
    """Add the error answers that every operation of a kind has, a preference, and an example of the sign-in form."""
    statuses = [503] if is_versioned else []
    if is_versioned:
        operation["parameters"] = [*operation.get("parameters", []), PREFER]
    if "requestBody" in operation:
        statuses += [400, 413]
    operation["responses"] |= {str(status): response for status, response in problems(*statuses).items()}
    for content in operation.get("requestBody", {}).get("content", {}).values():
        if content["schema"].get("$ref", "").rpartition("/")[2].startswith("Body_sign_in"):
            content["example"] = {"username": "ann@example.com", "password": "correct horse battery"}
