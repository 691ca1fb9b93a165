# exports/parts.py -- what an export has, a page at a time: the items of the lists that a person may read.
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from pydantic_core import from_json

from access import Caller
from db import Database
from errors import NotFound
from events import inboxes
from exports.conversations import read_conversations
from identity import api_tokens, sessions, users
from models.agent import BUILT_IN_ID
from models.conversation import Conversation
from models.shapes import JsonObject
from models.user import UserPublic
from pagination import Page
from services import messages, runs, tasks
from services.accounts import accounts
from services.agents import agents
from services.participation import rosters
from services.participation.shared_messages import OF_PEOPLE
from services.participation.views import find_items
from services.tasks import TaskFilter

# A message of an agent may have a megabyte, an event 64 KiB and a task 40: so few of them are in memory.
MESSAGES, EVENTS, ITEMS = 20, 20, 50


@dataclass(frozen=True, slots=True)
class Part:
    """Some items of one type: JSON as bytes, or what becomes JSON."""

    type: str
    items: Sequence[object]


async def read_parts(db: Database, caller: Caller) -> AsyncGenerator[Part, None]:
    """All parts, each as it is when it is read."""
    yield Part("user", [UserPublic.model_validate(await db.read(users.get_me, caller))])
    yield Part("session", await db.read(sessions.list_sessions, caller))
    yield Part("token", await db.read(api_tokens.list_tokens, caller))
    account_ids: list[UUID] = []
    async for items in read_list(lambda page: accounts.list_accounts(db, caller, page), ITEMS):
        account_ids += [UUID(item["id"]) for item in items]
        yield Part("account", items)
    for account_id in account_ids:
        yield Part("agent", await read_agents(db, caller, account_id))
    async for items in read_list(lambda page: tasks.list_tasks(db, caller, TaskFilter(), page), ITEMS):
        yield Part("task", items)
    wanted = inboxes.EventFilter()
    async for items in read_list(lambda page: inboxes.list_events(db, caller, wanted, page), EVENTS):
        yield Part("event", items)
    async for found in read_conversations(db, caller):
        shown = await db.read(find_items, caller, [each.id for each in found])
        for conversation in found:
            if (item := shown.get(conversation.id)) is not None:
                yield Part("conversation", [item.encode()])
                async for part in read_conversation(db, caller, conversation):
                    yield part


async def read_list(
    read: Callable[[Page], Awaitable[bytes]], limit: int
) -> AsyncGenerator[list[JsonObject], None]:
    """The items of a list, a page at a time."""
    cursor: str | None = None
    while True:
        page: JsonObject = from_json(await read(Page(limit, cursor)))
        yield page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


async def read_agents(db: Database, caller: Caller, account_id: UUID) -> Sequence[object]:
    """Those of the account, without the built-in one; none of an account that the caller has left meanwhile."""
    try:
        found = await db.read(agents.list_agents, caller, account_id)
    except NotFound:
        return []
    return [agent for agent in found if agent.id != BUILT_IN_ID]


async def read_conversation(
    db: Database, caller: Caller, conversation: Conversation
) -> AsyncGenerator[Part, None]:
    """The caller's own place among people, the messages, and the runs; nothing of it once it is gone."""
    lists = messages.WITH_AGENT
    if conversation.kind != "assistant":
        lists = OF_PEOPLE
        row = await db.read(rosters.find_participant, caller, conversation.id, caller.user_id)
        if row is not None:
            place = rosters.show_participant(row).model_dump(mode="json")
            yield Part("participant", [{"conversation_id": conversation.id, **place}])

    async def read_messages(page: Page) -> bytes:
        return await messages.list_found(db, caller, conversation.id, page, messages.WHOLE, lists)

    async def read_runs(page: Page) -> bytes:
        return await db.read(runs.list_runs, caller, conversation.id, None, page)

    async for items in read_list(read_messages, MESSAGES):
        yield Part("message", items)
    try:
        async for items in read_list(read_runs, ITEMS):
            yield Part("run", items)
    except NotFound:
        return
