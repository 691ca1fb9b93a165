# protocols/mcp/auth.py -- the authentication of /mcp: bearer tokens, DNS-rebinding protection, RFC 9728 metadata.
from urllib.parse import urlsplit

from pydantic_core import from_json
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send
from structlog.contextvars import bound_contextvars

from app_state import AppState
from errors import CHALLENGE, Forbidden, InsufficientScope, MisdirectedRequest, Unauthorized
from identity.api_tokens import TOKEN_PREFIX, ApiGrant
from models.identity.api_token import SCOPES_FOR, Permission
from protocols.mcp.on_demand import OnDemandServer
from routes.door import find_caller, get_app_state, get_base_url, read_bearer
from security import derive_id
from server.body_limits import check_json_size, replay_body

MCP_PATH = "/mcp"
METADATA_PATH = f"/.well-known/oauth-protected-resource{MCP_PATH}"
# The key of the grant in a request's scope.
SCOPE_GRANT = "parley.grant"
LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
# What the tools ask for: an API token with none of it has nothing to do here.
PERMISSIONS: tuple[Permission, ...] = ("tasks:read", "tasks:write")
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
            Route(METADATA_PATH, describe_resource, methods=["GET"]),
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
        send = refuse_invalid_id(scope, body, receive, send)
        # On every log line of this request.
        with bound_contextvars(
            user=str(grant.caller.user_id), token=str(grant.caller.token_id or SESSION_TITLE)
        ):
            await self.server.handle_request(scope, replay_body(body, receive), send)


def normalize_headers(request: Request) -> list[tuple[bytes, bytes]]:
    """The headers as the SDK reads them. No Accept header accepts every content type (RFC 9110, section 12.4.1)."""
    said = request.headers
    kind = said.get("content-type", "").lower()  # case-insensitive (RFC 9110, section 8.3.1)
    accept = ", ".join(said.getlist("accept")).strip() or "*/*"
    others = [(name, value) for name, value in said.raw if name not in (b"accept", b"content-type")]
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
    try:
        grant = await find_any_grant(get_app_state(request), read_bearer(request.headers))
        if not any(map(grant.caller.is_allowed, PERMISSIONS)):
            raise InsufficientScope(SCOPES_FOR[PERMISSIONS[0]][0])
    except (Unauthorized, InsufficientScope) as refusal:
        challenge = (refusal.headers or {})["WWW-Authenticate"]
        separator = " " if challenge == CHALLENGE else ", "
        metadata = f'resource_metadata="{get_base_url(request)}{METADATA_PATH}"'
        refusal.headers = {"WWW-Authenticate": challenge + separator + metadata}
        raise
    return grant


async def find_any_grant(state: AppState, token: str | None) -> ApiGrant:
    if token is None:
        raise Unauthorized("Sign in first: send an access token of Parley as the bearer token.")
    if token.startswith(TOKEN_PREFIX):
        return await state.api_token_cache.get_grant(token)
    caller = await find_caller(state, token)
    return ApiGrant(caller, SESSION_TITLE, derive_id(state.jwt.secret, "mcp", str(caller.user_id)))


def check_host_and_origin(request: Request) -> None:
    """DNS-rebinding protection: only known Host and Origin values are let in."""
    state = get_app_state(request)
    host = request.headers.get("host", "")
    if parse_host(f"//{host}") not in list_known_names(request, state):
        raise MisdirectedRequest("This server does not go by that name; its operator can set PUBLIC_URL.")
    origin = request.headers.get("origin")
    if origin is None or {origin, "*"} & set(state.settings.cors_origins):
        return
    if not origin.startswith(("http://", "https://")) or parse_host(origin) not in list_known_names(
        request, state
    ):
        raise Forbidden("Pages of that origin may not call this server.", problem="origin-refused")


def list_known_names(request: Request, state: AppState) -> set[str | None]:
    """The allowed hosts; among them is the address that the request came to, which no page can forge."""
    own = request.scope.get("server") or ("",)
    public = state.settings.public_url
    return {*LOOPBACK_NAMES, own[0], *([parse_host(public)] if public else [])} - {None, ""}


def parse_host(url: str) -> str | None:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None


async def describe_resource(request: Request) -> Response:
    """Protected resource metadata (RFC 9728): which tokens are accepted. It names no authorization server."""
    check_host_and_origin(request)
    base = get_base_url(request)
    return JSONResponse(
        {
            "resource": f"{base}{MCP_PATH}",
            "resource_name": "Parley",
            "bearer_methods_supported": ["header"],
            "scopes_supported": sorted({scope for name in PERMISSIONS for scope in SCOPES_FOR[name]}),
            "resource_documentation": f"{base}/docs",
        }
    )
