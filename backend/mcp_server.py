# mcp_server.py -- the MCP face of tools.py, with what clients may read and the prompts that they offer.
import json
from typing import Any, Literal, cast
from uuid import UUID

import structlog
from mcp.server import Server
from mcp.server.caching import CacheHint
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    CallToolRequestParams,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    EmbeddedResource,
    GetPromptRequestParams,
    GetPromptResult,
    InputRequiredResult,
    ListPromptsResult,
    ListResourcesResult,
    ListResourceTemplatesResult,
    ListToolsResult,
    PaginatedRequestParams,
    Prompt,
    PromptMessage,
    ReadResourceRequestParams,
    ReadResourceResult,
    Resource,
    ResourceTemplate,
    TextContent,
    TextResourceContents,
    ToolAnnotations,
)
from mcp_types import Tool as ToolShape
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError
from pydantic_core import to_json
from starlette.requests import Request

from access import Caller
from assistant.calls import CALL_ID, Call, Calls, Outcome, find_outcome
from assistant.ending import cancel_run
from errors import NotFound, ParleyError
from lists import Page
from mcp_door import GRANT, base_url
from models.columns import Shape
from routes.dependencies import Parts
from services import conversations, messages, tasks
from services.tasks import TaskFilter
from services.tokens import Grant
from streams import wait_for_end
from tools import TOOLS, Tool, untitled

log = structlog.get_logger()

Context = ServerRequestContext[Any, Request]

INSTRUCTIONS = """\
Parley keeps the tasks of one person and their conversations with an agent. Find a task's id with list_tasks before \
you change it. Every call is on record where the person can see it. A call may have to wait until they approve it in \
Parley: the answer says so, the call is then made without you, and calling again does not hurry it."""
OUR_SIDE = "Something went wrong on our side."
KEY = "parley/idempotency_key"
APPROVAL = "approval"
JSON = "application/json"
TASKS = "parley://tasks"
CONVERSATION = "parley://conversations/"
ITEMS = 200
# What is the same for everybody; the rest may change at any time.
FIXED = CacheHint(ttl_ms=3_600_000, scope="public")
PROMPTS = {
    "plan_my_day": (
        "Plan my day",
        "What to do today, out of the open tasks.",
        "Plan my day with me. My open tasks are attached. Pick what matters today and what fits into one day, say in "
        "which order and why, and name what can wait. Ask before you change a task in Parley.",
    ),
    "weekly_review": (
        "Weekly review",
        "What got done, what is stuck, and what comes next.",
        "Do my weekly review with me. My open tasks are attached; list those that I completed with the list_tasks "
        "tool. Say what got done, which open tasks have been lying for long or are too vague to begin with, and "
        "suggest for each whether to do, change, split or delete it. Ask before you change anything in Parley.",
    ),
}


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
            on_list_resources=self.list_resources,
            on_list_resource_templates=self.list_templates,
            on_read_resource=self.read_resource,
            on_list_prompts=self.list_prompts,
            on_get_prompt=self.get_prompt,
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
        grant, call = grant_of(ctx), Call(params.name, params.arguments or {}, key)
        if params.request_state is not None:
            outcome = await self.follow(grant, call, params)
        else:
            outcome = await self.calls.make(grant, call)
            if outcome.waiting is not None and may_be_asked(ctx):
                return question(ctx, outcome)
        return awaiting(ctx, outcome) if outcome.waiting is not None else answered(outcome)

    async def follow(self, grant: Grant, call: Call, params: CallToolRequestParams) -> Outcome:
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
            await wait_for_end(self.db, self.parts.bells, caller, outcome.run_id)
        return await self.db.read(find_outcome, grant, outcome.run_id, call) or outcome

    async def list_resources(
        self, ctx: Context, params: PaginatedRequestParams | None
    ) -> ListResourcesResult:
        caller = grant_of(ctx).caller
        cursor = params.cursor if params else None
        page = json.loads(await conversations.list_conversations(self.db, caller, Page(cursor=cursor)))
        found = [
            Resource(uri=CONVERSATION + item["id"], name=item["title"] or "A conversation", mime_type=JSON)
            for item in page["data"]
        ]
        if cursor is None:
            found.insert(0, Resource(uri=TASKS, name="Tasks", description="The open ones.", mime_type=JSON))
        return ListResourcesResult(resources=found, next_cursor=page["next_cursor"])

    async def list_templates(
        self, ctx: Context, params: PaginatedRequestParams | None
    ) -> ListResourceTemplatesResult:
        template = ResourceTemplate(
            uri_template=f"{CONVERSATION}{{id}}",
            name="A conversation",
            description=f"Its newest {ITEMS} messages in order, with every tool call.",
            mime_type=JSON,
        )
        return ListResourceTemplatesResult(resource_templates=[template])

    async def read_resource(self, ctx: Context, params: ReadResourceRequestParams) -> ReadResourceResult:
        return ReadResourceResult(contents=[await self.resource(grant_of(ctx).caller, params.uri)])

    async def resource(self, caller: Caller, uri: str) -> TextResourceContents:
        page = Page(ITEMS)
        if uri == TASKS:
            found = await tasks.list_tasks(self.db, caller, TaskFilter(completed=False), page)
        elif uri.startswith(CONVERSATION) and (conversation_id := as_id(uri.removeprefix(CONVERSATION))):
            found = await messages.list_messages(self.db, caller, conversation_id, page, before="end")
        else:
            raise NotFound("resource")
        return TextResourceContents(uri=uri, mime_type=JSON, text=found.decode())

    async def list_prompts(self, ctx: Context, params: PaginatedRequestParams | None) -> ListPromptsResult:
        return ListPromptsResult(
            prompts=[
                Prompt(name=name, title=title, description=description)
                for name, (title, description, _) in PROMPTS.items()
            ]
        )

    async def get_prompt(self, ctx: Context, params: GetPromptRequestParams) -> GetPromptResult:
        if params.name not in PROMPTS:
            raise NotFound("prompt")
        _, description, text = PROMPTS[params.name]
        attached = EmbeddedResource(resource=await self.resource(grant_of(ctx).caller, TASKS))
        contents = (TextContent(text=text), attached)
        return GetPromptResult(
            description=description,
            messages=[PromptMessage(role="user", content=content) for content in contents],
        )


def grant_of(ctx: Context) -> Grant:
    """Whom the door has let in."""
    assert ctx.request is not None
    return cast(Grant, ctx.request.scope[GRANT])


def as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


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
