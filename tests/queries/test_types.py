# test_types.py -- columns of whatever types a database has come as something that a model can read.
import asyncio

import pytest

from queries.refusals import QueryRefused
from support.queries.shops import Shop

POSTGRESQL = """
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE TYPE place AS (street text, number int);
CREATE TABLE things AS SELECT 1 AS id, 'happy'::mood AS mood, ROW('High St', 7)::place AS place, ARRAY[1, 2] AS list,
  '{"a": [1, {"b": null}]}'::jsonb AS data, interval '1 month 3 days' AS span, '10.0.0.1/24'::inet AS net,
  'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid AS key, '\\xdeadbeef'::bytea AS raw, int4range(1, 5) AS range,
  'infinity'::timestamptz AS forever, '20000-01-01'::date AS far, 'NaN'::numeric AS nothing, 12.5::money AS price,
  '1 2'::point::text AS p, 1.5::real AS r, 9007199254740993 AS big, true AS yes, NULL::xml AS x, 'ab'::char(5) AS c;
GRANT SELECT ON things TO PUBLIC
"""
MARIADB = """
CREATE TABLE things (id int, mood enum('sad', 'happy'), tags set('a', 'b'), data json, raw blob, bits bit(4), y year,
  t time, dt datetime(6), ts timestamp NULL, d double, u bigint unsigned, flag bool, z date);
INSERT IGNORE INTO things VALUES (1, 'happy', 'a,b', '{"a": 1}', x'deadbeef', b'101', 2024, '-30:00:01',
  '2024-05-01 10:30:00.123456', NULL, 1.5, 18446744073709551615, true, '0000-00-00')
"""
SQLITE = """
CREATE TABLE things (id, raw BLOB, r REAL, big INTEGER, odd TEXT, "a b" TEXT, "select" INT);
INSERT INTO things VALUES (1, x'deadbeef', 1.5, 9007199254740993, CAST(x'61ff62' AS TEXT), 'spaced', 3)
"""
EXPECTED: dict[str, list[object]] = {
    "postgresql": [
        *(1, "happy", '("High St",7)', "{1,2}", '{"a": [1, {"b": null}]}', "1 mon 3 days", "10.0.0.1/24"),
        *(
            "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
            "\\xdeadbeef",
            "[1,5)",
            "infinity",
            "20000-01-01",
            "NaN",
            "$12.50",
        ),
        *("(1,2)", 1.5, "9007199254740993", True, None, "ab"),
    ],
    "mariadb": [
        *(1, "happy", "a,b", '{"a": 1}', "0xdeadbeef", "0x05", 2024, "-2 days, 17:59:59"),
        *("2024-05-01 10:30:00.123456", None, 1.5, "18446744073709551615", 1),
    ],
    "sqlite": [1, "0xdeadbeef", 1.5, "9007199254740993", "a\ufffdb", "spaced", 3],
}


def test_every_type_is_told(shop: Shop) -> None:
    statements = {"postgresql": POSTGRESQL.replace("'1 2'::point", "'(1,2)'::point")}.get(
        shop.engine, MARIADB if shop.engine == "mariadb" else SQLITE
    )
    for statement in statements.split(";"):
        if statement.strip() and not statement.strip().startswith("--"):
            shop.look(statement)

    async def run(sql: str) -> list[list[object]]:
        with shop.open() as database:
            return [list(row) for row in (await database.run(sql)).answer.rows]

    [row] = asyncio.run(run("SELECT * FROM things"))
    expected = EXPECTED[shop.engine]
    assert row[: len(expected)] == expected
    if shop.engine == "sqlite":
        assert asyncio.run(run('SELECT "a b", "select" FROM things WHERE "select" = 3')) == [["spaced", 3]]
    else:
        assert asyncio.run(run("SELECT id FROM things WHERE mood = 'happy'")) == [[1]]
    if shop.engine == "postgresql":
        assert asyncio.run(run("SELECT data ->> 'a' AS a, data -> 'a' AS b FROM things")) == [
            ['[1, {"b": null}]', '[1, {"b": null}]']
        ]
        with pytest.raises(QueryRefused, match="key of JSON"):
            asyncio.run(run("SELECT data ->> 'a''b' AS a FROM things"))
    if shop.engine == "mariadb":
        assert asyncio.run(
            run("SELECT JSON_EXTRACT(data, '$.a') AS a, JSON_VALUE(data, '$.a') AS b FROM things")
        ) == [["1", "1"]]
