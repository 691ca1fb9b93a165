# routes/openapi.py -- how routes describe their answers in the OpenAPI document, which api_docs/document.py completes.
from functools import cache

from pydantic import BaseModel, create_model

from models.shapes import ItemPage, JsonObject
from server.problems import ProblemResponse

# The JSON of an OpenAPI document, or of a part of it: FastAPI has no types for it.
Document = JsonObject
Responses = dict[int | str, Document]

DESCRIPTIONS = {
    400: "The body cannot be read.",
    401: "Not signed in, or the session has ended.",
    403: "Not allowed. Where an API token lacks a scope, `WWW-Authenticate` names it; where only the current password "
    "is missing, `type` says so.",
    404: "Missing, or not yours.",
    409: "In conflict with what is stored.",
    410: "The row existed, and was deleted.",
    412: "Changed since it was read: `If-Match` names an older `ETag`.",
    413: "The body is over 1 MiB (16 KiB where nobody is signed in, 100 MiB of a file), or has too many values.",
    415: "The body is of another media type.",
    422: "The request is not valid; `errors` says where.",
    429: "Too many attempts; `Retry-After` says when to come back.",
    503: "The database does not answer, or too much is asked for at this moment; `Retry-After` says when to come back.",
}
SCHEMA_REFERENCE = "#/components/schemas/{model}"
EVENT_STREAM = "text/event-stream"


def problems(*statuses: int) -> Responses:
    """The error answers of a route, for OpenAPI."""
    content = {ProblemResponse.media_type: {"schema": {"$ref": SCHEMA_REFERENCE.format(model="Problem")}}}
    return {status: {"description": DESCRIPTIONS[status], "content": content} for status in statuses}


SIGNED_IN = problems(401, 422)
SIGNED_IN_ONE = problems(401, 404, 422)


def page_of(page: type[BaseModel]) -> Responses:
    """The 200 answer of a list, whose bytes do not pass through pydantic."""
    return {200: {"description": "One page.", "model": page}}


@cache
def name_page(item: type[BaseModel]) -> type[BaseModel]:
    """The page of such items under a name for OpenAPI: TaskPage for TaskPublic."""
    name = f"{item.__name__.removesuffix('Public')}Page"
    return create_model(name, __base__=ItemPage[item])  # type: ignore[valid-type]


def list_of(item: type[BaseModel]) -> Responses:
    """The 200 answer of a list whose page is as most are, and whose bytes do not pass through pydantic."""
    return page_of(name_page(item))


def stream_of(events: str, example: JsonObject) -> Responses:
    """The answer of a stream. `events` is the schema of what each event has in `data:`."""
    content = {"schema": {"$ref": SCHEMA_REFERENCE.format(model=events)}, "example": example}
    return {200: {"description": "Server-sent events.", "content": {EVENT_STREAM: content}}}
