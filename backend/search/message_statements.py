# search/message_statements.py -- the statements that look for messages among what a caller may read.
from datetime import datetime
from functools import cache

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    ScalarSelect,
    Subquery,
    bindparam,
    case,
    func,
    literal_column,
    select,
    true,
)
from sqlmodel import col

import access
from access import ANY_CALLER
from access.search import entry_in_place, message_of_entry, select_own_places
from db import AnySelect, get_columns
from models import Message, SearchEntry, User
from pagination import RowListSpec
from storage.dialects import after_cursor
from storage.text_search import has_words, text_contains

# Of each place, so many tell since when the newest of all are.
NEWEST_OF_A_PLACE = 20
COLUMNS = get_columns(SearchEntry)
HITS = RowListSpec(name="search", keys=(COLUMNS["created_at"], COLUMNS["message_id"]))
# On every engine, as the index has them.
DOWN = [True, True]
MARKS = [bindparam(f"after_{key.key}", type_=key.type) for key in HITS.keys]
LIMIT = bindparam("hit_limit", type_=Integer())


def newest_first(found: FromClause) -> list[ColumnElement[object]]:
    return [found.c[key.key].desc() for key in HITS.keys]


ENTRIES_NEWEST_FIRST = [key.desc() for key in HITS.keys]


def find_newest(count: int, dialect: str) -> Subquery:
    """The keys of the newest entries in the caller's places."""
    places = select_own_places(ANY_CALLER)
    in_place = entry_in_place(places.c.audience_id, places.c.from_seq)
    keys = [COLUMNS["message_id"], COLUMNS["created_at"]]
    if dialect != "postgresql":
        found = select(*keys).select_from(places).join(SearchEntry, in_place)
        return found.order_by(*ENTRIES_NEWEST_FIRST).limit(count).subquery("newest")
    # The newest few of each place tell since when it can be: so that of most places nothing else is read.
    since = find_floor(count)
    recent = select(*keys).where(in_place, col(SearchEntry.created_at) >= since)
    of_place = recent.order_by(*ENTRIES_NEWEST_FIRST).limit(count).correlate(places).lateral("of_place")
    found = select(*of_place.c).select_from(places).join(of_place, true())
    return found.order_by(*newest_first(of_place)).limit(count).subquery("newest")


def find_floor(count: int) -> ScalarSelect[datetime]:
    """The moment since which there are at least so many entries, by the newest few of each place; or none."""
    places = select_own_places(ANY_CALLER, "places_at_top")
    in_place = entry_in_place(places.c.audience_id, places.c.from_seq)
    top = (
        select(COLUMNS["created_at"]).where(in_place).order_by(*ENTRIES_NEWEST_FIRST).limit(NEWEST_OF_A_PLACE)
    )
    top_of_place = top.correlate(places).lateral("top_of_place")
    tops = select(top_of_place.c.created_at).select_from(places).join(top_of_place, true())
    newest = tops.order_by(top_of_place.c.created_at.desc()).limit(count).subquery("tops")
    oldest = case((func.count() == literal_column(str(count)), func.min(newest.c.created_at)))
    since = func.coalesce(oldest, literal_column("'-infinity'::timestamptz"))
    return select(since).select_from(newest).scalar_subquery()


@cache
def look_at_newest(count: int, dialect: str, terms: int, after: bool, is_agent: bool) -> AnySelect:
    """Among the newest entries those that have all terms, as pieces of text."""
    newest = find_newest(count, dialect)
    found = select_entries(dialect, terms, after, is_agent)
    found = found.join(newest, newest.c.message_id == col(SearchEntry.message_id))
    return show_page(found.order_by(*ENTRIES_NEWEST_FIRST).limit(LIMIT).subquery("page"))


@cache
def look_up_words(terms: int, after: bool, is_agent: bool) -> AnySelect:
    """PostgreSQL's: among all entries those with words that begin with those of the terms, by the index of words."""
    places = select_own_places(ANY_CALLER)
    # Not by `=`, for which there is an index that has no words.
    is_here = col(SearchEntry.audience_id).is_not_distinct_from(places.c.audience_id)
    found = select_entries("postgresql", terms, after, is_agent).where(
        is_here, has_words(places.c.audience_id)
    )
    of_place = found.order_by(*ENTRIES_NEWEST_FIRST).limit(LIMIT).correlate(places).lateral("of_place")
    of_all = select(*of_place.c).select_from(places).join(of_place, true())
    return show_page(of_all.order_by(*newest_first(of_place)).limit(LIMIT).subquery("page"))


def select_entries(dialect: str, terms: int, after: bool, is_agent: bool) -> AnySelect:
    """The caller's entries that have all terms, and with `after` only those past a cursor."""
    caller = access.stand_in(is_agent=is_agent)
    has_terms = [text_contains(col(SearchEntry.content), f"term_{position}") for position in range(terms)]
    found = access.select(caller, SearchEntry, *COLUMNS).select_from(SearchEntry).where(*has_terms)
    return found.where(after_cursor(dialect, HITS.keys, MARKS, DOWN)) if after else found


def show_page(page: Subquery) -> AnySelect:
    """Entries, each with what says who speaks."""
    speaker = [col(Message.role), col(Message.user_id), col(Message.agent_id)]
    program = [col(Message.program_id), col(Message.program_name)]
    shown = [page.c[name] for name in ("message_id", "created_at", "conversation_id", "seq", "content")]
    return (
        select(*shown, *speaker, *program, col(User.display_name))
        .select_from(page)
        .join(Message, message_of_entry(page.c.message_id))
        .outerjoin(User, access.speaker_condition())
        .order_by(*newest_first(page))
    )
