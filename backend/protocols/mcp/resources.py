# protocols/mcp/resources.py -- the resources and the prompts of the MCP server.
import json
from dataclasses import dataclass
from typing import cast
from uuid import UUID

from mcp.server.context import ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    ListResourcesResult,
    ListResourceTemplatesResult,
    PaginatedRequestParams,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextResourceContents,
)
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from starlette.requests import Request

from access import Caller
from db import Database
from errors import InsufficientScope, NotFound
from identity.api_tokens import ApiGrant
from models.identity.api_token import SCOPES_FOR, Permission
from models.identity.oauth import MAX_URI
from models.shapes import JsonObject
from pagination import Page
from protocols.mcp.auth import SCOPE_GRANT
from protocols.mcp.permissions import CONVERSATION_URI, TASKS_URI
from services import tasks
from services.messages import Span
from services.participation import kinds
from services.participation.kinds import ConversationFilter
from services.tasks import TaskFilter

McpContext = ServerRequestContext[object, Request]

JSON_TYPE = "application/json"
TEMPLATE = f"{CONVERSATION_URI}{{id}}"
MAX_ITEMS = 200
# What a missing resource is called in protocols before 2026-07-28, which have a code of their own for it.
RESOURCE_NOT_FOUND = -32002


@dataclass(frozen=True, slots=True)
class Resources:
    """Tasks and conversations of the caller, as far as the scopes of an API token allow."""

    db: Database

    async def list_resources(
        self, ctx: McpContext, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        caller = get_grant(ctx).caller
        cursor = params.cursor if params else None
        page: JsonObject = {"data": [], "next_cursor": None}
        if caller.is_allowed("chat:read"):
            listed = kinds.list_conversations(self.db, caller, Page(cursor=cursor), ConversationFilter())
            page = json.loads(await listed)
        found = [
            Resource(
                uri=CONVERSATION_URI + item["id"], name=item["title"] or "A conversation", mime_type=JSON_TYPE
            )
            for item in page["data"]
        ]
        if cursor is None and caller.is_allowed("tasks:read"):
            found.insert(
                0, Resource(uri=TASKS_URI, name="Tasks", description="The open ones.", mime_type=JSON_TYPE)
            )
        return ListResourcesResult(resources=found, next_cursor=page["next_cursor"])

    async def list_templates(
        self, ctx: McpContext, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        template = ResourceTemplate(
            uri_template=TEMPLATE,
            name="A conversation",
            description=f"Its newest {MAX_ITEMS} messages in order, with every tool call.",
            mime_type=JSON_TYPE,
        )
        may_read = get_grant(ctx).caller.is_allowed("chat:read")
        return ListResourceTemplatesResult(resource_templates=[template] if may_read else [])

    async def read_resource(self, ctx: McpContext, params: ReadResourceRequestParams) -> ReadResourceResult:
        try:
            return ReadResourceResult(contents=[await self.read(get_grant(ctx).caller, params.uri)])
        except NotFound as error:
            is_current = ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
            code = INVALID_PARAMS if is_current else RESOURCE_NOT_FOUND
            raise MCPError(code, error.detail, {"uri": params.uri[:MAX_URI]}) from error

    async def read(self, caller: Caller, uri: str) -> TextResourceContents:
        page = Page(MAX_ITEMS)
        if uri == TASKS_URI:
            require_permission(caller, "tasks:read")
            found = await tasks.list_tasks(self.db, caller, TaskFilter(completed=False), page)
        elif uri.startswith(CONVERSATION_URI) and (
            conversation_id := parse_id(uri.removeprefix(CONVERSATION_URI))
        ):
            require_permission(caller, "chat:read")
            found = await kinds.list_messages(self.db, caller, conversation_id, page, Span(before="end"))
        else:
            raise NotFound("resource")
        return TextResourceContents(uri=uri, mime_type=JSON_TYPE, text=found.decode())


def get_grant(ctx: McpContext) -> ApiGrant:
    """The grant that McpAuth has put into the request's scope."""
    assert ctx.request is not None
    return cast(ApiGrant, ctx.request.scope[SCOPE_GRANT])


def require_permission(caller: Caller, permission: Permission) -> None:
    if not caller.is_allowed(permission):
        raise InsufficientScope(SCOPES_FOR[permission][0])


def parse_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
