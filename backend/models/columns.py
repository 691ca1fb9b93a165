# models/columns.py -- the columns and value types that tables and shapes are made of.
import math
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, PlainSerializer
from pydantic import Field as ShapeField
from sqlalchemy import JSON, BigInteger, Column, DateTime, Dialect, ForeignKey, Integer, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field

# Documents 000 to 003 store tool calls as JSONB; other engines store JSON. None is SQL NULL everywhere.
JsonType = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


# A number that the engine gives: SQLite does so for INTEGER alone.
Counter = BigInteger().with_variant(Integer, "sqlite")


def now() -> datetime:
    return datetime.now(UTC)


def rfc3339(moment: datetime) -> str:
    """The one rendering of a time in JSON: UTC, six digits, Z. The database's own JSON writes the same."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class UTCDateTime(TypeDecorator[datetime]):
    """timestamptz where the engine has it; SQLite and MariaDB keep naive UTC and get their zone back here."""

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


LARGEST_COUNT = 2**31 - 1


class Count(TypeDecorator[int]):
    """A whole number from 0 to the largest that INTEGER holds: what SQLite would keep as it came is made one."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else whole(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> int | None:
        return None if value is None else whole(value)


def whole(value: Any) -> int:
    """The nearest count; 0 for what is no number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or math.isnan(value):
        return 0
    return round(min(max(value, 0), LARGEST_COUNT))


class random_uuid(FunctionElement[UUID]):  # noqa: N801 -- reads as the SQL function that it is
    """A random UUID (version 4) made by the engine, for rows that someone inserts by hand; see engines.py."""

    inherit_cache = True


def id_column() -> Any:
    return Field(
        default_factory=uuid4, sa_column=Column("id", Uuid, primary_key=True, server_default=random_uuid())
    )


def reference(column: str, target: str, constraint: str, *, nullable: bool = False, key: bool = False) -> Any:
    """A foreign key whose row goes when the row it points to goes."""
    foreign_key = ForeignKey(target, name=constraint, ondelete="CASCADE")
    return Field(
        default=None if nullable else ...,
        sa_column=Column(column, Uuid, foreign_key, nullable=nullable, primary_key=key),
    )


def time_column(column: str, *, moving: bool = False) -> Any:
    """A time that defaults to now; `moving` sets it anew at every change of the row."""
    return Field(
        default_factory=now,
        sa_column=Column(
            column,
            UTCDateTime,
            nullable=False,
            server_default=text("CURRENT_TIMESTAMP"),
            onupdate=now if moving else None,
        ),
    )


def optional_time_column(column: str) -> Any:
    return Field(default=None, sa_column=Column(column, UTCDateTime, nullable=True))


# What leaves no mark where it is shown: by Unicode's own list and general categories, and two symbols that are blank.
BLANKS = r"\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\u2800\ufffc"
SEEN, UNSEEN = regex.compile(f"[^{BLANKS}]"), regex.compile(f"[{BLANKS}]")


def storable(value: str) -> str:
    """PostgreSQL's text cannot hold NUL, so nobody may send one."""
    if "\0" in value:
        raise ValueError("must not contain NUL characters")
    return value


def visible(value: str) -> str:
    """Blank means: nothing that a person would see."""
    if not SEEN.search(value):
        raise ValueError("must not be blank")
    return value


def has_invisible(value: str) -> bool:
    """Whether something is in it that a person would not see, spaces included."""
    return UNSEEN.search(value) is not None


# Behind a StringConstraints in an Annotated: pydantic words its own limits well only when they come first.
STORABLE = AfterValidator(storable)
VISIBLE = AfterValidator(visible)
Time = Annotated[datetime, PlainSerializer(rfc3339, return_type=str)]


class Shape(BaseModel):
    """A JSON body: an unknown field is an error, so that a typing mistake is seen."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


def unset() -> Any:
    """The default of a field that may be left out of a change but not be null."""
    return ShapeField(default_factory=lambda: None)
