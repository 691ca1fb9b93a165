# search/hits.py -- one page of what a caller looks for, in messages and tasks, newest first.
from asyncio import sleep

from access import Caller
from db import Database
from models.search.search_hit import MessageHit, TaskHit
from pagination import Page, encode_cursor, page_json, read_cursor
from search.message_hits import FoundMessage, find_messages
from search.message_statements import HITS
from search.search_terms import parse_terms
from search.task_hits import FoundTask, find_tasks

# After the excerpt of a longer text others have their turn on the event loop.
LONG_CHARACTERS = 4_000


async def find_hits(db: Database, caller: Caller, q: str, page: Page) -> bytes:
    """The page as JSON: of messages and tasks those that an API token of the caller may read."""
    query = parse_terms(q)
    bounds = read_cursor(HITS, HITS.name, page.cursor)
    found: list[FoundMessage | FoundTask] = []
    if caller.is_allowed("chat:read"):
        found += await find_messages(db, caller, query, bounds, page.limit + 1)
    if caller.is_allowed("tasks:read"):
        found += await find_tasks(db, caller, query, bounds, page.limit + 1)
    found.sort(key=lambda each: (each.created_at, each.id), reverse=True)
    shown = found[: page.limit]
    hits: list[MessageHit | TaskHit] = []
    for each in shown:
        hits.append(each.show(query.terms))
        if each.size > LONG_CHARACTERS:
            await sleep(0)
    cursor = None
    if len(found) > page.limit:
        cursor = encode_cursor(HITS.name, (shown[-1].created_at, shown[-1].id))
    return page_json(hits, cursor)
