# protocols/mcp/server.py -- the MCP face of tools.py: tools as clients see them, calls and what comes of them.
from contextlib import nullcontext
from typing import Any, Literal
from uuid import UUID

import structlog
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
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
from mcp_types import Tool as ToolShape
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import to_json

from agent.direct_calls import CALL_ID, Call, Calls, Outcome, find_outcome
from agent.run_ending import cancel_run
from errors import ParleyError, TooManyRequests
from llm.sanitize import explain_unstorable, sanitize
from models.columns import Shape
from protocols.mcp.auth import base_url
from protocols.mcp.resources import Context, Resources, as_id, grant_of
from routes.dependencies import Parts
from services.identity.api_tokens import Grant
from services.identity.rate_limits import CALLS_PER_PROGRAM
from streaming.disconnects import until_gone
from tools.registry import TOOLS, Tool, untitled

log = structlog.get_logger()

INSTRUCTIONS = """\
Parley keeps the tasks of one person and their conversations with an agent. Find a task's id with list_tasks before \
you change it. Every call is on record where the person can see it. A call may have to wait until they approve it in \
Parley: the answer says so, the call is then made without you, and calling again does not hurry it."""
OUR_SIDE = "Something went wrong on our side."
KEY = "parley/idempotency_key"
RETRY_AFTER = "parley/retry_after_seconds"
APPROVAL = "approval"
# What is the same for everybody; the rest may change at any time.
FIXED = CacheHint(ttl_ms=3_600_000, scope="public")


class AwaitingApproval(Shape):
    """What a call gives that its person has to approve first."""

    status: Literal["awaiting_approval"] = "awaiting_approval"
    run_id: UUID
    tool_call_id: str
    approve_at: str


def output_schema(tool: Tool) -> dict[str, Any]:
    if tool.effect == "safe":
        return tool.output()
    waiting = untitled(AwaitingApproval.model_json_schema(mode="serialization"))
    return {"type": "object", "anyOf": [tool.output(), waiting]}


