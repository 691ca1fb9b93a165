# api_docs/document.py -- the OpenAPI documents: one of version 3.1 for generators, one of 3.2 for what checks streams.
import copy
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import iter_route_contexts
from pydantic import Field, TypeAdapter

from api_docs.schemas import REFERENCE, drop_titles, find_used, finish_components, without_null
from console.session import COOKIE, HEADER
from console.session import PATH as CONSOLE_PATH
from errors.problem_types import PREFIX, PROBLEM_TYPES
from models.identity.api_token import SCOPES_FOR
from models.shapes import SPARSE, ApiModel, JsonObject
from models.streams.changes import UserStreamEvent
from models.streams.run_events import RunStreamEvent
from routes.door import Door
from routes.openapi import EVENT_STREAM, SCHEMA_REFERENCE, Document, problems
from routes.route import Route

TAGS = {
    "auth": "Register, sign in, stay signed in, sign out.",
    "me": "Yourself: profile, sessions, API tokens, usage, export and import.",
    "chat": "Talk to an agent: messages, runs and their streams, approvals, tool calls.",
    "conversations": "Conversations with agents and with people, and who takes part in them.",
    "chats": "Conversations with one agent of an account, by its path.",
    "tasks": "What is to be done.",
    "undo": "Take back what you or an agent did.",
    "search": "Find messages and tasks.",
    "events": "Hear of changes, as a stream or as pages; post events and read them.",
    "accounts": "Personal accounts and teams, members and invitations.",
    "agents": "Agents of an account, and their API tokens.",
    "pages": "What Parley's own pages need.",
    "operation": "For the operator's monitoring.",
}
SECURITY_SCHEMES: Document = {
    "ApiToken": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "parley_...",
        "description": "An API token of POST /v1/me/tokens. A route lists the scopes of which one is enough.",
    },
    "ConsoleSession": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": "The refresh token of Parley's own page.",
    },
}
PARAMETERS: Document = {
    "Prefer": {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "schema": {"type": "string"},  # what is not understood is no fault (RFC 7240)
        "description": "`timestamps=epoch-ms`: each `..._at` of the answer is an integer, in milliseconds since 1970, "
        "where this document has a string.",
    },
    "Console": {
        "name": HEADER,
        "in": "header",
        "required": True,
        "schema": {"const": "1"},
        "description": "No page of another site can send it.",
    },
}
TEXT: Document = {"type": "string"}
HEADERS: Document = {
    "X-Request-ID": {"description": "The id of the request, on our log lines, too.", "schema": TEXT},
    "X-Run-ID": {"description": "The run that the stream follows.", "schema": {**TEXT, "format": "uuid"}},
    "Retry-After": {"description": "Seconds after which to try again.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "What is wrong with the credential (RFC 6750).", "schema": TEXT},
    "Idempotent-Replayed": {"description": "`true` on a repeated answer.", "schema": TEXT},
}
# Which answers of a status have a header, beside that of all.
HEADERS_OF = {"401": "WWW-Authenticate", "429": "Retry-After", "503": "Retry-After"}


class ProblemField(ApiModel):
    """What is wrong with one value of a request. `pointer` is its place in the body, as a JSON Pointer (RFC 6901)."""

    loc: list[str | int]
    pointer: str | None
    msg: str
    type: str


class Problem(ApiModel):
    """RFC 9457. `errors` comes with 422: where, what, and the kind of the error. `run_id` comes with `run-busy`."""

    type: str = Field(json_schema_extra={"enum": [f"{PREFIX}{name}" for name in PROBLEM_TYPES]})
    title: str
    status: int
    detail: str
    errors: Annotated[list[ProblemField] | None, SPARSE] = None
    run_id: Annotated[UUID | None, SPARSE] = None


def build_document(app: FastAPI, server_url: str) -> Document:
    """Version 3.1: what a stream sends has the shape of one event's `data:`, as generators of clients expect."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary="The backend behind a chatbot that gets things done.",
        description=app.description,
        contact={"name": "Parley"},
        license_info={"name": "MIT", "identifier": "MIT"},
        routes=app.routes,
        tags=[{"name": name, "description": text} for name, text in TAGS.items()],
        servers=[{"url": server_url}],
    )
    components = document["components"]
    components["schemas"] |= describe_shapes()
    components["securitySchemes"] |= copy.deepcopy(SECURITY_SCHEMES)
    components |= {"parameters": copy.deepcopy(PARAMETERS), "headers": copy.deepcopy(HEADERS)}
    doors = find_doors(app)
    operations = [
        (method.upper(), path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    for method, path, operation in operations:
        add_security(operation, path, doors.get((method, path)))
        complete_operation(operation, path)
    sent, answered = list_bodies([operation for _, _, operation in operations])
    schemas = components["schemas"]
    finish_components(schemas, find_used(schemas, sent), find_used(schemas, answered))
    return document


def describe_shapes() -> Document:
    """The shapes that no route names to FastAPI: problems, and the events of streams."""
    by_name, defined = TypeAdapter.json_schemas(
        [
            ("Problem", "serialization", TypeAdapter(Problem)),
            ("RunEvent", "serialization", TypeAdapter(RunStreamEvent)),
            ("ChangeEvent", "serialization", TypeAdapter(UserStreamEvent)),
        ],
        ref_template=SCHEMA_REFERENCE,
    )
    unions = {name: schema for (name, _), schema in by_name.items() if REFERENCE not in schema}
    return {**defined["$defs"], **unions}


def find_doors(app: FastAPI) -> dict[tuple[str, str], Door | None]:
    """The door of each route by method and path."""
    return {
        (method, context.path or ""): context.original_route.door
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, Route)
        for method in context.methods or ()
    }


def add_security(operation: Document, path: str, door: Door | None) -> None:
    """A session, or an API token with any one of the scopes; for the console its cookie and its header."""
    if path.startswith(CONSOLE_PATH):
        operation["security"] = [] if path == CONSOLE_PATH else [{"ConsoleSession": []}]
        add_parameter(operation, "Console")
    elif door is None:
        operation["security"] = []
    else:
        scopes = SCOPES_FOR[door.permission] if door.permission else ()
        operation["security"] = [{door.scheme_name: []}, *({"ApiToken": [scope]} for scope in scopes)]
        add_problems(operation, 403)


def add_parameter(operation: Document, name: str) -> None:
    operation.setdefault("parameters", []).append({"$ref": f"#/components/parameters/{name}"})


def add_problems(operation: Document, *statuses: int) -> None:
    operation["responses"] |= {str(status): answer for status, answer in problems(*statuses).items()}


def complete_operation(operation: Document, path: str) -> None:
    """Add what every operation of a kind has: error answers, headers, a preference; name no parameter null."""
    for parameter in operation.get("parameters", []):
        if "schema" in parameter:
            parameter["schema"] = without_null(parameter["schema"])
            drop_titles(parameter["schema"])
    if path.startswith("/v1"):
        add_problems(operation, 503)
        add_parameter(operation, "Prefer")
    if "requestBody" in operation:
        is_file = "application/octet-stream" in operation["requestBody"]["content"]
        add_problems(operation, 400, 413, *(() if is_file else (415,)))
        add_sign_in_example(operation["requestBody"])
    named = {parameter.get("name") for parameter in operation.get("parameters", [])}
    for status, answer in operation["responses"].items():
        for content in answer.get("content", {}).values():
            if REFERENCE in content["schema"]:  # FastAPI adds what it would have answered itself
                content["schema"] = {REFERENCE: content["schema"][REFERENCE]}
        names = ["X-Request-ID"]
        if status in HEADERS_OF:
            names.append(HEADERS_OF[status])
        if status[0] == "2" and "Idempotency-Key" in named:
            names.append("Idempotent-Replayed")
        if EVENT_STREAM in answer.get("content", {}) and "/events/stream" not in path:
            names.append("X-Run-ID")
        answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def add_sign_in_example(body: Document) -> None:
    for content in body["content"].values():
        if content["schema"].get("$ref", "").endswith("/Body_sign_in"):
            content["example"] = {"username": "ann@example.com", "password": "correct horse battery"}


def list_bodies(operations: list[Document]) -> tuple[list[Document], list[Document]]:
    """The schemas of what is sent, and of what is answered."""
    sent = [
        content["schema"]
        for operation in operations
        for content in operation.get("requestBody", {}).get("content", {}).values()
    ]
    answered = [
        content["schema"]
        for operation in operations
        for answer in operation["responses"].values()
        for content in answer.get("content", {}).values()
    ]
    return sent, answered


def describe_streams(document: Document) -> Document:
    """The same document of version 3.2, which has a word for the events of a stream.

    Each is as a client's parser gives it.
    """
    newer = copy.deepcopy(document)
    newer["openapi"] = "3.2.0"
    for methods in newer["paths"].values():
        for operation in methods.values():
            for answer in operation["responses"].values():
                if EVENT_STREAM in answer.get("content", {}):
                    data = answer["content"][EVENT_STREAM]["schema"]
                    answer["content"][EVENT_STREAM] = {"itemSchema": describe_event(data)}
    return newer


def describe_event(data: Document) -> JsonObject:
    """`id` is not sent with an event that has no number, nor `data` with the wait before a new try."""
    return {
        "type": "object",
        "properties": {
            "id": TEXT,
            "event": TEXT,
            "retry": {"type": "integer"},
            "data": {**TEXT, "contentMediaType": "application/json", "contentSchema": data},
        },
    }
