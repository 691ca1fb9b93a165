# test_json_text.py -- JSON that PostgreSQL joins from pieces is what pydantic writes, and rows are joined in order.
import json
from datetime import UTC, date, datetime, timedelta, timezone
from uuid import uuid4

import pytest
from pydantic import TypeAdapter
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    Double,
    FromClause,
    Integer,
    LargeBinary,
    MetaData,
    SelectBase,
    Table,
    Text,
    Uuid,
    bindparam,
    case,
    column,
    func,
    insert,
    literal,
    literal_column,
    null,
    select,
    text,
)
from sqlalchemy.types import TypeEngine

from clock import rfc3339
from db import Database
from models.columns import JsonType, UTCDateTime
from storage.json_text import Fields, build_object, join_rows, quote_literal, turn_rows
from support.databases.postgres import PostgresServer
from support.fixtures import make_tables
from support.servers import with_database

HOSTILE = (
    'it\'s "quoted", \\ and \\u0041,\n\r\t\b\f\x01\x1f\x7f \u2028\u2029 </script> %s :name {0} $1 ß 🙂 \ufffd'
)
NOW = datetime(2026, 2, 28, 23, 59, 59, 1, UTC)


def build_in_database(postgres: PostgresServer, fields: Fields, **optional: ColumnElement[object]) -> str:
    url = postgres.url(postgres.template("parley_tables", make_tables))

    async def build(db: Database) -> str:
        async with db.engine.connect() as connection:
            text: str = (await connection.execute(select(build_object(fields, optional)))).scalar_one()
            return text

    return with_database(url, build)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (HOSTILE, Text()),
        ("", Text()),
        (uuid4(), Uuid()),
        (0, Integer()),
        (-(2**31), Integer()),
        (True, Boolean()),
        (False, Boolean()),
        ({"a": [1, None, HOSTILE.replace("\x00", "")]}, JsonType),
        ([], JsonType),
        (date(2026, 2, 28), Date()),
        (date(1970, 1, 1), Date()),
        *(
            (number, Double())
            for number in (0.0, -0.1, 1764291600000.123, 1e15, 5e-324, 1.7976931348623157e308)
        ),
    ],
)
def test_a_value_is_written_as_pydantic_writes_it(
    postgres: PostgresServer, value: object, kind: TypeEngine[object]
) -> None:
    text = build_in_database(postgres, {"value": bindparam("value", value, type_=kind)})
    assert json.loads(text) == json.loads(TypeAdapter(dict[str, object]).dump_json({"value": value}))


@pytest.mark.parametrize(
    "kind", [Text(), Uuid(), Integer(), Boolean(), JsonType, UTCDateTime(), Date(), Double()]
)
def test_null_of_any_type_is_null_and_no_hole_in_the_text(
    postgres: PostgresServer, kind: TypeEngine[object]
) -> None:
    absent = case((literal(1) == literal(2), bindparam("value", None, type_=kind)))
    fields: Fields = {"first": quote_literal("1"), "absent": absent, "in": {"absent": absent}, "last": "[]"}
    text = build_in_database(postgres, fields, optional=absent)
    assert json.loads(text) == {"first": "1", "absent": None, "in": {"absent": None}, "last": []}


@pytest.mark.parametrize(
    "moment",
    [
        NOW,
        NOW.replace(microsecond=0),
        NOW.astimezone(timezone(timedelta(hours=-7))),
        datetime(1000, 1, 1, tzinfo=UTC),
        datetime(9999, 12, 30, 23, 59, 59, 999999, UTC),
    ],
)
def test_a_time_has_the_one_form(postgres: PostgresServer, moment: datetime) -> None:
    text = build_in_database(postgres, {"at": bindparam("at", moment, type_=UTCDateTime())})
    assert text == json.dumps({"at": rfc3339(moment)}, separators=(",", ":"))


def test_what_is_optional_stands_behind_the_others_where_it_is_not_null(postgres: PostgresServer) -> None:
    there = bindparam("there", HOSTILE, type_=Text())
    text = build_in_database(
        postgres, {"id": "1", "sub": {}}, gone=null().label("gone").cast(Text), there=there
    )
    assert text == json.dumps(
        {"id": 1, "sub": {}, "there": HOSTILE}, separators=(",", ":"), ensure_ascii=False
    )


def test_what_cannot_be_null_is_not_looked_at_for_null_unless_its_table_may_have_no_row(
    postgres: PostgresServer,
) -> None:
    of_list, joined = (
        Table(
            name,
            MetaData(),
            Column("id", Uuid, primary_key=True),
            Column("at", UTCDateTime(), nullable=False),
        )
        for name in ("of_list", "joined")
    )
    columns: Fields = {
        "id": of_list.c.id,
        "at": of_list.c.at,
        "known": func.coalesce(joined.c.id, of_list.c.id),
    }
    item = build_object({**columns, "joined": {"id": joined.c.id, "at": joined.c.at}}, table=of_list)
    row_id = uuid4()

    async def build(db: Database) -> str:
        async with db.engine.connect() as connection:
            for table in (of_list, joined):
                await connection.execute(text(f"CREATE TEMPORARY TABLE {table} (id uuid, at timestamptz)"))
            await connection.execute(insert(of_list).values(id=row_id, at=NOW))
            statement = select(item).select_from(of_list).outerjoin(joined, of_list.c.id == joined.c.id)
            built: str = (await connection.execute(statement)).scalar_one()
            return built

    built = with_database(postgres.url(postgres.template("parley_tables", make_tables)), build)
    assert json.loads(built) == {
        "id": str(row_id),
        "at": rfc3339(NOW),
        "known": str(row_id),
        "joined": {"id": None, "at": None},
    }
    assert "null" not in str(build_object(columns, table=of_list))


def test_a_type_that_no_list_has_is_refused_before_it_is_sent() -> None:
    with pytest.raises(TypeError, match="is not written as JSON"):
        build_object({"value": bindparam("value", b"", type_=LargeBinary())})


def list_numbers(count: int) -> SelectBase:
    """The numbers from `count` down to 1, as texts and as keys."""
    number = (
        func.generate_series(count, 1, -1)
        .table_valued(column("number", Integer))
        .render_derived()
        .columns["number"]
    )
    return select(func.concat(quote_literal("n"), number, type_=Text()), number).order_by(number.desc())


@pytest.mark.parametrize(
    ("rows", "backwards", "expected"),
    [
        (0, None, (None, 0, None)),
        (2, None, ("n2,n1", 2, None)),
        (3, None, ("n3,n2,n1", 3, 1)),
        (4, None, ("n4,n3,n2", 4, 2)),
        (0, [True], (None, 0, None)),
        (2, [True], ("n1,n2", 2, None)),
        (3, [True], ("n1,n2,n3", 3, 1)),
        (4, [True], ("n2,n3,n4", 4, 2)),
    ],
)
def test_rows_are_joined_in_their_order(
    postgres: PostgresServer, rows: int, backwards: list[bool] | None, expected: tuple[object, ...]
) -> None:
    async def join(db: Database) -> list[tuple[object, ...]]:
        page: FromClause = list_numbers(rows).subquery("page")
        if backwards:
            page = turn_rows(page, backwards)
        joined = select(*join_rows(page, literal_column("3", Integer()), is_turned=bool(backwards)))
        async with db.engine.connect() as connection:
            return [tuple(row) for row in await connection.execute(joined.select_from(page))]

    assert with_database(postgres.url("postgres"), join) == [expected]
