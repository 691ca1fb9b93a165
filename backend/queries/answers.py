# queries/answers.py -- what a query has found, as JSON and no larger than a model and a message can take.
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from math import isfinite
from typing import Literal

from queries.refusals import QueryRefused

MAX_ROWS = 500
MAX_OUTPUT_COLUMNS = 50
# The message, two logs and each further request to the model hold it.
MAX_BYTES = 48_000
MAX_CELL_CHARACTERS = 500
CUT = "… [cut]"
MAX_COLUMN_NAME = 100
# Up to here every whole number is exact in JSON, and a float has so many digits.
MAX_EXACT_INTEGER = 2**53
EXACT_DIGITS = 15
MOMENT = re.compile(r"\d{4}-\d\d(-\d\d)?([ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d(:?\d\d)?)?")

Cell = str | int | float | bool | None
Kind = Literal["number", "time", "text"]


@dataclass(slots=True)
class Answer:
    """Rows are added until they are too many or too large; `has_more`: some were left out."""

    columns: list[str]
    rows: list[list[Cell]] = field(default_factory=list)
    has_more: bool = False
    size: int = 0

    def __post_init__(self) -> None:
        if len(self.columns) > MAX_OUTPUT_COLUMNS:
            raise QueryRefused(
                f"The query gives {len(self.columns)} columns: ask for at most {MAX_OUTPUT_COLUMNS}."
            )
        self.columns = [clean_text(name, MAX_COLUMN_NAME) for name in self.columns]

    def add_row(self, values: Sequence[object]) -> bool:
        """False if it does not fit, and none after it."""
        row = [to_cell(value) for value in values]
        self.size += sum(measure_cell(cell) for cell in row) + 2
        self.has_more = len(self.rows) >= MAX_ROWS or self.size > MAX_BYTES
        if not self.has_more:
            self.rows.append(row)
        return not self.has_more

    def list_kinds(self) -> list[Kind]:
        """What each column holds, by its values."""
        return [find_kind([row[place] for row in self.rows]) for place in range(len(self.columns))]


def to_cell(value: object) -> Cell:
    match value:
        case None | bool():
            return value
        case int():
            return value if abs(value) <= MAX_EXACT_INTEGER else str(value)[:MAX_CELL_CHARACTERS]
        case float():
            return value if isfinite(value) else str(value)
        case Decimal():
            return shorten_decimal(value)
        case datetime():
            return value.isoformat(" ")
        case date() | time():
            return value.isoformat()
        case timedelta():
            return str(value)
        case bytes() | bytearray() | memoryview():
            return clean_text("0x" + bytes(value[:MAX_CELL_CHARACTERS]).hex(), MAX_CELL_CHARACTERS)
        case _:
            return clean_text(str(value), MAX_CELL_CHARACTERS)


def shorten_decimal(value: Decimal) -> Cell:
    """A number where that loses nothing."""
    if (
        not value.is_finite()
        or len(value.as_tuple().digits) > EXACT_DIGITS
        or abs(value.adjusted()) > EXACT_DIGITS
    ):
        return clean_text(str(value), MAX_CELL_CHARACTERS)
    return int(value) if value == value.to_integral_value() else float(value)


def clean_text(text: str, most: int) -> str:
    """Cut visibly, and without what JSON in a database cannot hold."""
    if len(text) > most:
        text = text[:most] + CUT
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def measure_cell(cell: Cell) -> int:
    """Its bytes of JSON, about."""
    return len(cell.encode()) + 3 if isinstance(cell, str) else len(str(cell)) + 1


def find_kind(cells: Sequence[Cell]) -> Kind:
    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in known):
        return "number"
    if known and all(isinstance(cell, str) and MOMENT.fullmatch(cell) for cell in known):
        return "time"
    return "text"
