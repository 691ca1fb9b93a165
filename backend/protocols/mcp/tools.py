# protocols/mcp/tools.py -- tools and results of calls as MCP describes them.
from typing import Literal
from uuid import UUID

from mcp_types import (
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitRequestURLParams,
    InputRequiredResult,
    ToolAnnotations,
)
from mcp_types import Tool as McpTool
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic_core import to_json

from models.shapes import ApiModel, JsonObject
from protocols.mcp.conversation_tools import ConversationTool
from protocols.mcp.direct_calls import DirectCallResult
from protocols.mcp.resources import McpContext
from protocols.pending_approvals import build_approval_url
from routes.door import get_base_url
from tools.registry import Tool, strip_titles

ELICITATION_ID = "approval"


class AwaitingApprovalResult(ApiModel):
    """The result of a call that awaits approval."""

    status: Literal["awaiting_approval"] = "awaiting_approval"
    run_id: UUID
    tool_call_id: str
    approve_at: str


def build_output_schema(tool: Tool | ConversationTool) -> JsonObject:
    if tool.effect == "read" or isinstance(tool, ConversationTool):
        return tool.output()
    waiting = strip_titles(AwaitingApprovalResult.model_json_schema(mode="serialization"))
    # The shapes that a result refers to stand at the top of the schema.
    output = tool.output()
    made = {key: value for key, value in output.items() if key != "$defs"}
    return {"type": "object", "anyOf": [made, waiting], "$defs": output.get("$defs", {})}


def to_mcp_tool(tool: Tool | ConversationTool) -> McpTool:
    return McpTool(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.parameters(),
        output_schema=build_output_schema(tool),
        annotations=ToolAnnotations(
            title=tool.title,
            read_only_hint=tool.effect == "read",
            destructive_hint=tool.effect == "destructive",
            idempotent_hint=tool.idempotent,
            open_world_hint=False,
        ),
    )


def build_call_result(outcome: DirectCallResult) -> JsonObject:
    """A plain dict, because the SDK's models would copy a long list twice."""
    if outcome.error is not None:
        return build_error_result(outcome.error)
    text = to_json(outcome.result).decode()
    return {**build_text_result(text), "structuredContent": outcome.result}


def find_elicitation(ctx: McpContext) -> Literal["url", "form"] | None:
    """How the client can ask its user and send the call again afterwards: by a page to open, or in its own words."""
    known = ctx.session.client_capabilities
    asks = known.elicitation if known else None
    if asks is None or ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return None
    return "form" if asks.url is None else "url"


def name_approval_page(ctx: McpContext, outcome: DirectCallResult) -> str:
    assert ctx.request is not None
    assert outcome.tool_call_id is not None
    return build_approval_url(get_base_url(ctx.request), outcome.run_id, outcome.tool_call_id)


def build_elicitation(ctx: McpContext, outcome: DirectCallResult) -> InputRequiredResult:
    where = name_approval_page(ctx, outcome)
    if find_elicitation(ctx) == "url":
        page = ElicitRequestURLParams(
            message=f"{outcome.awaiting_approval}? Parley asks you on its own page, where you are signed in.",
            url=where,
            elicitation_id=outcome.tool_call_id,
        )
        return InputRequiredResult(
            input_requests={ELICITATION_ID: ElicitRequest(params=page)}, request_state=str(outcome.run_id)
        )
    text = (
        f"{outcome.awaiting_approval}? Approve or deny it in Parley, where you are signed in: {where}. "
        f"Then accept here to see what came of it; declining withdraws the call."
    )
    asked = ElicitRequestFormParams(message=text, requested_schema={"type": "object", "properties": {}})
    return InputRequiredResult(
        input_requests={ELICITATION_ID: ElicitRequest(params=asked)}, request_state=str(outcome.run_id)
    )


def build_awaiting_result(ctx: McpContext, outcome: DirectCallResult) -> JsonObject:
    """Not marked as an error: models retry errors by other means."""
    where = name_approval_page(ctx, outcome)
    assert outcome.tool_call_id is not None
    waits = AwaitingApprovalResult(run_id=outcome.run_id, tool_call_id=outcome.tool_call_id, approve_at=where)
    text = (
        f"Not done yet: {outcome.awaiting_approval} waits until the person approves it in Parley, where they are "
        f"signed in: {where}. Give them that address. Parley then makes the call itself: do not call again to "
        "hurry it."
    )
    return {**build_text_result(text), "structuredContent": waits.model_dump(mode="json")}


def build_error_result(text: str) -> JsonObject:
    return {**build_text_result(text), "isError": True}


def build_text_result(text: str) -> JsonObject:
    return {"content": [{"type": "text", "text": text}], "resultType": "complete"}
