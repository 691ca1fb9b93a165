# protocols/oauth/metadata.py -- where clients read how to come in: RFC 9728 of /mcp, and RFC 8414 of this server.
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from errors import NotFound
from models.identity.api_token import SCOPES_FOR, Permission
from models.shapes import JsonObject
from protocols.hosts import check_host
from routes.door import get_app_state, get_base_url

MCP_PATH = "/mcp"
ROOT_METADATA_PATH = "/.well-known/oauth-protected-resource"
METADATA_PATH = f"{ROOT_METADATA_PATH}{MCP_PATH}"
SERVER_METADATA_PATH = "/.well-known/oauth-authorization-server"
AUTHORIZE_PATH, TOKEN_PATH = "/oauth/authorize", "/oauth/token"
REVOKE_PATH, REGISTER_PATH = "/oauth/revoke", "/oauth/register"
# What the tools and the resources ask for: an API token with none of it has nothing to do at /mcp.
PERMISSIONS: tuple[Permission, ...] = ("tasks:read", "tasks:write", "chat:read", "chat:write", "search")
SCOPES_SUPPORTED = sorted({scope for name in PERMISSIONS for scope in SCOPES_FOR[name]})


async def describe_resource(request: Request) -> Response:
    """Which tokens /mcp accepts, and who issues them."""
    check_host(request)
    base, settings = get_base_url(request), get_app_state(request).settings
    described: JsonObject = {
        "resource": f"{base}{MCP_PATH}",
        "resource_name": "Parley",
        "bearer_methods_supported": ["header"],
        "scopes_supported": SCOPES_SUPPORTED,
        "resource_documentation": f"{base}/docs",
    }
    if settings.oauth_clients != "none":
        described["authorization_servers"] = [base]
    return JSONResponse(described)


async def describe_server(request: Request) -> Response:
    """This server as one that issues tokens: to public clients alone, with PKCE."""
    check_host(request)
    base, settings = get_base_url(request), get_app_state(request).settings
    if settings.oauth_clients == "none":
        raise NotFound("page")
    described: JsonObject = {
        "issuer": base,
        "authorization_endpoint": f"{base}{AUTHORIZE_PATH}",
        "token_endpoint": f"{base}{TOKEN_PATH}",
        "revocation_endpoint": f"{base}{REVOKE_PATH}",
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "scopes_supported": SCOPES_SUPPORTED,
        "client_id_metadata_document_supported": True,
        "authorization_response_iss_parameter_supported": True,
        "service_documentation": f"{base}/docs",
    }
    if settings.oauth_clients == "any":
        described["registration_endpoint"] = f"{base}{REGISTER_PATH}"
    return JSONResponse(described)
