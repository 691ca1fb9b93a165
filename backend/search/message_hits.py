# search/message_hits.py -- the messages that a caller may read and that have all terms, newest first.
"""There are two looks. The first is at the newest entries alone, for pieces of text. The second finds the others, where
the first has not filled the page: on PostgreSQL by an index of words, elsewhere it is the first again, further back.
Neither reads an entry that is not in a place of the caller's.
"""

from collections.abc import Iterable
from datetime import datetime
from types import SimpleNamespace
from typing import NamedTuple
from uuid import UUID

import access
from access import Caller
from db import AnySelect, Database
from models.search.search_hit import MessageHit
from search.excerpts import make_excerpt
from search.message_statements import look_at_newest, look_up_words
from search.search_terms import SearchTerms, bind_terms, list_words
from services.messages import show_sender

NEWEST = 2_000
# How far the second look goes where there is no index of words.
NEWEST_WITHOUT_INDEX = 20_000


class FoundMessage(NamedTuple):
    """A row of `show_page`."""

    id: UUID
    created_at: datetime
    conversation_id: UUID
    seq: int
    content: str
    role: str
    user_id: UUID
    agent_id: UUID | None
    program_id: UUID | None
    program_name: str | None
    speaker: str | None

    @property
    def size(self) -> int:
        return len(self.content)

    def show(self, terms: tuple[str, ...]) -> MessageHit:
        return MessageHit(
            conversation_id=self.conversation_id,
            message_id=self.id,
            seq=self.seq,
            created_at=self.created_at,
            sender=show_sender(SimpleNamespace(**self._asdict()), self.speaker),
            excerpt=make_excerpt(self.content, terms),
        )


async def find_messages(
    db: Database, caller: Caller, query: SearchTerms, bounds: dict[str, object] | None, limit: int
) -> list[FoundMessage]:
    """The first `limit` past the cursor whose values are `bounds`."""
    dialect = db.engine.dialect.name
    values = {**access.caller_params(caller), **bind_terms(query), **(bounds or {}), "hit_limit": limit}
    kind_of_list = (len(query.terms), bounds is not None, caller.is_agent)

    async def fetch(statement: AnySelect, **more: object) -> list[FoundMessage]:
        return [FoundMessage(*row) for row in await db.fetch_rows(statement, values | more)]

    newest = await fetch(look_at_newest(NEWEST, dialect, *kind_of_list))
    if len(newest) >= limit or query.is_short:
        return newest
    if dialect != "postgresql":
        return await fetch(look_at_newest(NEWEST_WITHOUT_INDEX, dialect, *kind_of_list))
    words = list_words(query.terms)
    if not words:
        return newest
    indexed = await fetch(look_up_words(*kind_of_list), words=words)
    return merge_messages([*newest, *indexed])[:limit]


def merge_messages(found: Iterable[FoundMessage]) -> list[FoundMessage]:
    """Each once, newest first."""
    by_id = {each.id: each for each in found}
    return sorted(by_id.values(), key=lambda each: (each.created_at, each.id), reverse=True)
