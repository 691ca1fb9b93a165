# protocols/mcp/auth.py -- the authentication of /mcp: bearer tokens, DNS-rebinding protection, what a refusal names.
from collections.abc import Iterator
from contextlib import contextmanager

from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from errors import CHALLENGE, InsufficientScope, InvalidCredential, Unauthorized
from identity.api_tokens import TOKEN_PREFIX, ApiGrant
from models.identity.api_token import SCOPES_FOR
from protocols.hosts import check_host_and_origin
from protocols.mcp.on_demand import OnDemandServer
from protocols.mcp.permissions import require_scope
from protocols.oauth.metadata import MCP_PATH, METADATA_PATH, PERMISSIONS
from routes.door import find_caller, get_app_state, get_base_url, read_bearer
from security import derive_id
from server.body_limits import check_json_size, replay_body

# The key of the grant in a request's scope.
SCOPE_GRANT = "parley.grant"
# What a client without a token is told to ask for (RFC 6750, section 3). The person may give less.
FIRST_SCOPE = "read write"
# The title of the conversation for calls with an access token, which has no name.
SESSION_TITLE = "MCP"
INVALID_ID = {
    "jsonrpc": "2.0",
    "id": None,
    "error": {"code": -32600, "message": "The id of a request must be a string or a whole number."},
}


class McpAuth:
    """Authenticates requests to the MCP server and puts their grant into the scope; refuses as the REST API does."""

    def __init__(self) -> None:
        self.server = OnDemandServer()

    def routes(self) -> list[Route]:
        # No GET: the server sends no messages of its own. No DELETE: there are no sessions.
        return [
            Route(MCP_PATH, self, methods=["POST"]),
            Route(f"{MCP_PATH}/", self, methods=["POST"]),
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        check_host_and_origin(request)
        scope[SCOPE_GRANT] = grant = await find_grant(request)
        scope["headers"] = normalize_headers(request)
        try:
            body = await Request(scope, receive).body()
        except ClientDisconnect:
            return
        check_json_size(body)
        if grant.resource is not None:  # who came in by OAuth may be sent back to ask for more
            with naming_metadata(request):
                require_scope(grant.caller, body)
        send = refuse_invalid_id(scope, body, receive, send)
        # On every log line of this request.
        with bound_contextvars(
            user=str(grant.caller.user_id), token=str(grant.caller.token_id or SESSION_TITLE)
        ):
            await self.server.handle_request(scope, replay_body(body, receive), send)


def normalize_headers(request: Request) -> list[tuple[bytes, bytes]]:
    """The headers as the SDK reads them. No Accept header accepts every content type (RFC 9110, section 12.4.1), and
    spaces around a value are none of it (section 5.5).
    """
    said = request.headers
    kind = said.get("content-type", "").lower()  # case-insensitive (RFC 9110, section 8.3.1)
    accept = ", ".join(said.getlist("accept")).strip() or "*/*"
    others = [
        (name, value.strip(b" \t")) for name, value in said.raw if name not in (b"accept", b"content-type")
    ]
    return [*others, (b"accept", accept.encode("latin-1")), (b"content-type", kind.encode("latin-1"))]


def refuse_invalid_id(scope: Scope, body: bytes, receive: Receive, send: Send) -> Send:
    """Answer an invalid id with an error: the SDK takes such a request for a notification, and only acknowledges it."""
    refused = False

    async def say(message: Message) -> None:
        nonlocal refused
        if message["type"] == "http.response.start" and message["status"] == 202 and has_request_id(body):
            refused = True
            await JSONResponse(INVALID_ID, status_code=400)(scope, receive, send)
        elif not refused:
            await send(message)

    return say


def has_request_id(body: bytes) -> bool:
    """Whether a body that the SDK acknowledged with 202 is a request with an id; a response has an id but no method."""
    try:
        message = from_json(body)
    except ValueError:
        return False  # only the current protocol's parser accepts it, which treats ids correctly
    return "id" in message and "method" in message


async def find_grant(request: Request) -> ApiGrant:
    """The grant of the request's API token or access token; a refusal names the metadata (RFC 9728, section 5.1)."""
    with naming_metadata(request):
        grant = await find_any_grant(request)
        if not any(map(grant.caller.is_allowed, PERMISSIONS)):
            raise InsufficientScope(SCOPES_FOR[PERMISSIONS[0]][0])
    return grant


@contextmanager
def naming_metadata(request: Request) -> Iterator[None]:
    try:
        yield
    except (Unauthorized, InsufficientScope) as refusal:
        challenge = (refusal.headers or {})["WWW-Authenticate"]
        if isinstance(refusal, Unauthorized):
            challenge += f'{separate(challenge)}scope="{FIRST_SCOPE}"'
        metadata = f'resource_metadata="{get_base_url(request)}{METADATA_PATH}"'
        refusal.headers = {"WWW-Authenticate": challenge + separate(challenge) + metadata}
        raise


def separate(challenge: str) -> str:
    return " " if challenge == CHALLENGE else ", "


async def find_any_grant(request: Request) -> ApiGrant:
    state, token = get_app_state(request), read_bearer(request.headers)
    if token is None:
        raise Unauthorized("Sign in first: send an access token of Parley as the bearer token.")
    if token.startswith(TOKEN_PREFIX):
        grant = await state.api_token_cache.get_grant(token)
        if grant.resource not in (None, get_base_url(request) + MCP_PATH):
            raise InvalidCredential
        return grant
    caller = await find_caller(state, token)
    return ApiGrant(caller, SESSION_TITLE, derive_id(state.jwt.secret, "mcp", str(caller.user_id)))
