# exports/conversations.py -- the conversations of an export, in an order in which none moves.
from collections.abc import AsyncGenerator, Sequence

from access import Caller, caller_params
from db import AnySelect, Database, get_columns
from models import Conversation
from pagination import Page, RowListSpec, read_page
from services import conversations as with_agents
from services.participation import kinds

COLUMNS = get_columns(Conversation)
# Lists are in the order of the last activity: a conversation that is written to meanwhile would move past the cursor.
BY_CREATION = RowListSpec("exported-conversations", (COLUMNS["created_at"], COLUMNS["id"]))
CONVERSATIONS = 50


async def read_conversations(db: Database, caller: Caller) -> AsyncGenerator[Sequence[Conversation], None]:
    """Those with agents, then those of people, a page at a time; the newest first, none that begin meanwhile."""
    own = with_agents.select_listed(is_agent=False, of_account=None, of_agent=False, by_title=False)
    shared = kinds.select_shared(of_account=False, of_kind=False, by_title=False)
    for statement in (own, shared):
        cursor: str | None = None
        while True:
            found, cursor = await read_conversation_page(db, caller, statement, cursor)
            yield found
            if cursor is None:
                break


async def read_conversation_page(
    db: Database, caller: Caller, statement: AnySelect, cursor: str | None
) -> tuple[list[Conversation], str | None]:
    page = Page(CONVERSATIONS, cursor)
    return await db.read(read_page, BY_CREATION, statement, page, caller_params(caller))
