# test_answers.py -- a value of any database as JSON, cut visibly and without loss of what a number says.
import json
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from queries.answers import MAX_BYTES, MAX_ROWS, Answer, find_kind, to_cell
from queries.refusals import QueryRefused

VALUES = [
    (None, None),
    (True, True),
    (7, 7),
    (2**53, 2**53),
    (2**53 + 1, "9007199254740993"),
    (-(10**30), "-1000000000000000000000000000000"),
    (0.5, 0.5),
    (math.nan, "nan"),
    (math.inf, "inf"),
    (Decimal("10.50"), 10.5),
    (Decimal("1E+2"), 100),
    (Decimal("0.1234567890123456789"), "0.1234567890123456789"),
    (Decimal("12345678901234567890"), "12345678901234567890"),
    (Decimal("1E+400"), "1E+400"),
    (Decimal("NaN"), "NaN"),
    (datetime(2024, 5, 1, 10, 30, tzinfo=UTC), "2024-05-01 10:30:00+00:00"),
    (date(2024, 5, 1), "2024-05-01"),
    (time(10, 30), "10:30:00"),
    (timedelta(hours=30), "1 day, 6:00:00"),
    (b"\x00\xff", "0x00ff"),
    (memoryview(b"ab"), "0x6162"),
    (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ("a\0b", "a\ufffdb"),
    ("\ud800", "?"),
    ("é" * 500, "é" * 500),
    ("é" * 501, "é" * 500 + "… [cut]"),
    (b"\x01" * 1_000, "0x" + "01" * 249 + "… [cut]"),
    ([1, 2], "[1, 2]"),
]


@pytest.mark.parametrize(("value", "cell"), VALUES)
def test_a_value_is_json_and_says_what_it_is(value: object, cell: object) -> None:
    made = to_cell(value)
    assert made == cell
    assert type(made) is type(cell)
    assert json.loads(json.dumps(made, allow_nan=False)) == cell


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, 2.5, None], "number"),
        ([True, False], "text"),
        (["2024-05", "2024-06"], "time"),
        (["2024-05-01", None], "time"),
        (["2024-05-01 10:30:00.5+02", "2024-05-01T10:30Z"], "time"),
        (["2024-05-01", "soon"], "text"),
        (["2024"], "text"),
        ([1, "a"], "text"),
        ([None], "text"),
        ([], "text"),
    ],
)
def test_a_column_is_of_a_kind_if_all_of_it_is(cells: list[object], kind: str) -> None:
    assert find_kind(cells) == kind  # type: ignore[arg-type]


def test_an_answer_stays_small_in_bytes_of_json() -> None:
    answer = Answer(["a", "b"])
    while answer.add_row(("x" * 400, '"\\' * 100)):
        pass
    assert answer.has_more
    assert len(json.dumps(answer.rows, ensure_ascii=False).encode()) < 1.5 * MAX_BYTES
    numbers = Answer(["n"])
    assert all(numbers.add_row((n,)) for n in range(MAX_ROWS))
    assert not numbers.add_row((0,))
    assert (len(numbers.rows), numbers.has_more) == (MAX_ROWS, True)


def test_one_row_that_is_too_large_is_left_out_and_told() -> None:
    answer = Answer([f"c{n}" for n in range(50)])
    assert not answer.add_row(["é" * 500] * 50)
    assert (answer.rows, answer.has_more) == ([], True)
    with pytest.raises(QueryRefused, match="51 columns"):
        Answer([f"c{n}" for n in range(51)])


def test_a_long_name_of_a_column_is_cut() -> None:
    assert Answer(["x" * 200]).columns == ["x" * 100 + "… [cut]"]
