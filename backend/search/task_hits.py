# search/task_hits.py -- the caller's tasks that have all terms, newest first.
from datetime import datetime
from functools import cache
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from db import AnySelect, Database, get_columns
from models import Task
from models.search.search_hit import TaskHit
from search.excerpts import has_any, make_excerpt
from search.message_hits import NEWEST
from search.message_statements import DOWN, LIMIT, MARKS
from search.search_terms import SearchTerms, bind_terms
from storage.dialects import after_cursor
from storage.text_search import text_contains

COLUMNS = get_columns(Task)
KEYS = (COLUMNS["created_at"], COLUMNS["id"])
NEWEST_FIRST = [key.desc() for key in KEYS]


class FoundTask(NamedTuple):
    """A row of `select_tasks`."""

    id: UUID
    created_at: datetime
    title: str
    description: str | None

    @property
    def size(self) -> int:
        return len(self.description or "")

    def show(self, terms: tuple[str, ...]) -> TaskHit:
        """With the description where the title has nothing of what was looked for."""
        in_title = has_any(self.title, terms)
        excerpt = make_excerpt(self.title if in_title else self.description or "", terms)
        return TaskHit(task_id=self.id, created_at=self.created_at, excerpt=excerpt)


async def find_tasks(
    db: Database, caller: Caller, query: SearchTerms, bounds: dict[str, object] | None, limit: int
) -> list[FoundTask]:
    """The first `limit` past the cursor whose values are `bounds`."""
    values = {**access.caller_params(caller), **bind_terms(query), **(bounds or {}), "hit_limit": limit}
    statement = select_tasks(len(query.terms), bounds is not None, query.is_short, db.engine.dialect.name)
    return [FoundTask(*row) for row in await db.fetch_rows(statement, values)]


@cache
def select_tasks(terms: int, after: bool, only_newest: bool, dialect: str) -> AnySelect:
    """Tasks that have each term in their title or description."""
    shown = (COLUMNS["id"], COLUMNS["created_at"], COLUMNS["title"], COLUMNS["description"])
    found = access.select(ANY_CALLER, Task, *shown)
    if only_newest:
        newest = access.select(ANY_CALLER, Task, COLUMNS["id"]).order_by(*NEWEST_FIRST)
        newest_ids = newest.limit(NEWEST).subquery("newest")
        found = found.join(newest_ids, newest_ids.c.id == col(Task.id))
    for position in range(terms):
        name = f"term_{position}"
        in_title, in_description = (text_contains(col(text), name) for text in (Task.title, Task.description))
        found = found.where(or_(in_title, in_description))
    if after:
        found = found.where(after_cursor(dialect, KEYS, MARKS, DOWN))
    return found.order_by(*NEWEST_FIRST).limit(LIMIT)
