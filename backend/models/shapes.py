# models/shapes.py -- what the API's shapes are made of: their base class, the rules of a text, a time and free JSON.
import math
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Generic, TypeVar

import regex
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import to_json

from clock import rfc3339

# A JSON object whose values are of any kind: what a tool takes or gives, and the data of an event. Any, since
# readers index into values whose form only the writer knows.
JsonObject = dict[str, Any]

# Characters that show nothing: Unicode's own property and general categories, and two symbols that are blank.
INVISIBLE = r"\p{Default_Ignorable_Code_Point}\p{C}\p{Z}\u2800\ufffc"
VISIBLE_CHARACTER, INVISIBLE_CHARACTER = regex.compile(f"[^{INVISIBLE}]"), regex.compile(f"[{INVISIBLE}]")


def refuse_nul(value: str) -> str:
    """PostgreSQL's text cannot hold NUL."""
    if "\0" in value:
        raise ValueError("must not contain NUL characters")
    return value


def refuse_blank(value: str) -> str:
    """A text is blank if a person would see nothing of it."""
    if not VISIBLE_CHARACTER.search(value):
        raise ValueError("must not be blank")
    return value


def has_invisible(value: str) -> bool:
    """Whether the text contains characters that show nothing, spaces included."""
    return INVISIBLE_CHARACTER.search(value) is not None


# Place these after StringConstraints: pydantic words its own limits well only when they come first.
STORABLE = AfterValidator(refuse_nul)
VISIBLE = AfterValidator(refuse_blank)
MAX_NAME = 100
# What people call somebody or something: a user, an account, an agent, an API token.
Name = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_NAME), STORABLE, VISIBLE
]
# An answer shows such a field only where it has a value. OpenAPI's list of required fields goes by the mark.
SPARSE_MARK = "x-sparse"
SPARSE = Field(exclude_if=lambda value: value is None, json_schema_extra={SPARSE_MARK: True})
IN_RFC_3339: JsonObject = {"type": "string", "format": "date-time"}
Time = Annotated[
    datetime,
    PlainSerializer(rfc3339, return_type=str),
    WithJsonSchema(IN_RFC_3339, mode="serialization"),
]
# A time that is stored as a text already.
WrittenTime = Annotated[str, WithJsonSchema(IN_RFC_3339)]


def require_rfc3339(value: object) -> object:
    """pydantic alone would also take a date, or a number of seconds."""
    if isinstance(value, str) and not RFC_3339.fullmatch(value):
        raise ValueError("must be a time with its zone, such as 2026-01-31T12:00:00Z")
    return value


def to_utc(value: datetime) -> datetime:
    try:
        return value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("must be within the years 1 to 9999 in UTC") from error


RFC_3339 = regex.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)", regex.ASCII)
GivenTime = Annotated[AwareDatetime, BeforeValidator(require_rfc3339), AfterValidator(to_utc)]


def require_date(value: object) -> object:
    """pydantic alone would also take a time, or a number of seconds; a zone moves the first and last years away."""
    if not (DATE.fullmatch(value) if isinstance(value, str) else isinstance(value, date)):
        raise ValueError("must be a date of the years 1970 to 2999, such as 2026-01-31")
    return value


DATE = regex.compile(r"(19[7-9]|2[0-9]{2})[0-9]-[0-9]{2}-[0-9]{2}")
GivenDate = Annotated[date, BeforeValidator(require_date)]


def require_moment(value: object) -> object:
    """A time with its zone, or one of a clock that somebody else knows the zone of."""
    is_text = isinstance(value, str) and (RFC_3339.fullmatch(value) or CLOCK_TIME.fullmatch(value))
    if not is_text and not isinstance(value, datetime):
        raise ValueError("must be a time such as 2026-01-31T12:00:00Z or, of a clock, 2026-01-31T12:00")
    return value


def bound_moment(value: datetime) -> datetime:
    moment = value if value.tzinfo is None else to_utc(value)
    if not 1970 <= moment.year <= 2999:
        raise ValueError("must be within the years 1970 to 2999")
    return moment


CLOCK_TIME = regex.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?", regex.ASCII)
GivenMoment = Annotated[datetime, BeforeValidator(require_moment), AfterValidator(bound_moment)]


def parse_day_or_moment(value: object) -> object:
    """A date where it is one: pydantic alone would take it for a midnight."""
    if isinstance(value, str) and DATE.fullmatch(value):
        return date.fromisoformat(value)
    return value if isinstance(value, date) and not isinstance(value, datetime) else require_moment(value)


# A day, or a moment as GivenMoment.
DayOrMoment = Annotated[date | GivenMoment, BeforeValidator(parse_day_or_moment)]


# Of JSON that is stored: MariaDB takes no more, the outermost object included.
MAX_JSON_LEVELS = 31
MAX_PAYLOAD_BYTES = 64 * 1024
MAX_PAYLOAD_DEPTH = MAX_JSON_LEVELS - 1
SURROGATE = regex.compile(r"[\ud800-\udfff]")


def check_payload(payload: JsonObject) -> JsonObject:
    """The payload as it is; ValueError where it cannot be stored. How many values it has was bounded before."""
    written_out = 0
    for value in list_leaves(payload):
        if isinstance(value, str):
            refuse_nul(value)
            if SURROGATE.search(value):
                raise ValueError("must not contain half of a surrogate pair")
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("must not contain NaN or Infinity")
            # PostgreSQL gives numbers back without an exponent: 1e300 has 301 digits there.
            shortest = repr(value)
            written_out += len(format(Decimal(shortest), "f")) - len(shortest)
    if len(to_json(payload)) + written_out > MAX_PAYLOAD_BYTES:
        raise ValueError(
            f"must have at most {MAX_PAYLOAD_BYTES // 1024} KiB as JSON, numbers without exponents"
        )
    return payload


def list_leaves(value: object, depth: int = 1) -> Iterator[object]:
    """The keys and the plain values; ValueError below MAX_PAYLOAD_DEPTH levels."""
    if not isinstance(value, (dict, list)):
        yield value
        return
    if depth > MAX_PAYLOAD_DEPTH:
        raise ValueError(f"must have at most {MAX_PAYLOAD_DEPTH} levels")
    if isinstance(value, dict):
        yield from value
    for item in value.values() if isinstance(value, dict) else value:
        yield from list_leaves(item, depth + 1)


Payload = Annotated[JsonObject, AfterValidator(check_payload)]


class ApiModel(BaseModel):
    """The base of every JSON body. An unknown field is an error, so that a misspelt one does not pass unnoticed."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


ItemT = TypeVar("ItemT")


class ItemPage(ApiModel, Generic[ItemT]):
    """One page of a list; without `next_cursor` it is the last one."""

    data: list[ItemT]
    next_cursor: str | None = None


def optional_field() -> Any:  # Any, as pydantic's Field: it stands for a value of the field's own type
    """The default of a field that may be left out of a change but must not be null."""
    return Field(default_factory=lambda: None)