def described(tool: Tool) -> ToolShape:
    return ToolShape(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.parameters(),
        output_schema=output_schema(tool),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.effect == "safe",
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
        seconds = parts.worker.assistant.limits.approval_seconds
        self.resources = Resources(parts.db)
        self.calls = Calls(parts.db, seconds, parts.settings.runs_per_user)

    def build(self) -> Server[Any]:
        server: Server[Any] = Server(
            "parley",
            title="Parley",
            version="0.1.0",
            instructions=INSTRUCTIONS,
            cache_hints=dict.fromkeys(["tools/list", "prompts/list", "resources/templates/list"], FIXED),
            get_tool_input_schema=lambda name: None,  # for headers that our schemas do not ask for
            on_list_tools=self.list_tools,
            on_list_resources=self.resources.list_resources,
            on_list_resource_templates=self.resources.list_templates,
            on_read_resource=self.resources.read_resource,
            on_list_prompts=self.resources.list_prompts,
            on_get_prompt=self.resources.get_prompt,
        )
        server.add_request_handler("tools/call", CallToolRequestParams, self.call_tool)
        server.middleware[:] = [in_our_words]
        return server

    async def list_tools(self, ctx: Context, params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[described(tool) for tool in TOOLS.values()])

    async def call_tool(
        self, ctx: Context, params: CallToolRequestParams
    ) -> dict[str, Any] | InputRequiredResult:
        if params.name not in TOOLS:
            raise MCPError(
                INVALID_PARAMS,
                f"There is no tool named {params.name[:100]}. The tools are: {', '.join(TOOLS)}.",
            )
        key: object = (ctx.meta or {}).get(KEY)
        if key is not None and not (isinstance(key, str) and key.isascii() and key.isprintable() and key):
            return failed(f"_meta[{KEY!r}] must be a text of printable ASCII characters.")
        arguments = params.arguments or {}
        if why := explain_unstorable(arguments):
            return failed(f"The arguments hold {why}.")
        grant, call = grant_of(ctx), Call(params.name, sanitize(arguments), key)
        try:
            await self.parts.auth.limits.hit(CALLS_PER_PROGRAM, "mcp", str(grant.counted_id))
        except TooManyRequests as error:
            return failed(error.detail) | {"_meta": {RETRY_AFTER: error.retry_after}}
        if params.request_state is not None:
            outcome = await self.follow(ctx, grant, call, params)
        else:
            is_search = bool(call.arguments.get("q"))
            async with self.parts.searches.turn(grant.caller) if is_search else nullcontext():
                outcome = await self.calls.make(grant, call)
            if outcome.waiting is not None and may_be_asked(ctx):
                return question(ctx, outcome)
        return awaiting(ctx, outcome) if outcome.waiting is not None else answered(outcome)

    async def follow(self, ctx: Context, grant: Grant, call: Call, params: CallToolRequestParams) -> Outcome:
        """The client has put our question to its user. What they said there approves nothing: a session does that."""
        caller, run_id = grant.caller, as_id(params.request_state or "")
        outcome = await self.db.read(find_outcome, grant, run_id, call) if run_id else None
        if outcome is None:
            raise MCPError(INVALID_PARAMS, "The request state is not one that this call was given.")
        said = (params.input_responses or {}).get(APPROVAL)
        if outcome.waiting is not None and isinstance(said, ElicitResult) and said.action == "decline":
            await self.db.write(cancel_run, caller, outcome.run_id)
            self.parts.bells.ring(outcome.run_id)
        elif outcome.decided:
            assert ctx.request is not None
            with self.parts.places.taken(caller):
                waiting = self.parts.watch.wait_for_end(caller, outcome.run_id)
                await until_gone(ctx.request.receive, waiting)
        return await self.db.read(find_outcome, grant, outcome.run_id, call) or outcome


def answered(outcome: Outcome) -> dict[str, Any]:
    """As a plain dict: the SDK's models would copy a long list twice on its way."""
    if outcome.error is not None:
        return failed(outcome.error)
    text = to_json(outcome.result).decode()
    return {**said(text), "structuredContent": outcome.result}


def may_be_asked(ctx: Context) -> bool:
    """Whether the client can put a question to its user and send the call again afterwards."""
    known = ctx.session.client_capabilities
    asks = known.elicitation if known else None
    return (
        ctx.protocol_version in MODERN_PROTOCOL_VERSIONS
        and asks is not None
        and (asks.form is not None or asks.url is None)
    )


def approve_at(ctx: Context, outcome: Outcome) -> str:
    assert ctx.request is not None
    return f"{base_url(ctx.request)}/v1/runs/{outcome.run_id}/approvals/{CALL_ID}"


def question(ctx: Context, outcome: Outcome) -> InputRequiredResult:
    text = (
        f"{outcome.waiting}? Approve or deny it in Parley, where you are signed in (or with POST "
        f"{approve_at(ctx, outcome)}). Then accept here to see what came of it; declining withdraws the call."
    )
    asked = ElicitRequestFormParams(message=text, requested_schema={"type": "object", "properties": {}})
    return InputRequiredResult(
        input_requests={APPROVAL: ElicitRequest(params=asked)}, request_state=str(outcome.run_id)
    )


def awaiting(ctx: Context, outcome: Outcome) -> dict[str, Any]:
    """No error: nothing went wrong, and a model that takes it for one tries another way to the same end."""
    where = approve_at(ctx, outcome)
    waits = AwaitingApproval(run_id=outcome.run_id, tool_call_id=CALL_ID, approve_at=where)
    text = (
        f"Not done yet: {outcome.waiting} waits until the person approves it in Parley, where they are signed in "
        f"(or with POST {where}). Tell them. Parley then makes the call itself: do not call again to hurry it."
    )
    return {**said(text), "structuredContent": waits.model_dump(mode="json")}


def failed(text: str) -> dict[str, Any]:
    return {**said(text), "isError": True}


def said(text: str) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text}], "resultType": "complete"}


async def in_our_words(ctx: Context, call_next: CallNext) -> HandlerResult:
    """Whatever goes wrong: a client reads a sentence of ours, never an exception's."""
    try:
        return await call_next(ctx)
    except (MCPError, ValidationError):
        raise
    except ParleyError as error:
        raise MCPError(INVALID_PARAMS, error.detail) from error
    except Exception as error:
        log.error("mcp request failed", method=ctx.method, exc_info=error)
        raise MCPError(INTERNAL_ERROR, OUR_SIDE) from error
