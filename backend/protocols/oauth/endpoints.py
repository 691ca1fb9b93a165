# protocols/oauth/endpoints.py -- OAuth's own endpoints: an app registers, sends a person here, gets and renews tokens.
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from app_state import AppState
from errors import NotFound, TooManyRequests
from identity.oauth.clients import Registration, register_client
from identity.oauth.grants import (
    Exchange,
    Lifetimes,
    TokenPair,
    exchange_code,
    revoke_by_token,
    rotate_tokens,
)
from identity.oauth.refusals import OAuthRefusal
from identity.rate_limits import CLIENTS_PER_ADDRESS, CLIENTS_PER_SERVER, EXCHANGES_PER_ADDRESS, network_of
from models import OAuthClient
from models.identity.oauth import MAX_CLIENT_ID
from models.shapes import JsonObject
from protocols.hosts import check_host
from protocols.oauth import metadata
from routes.door import get_app_state
from routes.route import FORM, JSON
from server.body_limits import MAX_ANONYMOUS_BYTES, BoundedRequest

MAX_QUERY = 6_000
MOST_FIELDS = 30
MAX_VERIFIER = 128
# What the console's address begins with where it asks a person whether an app may come in.
CONSENT_PAGE = "/#authorize?"
NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}
NOT_GOOD = "The code or the refresh token does not count, or not for this client."
Endpoint = Callable[[Request], Awaitable[Response]]


class OAuthEndpoint:
    """An endpoint that answers as OAuth's clients expect it, with bodies bounded as wherever anyone may come."""

    def __init__(self, handle: Endpoint) -> None:
        self.handle = handle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = BoundedRequest(scope, receive, MAX_ANONYMOUS_BYTES)
        check_host(request)
        if get_app_state(request).settings.oauth_clients == "none":
            raise NotFound("page")
        try:
            answer = await self.handle(request)
        except OAuthRefusal as refusal:
            answer = answer_refusal(refusal)
        except TooManyRequests as refusal:
            answer = answer_refusal(OAuthRefusal("temporarily_unavailable", refusal.detail, refusal.status))
            answer.headers.update(refusal.headers or {})
        await answer(scope, receive, send)


def answer_refusal(refusal: OAuthRefusal) -> Response:
    told = {"error": refusal.code, "error_description": refusal.description}
    return JSONResponse(told, refusal.status, NO_STORE)


def list_oauth_routes() -> list[Route]:
    return [
        Route(metadata.METADATA_PATH, metadata.describe_resource, methods=["GET"]),
        Route(metadata.ROOT_METADATA_PATH, metadata.describe_resource, methods=["GET"]),
        Route(metadata.SERVER_METADATA_PATH, metadata.describe_server, methods=["GET"]),
        Route(metadata.AUTHORIZE_PATH, OAuthEndpoint(send_to_console), methods=["GET"]),
        Route(metadata.TOKEN_PATH, OAuthEndpoint(answer_exchange), methods=["POST"]),
        Route(metadata.REVOKE_PATH, OAuthEndpoint(answer_revocation), methods=["POST"]),
        Route(metadata.REGISTER_PATH, OAuthEndpoint(answer_registration), methods=["POST"]),
    ]


async def send_to_console(request: Request) -> Response:
    """To this server's own page, which asks the person. Nothing is looked at here, so that nobody is sent elsewhere."""
    query = request.scope["query_string"].decode("latin-1")
    if len(query) > MAX_QUERY or not query.isascii() or not query.isprintable():
        raise OAuthRefusal("invalid_request", "The request is too long, or not of ASCII characters.")
    return RedirectResponse(CONSENT_PAGE + query, 303, NO_STORE)


