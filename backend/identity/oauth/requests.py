# identity/oauth/requests.py -- what an app asks a person for: whether it may be asked so, and how the answer goes back.
import re
from dataclasses import dataclass

from errors import InvalidAppRequest
from identity.oauth.clients import Client
from identity.oauth.redirects import add_answer, is_registered_redirect, name_redirect
from models.identity.api_token import SCOPES, Scope, parse_scopes
from models.identity.oauth import ConsentPublic, ConsentRequest

# BASE64URL(SHA-256) without padding (RFC 7636, section 4.2).
CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
# What a client gets that names no scope, if the person agrees.
DEFAULT_SCOPES: list[Scope] = ["read", "write"]


@dataclass(frozen=True, slots=True)
class AppRequest:
    """A request that holds: only such a one is shown to a person."""

    client: Client
    redirect_uri: str
    code_challenge: str
    resource: str
    scopes: list[Scope]
    state: str

    def describe(self) -> ConsentPublic:
        return ConsentPublic(
            client_name=self.client.name,
            client_host=self.client.host,
            redirect_host=name_redirect(self.redirect_uri),
            scopes=self.scopes,
            resource=self.resource,
        )


def check_request(client: Client, asked: ConsentRequest, issuer: str, resource: str) -> AppRequest:
    """Raises InvalidAppRequest. Nobody is sent anywhere before the redirect URI is known to be the client's; every
    later fault has a way back, which tells the client.
    """
    if not is_registered_redirect(asked.redirect_uri, client.redirect_uris):
        raise InvalidAppRequest("The app wants the answer at an address that is not one of its own.")

    def refuse(code: str, description: str) -> InvalidAppRequest:
        answer = {"error": code, "error_description": description, "state": asked.state, "iss": issuer}
        return InvalidAppRequest(description, add_answer(asked.redirect_uri, **answer))

    if asked.response_type != "code":
        raise refuse("unsupported_response_type", "The app asks for another kind of answer than a code.")
    if asked.code_challenge_method != "S256" or not CHALLENGE.fullmatch(asked.code_challenge):
        raise refuse("invalid_request", "The app does not protect its request by PKCE with S256.")
    if asked.resource and asked.resource.removesuffix("/") != resource:
        raise refuse("invalid_target", "The app asks for access to another server.")
    scopes = choose_scopes(asked.scope)
    if not scopes:
        raise refuse("invalid_scope", "The app asks for nothing that there is here.")
    return AppRequest(client, asked.redirect_uri, asked.code_challenge, resource, scopes, asked.state)


def choose_scopes(asked: str) -> list[Scope]:
    """Those of ours among the words, or the default; `write` comes with `read`, as for API tokens."""
    if not asked.strip():
        return DEFAULT_SCOPES
    found = set(parse_scopes(" ".join(asked.split())))
    return [scope for scope in sorted(SCOPES) if scope in found or (scope == "read" and "write" in found)]


def narrow_scopes(asked: list[Scope], granted: list[Scope]) -> list[Scope]:
    """What the person grants of what was asked for; all of it where they name nothing."""
    kept = [scope for scope in asked if not granted or scope in granted]
    return kept if "read" in kept or "write" not in kept else ["read", *kept]
