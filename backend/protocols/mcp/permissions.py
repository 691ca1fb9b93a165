# protocols/mcp/permissions.py -- what each request of MCP needs, and how an app is told that it lacks it.
from collections.abc import Mapping

from pydantic_core import from_json

from access import Caller
from errors import InsufficientScope
from models.identity.api_token import SCOPES_FOR, Permission
from protocols.mcp.conversation_tools import CONVERSATION_TOOLS
from tools.registry import TOOLS

TASKS_URI = "parley://tasks"
CONVERSATION_URI = "parley://conversations/"


def find_permission(method: object, params: Mapping[str, object]) -> Permission | None:
    """What a request needs; None for one that everybody may make, or that is refused for another reason."""
    name, uri = params.get("name"), params.get("uri")
    if method == "tools/call" and isinstance(name, str):
        tool = TOOLS.get(name) or CONVERSATION_TOOLS.get(name)
        return tool.permission if tool else None
    if method == "resources/read" and isinstance(uri, str):
        return find_resource_permission(uri)
    return "tasks:read" if method == "prompts/get" else None


def find_resource_permission(uri: str) -> Permission | None:
    if uri == TASKS_URI:
        return "tasks:read"
    return "chat:read" if uri.startswith(CONVERSATION_URI) else None


def require_scope(caller: Caller, body: bytes) -> None:
    """Raises InsufficientScope for a request that the caller's scopes do not reach; the scope that it names is what the
    caller has together with what is missing, so that who asks a person for it loses nothing.
    """
    try:
        message = from_json(body)
    except ValueError:
        return  # it is refused as what is no JSON
    params = message.get("params") if isinstance(message, dict) else None
    permission = find_permission(message.get("method"), params) if isinstance(params, dict) else None
    if permission is None or caller.is_allowed(permission):
        return
    missing = SCOPES_FOR[permission][0]
    raise InsufficientScope(" ".join(sorted({*(caller.scopes or ()), missing})))
