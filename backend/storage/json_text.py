# storage/json_text.py -- JSON as text: objects and their list, which PostgreSQL joins, an element of an array anywhere.
from collections.abc import Mapping, Sequence
from functools import reduce
from itertools import groupby

from sqlalchemy import (
    ARRAY,
    JSON,
    BindParameter,
    Boolean,
    Column,
    ColumnElement,
    Date,
    Double,
    FromClause,
    Integer,
    Interval,
    SQLColumnExpression,
    String,
    Text,
    Uuid,
    cast,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement, coalesce

from models.columns import UTCDateTime

# A JSON object, by the names of its members; some are objects themselves, and a str is JSON that is always the same.
Fields = Mapping[str, "ColumnElement[object] | Fields | str"]
NULL = "null"
# UTC, for which PostgreSQL has to look among its time zones if it is named.
NO_OFFSET = literal_column("interval '0'", Interval())


def build_object(
    fields: Fields,
    optional: Mapping[str, ColumnElement[object]] | None = None,
    *,
    table: FromClause | None = None,
) -> ColumnElement[str]:
    """The text of an object, as pydantic writes it; the `optional` stand behind the others where they are not null.

    `table` is one of which every row that is found has a row, so that its columns are null only where they may be.
    Joined texts take PostgreSQL half as long as its json_build_object.
    """
    parts = list_parts(fields, table)[:-1]
    for name, value in (optional or {}).items():
        member = quote_literal(f',"{name}":').concat(build_value(value))
        parts.append(func.coalesce(member, quote_literal("")))
    return join_parts([*parts, "}"])


def list_parts(fields: Fields, table: FromClause | None) -> list[ColumnElement[str] | str]:
    """What the text of an object consists of, one after the other; a str is the same each time."""
    parts: list[ColumnElement[str] | str] = ["{"]
    for number, (name, value) in enumerate(fields.items()):
        parts.append(f'{"," if number else ""}"{name}":')
        if isinstance(value, Mapping):
            parts += list_parts(value, table)
        elif isinstance(value, str):
            parts.append(value)
        elif is_never_null(value, table):
            parts += list_value_parts(value)
        else:
            parts.append(func.coalesce(build_value(value), quote_literal(NULL)))
    return [*parts, "}"]


def is_never_null(value: ColumnElement[object], table: FromClause | None) -> bool:
    if isinstance(value, Column):
        return value.table is table and not value.nullable
    if isinstance(value, BindParameter):
        return value.value is not None
    return isinstance(value, coalesce) and any(is_never_null(each, table) for each in value.clauses)


def join_parts(parts: list[ColumnElement[str] | str]) -> ColumnElement[str]:
    """One text. What is the same each time is joined here and not in the database."""
    joined: list[ColumnElement[str]] = []
    for is_fixed, group in groupby(parts, lambda part: isinstance(part, str)):
        if is_fixed:
            joined.append(quote_literal("".join(str(part) for part in group)))
        else:
            joined += [part for part in group if not isinstance(part, str)]
    return reduce(lambda left, right: left.concat(right), joined)


def build_value(value: ColumnElement[object]) -> ColumnElement[str]:
    """The JSON of a value as text, and null of a null."""
    return join_parts(list_value_parts(value))


def list_value_parts(value: ColumnElement[object]) -> list[ColumnElement[str] | str]:
    """What that text consists of. TypeError for a type of which no list has had one."""
    if isinstance(value.type, UTCDateTime):
        return ['"', format_time(value), '"']
    if isinstance(value.type, Uuid):
        return ['"', cast(value, Text), '"']
    if isinstance(value.type, Date):
        return ['"', func.to_char(value, quote_literal("YYYY-MM-DD")), '"']
    if isinstance(value.type, JSON | Integer | Boolean | Double):
        return [cast(value, Text)]
    if isinstance(value.type, String):
        return [cast(func.to_json(cast(value, Text)), Text)]
    raise TypeError(f"{value} has the type {value.type!r}, which is not written as JSON")


def format_time(value: ColumnElement[object]) -> ColumnElement[str]:
    """As `rfc3339` of clock.py writes it."""
    in_utc = func.timezone(NO_OFFSET, value)
    return func.to_char(in_utc, quote_literal('YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))


def quote_literal(text: str) -> ColumnElement[str]:
    """A text of ours as a part of the statement: a bind parameter would be sent each time."""
    return literal_column("'" + text.replace("'", "''") + "'", Text)


ONE: ColumnElement[int] = literal_column("1", Integer())


def turn_rows(rows: FromClause, down: Sequence[bool]) -> FromClause:
    """Rows the other way round, whose first column is a text; `down` says of each of the keys whether it goes down."""
    order = [key if goes_down else key.desc() for key, goes_down in zip(rows.columns[1:], down, strict=True)]
    return select(rows).order_by(*order).subquery("turned_page")


def join_rows(
    rows: FromClause, size: ColumnElement[int], *, is_turned: bool
) -> list[SQLColumnExpression[object]]:
    """The columns of one row of ordered rows whose first column is a text, and whose others are their keys.

    The first `size` texts with commas between them, or of turned rows the last; the count of all rows; the keys of the
    text that is last of these in the order of the list. PostgreSQL sends one row in a fraction of the time of many.
    """
    count = func.count()
    first, last = (count - size + ONE, count) if is_turned else (ONE, size)
    text, *keys = [func.array_agg(column, type_=ARRAY(column.type)) for column in rows.columns]
    joined = func.array_to_string(text[first:last], quote_literal(","))
    end = first if is_turned else last
    return [joined, count, *(key[end] for key in keys)]


class json_element(FunctionElement[str]):  # noqa: N801 -- reads as the SQL function that it is
    """The JSON of the object at this position of an array, counted from 0."""

    inherit_cache = True
    type = Text()

    def __init__(self, array: SQLColumnExpression[object], position: SQLColumnExpression[int]) -> None:
        super().__init__(type_coerce(array, Text), type_coerce(position, Integer))


@compiles(json_element, "postgresql")
def _(element: json_element, compiler: SQLCompiler, **kw: object) -> str:
    array, position = element.clauses
    return f"CAST({compiler.process(array, **kw)} -> {compiler.process(position, **kw)} AS TEXT)"


@compiles(json_element, "mariadb")
def _(element: json_element, compiler: SQLCompiler, **kw: object) -> str:
    array, position = element.clauses
    return f"json_extract({compiler.process(array, **kw)}, concat('$[', {compiler.process(position, **kw)}, ']'))"


@compiles(json_element, "sqlite")
def _(element: json_element, compiler: SQLCompiler, **kw: object) -> str:
    array, position = element.clauses
    return f"json_extract({compiler.process(array, **kw)}, '$[' || {compiler.process(position, **kw)} || ']')"
