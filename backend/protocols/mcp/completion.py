# protocols/mcp/completion.py -- which conversation a person means, while they type it in their client.
import json

from mcp_types import CompleteRequestParams, CompleteResult, Completion, ResourceTemplateReference

from db import Database
from models.shapes import JsonObject
from pagination import Page
from protocols.mcp.permissions import CONVERSATION_URI
from protocols.mcp.resources import TEMPLATE, McpContext, get_grant
from services.participation import kinds
from services.participation.kinds import ConversationFilter

# What one answer may have at most.
MAX_VALUES = 100
MAX_TYPED = 200


class Completer:
    """Ids of conversations, by the beginning of the id or a piece of the title; there is nothing else to complete."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def complete(self, ctx: McpContext, params: CompleteRequestParams) -> CompleteResult:
        caller, ref = get_grant(ctx).caller, params.ref
        is_template = isinstance(ref, ResourceTemplateReference) and ref.uri == TEMPLATE
        if not is_template or params.argument.name != "id" or not caller.is_allowed("chat:read"):
            return CompleteResult(completion=Completion(values=[]))
        typed = params.argument.value.removeprefix(CONVERSATION_URI)[:MAX_TYPED]
        page = Page(MAX_VALUES)
        newest = await kinds.list_conversations(self._db, caller, page, ConversationFilter())
        values = [id_ for id_ in list_ids(newest) if id_.startswith(typed.lower())]
        if not values and "\0" not in typed:
            titled = await kinds.list_conversations(self._db, caller, page, ConversationFilter(q=typed))
            values = list_ids(titled)
        return CompleteResult(completion=Completion(values=values))


def list_ids(page: bytes) -> list[str]:
    found: JsonObject = json.loads(page)
    return [item["id"] for item in found["data"]]
