# protocols/mcp/server.py -- the MCP face of tools.py: tools as clients see them, calls and what comes of them.
from contextlib import nullcontext
from typing import Any, Literal
from uuid import UUID

import structlog
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR as JSONRPC_INTERNAL_ERROR
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
    ToolAnnotations,
)
from mcp_types import Tool as McpTool
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import to_json

from agent.direct_calls import ONLY_CALL_ID, DirectCall, DirectCallResult, DirectCalls, find_result
from errors import INTERNAL_ERROR, ParleyError, TooManyRequests
from llm.sanitize import clean, unstorable
from models.columns import Shape
from protocols.mcp.auth import get_base_url
from protocols.mcp.resources import McpContext, Resources, get_grant, parse_id
from routes.dependencies import Parts
from services.identity.api_tokens import Grant
from services.identity.rate_limits import CALLS_PER_PROGRAM
from streaming.disconnects import until_gone
from tools.registry import TOOLS, Tool, strip_titles

log = structlog.get_logger()

INSTRUCTIONS = """\
Parley keeps the tasks of one person and their conversations with an agent. Find a task's id with list_tasks before \
you change it. Every call is on record where the person can see it. A call may have to wait until they approve it in \
Parley: the answer says so, the call is then made without you, and calling again does not hurry it."""
IDEMPOTENCY_META = "parley/idempotency_key"
RETRY_AFTER_META = "parley/retry_after_seconds"
ELICITATION_ID = "approval"
# What is the same for everybody; the rest may change at any time.
LIST_CACHE = CacheHint(ttl_ms=3_600_000, scope="public")


class AwaitingApprovalResult(Shape):
    """What a call gives that its person has to approve first."""

    status: Literal["awaiting_approval"] = "awaiting_approval"
    run_id: UUID
    tool_call_id: str
    approve_at: str


def output_schema(tool: Tool) -> dict[str, Any]:
    if tool.effect == "read":
        return tool.output()
    waiting = strip_titles(AwaitingApprovalResult.model_json_schema(mode="serialization"))
    return {"type": "object", "anyOf": [tool.output(), waiting]}


def to_mcp_tool(tool: Tool) -> McpTool:
    return McpTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.parameters(),
        output_schema=output_schema(tool),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.effect == "read",
            destructive_hint=tool.effect == "destructive",
            idempotent_hint=tool.idempotent,
            open_world_hint=False,
        ),
    )


class McpServer:
    """What clients may ask for, on behalf of whom the door has let in."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.db = parts.db
        seconds = parts.worker.context.limits.approval_seconds
        self.resources = Resources(parts.db)
        self.calls = DirectCalls(parts.db, seconds, parts.settings.runs_per_user)

    def build(self) -> Server[Any]:
        server: Server[Any] = Server(
            "parley",
            title="Parley",
            version="0.1.0",
            instructions=INSTRUCTIONS,
            cache_hints=dict.fromkeys(["tools/list", "prompts/list", "resources/templates/list"], LIST_CACHE),
            get_tool_input_schema=lambda name: None,  # for headers that our schemas do not ask for
            on_list_tools=self.list_tools,
            on_list_resources=self.resources.list_resources,
            on_list_resource_templates=self.resources.list_templates,
            on_read_resource=self.resources.read_resource,
            on_list_prompts=self.resources.list_prompts,
            on_get_prompt=self.resources.get_prompt,
        )
        server.add_request_handler("tools/call", CallToolRequestParams, self.call_tool)
        server.middleware[:] = [hide_exceptions]
        return server

    async def list_tools(self, ctx: McpContext, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[to_mcp_tool(tool) for tool in TOOLS.values()])

    async def call_tool(
        self, ctx: McpContext, params: CallToolRequestParams
    ) -> dict[str, Any] | InputRequiredResult:
        if params.name not in TOOLS:
            raise MCPError(
                INVALID_PARAMS,
                f"There is no tool named {params.name[:100]}. The tools are: {', '.join(TOOLS)}.",
            )
        key: object = (ctx.meta or {}).get(IDEMPOTENCY_META)
        if key is not None and not (isinstance(key, str) and key.isascii() and key.isprintable() and key):
            return build_error_result(
                f"_meta[{IDEMPOTENCY_META!r}] must be a text of printable ASCII characters."
            )
        arguments = params.arguments or {}
        if why := unstorable(arguments):
            return build_error_result(f"The arguments hold {why}.")
        grant, call = get_grant(ctx), DirectCall(params.name, clean(arguments), key)
        try:
            await self.parts.auth.limits.hit(CALLS_PER_PROGRAM, "mcp", str(grant.counted_id))
        except TooManyRequests as error:
            return build_error_result(error.detail) | {"_meta": {RETRY_AFTER_META: error.retry_after}}
        if params.request_state is not None:
            outcome = await self.resume_call(ctx, grant, call, params)
        else:
            is_search = bool(call.arguments.get("q"))
            async with self.parts.searches.turn(grant.caller) if is_search else nullcontext():
                outcome = await self.calls.call(grant, call)
            if outcome.awaiting_approval is not None and supports_elicitation(ctx):
                return build_elicitation(ctx, outcome)
        return (
            build_awaiting_result(ctx, outcome)
            if outcome.awaiting_approval is not None
            else build_call_result(outcome)
        )

    async def resume_call(
        self, ctx: McpContext, grant: Grant, call: DirectCall, params: CallToolRequestParams
    ) -> DirectCallResult:
        """The client has put our question to its user. What they said there approves nothing: a session does that."""
        caller, run_id = grant.caller, parse_id(params.request_state or "")
        outcome = await self.db.read(find_result, grant, run_id, call) if run_id else None
        if outcome is None:
            raise MCPError(INVALID_PARAMS, "The request state is not one that this call was given.")
        said = (params.input_responses or {}).get(ELICITATION_ID)
        if (
            outcome.awaiting_approval is not None
            and isinstance(said, ElicitResult)
            and said.action == "decline"
        ):
            await self.parts.run_control.cancel(caller, outcome.run_id)
        elif outcome.decided:
            assert ctx.request is not None
            with self.parts.places.taken(caller):
                waiting = self.parts.watch.wait_for_end(caller, outcome.run_id)
                await until_gone(ctx.request.receive, waiting)
        return await self.db.read(find_result, grant, outcome.run_id, call) or outcome


def build_call_result(outcome: DirectCallResult) -> dict[str, Any]:
    """As a plain dict: the SDK's models would copy a long list twice on its way."""
    if outcome.error is not None:
        return build_error_result(outcome.error)
    text = to_json(outcome.result).decode()
    return {**build_text_result(text), "structuredContent": outcome.result}


