# storage/dialects.py -- statements that each engine wants in other words.
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Dialect,
    Insert,
    String,
    TypeDecorator,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    tuple_,
    type_coerce,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from clock import utc_now
from models.columns import UTCDateTime


async def read_clock(tx: AsyncSession) -> datetime:
    """The database's time, on which all workers agree; SQLite's workers share the machine's."""
    name = tx.get_bind().dialect.name
    if name == "sqlite":
        return utc_now()
    clock = func.utc_timestamp(literal_column("6")) if name == "mariadb" else func.clock_timestamp()
    moment: datetime = (await tx.execute(select(type_coerce(clock, UTCDateTime)))).scalar_one()
    return moment


async def upsert(tx: AsyncSession, new: Insert, key: str, change: dict[str, Any], wanted: Any) -> Any:
    """Insert the row, or change the one that has its key; `wanted` of the row as it then is. One statement.

    MariaDB changes one column after the other, in this order, and each sees what the one before it has done.
    """
    name = tx.get_bind().dialect.name
    statement: Any
    if name == "mariadb":
        statement = mysql.insert(new.table).on_duplicate_key_update(list(change.items()))
    else:
        kind: Any = sqlite if name == "sqlite" else postgresql
        statement = kind.insert(new.table).on_conflict_do_update(index_elements=[key], set_=change)
    return (await tx.execute(statement.values(new.compile().params).returning(wanted))).scalar_one()


def directions(dialect: str, keys: Sequence[Any], *, descending: bool) -> list[bool]:
    """Which of the keys go down. The last one only breaks ties; MariaDB's indexes end in it, upwards, and any other
    order would make it sort everything that a person has for each page."""
    return [descending and not (dialect == "mariadb" and key is keys[-1] and len(keys) > 1) for key in keys]


def past(
    dialect: str, keys: Sequence[Any], marks: Sequence[Any], down: Sequence[bool]
) -> ColumnElement[bool]:
    """The rows behind the one whose keys are `marks`.

    MariaDB uses no index for a comparison of tuples, but one for the comparison of the first key.
    """
    if dialect != "mariadb":
        return tuple_(*keys) < tuple_(*marks) if down[0] else tuple_(*keys) > tuple_(*marks)
    key, mark = keys[0], marks[0]
    beyond: ColumnElement[bool] = key < mark if down[0] else key > mark
    if len(keys) == 1:
        return beyond
    return and_(
        key <= mark if down[0] else key >= mark, or_(beyond, past(dialect, keys[1:], marks[1:], down[1:]))
    )


class RoughWords(TypeDecorator[str]):
    """What a person looks for, as it was typed; for SQLite the pattern of a LIKE that finds a little too much."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return like_pattern(value) if value is not None and dialect.name == "sqlite" else value


class ExactWords(TypeDecorator[str]):
    """The same; for SQLite the pattern of a GLOB that finds just that."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return glob_pattern(value) if value is not None and dialect.name == "sqlite" else value


def search_parameters(words: str) -> dict[str, str]:
    """The values of a statement with `contains`."""
    return {"words": words, "exact_words": words}


class text_contains(FunctionElement[bool]):  # noqa: N801 -- reads as the SQL function that it is
    """Whether a text has the words of `searched` in it, in any case, and literally."""

    inherit_cache = True
    type = Boolean()

    def __init__(self, text: Any) -> None:
        super().__init__(
            text,
            bindparam("words", type_=RoughWords()),
            bindparam("exact_words", type_=ExactWords()),
        )


@compiles(text_contains, "postgresql")
def _(element: text_contains, compiler: Any, **kw: Any) -> str:
    text, words, _ = element.clauses
    return f"(strpos(lower({compiler.process(text, **kw)}), lower({compiler.process(words, **kw)})) > 0)"


@compiles(text_contains, "mariadb")
def _(element: text_contains, compiler: Any, **kw: Any) -> str:
    text, words, _ = element.clauses
    return f"(locate(lower({compiler.process(words, **kw)}), lower({compiler.process(text, **kw)})) > 0)"


@compiles(text_contains, "sqlite")
def _(element: text_contains, compiler: Any, **kw: Any) -> str:
    """Its own lower() and LIKE know the case of ASCII only, and a function in Python would be called for each row. GLOB
    with every letter in all its cases is exact and slow: so LIKE, with anything for those letters, goes first."""
    text, words, exact = [compiler.process(clause, **kw) for clause in element.clauses]
    return f"(CASE WHEN {text} LIKE {words} ESCAPE '/' THEN {text} GLOB {exact} ELSE 0 END)"


def like_pattern(words: str) -> str:
    """Anything for a letter of which not all cases are ASCII."""
    same = group_letters_by_lower()
    pieces = [
        "_"
        if not character.isascii() or not all(letter.isascii() for letter in same.get(lowered(character), ()))
        else f"/{character}"
        if character in "/%_"
        else character
        for character in words
    ]
    return f"%{''.join(pieces)}%"


def glob_pattern(words: str) -> str:
    """Each character in any case; one of GLOB's own stands in brackets."""
    same = group_letters_by_lower()
    pieces = ["".join(same.get(lowered(character), [])) or character for character in words]
    return (
        "*" + "".join(f"[{piece}]" if len(piece) > 1 or piece in "*?[" else piece for piece in pieces) + "*"
    )


def lowered(character: str) -> str:
    """As PostgreSQL does it: one character stays one, so İ, which has a dot too many, is an i."""
    return character.lower()[0]


@cache
def group_letters_by_lower() -> dict[str, list[str]]:
    """The letters that have the same lower case, where there is more than one; all of them are in planes 0 and 1."""
    found: dict[str, list[str]] = {}
    for character in map(chr, range(0x20000)):
        if (lower := lowered(character)) != character:
            found.setdefault(lower, [lower]).append(character)
    return found
