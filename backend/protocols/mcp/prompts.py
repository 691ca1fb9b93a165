# protocols/mcp/prompts.py -- the prompts that MCP clients offer their users.
from dataclasses import dataclass

from mcp_types import (
    EmbeddedResource,
    GetPromptRequestParams,
    GetPromptResult,
    ListPromptsResult,
    PaginatedRequestParams,
    Prompt,
    PromptMessage,
    TextContent,
)

from errors import NotFound
from protocols.mcp.permissions import TASKS_URI
from protocols.mcp.resources import McpContext, Resources, get_grant

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


@dataclass(frozen=True, slots=True)
class Prompts:
    """Each has the open tasks attached."""

    resources: Resources

    async def list_prompts(self, ctx: McpContext, params: PaginatedRequestParams | None) -> ListPromptsResult:
        found = [
            Prompt(name=name, title=title, description=description)
            for name, (title, description, _) in PROMPTS.items()
        ]
        may_read = get_grant(ctx).caller.is_allowed("tasks:read")
        return ListPromptsResult(prompts=found if may_read else [])

    async def get_prompt(self, ctx: McpContext, params: GetPromptRequestParams) -> GetPromptResult:
        if params.name not in PROMPTS:
            raise NotFound("prompt")
        _, description, text = PROMPTS[params.name]
        attached = EmbeddedResource(resource=await self.resources.read(get_grant(ctx).caller, TASKS_URI))
        contents = (TextContent(text=text), attached)
        return GetPromptResult(
            description=description,
            messages=[PromptMessage(role="user", content=content) for content in contents],
        )