def supports_elicitation(ctx: McpContext) -> bool:
    """Whether the client can put a question to its user and send the call again afterwards."""
    known = ctx.session.client_capabilities
    asks = known.elicitation if known else None
    return (
        ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        and asks is not None
        and (asks.form is not None or asks.url is None)
    )


def build_approval_url(ctx: McpContext, outcome: DirectCallResult) -> str:
    assert ctx.request is not None
    return f"{get_base_url(ctx.request)}/v1/runs/{outcome.run_id}/approvals/{ONLY_CALL_ID}"


def build_elicitation(ctx: McpContext, outcome: DirectCallResult) -> InputRequiredResult:
    text = (
        f"{outcome.awaiting_approval}? Approve or deny it in Parley, where you are signed in (or with POST "
        f"{build_approval_url(ctx, outcome)}). Then accept here to see what came of it; declining withdraws the call."
    )
    asked = ElicitRequestFormParams(message=text, requested_schema={"type": "object", "properties": {}})
    return InputRequiredResult(
        input_requests={ELICITATION_ID: ElicitRequest(params=asked)}, request_state=str(outcome.run_id)
    )


def build_awaiting_result(ctx: McpContext, outcome: DirectCallResult) -> dict[str, Any]:
    """No error: nothing went wrong, and a model that takes it for one tries another way to the same end."""
    where = build_approval_url(ctx, outcome)
    waits = AwaitingApprovalResult(run_id=outcome.run_id, tool_call_id=ONLY_CALL_ID, approve_at=where)
    text = (
        f"Not done yet: {outcome.awaiting_approval} waits until the person approves it in Parley, where they are "
        f"signed in (or with POST {where}). Tell them. Parley then makes the call itself: do not call again to "
        "hurry it."
    )
    return {**build_text_result(text), "structuredContent": waits.model_dump(mode="json")}


def build_error_result(text: str) -> dict[str, Any]:
    return {**build_text_result(text), "isError": True}


def build_text_result(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "resultType": "complete"}


async def hide_exceptions(ctx: McpContext, call_next: CallNext) -> HandlerResult:
    """Whatever goes wrong: a client reads a sentence of ours, never an exception's."""
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except ParleyError as error:
        raise MCPError(INVALID_PARAMS, error.detail) from error
    except Exception as error:
        log.error("mcp request failed", method=ctx.method, exc_info=error)
        raise MCPError(JSONRPC_INTERNAL_ERROR, INTERNAL_ERROR) from error
