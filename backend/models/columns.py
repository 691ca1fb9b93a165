# models/columns.py -- the columns that tables are made of.
import math
from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

from clock import utc_now

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


# The functions below promise the type of the field's values, as SQLModel's own Field does by its Any.


def id_column() -> UUID:
    field: UUID = Field(
        default_factory=uuid4, sa_column=Column("id", Uuid, primary_key=True, server_default=random_uuid())
    )
    return field


def parent_column(
    column: str, target: str, constraint: str, *, nullable: bool = False, key: bool = False
) -> UUID:
    """A foreign key to the row that this one belongs to, and is deleted with."""
    foreign_key = ForeignKey(target, name=constraint, ondelete="CASCADE")
    field: UUID = Field(
        default=None if nullable else ...,
        sa_column=Column(column, Uuid, foreign_key, nullable=nullable, primary_key=key),
    )
    return field


def time_column(column: str, *, on_update: bool = False) -> datetime:
    """A time that defaults to now; with `on_update` every change of the row sets it again."""
    field: datetime = Field(
        default_factory=utc_now,
        sa_column=Column(
            column,
            UTCDateTime,
            nullable=False,
            server_default=text("CURRENT_TIMESTAMP"),
            onupdate=utc_now if on_update else None,
        ),
    )
    return field


def nullable_time_column(column: str) -> datetime | None:
    field: datetime | None = Field(default=None, sa_column=Column(column, UTCDateTime, nullable=True))
    return field


def word_check(column: str, words: tuple[str, ...], name: str) -> CheckConstraint:
    """The CHECK of a column that holds one of the words of a Literal."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(word) for word in words)})", name=name)
