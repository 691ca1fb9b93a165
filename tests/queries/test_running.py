# test_running.py -- queries on each engine: what they find, how much of it is shown, and how long they may take.
import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from structlog.testing import CapturingLogger

from queries import answers, databases
from queries.answers import Answer
from queries.databases import CATALOG_SECONDS, MAX_AT_ONCE, NamedDatabase, QueryDatabases
from queries.refusals import QueryRefused
from settings import SettingsError
from settings.query_databases import QueryDatabase
from support.queries.shops import ACCOUNT, PASSWORD, Shop
from support.servers import wait_until

T = TypeVar("T")
AT_WORK = {
    "postgresql": "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' "
    "AND query LIKE '%CROSS JOIN%' AND pid <> pg_backend_pid()",
    "mariadb": "SELECT count(*) FROM information_schema.processlist WHERE db = database() "
    "AND info LIKE '%CROSS JOIN%' AND id <> connection_id()",
}


def ask(shop: Shop, work: Callable[[NamedDatabase], Awaitable[T]], **given: object) -> T:
    async def run() -> T:
        with shop.open(**given) as database:
            return await work(database)

    return asyncio.run(run())


def find(shop: Shop, sql: str, **given: object) -> Answer:
    return ask(shop, lambda database: database.run(sql), **given).answer


def refuse(shop: Shop, sql: str, **given: object) -> str:
    with pytest.raises(QueryRefused) as refusal:
        find(shop, sql, **given)
    return str(refusal.value)


def test_the_tables_are_described_with_types_and_keys(shop: Shop) -> None:
    catalog = ask(shop, lambda database: database.read_catalog())
    assert catalog.list_labels() == ["customers", "large_orders", "orders"]
    orders = catalog.find_labelled("orders")
    assert {column.name: column.key for column in orders.columns} == {
        "id": "primary",
        "customer_id": "customers.id",
        "total": None,
        "at": None,
        "note": None,
    }
    assert [column.is_nullable for column in orders.columns] == [False, True, True, True, True]
    assert "10,2" in orders.columns[2].type.replace(" ", "")
    assert [table.is_view for table in catalog.tables] == [False, True, False]


def test_a_query_finds_the_same_everywhere(shop: Shop) -> None:
    sql = (
        "SELECT c.name, count(*) AS n, sum(o.total) AS total, max(o.at) AS latest FROM orders o "
        "JOIN customers c ON c.id = o.customer_id GROUP BY c.name ORDER BY total DESC"
    )
    found = find(shop, sql)
    assert found.columns == ["name", "n", "total", "latest"]
    assert found.rows == [["Ann", 2, 210.5, "2024-02-05"], ["Bob", 1, 99.99, "2024-02-06"]]
    assert (found.list_kinds(), found.has_more) == (["text", "number", "number", "time"], False)
    assert find(shop, "SELECT name FROM customers WHERE name = 'Zoë ''Z'' Ö'").rows == [["Zoë 'Z' Ö"]]
    assert find(shop, "SELECT note FROM orders WHERE id = 3").rows == [["a\\b"]]
    assert find(shop, "SELECT id, note FROM orders WHERE note IS NULL").rows == [[2, None]]
    assert find(shop, "SELECT id FROM large_orders").rows == [[2]]
    assert find(shop, "SELECT id FROM orders WHERE id > 99").rows == []
    assert find(shop, "WITH o AS (SELECT total AS t FROM orders) SELECT max(o.t) AS most FROM o").rows == [
        [200]
    ]


def test_rows_are_cut_at_their_number_and_at_their_size(shop: Shop) -> None:
    many = " CROSS JOIN ".join(f"orders o{n}" for n in range(6))  # 729 rows
    found = find(shop, f"SELECT o0.id FROM {many}")
    assert (len(found.rows), found.has_more) == (500, True)
    wide = ", ".join(f"'{'x' * 400}' AS c{n}" for n in range(10))
    found = find(shop, f"SELECT {wide} FROM {many}")
    assert found.has_more
    assert 40_000 < sum(len(str(cell)) for row in found.rows for cell in row) < answers.MAX_BYTES
    assert not find(shop, f"SELECT o0.id FROM {many} LIMIT 500").has_more


def test_a_long_cell_is_cut_visibly(shop: Shop) -> None:
    [[text]] = find(shop, f"SELECT '{'é' * 600}' AS t").rows
    assert text == "é" * 500 + "… [cut]"


def test_too_many_columns_are_refused(shop: Shop) -> None:
    columns = ", ".join(f"1 AS c{n}" for n in range(51))
    assert refuse(shop, f"SELECT {columns}") == "The query gives 51 columns: ask for at most 50."


@pytest.mark.busy
def test_a_query_that_takes_too_long_is_ended(shop: Shop) -> None:
    many = " CROSS JOIN ".join(f"orders o{n}" for n in range(19))
    reason = refuse(shop, f"SELECT count(*) AS n FROM {many} WHERE o0.id + o18.id > 0", seconds=0.3)
    assert reason == "The query took longer than 0.3 seconds. Ask for less, or for fewer rows."
    assert find(shop, "SELECT count(*) AS n FROM orders").rows == [[3]]


@pytest.mark.busy
def test_a_query_whose_caller_has_gone_is_ended(shop: Shop) -> None:
    many = " CROSS JOIN ".join(f"orders o{n}" for n in range(19))

    async def leave(database: NamedDatabase) -> int:
        await database.read_catalog()
        running = asyncio.create_task(
            database.run(f"SELECT count(*) AS n FROM {many} WHERE o0.id + o18.id > 0")
        )
        if shop.engine == "sqlite":
            while database.gate._value == MAX_AT_ONCE:
                await asyncio.sleep(0)
        else:
            while await asyncio.to_thread(shop.look, AT_WORK[shop.engine]) == [(0,)]:
                await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        for _ in range(MAX_AT_ONCE + 1):  # every place and every thread is free again
            await asyncio.gather(
                *[database.run("SELECT count(*) AS n FROM orders") for _ in range(MAX_AT_ONCE)]
            )
        return database.gate._value

    assert ask(shop, leave, seconds=60) == MAX_AT_ONCE
    if shop.engine != "sqlite":  # the server has ended it, too, long before its time is up
        wait_until(lambda: shop.look(AT_WORK[shop.engine]) == [(0,)])


