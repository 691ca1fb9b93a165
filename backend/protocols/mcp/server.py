# protocols/mcp/server.py -- the MCP server: which requests it answers, and the call of a tool.
import asyncio
from contextlib import nullcontext, suppress
from uuid import UUID

import structlog
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR as JSONRPC_INTERNAL_ERROR
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    ElicitResult,
    InputRequiredResult,
    ListToolsResult,
    PaginatedRequestParams,
)
from pydantic import ValidationError
from structlog.typing import FilteringBoundLogger

from app_state import AppState
from clock import rfc3339, utc_now
from errors import INTERNAL_ERROR, ParleyError, TooManyRequests
from identity.api_tokens import ApiGrant
from identity.rate_limits import CALLS_PER_PROGRAM
from llm.sanitize import explain_unstorable, sanitize
from metrics.recorder import get_recorder
from models.shapes import JsonObject
from protocols.mcp.completion import Completer
from protocols.mcp.conversation_tools import CONVERSATION_TOOLS, Conversation, ConversationTool
from protocols.mcp.direct_calls import (
    DirectCall,
    DirectCallResult,
    DirectCalls,
    derive_client_id,
    find_result,
    record_call,
)
from protocols.mcp.prompts import Prompts
from protocols.mcp.resources import McpContext, Resources, get_grant, parse_id
from protocols.mcp.subscriptions import Subscriptions
from protocols.mcp.tools import (
    ELICITATION_ID,
    build_awaiting_result,
    build_call_result,
    build_elicitation,
    build_error_result,
    find_elicitation,
    to_mcp_tool,
)
from routes.door import get_base_url
from settings import VERSION
from streaming.disconnects import run_until_disconnect
from tools.registry import (
    TOOLS,
    Tool,
    ToolError,
    describe_missing_scope,
    describe_unknown_tool,
    parse_arguments,
)

log: FilteringBoundLogger = structlog.get_logger()

INSTRUCTIONS = """\
Parley keeps the tasks of one person and their conversations with an agent. Find a task's id with list_tasks before \
you change it. Every call is on record where the person can see it. A call may have to wait until they approve it in \
Parley: the answer says so, the call is then made without you, and calling again does not hurry it."""
IDEMPOTENCY_META = "parley/idempotency_key"
RETRY_AFTER_META = "parley/retry_after_seconds"
# For lists that are the same as long as the scopes of the token are.
LIST_CACHE = CacheHint(ttl_ms=3_600_000, scope="private")
# How long the second round of a call waits for a person who has the page of the approval open.
DECISION_SECONDS = 50


