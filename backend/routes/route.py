# routes/route.py -- what each route does beside its function: who may come in, what may be sent, headers of the answer.
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, ClassVar
from urllib.parse import urlencode

from fastapi import Request, params
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.responses import StreamingResponse
from starlette.routing import Match
from starlette.types import Scope

from entity_tags import is_known, make_etag
from errors import UnsupportedMediaType
from routes.door import Door, find_door
from routes.parameters import Handler, build_lean_handler, find_query_names, refuse_unknown_parameters
from server.body_limits import MAX_ANONYMOUS_BYTES, BoundedRequest

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
# What an answer to a POST begins with that has made something, and what a page ends with that is not the last one.
NEW_ID = re.compile(rb'\{"id":"([0-9a-f-]{36})"')
NEXT_CURSOR = re.compile(rb'"next_cursor":"([^"\\]+)"\}$')


@dataclass(frozen=True, slots=True)
class Deprecation:
    """Since when a route should not be used any more, when it goes, and the path that takes its place."""

    since: datetime
    sunset: datetime
    successor: str

    def list_headers(self) -> dict[str, str]:
        """RFC 9745, RFC 8594 and the link relation of RFC 5829."""
        return {
            "Deprecation": f"@{int(self.since.timestamp())}",
            "Sunset": format_datetime(self.sunset.astimezone(UTC), usegmt=True),
            "Link": f'<{self.successor}>; rel="successor-version"',
        }


class Route(APIRoute):
    """Asks who is there before it reads the body, and reads at most 16 KiB of a body where anyone may come in.

    FastAPI itself would read and parse the body first, whoever sent it.
    """

    door: Door | None
    # A class of routes that will go says so; specs/api/versions.md has the rules.
    deprecation: ClassVar[Deprecation | None] = None
    # Whether what a POST makes can be read by its id; found out by the first one.
    leads_to_items: bool | None = None

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        # What clients that are made from the OpenAPI document call it: the function's own name.
        own = {"operation_id": endpoint.__name__, "deprecated": self.deprecation is not None or None}
        self.beginning = path.partition("{")[0]
        super().__init__(path, endpoint, **{**options, **own})

    def get_route_handler(self) -> Handler:
        door = self.door = find_door(self.dependant)
        handler = self.wrap_handler(build_lean_handler(self))
        max_bytes = MAX_ANONYMOUS_BYTES if door is None else None
        named = find_query_names(self.dependant)
        taken = None
        if self.body_field is not None:
            taken = FORM if isinstance(self.body_field.field_info, params.Form) else JSON
        is_api = self.include_in_schema or self.path.startswith("/chats/")

        async def handle(request: Request) -> Response:
            if door is not None:
                await door(request)
            if is_api and request.scope["query_string"]:
                refuse_unknown_parameters(request, named)
            if taken is not None:
                require_media_type(request, taken)
                request = BoundedRequest(request.scope, request.receive, max_bytes)
            answer = await handler(request)
            if self.deprecation is not None:
                answer.headers.update(self.deprecation.list_headers())
            return self.finish_answer(request, answer) if is_api else answer

        return handle

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Starlette tries one route after the other; most are told apart by the text that their paths begin with."""
        if self.beginning not in scope["path"]:
            return Match.NONE, {}
        return super().matches(scope)

    def wrap_handler(self, handler: Handler) -> Handler:
        """A subclass adds behaviour around the handler here."""
        return handler

    def finish_answer(self, request: Request, answer: Response) -> Response:
        """Add the entity tag of what it shows, where a new thing is, and where the next page is."""
        if isinstance(answer, StreamingResponse):
            return answer
        is_new = request.method == "POST" and answer.status_code == 201
        if not is_new and not (request.method in ("GET", "PATCH") and answer.status_code == 200):
            return answer
        body = bytes(answer.body)
        etag = make_etag(body)
        answer.raw_headers.append((b"etag", etag.encode()))  # nobody else sets one
        if is_new and (found := NEW_ID.match(body)):
            path = f"{request.scope['path']}/{found[1].decode()}"
            if self.leads_to_items is None:
                self.leads_to_items = is_readable(request, path)
            if self.leads_to_items:
                answer.raw_headers.append((b"location", path.encode()))
        if request.method == "GET":
            add_link(request, answer, body)
            if is_known(request.headers.get("if-none-match", ""), etag):
                return answer_unchanged(answer)
        return answer


def is_readable(request: Request, path: str) -> bool:
    """Whether GET has a route for the path."""
    scope = {**request.scope, "method": "GET", "path": path}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)


def add_link(request: Request, answer: Response, body: bytes) -> None:
    if found := NEXT_CURSOR.search(body, max(len(body) - 600, 0)):
        others = [pair for pair in request.query_params.multi_items() if pair[0] != "cursor"]
        query = urlencode([*others, ("cursor", found[1].decode())])
        answer.headers["Link"] = f'<{request.scope["path"]}?{query}>; rel="next"'


def answer_unchanged(answer: Response) -> Response:
    body_headers = ("content-length", "content-type")
    kept = {name: value for name, value in answer.headers.items() if name not in body_headers}
    return Response(status_code=304, headers=kept)


def require_media_type(request: Request, taken: str) -> None:
    """UnsupportedMediaType where a body comes that is not of the media type."""
    headers = request.headers
    if headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers:
        return
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    is_json = kind == JSON or (kind.startswith("application/") and kind.endswith("+json"))
    if not (is_json if taken == JSON else kind in (FORM, "multipart/form-data")):
        raise UnsupportedMediaType(taken)
