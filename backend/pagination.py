# pagination.py -- lists, page by page: by keyset, and as JSON that the database builds where it can.
import base64
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import from_json
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Double,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    null,
    select,
    union_all,
)
from sqlmodel import SQLModel

from clock import rfc3339
from db import AnyRow, AnySelect, Database, Transaction, fetch_rows
from errors import Invalid
from models.columns import UTCDateTime
from models.shapes import JsonObject
from storage.dialects import after_cursor, sort_directions
from storage.json_text import ONE, Fields, build_object, join_rows, turn_rows

# Items of a page, where a client does not say how many, and at most.
DEFAULT_LIMIT = 50
MAX_LIMIT = 200
RowT = TypeVar("RowT", bound=SQLModel)
# A float as Python writes it in a cursor.
NUMBER = re.compile(r"-?[0-9]{1,17}(\.[0-9]{1,17})?(e[+-]?[0-9]{1,2})?", re.ASCII)
# In place of an item: the rows of a part that come after it are not there.
CUT = ""
# The columns that a list is ordered by: no two rows agree in all of them.
Keys = tuple[Column[object], ...]


@dataclass(frozen=True, slots=True)
class Page:
    """What a client asks of a list: how many items, and the cursor where they begin, if not at the beginning."""

    limit: int = DEFAULT_LIMIT
    cursor: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ListSpec:
    """A list whose items one query can build.

    `name` is part of its cursors, so that those of other lists are refused. `fields` is how PostgreSQL builds an item,
    and `public` how Python builds the same item from a row. `optional` are fields that an item has only where they are
    not null. `backwards`: the first page is the end of the list, and
    each page is in reading order all the same.
    """

    name: str
    keys: Keys
    fields: Fields
    public: Callable[[AnyRow], BaseModel]
    descending: bool = True
    backwards: bool = False
    optional: Mapping[str, ColumnElement[object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class RowListSpec:
    """A list, newest first, whose items take more than one query."""

    name: str
    keys: Keys


async def read_page(
    tx: Transaction,
    listing: RowListSpec,
    statement: Select[RowT],
    page: Page,
    values: Mapping[str, object] | None = None,
    *,
    scope: str = "",
) -> tuple[list[RowT], str | None]:
    """The rows of the page, and the cursor of the next page; None if this is the last. `values` are bind parameters."""
    name = f"{listing.name} {scope}".strip()
    dialect = tx.get_bind().dialect.name
    bounds = read_cursor(listing, name, page.cursor)
    down = sort_directions(dialect, listing.keys, descending=True)
    if bounds is not None:
        statement = statement.where(after_cursor(dialect, listing.keys, list(bounds.values()), down))
    statement = statement.order_by(*(key.desc() for key in listing.keys)).limit(page.limit + 1)
    found = list((await tx.execute(statement, values)).scalars())
    rows = found[: page.limit]
    if len(found) <= page.limit:
        return rows, None
    return rows, encode_cursor(name, [getattr(rows[-1], key.key) for key in listing.keys])


def page_json(items: Sequence[BaseModel], cursor: str | None) -> bytes:
    data = ",".join(item.model_dump_json() for item in items)
    return f'{{"data":[{data}],"next_cursor":{json.dumps(cursor)}}}'.encode()


async def fetch_list(
    db: Database,
    listing: ListSpec,
    statement: AnySelect,
    values: dict[str, object],
    page: Page,
    *,
    scope: str = "",
) -> bytes:
    """The page as `{"data": [...], "next_cursor": ...}`, ready to be sent.

    `statement` selects the rows that `listing.public` takes, and only those that the caller may see; it is not limited,
    and ordered by nothing in which its rows differ. It is built once, since what is made of it here is kept for ever;
    `values` are its bind parameters. `scope` names what the list belongs to, where the cursors of one owner must not
    serve another.
    """
    name = f"{listing.name} {scope}".strip()
    bounds = read_cursor(listing, name, page.cursor)
    arguments = {**values, **(bounds or {}), "page_limit": page.limit + 1}
    paged = build_page_statement(listing, statement, bounds is not None, db.engine.dialect.name)
    if db.is_postgresql:
        return write_joined(name, await fetch_joined(db, join_items(listing, paged), arguments), page)
    rows = await db.fetch_rows(paged, arguments)
    items = [listing.public(row).model_dump_json() for row in rows[: page.limit]]
    if listing.backwards:
        items.reverse()
    return write_page(name, listing, items, rows, page)


def write_page(
    name: str, listing: ListSpec, items: Sequence[str], rows: Sequence[AnyRow], page: Page
) -> bytes:
    """The page of these items, of whose rows the last columns are the keys; one row more is the sign of a next page."""
    has_more = len(rows) > page.limit
    last = tuple(rows[page.limit - 1])[-len(listing.keys) :] if has_more else None
    return frame_items(name, ",".join(items[: page.limit]), last)


def write_joined(name: str, joined: "JoinedItems", page: Page) -> bytes:
    return frame_items(name, joined.text, joined.last if joined.count > page.limit else None)


def frame_items(name: str, items: str, last: Sequence[object] | None) -> bytes:
    """`last` are the keys of the last item, where there are more."""
    cursor = "null" if last is None else json.dumps(encode_cursor(name, last))
    return f'{{"data":[{items}],"next_cursor":{cursor}}}'.encode()


async def fetch_merged(
    db: Database,
    listing: ListSpec,
    statement: AnySelect,
    others: AnySelect,
    values: dict[str, object],
    page: Page,
    *,
    show: Callable[[list[UUID]], Awaitable[dict[UUID, str]]],
    scope: str = "",
    shortcut: "Shortcut | None" = None,
) -> bytes:
    """As `fetch_list`, for one page of two lists in the order of both.

    Both have the keys of `listing`, of which the last is an id. `show` gives, by their ids, the items that the database
    did not give as JSON; one that is gone by then is left out. `shortcut` is tried first.
    """
    name = f"{listing.name} {scope}".strip()
    bounds = read_cursor(listing, name, page.cursor)
    arguments = {**values, **(bounds or {}), "page_limit": page.limit + 1}
    if shortcut is not None:
        alone = build_lone_statement(listing, statement, bounds is not None, shortcut.has_others)
        own = await fetch_joined(db, join_items(listing, alone), arguments)
        if own.count:
            return write_joined(name, own, page)

    async def fetch(others: AnySelect, *more: AnySelect) -> Sequence[AnyRow]:
        is_further = bounds is not None
        merged = build_merged_statement(listing, statement, others, is_further, db.engine.dialect.name, more)
        return await db.fetch_rows(merged, arguments)

    rows = None if shortcut is None else await fetch(shortcut.few, shortcut.read_recent(bounds is not None))
    if rows is None or any(row[0] == CUT for row in rows):
        rows = await fetch(others)
    shown = rows[: page.limit]
    missing = [row[-1] for row in shown if row[0] is None]
    found = await show(missing) if missing else {}
    items = [item for row in shown if (item := row[0] or found.get(row[-1]))]
    return write_page(name, listing, items, rows, page)


async def read_items(
    tx: Transaction, listing: ListSpec, statement: AnySelect, values: dict[str, object], page: Page
) -> tuple[list[JsonObject], str | None]:
    """The items of a page, as `fetch_list` would show them, and the next page's cursor; read within a transaction."""
    dialect, limit = tx.get_bind().dialect.name, page.limit
    bounds = read_cursor(listing, listing.name, page.cursor)
    paged = build_page_statement(listing, statement, bounds is not None, dialect)
    arguments = {**values, **(bounds or {}), "page_limit": limit + 1}
    if dialect == "postgresql":
        joined = await fetch_joined(tx, join_items(listing, paged), arguments)
        items: list[JsonObject] = from_json(f"[{joined.text}]")
        last = joined.last if joined.count > limit else None
    else:
        rows = await fetch_rows(tx, paged, arguments)
        items = [listing.public(row).model_dump(mode="json") for row in rows[:limit]]
        last = tuple(rows[limit - 1])[-len(listing.keys) :] if len(rows) > limit else None
    return items, None if last is None else encode_cursor(listing.name, last)


@cache
def build_page_statement(listing: ListSpec, statement: AnySelect, after: bool, dialect: str) -> AnySelect:
    """The statement of one page: ordered, limited, and with `after` only the rows past a cursor.

    Its last columns are the keys. Before them PostgreSQL gives each item as JSON, the others what `statement` selects.
    """
    statement = limit_page(listing, statement, after, dialect)
    if dialect == "postgresql":
        return statement.with_only_columns(build_item(listing), *listing.keys)
    return statement.add_columns(*listing.keys)


@dataclass(frozen=True, slots=True)
class JoinedItems:
    """The items of a page in one text, how many rows were found, and the keys of the last item."""

    text: str
    count: int
    last: Sequence[object]


async def fetch_joined(
    source: Database | Transaction, joined: AnySelect, arguments: dict[str, object]
) -> JoinedItems:
    if isinstance(source, Database):
        rows = await source.fetch_rows(joined, arguments)
    else:
        rows = await fetch_rows(source, joined, arguments)
    text, count, *last = rows[0]
    return JoinedItems(text or "", count, last)


@cache
def join_items(listing: ListSpec, paged: AnySelect) -> AnySelect:
    """The page as one row of PostgreSQL's, as `fetch_joined` takes it."""
    rows: FromClause = paged.subquery("page")
    if listing.backwards:
        rows = turn_rows(rows, sort_directions("postgresql", listing.keys, descending=listing.descending))
    size = bindparam("page_limit", type_=Integer()) - ONE
    return select(*join_rows(rows, size, is_turned=listing.backwards)).select_from(rows)


@cache
def build_lone_statement(
    listing: ListSpec, statement: AnySelect, after: bool, has_others: ColumnElement[bool]
) -> AnySelect:
    """As `build_page_statement` for PostgreSQL, and without a row if there are others: nothing is looked for then."""
    return build_page_statement(listing, statement.where(~has_others), after, "postgresql")


@dataclass(frozen=True, slots=True)
class Shortcut:
    """What reads less than all others do: nothing, unless the caller `has_others`, by which the first list is empty;
    all of them where they are `few`, and else the first page of the recent ones.

    `read_recent` gives rows of an item, which is null or CUT, and the keys, ordered and limited; its argument says
    whether they come after a cursor. A page on which a CUT stands is read again without the shortcut.
    """

    has_others: ColumnElement[bool]
    few: AnySelect
    read_recent: Callable[[bool], AnySelect]


@cache
def build_merged_statement(
    listing: ListSpec,
    statement: AnySelect,
    others: AnySelect,
    after: bool,
    dialect: str,
    more: tuple[AnySelect, ...] = (),
) -> AnySelect:
    """One page of two lists in the order of both. Each is limited by itself, so that no more is read than is shown.

    The first column is the item as JSON, which only PostgreSQL gives, and only for the first list; then come the keys.
    `more` are rows of this form.
    """
    nothing = cast(null(), Text)
    item = build_item(listing) if dialect == "postgresql" else nothing
    parts = [
        limit_page(listing, part, after, dialect)
        .with_only_columns(column.label("item"), *listing.keys)
        .subquery()
        for part, column in ((statement, item), (others, nothing))
    ]
    parts += [part.subquery() for part in more]
    merged = union_all(*(select(part) for part in parts)).subquery("merged")
    keys = [merged.columns[key.key] for key in listing.keys]
    order = order_by_keys(keys, sort_directions(dialect, listing.keys, descending=listing.descending))
    return select(merged).order_by(*order).limit(bindparam("page_limit", type_=Integer()))


def limit_page(listing: ListSpec, statement: AnySelect, after: bool, dialect: str) -> AnySelect:
    down = sort_directions(dialect, listing.keys, descending=listing.descending)
    if after:
        marks = [bindparam(f"after_{key.key}", type_=key.type) for key in listing.keys]
        statement = statement.where(after_cursor(dialect, listing.keys, marks, down))
    order = order_by_keys(listing.keys, down)
    return statement.order_by(*order).limit(bindparam("page_limit", type_=Integer()))


def order_by_keys(keys: Sequence[ColumnElement[object]], down: Sequence[bool]) -> list[ColumnElement[object]]:
    return [key.desc() if goes_down else key.asc() for key, goes_down in zip(keys, down, strict=True)]


def build_item(listing: ListSpec) -> ColumnElement[str]:
    """The JSON of an item as text."""
    return build_object(listing.fields, listing.optional, table=listing.keys[0].table)


def encode_cursor(name: str, values: Sequence[object]) -> str:
    """The cursor after the row whose keys have these values: base64 without padding, of JSON."""
    texts = [rfc3339(value) if isinstance(value, datetime) else str(value) for value in values]
    return base64.urlsafe_b64encode(json.dumps([name, *texts]).encode()).decode().rstrip("=")


def read_cursor(listing: ListSpec | RowListSpec, name: str, cursor: str | None) -> dict[str, object] | None:
    """The values of the keys after which the page begins, as bind parameters; Invalid if this list gave no such one."""
    if cursor is None:
        return None
    try:
        text = cursor + "=" * (-len(cursor) % 4)
        named: object
        values: list[object]
        named, *values = json.loads(base64.b64decode(text, altchars=b"-_", validate=True))
        if named != name or len(values) != len(listing.keys):
            raise ValueError("the cursor of another list")
        pairs = zip(listing.keys, values, strict=True)
        return {f"after_{key.key}": parse_key(key, value) for key, value in pairs}
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Invalid(
            "The cursor is not one that this list gave.", ("query", "cursor"), problem="invalid-cursor"
        ) from error


def parse_key(key: ColumnElement[object], value: object) -> object:
    """The text of a cursor as a value of the column; ValueError or OverflowError for anything else."""
    if not isinstance(value, str):
        raise ValueError("not a text")
    if isinstance(key.type, UTCDateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without a zone")
        # A time that UTC moves out of the years 1 to 9999 is an OverflowError here; in the database it would be ours.
        return moment.astimezone(UTC)
    if isinstance(key.type, Boolean):
        if value not in ("True", "False"):
            raise ValueError("neither of both")
        return value == "True"
    if isinstance(key.type, Double):
        if not NUMBER.fullmatch(value):
            raise ValueError("not a number that we gave")
        return float(value)
    if isinstance(key.type, Integer):
        most = 2**63 if isinstance(key.type, BigInteger) else 2**31
        if not (value.isascii() and value.isdigit() and len(value) < 20 and int(value) < most):
            raise ValueError("not a number that we gave")
        return int(value)
    return UUID(value)
