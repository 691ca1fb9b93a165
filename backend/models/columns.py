# models/columns.py -- the columns that tables are made of, and new rows with the defaults of these.
import math
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from typing import TypeVar, cast
from uuid import UUID, uuid4

from pydantic_core import PydanticUndefined
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    String,
    TextClause,
    Uuid,
    false,
    inspect,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine
from sqlmodel import Field, SQLModel

from clock import utc_now
from due_dates.times import NEVER
from models.shapes import JsonObject

T = TypeVar("T")
W = TypeVar("W", bound=str)
RowT = TypeVar("RowT", bound=SQLModel)

# JSONB on PostgreSQL, the engine's JSON elsewhere. None is SQL NULL on every engine, never JSON's null.
JsonType = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


# The type of an autoincrement id. SQLite has that for INTEGER only, whose values are as large there.
Counter = BigInteger().with_variant(Integer, "sqlite")


class UTCDateTime(TypeDecorator[datetime]):
    """timestamptz where the engine has it. SQLite and MariaDB store naive UTC; reading gives the zone back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


MAX_COUNT = 2**31 - 1


class Count(TypeDecorator[int]):
    """A whole number from 0 to the largest INTEGER. SQLite would store any other value as it came."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: object, dialect: Dialect) -> int | None:
        return None if value is None else to_count(value)

    def process_result_value(self, value: object, dialect: Dialect) -> int | None:
        return None if value is None else to_count(value)


def to_count(value: object) -> int:
    """The nearest count; 0 for anything but a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return 0
    return round(min(max(value, 0), MAX_COUNT))


class random_uuid(FunctionElement[UUID]):  # noqa: N801 -- reads as the SQL function that it is
    """A random UUID (version 4) made by the engine, for rows that someone inserts by hand; storage/ has its SQL."""

    inherit_cache = True


class never(ColumnElement[datetime]):  # noqa: N801 -- reads as a value of SQL
    """NEVER as the engine writes it: a default for rows that someone inserts by hand; storage/ has its SQL."""

    inherit_cache = True


# A field's value has the type of its column: these functions promise that, which SQLModel's Field does not.
# What they return has to be assigned to a variable of that type first.


def default_in_sql(value: object) -> ColumnElement[bool] | TextClause | None:
    """A number, a word or an id as SQL. The engines differ in how they write False; all read an id as hex digits."""
    if value is None or value is False:
        return None if value is None else false()
    return text(repr(value.hex if isinstance(value, UUID) else value))


def column(
    name: str, type_: TypeEngine[T] | type[TypeEngine[T]], *, key: bool = False, default: T | None = None
) -> T:
    """A column that is never NULL; without a default a value is required. `key`: part of the primary key."""
    field: T = Field(
        default=... if default is None else default,
        sa_column=Column(
            name,
            type_,
            nullable=False,
            primary_key=key,
            autoincrement=False if key else "auto",
            server_default=default_in_sql(default),
        ),
    )
    return field


def nullable_column(name: str, type_: TypeEngine[T] | type[TypeEngine[T]]) -> T | None:
    """A column that is NULL by default."""
    field: T | None = Field(default=None, sa_column=Column(name, type_))
    return field


def id_column() -> UUID:
    field: UUID = Field(
        default_factory=uuid4, sa_column=Column("id", Uuid, primary_key=True, server_default=random_uuid())
    )
    return field


def parent_column(
    name: str, target: str, constraint: str, *, nullable: bool = False, key: bool = False
) -> UUID:
    """A foreign key to the row that this one belongs to, and is deleted with."""
    foreign_key = ForeignKey(target, name=constraint, ondelete="CASCADE")
    field: UUID = Field(
        default=None if nullable else ...,
        sa_column=Column(name, Uuid, foreign_key, nullable=nullable, primary_key=key),
    )
    return field


def time_column(name: str, *, on_update: bool = False) -> datetime:
    """A time that defaults to now; with `on_update` every change of the row sets it again."""
    field: datetime = Field(
        default_factory=utc_now,
        sa_column=Column(
            name,
            UTCDateTime,
            nullable=False,
            server_default=text("CURRENT_TIMESTAMP"),
            onupdate=utc_now if on_update else None,
        ),
    )
    return field


def never_column(name: str) -> datetime:
    """A time that is after all others, unless it is set."""
    field: datetime = Field(
        default=NEVER, sa_column=Column(name, UTCDateTime, nullable=False, server_default=never())
    )
    return field


def json_column(name: str) -> JsonObject:
    """A JSON object."""
    field: JsonObject = Field(sa_column=Column(name, JsonType, nullable=False))
    return field


def word_column(name: str, length: int, words: tuple[W, ...], *, default: W | None = None) -> W:
    """A VARCHAR that holds one of the words of a Literal."""
    field: W = Field(
        default=... if default is None else default,
        sa_column=Column(
            name,
            String(length),
            nullable=False,
            server_default=default_in_sql(default),
        ),
    )
    return field


def nullable_word_column(name: str, length: int, words: tuple[W, ...]) -> W | None:
    field: W | None = Field(default=None, sa_column=Column(name, String(length)))
    return field


def word_check(name: str, words: tuple[str, ...], constraint: str) -> CheckConstraint:
    """The CHECK of a column that holds one of the words of a Literal."""
    return CheckConstraint(f"{name} IN ({', '.join(repr(word) for word in words)})", name=constraint)


def build_row(table: type[RowT], **values: object) -> RowT:
    """A new row with these values and the defaults of its other columns; TypeError for a name too many or too few.

    It is what the class would make of them, as a row is made that was read: the class itself puts each value into an
    object that watches for changes, which takes ten times as long. Values are not validated, as by the class.
    """
    defaults, factories, required = list_defaults(table)
    if not (required <= values.keys() <= table.model_fields.keys()):
        wrong = required.symmetric_difference(values.keys() - defaults.keys() - factories.keys())
        raise TypeError(f"{table.__tablename__} has other columns: {', '.join(sorted(wrong))}")
    row: RowT = inspect(table).class_manager.new_instance()
    vars(row).update(defaults)
    vars(row).update((name, make()) for name, make in factories.items() if name not in values)
    vars(row).update(values)
    return row


@cache
def list_defaults(
    table: type[SQLModel],
) -> tuple[dict[str, object], dict[str, Callable[[], object]], frozenset[str]]:
    """Of a table: the values that are always the same, those that are made for each row, and the names without one."""
    defaults: dict[str, object] = {}
    factories: dict[str, Callable[[], object]] = {}
    required = set()
    for name, field in table.model_fields.items():
        if field.default_factory is not None:
            factories[name] = cast(Callable[[], object], field.default_factory)
        elif field.default is PydanticUndefined:
            required.add(name)
        else:
            defaults[name] = field.default
    return defaults, factories, frozenset(required)