def test_what_the_database_refuses_is_told_in_its_words_without_the_way_there(shop: Shop) -> None:
    if shop.engine == "postgresql":
        assert "division by zero" in refuse(shop, "SELECT total / 0 AS x FROM orders")
    sql = {
        "sqlite": "SELECT id FROM orders GROUP BY sum(id)",
        "postgresql": "SELECT id FROM orders WHERE lower(id) = 'a'",
        "mariadb": "SELECT id FROM orders GROUP BY sum(id)",
    }[shop.engine]
    reason = refuse(shop, sql)
    assert reason.startswith("The database refuses it: ")
    assert PASSWORD not in reason and "127.0.0.1" not in reason


@pytest.mark.busy
def test_a_database_that_is_away_is_told_without_its_address(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = CapturingLogger()
    monkeypatch.setattr(databases, "log", noted)  # whatever level other tests have set
    away = {
        "sqlite": "sqlite:////nowhere/at/all/secret.db",
        "postgresql": f"postgresql://reader:{PASSWORD}@127.0.0.1:1/secret",
        "mariadb": f"mariadb://reader:{PASSWORD}@127.0.0.1:1/secret",
    }[shop.engine]
    assert refuse(shop, "SELECT 1 AS n", url=away) == "The database cannot be reached at the moment."
    assert [call.kwargs["database"] for call in noted.calls] == ["shop"]
    assert not any(word in str(noted.calls) for word in ("secret", PASSWORD, "127.0.0.1", "reader"))
    if shop.engine != "sqlite":
        wrong = shop.url.replace(PASSWORD, "wrong")
        if shop.engine == "mariadb":
            assert refuse(shop, "SELECT 1 AS n", url=wrong) == "The database cannot be reached at the moment."


def test_only_the_tables_that_the_operator_names_are_there(shop: Shop) -> None:
    assert find(shop, "SELECT count(*) AS n FROM customers", tables=["Customers"]).rows == [[3]]
    reason = refuse(shop, "SELECT count(*) AS n FROM orders", tables=["customers"])
    assert reason == "There is no table orders to read. The tables are: customers."


def test_the_tables_are_read_again_after_a_minute(shop: Shop) -> None:
    now = 0.0

    async def read(database: NamedDatabase) -> list[int]:
        nonlocal now
        database.clock = lambda: now
        counts = []
        read_catalog, reads = database.engine.read_catalog, 0

        async def counted() -> object:
            nonlocal reads
            reads += 1
            return await read_catalog()

        database.engine.read_catalog = counted  # type: ignore[method-assign, assignment]
        for moment in (0.0, CATALOG_SECONDS, CATALOG_SECONDS + 1, CATALOG_SECONDS + 2):
            now = moment
            await database.run("SELECT count(*) AS n FROM orders")
            counts.append(reads)
        return counts

    assert ask(shop, read) == [1, 1, 2, 2]


def test_a_few_queries_run_at_once_and_the_others_wait_for_a_while(shop: Shop) -> None:
    async def crowd(database: NamedDatabase) -> str:
        await database.read_catalog()
        for _ in range(MAX_AT_ONCE):
            await database.gate.acquire()
        with pytest.raises(QueryRefused) as refusal:
            await database.run("SELECT count(*) AS n FROM orders")
        for _ in range(MAX_AT_ONCE):
            database.gate.release()
        found = await asyncio.gather(*[database.run("SELECT count(*) AS n FROM orders") for _ in range(12)])
        assert [each.answer.rows for each in found] == [[[3]]] * 12
        return str(refusal.value)

    assert ask(shop, crowd, seconds=0.5) == "Too many queries are at work. Try again in a moment."


def test_another_accounts_database_is_none_by_the_same_words(shop: Shop) -> None:
    databases = QueryDatabases([shop.entry(), shop.entry(name="other", accounts=[])])
    own = databases.list_for(ACCOUNT)
    assert own.find("shop").entry.name == "shop"
    reasons = []
    for name in ("other", "nothing"):
        with pytest.raises(QueryRefused) as refusal:
            own.find(name)
        reasons.append(str(refusal.value).replace(name, "NAME"))
    assert reasons == ["There is no database named NAME. The databases are: shop."] * 2
    databases.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (f"oracle://reader:{PASSWORD}@host/shop", "QUERY_DATABASES: shop: oracle is not supported"),
        (PASSWORD, "QUERY_DATABASES: shop is not a database URL"),
        (
            f"postgresql://reader:{PASSWORD}@host/shop?colour=red",
            "QUERY_DATABASES: shop: unknown parameter colour",
        ),
        ("sqlite://", "QUERY_DATABASES: shop: SQLite needs a file alone"),
        ("sqlite:///shop.db?uri=true", "QUERY_DATABASES: shop: SQLite needs a file alone"),
    ],
)
def test_a_wrong_url_is_told_at_the_start_and_not_shown(url: str, said: str) -> None:
    entry = QueryDatabase.model_validate({"name": "shop", "url": url, "accounts": []})
    with pytest.raises(SettingsError) as refusal:
        QueryDatabases([entry])
    assert str(refusal.value).startswith(said)
    assert PASSWORD not in str(refusal.value)