class McpServer:
    """Answers the requests of clients that McpAuth has let in."""

    def __init__(self, state: AppState) -> None:
        self.state = state
        self.db = state.db
        seconds = state.worker.context.limits.approval_seconds
        self.resources = Resources(state.db)
        self.prompts = Prompts(self.resources)
        self.calls = DirectCalls(state.db, seconds, state.settings.runs_per_user)
        self.subscriptions = Subscriptions(state)
        self.completer = Completer(state.db)

    def build_manager(self) -> StreamableHTTPSessionManager:
        return StreamableHTTPSessionManager(self.build(), json_response=True, stateless=True)

    def build(self) -> Server[object]:
        server: Server[object] = Server(
            "parley",
            title="Parley",
            version=VERSION,
            instructions=INSTRUCTIONS,
            cache_hints=dict.fromkeys(["tools/list", "prompts/list", "resources/templates/list"], LIST_CACHE),
            on_subscriptions_listen=self.subscriptions.listen,
            on_completion=self.completer.complete,
            get_tool_input_schema=lambda name: None,  # only for headers, which our schemas do not use
            on_list_tools=self.list_tools,
            on_list_resources=self.resources.list_resources,
            on_list_resource_templates=self.resources.list_templates,
            on_read_resource=self.resources.read_resource,
            on_list_prompts=self.prompts.list_prompts,
            on_get_prompt=self.prompts.get_prompt,
        )
        server.add_request_handler("tools/call", CallToolRequestParams, self.call_tool)
        server.middleware[:] = [hide_exceptions]
        return server

    async def list_tools(self, ctx: McpContext, params: PaginatedRequestParams | None) -> ListToolsResult:
        caller = get_grant(ctx).caller
        allowed = [tool for tool in list_all_tools().values() if caller.is_allowed(tool.permission)]
        return ListToolsResult(tools=[to_mcp_tool(tool) for tool in allowed])

    async def call_tool(
        self, ctx: McpContext, params: CallToolRequestParams
    ) -> JsonObject | InputRequiredResult:
        if params.name not in list_all_tools():
            raise MCPError(INVALID_PARAMS, describe_unknown_tool(params.name, list_all_tools()))
        key: object = (ctx.meta or {}).get(IDEMPOTENCY_META)
        if key is not None and not (isinstance(key, str) and key.isascii() and key.isprintable() and key):
            return build_error_result(
                f"_meta[{IDEMPOTENCY_META!r}] must be a text of printable ASCII characters."
            )
        arguments = params.arguments or {}
        if why := explain_unstorable(arguments):
            return build_error_result(f"The arguments hold {why}.")
        grant, call = get_grant(ctx), DirectCall(params.name, sanitize(arguments), key)
        try:
            await self.state.auth.rate_limiter.hit(CALLS_PER_PROGRAM, "mcp", str(grant.rate_limit_id))
        except TooManyRequests as error:
            get_recorder().count_limit("too-many-requests")
            return build_error_result(error.detail) | {"_meta": {RETRY_AFTER_META: error.retry_after}}
        if call.name in CONVERSATION_TOOLS:
            return build_call_result(await self.call_outside(ctx, grant, call))
        if params.request_state is not None:
            outcome = await self.resume_call(ctx, grant, call, params)
        else:
            is_search = bool(call.arguments.get("q"))
            async with self.state.search_slots.hold(grant.caller) if is_search else nullcontext():
                outcome = await self.calls.call(grant, call)
            if outcome.awaiting_approval is not None and find_elicitation(ctx):
                return build_elicitation(ctx, outcome)
        return (
            build_awaiting_result(ctx, outcome)
            if outcome.awaiting_approval is not None
            else build_call_result(outcome)
        )

    async def resume_call(
        self, ctx: McpContext, grant: ApiGrant, call: DirectCall, params: CallToolRequestParams
    ) -> DirectCallResult:
        """The second round of an elicitation: it returns the current result or cancels the call.

        The approval itself needs a signed-in session.
        """
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
            await self.state.run_control.cancel(caller, outcome.run_id)
        elif outcome.decided or await self.wait_for_decision(ctx, grant, outcome.run_id, call, said):
            assert ctx.request is not None
            with self.state.stream_slots.hold(caller):
                waiting = self.state.open_streams.wait_for_end(caller, outcome.run_id)
                await run_until_disconnect(ctx.request.receive, waiting)
        return await self.db.read(find_result, grant, outcome.run_id, call) or outcome

    async def wait_for_decision(
        self, ctx: McpContext, grant: ApiGrant, run_id: UUID, call: DirectCall, said: object
    ) -> bool:
        """Whether the person, whose client has opened the page, has decided there within DECISION_SECONDS."""
        is_open = (
            find_elicitation(ctx) == "url" and isinstance(said, ElicitResult) and said.action == "accept"
        )
        if not is_open:
            return False

        async def find_decision() -> bool | None:
            found = await self.db.read(find_result, grant, run_id, call)
            return None if found is not None and found.awaiting_approval and not found.decided else True

        assert ctx.request is not None
        with self.state.stream_slots.hold(grant.caller), suppress(TimeoutError):
            async with asyncio.timeout(DECISION_SECONDS):
                waiting = self.state.open_streams.wait_for(grant.caller, run_id, find_decision)
                return bool(await run_until_disconnect(ctx.request.receive, waiting))
        return False

    async def call_outside(self, ctx: McpContext, grant: ApiGrant, call: DirectCall) -> DirectCallResult:
        """A call that is no part of a transaction. Of what was read the record has only that it was: it stands where it
        was said, and may be taken back there.
        """
        assert ctx.request is not None
        tool, started_at = CONVERSATION_TOOLS[call.name], rfc3339(utc_now())
        at = Conversation(self.state, grant.caller, get_base_url(ctx.request), derive_client_id(grant, call))
        try:
            if not grant.caller.is_allowed(tool.permission):
                raise ToolError(describe_missing_scope(tool.name, tool.permission))
            result = await tool.function(at, parse_arguments(tool, call.arguments))
        except (ToolError, ParleyError) as refusal:
            error = refusal.detail if isinstance(refusal, ParleyError) else str(refusal)
            made = record_call(call, error=error, started_at=started_at)
            return await self.calls.record_read(grant, call, made)
        if tool.effect == "read":
            kept = record_call(call, {"read": True}, started_at=started_at)
            await self.calls.record_read(grant, call, kept)
        return DirectCallResult(call.run_id, result)


def list_all_tools() -> dict[str, Tool | ConversationTool]:
    return {**TOOLS, **CONVERSATION_TOOLS}


async def hide_exceptions(ctx: McpContext, call_next: CallNext) -> HandlerResult:
    """Answer every failure with a sentence of Parley, never with the text of an exception."""
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except ParleyError as error:
        raise MCPError(INVALID_PARAMS, error.detail) from error
    except Exception as error:
        log.error("mcp request failed", method=ctx.method, exc_info=error)
        raise MCPError(JSONRPC_INTERNAL_ERROR, INTERNAL_ERROR) from error