async def answer_registration(request: Request) -> Response:
    """RFC 7591. Everybody is a public client here, whatever they asked to be."""
    state = get_app_state(request)
    if state.settings.oauth_clients != "any":
        raise NotFound("page")
    require_type(request, JSON)
    try:
        new = Registration.model_validate_json(await request.body())
    except ValidationError as error:
        where = ", ".join(".".join(map(str, one["loc"]))[:50] for one in error.errors()[:3])
        raise OAuthRefusal("invalid_client_metadata", f"The registration is not valid: {where}.") from None
    limiter = state.auth.rate_limiter
    await limiter.hit(CLIENTS_PER_ADDRESS, "register-client", find_network(request))
    await limiter.hit(CLIENTS_PER_SERVER, "register-client")
    client = await state.db.write(register_client, new)
    return JSONResponse(describe_client(client), 201, NO_STORE)


def describe_client(client: OAuthClient) -> JsonObject:
    return {
        "client_id": str(client.id),
        "client_id_issued_at": int(client.created_at.timestamp()),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris.split(" "),
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }


async def answer_exchange(request: Request) -> Response:
    """A code or a refresh token for the next tokens. Why one does not count is not told."""
    form, state = await read_form(request), get_app_state(request)
    await state.auth.rate_limiter.hit(EXCHANGES_PER_ADDRESS, "exchange", find_network(request))
    pair = await exchange_form(state, form)
    if pair is None:
        state.api_token_cache.forget()  # it may have ended a grant
        raise OAuthRefusal("invalid_grant", NOT_GOOD)
    told = {
        "access_token": pair.access_token,
        "token_type": "Bearer",
        "expires_in": pair.expires_in,
        "refresh_token": pair.refresh_token,
        "scope": pair.scope,
    }
    return JSONResponse(told, headers=NO_STORE)


async def exchange_form(state: AppState, form: dict[str, str]) -> TokenPair | None:
    lifetimes = Lifetimes(state.jwt.lifetime, state.auth.refresh_lifetime)
    resource = form["resource"].removesuffix("/") if "resource" in form else None
    client_id = require_field(form, "client_id")
    match require_field(form, "grant_type"):
        case "authorization_code":
            sent = Exchange(client_id, resource, form.get("redirect_uri"), form.get("code_verifier", ""))
            if len(sent.code_verifier) > MAX_VERIFIER:
                raise OAuthRefusal("invalid_request", "The code_verifier is too long.")
            return await state.db.write(exchange_code, require_field(form, "code"), sent, lifetimes)
        case "refresh_token":
            sent, token = Exchange(client_id, resource), require_field(form, "refresh_token")
            return await state.db.write(rotate_tokens, token, sent, form.get("scope", ""), lifetimes)
        case _:
            raise OAuthRefusal("unsupported_grant_type", "There are authorization_code and refresh_token.")


async def answer_revocation(request: Request) -> Response:
    """RFC 7009. The answer is the same for a token that is not known."""
    form, state = await read_form(request), get_app_state(request)
    await state.auth.rate_limiter.hit(EXCHANGES_PER_ADDRESS, "exchange", find_network(request))
    await state.db.write(revoke_by_token, require_field(form, "token"), require_field(form, "client_id"))
    state.api_token_cache.forget()
    return Response(status_code=200, headers=NO_STORE)


async def read_form(request: Request) -> dict[str, str]:
    """Its fields, each of which may come once (RFC 6749, section 3.2); empty ones count as left out."""
    require_type(request, FORM)
    try:
        pairs = parse_qsl((await request.body()).decode(), max_num_fields=MOST_FIELDS, errors="strict")
    except ValueError:
        raise OAuthRefusal("invalid_request", "The body is no form.") from None
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise OAuthRefusal("invalid_request", "A parameter comes twice.")
    return fields


def require_field(form: dict[str, str], name: str) -> str:
    value = form.get(name, "")
    if not value or len(value) > MAX_CLIENT_ID:
        raise OAuthRefusal("invalid_request", f"{name} is missing, or too long.")
    return value


def require_type(request: Request, taken: str) -> None:
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != taken:
        raise OAuthRefusal("invalid_request", f"Send the body as {taken}.")


def find_network(request: Request) -> str:
    return network_of(request.client.host if request.client else "unknown")
