# test_describing.py -- what the model is told of databases, however large they are.
import asyncio
import json
from typing import Any

import pytest

from queries.catalog import Catalog, Column, Table
from queries.databases import AccountDatabases, QueryDatabases
from settings.query_databases import QueryDatabase
from tools.registry import ToolError, call_data_tool


class Known:
    """A database whose tables are made up."""

    dialect = "postgresql"

    def __init__(self, tables: int, columns: int) -> None:
        self.tables = tuple(
            Table(
                "public", f"t{n}", True, False, tuple(Column(f"c{m}", "text", True) for m in range(columns))
            )
            for n in range(tables)
        )

    async def read_catalog(self) -> Catalog:
        return Catalog("postgresql", self.tables)


def describe(engine: Known, **arguments: Any) -> Any:
    async def run() -> Any:
        entry = QueryDatabase.model_validate({"name": "shop", "url": "sqlite:///x.db", "accounts": []})
        databases = QueryDatabases([entry])
        named = databases.all["shop"]
        named.engine = engine  # type: ignore[assignment]
        try:
            return await call_data_tool(AccountDatabases({"shop": named}), "describe_data", arguments)
        finally:
            databases.close()

    return asyncio.run(run())["databases"][0]


def test_a_small_database_is_described_whole() -> None:
    found = describe(Known(20, 25))
    assert [len(table["columns"]) for table in found["tables"]] == [25] * 20
    assert not found["more"]


@pytest.mark.parametrize(("tables", "columns"), [(21, 1), (20, 26)])
def test_of_a_larger_one_the_tables_are_named(tables: int, columns: int) -> None:
    found = describe(Known(tables, columns))
    assert {table["columns"] for table in found["tables"]} == {None}
    assert len(found["tables"]) == tables
    [one] = describe(Known(tables, columns), database="shop", tables=["t7"])["tables"]
    assert (one["name"], len(one["columns"])) == ("t7", columns)


def test_the_largest_is_cut_and_says_so() -> None:
    found = describe(Known(2_000, 500))
    assert (len(found["tables"]), found["more"]) == (200, True)
    [one] = describe(Known(2_000, 500), database="shop", tables=["t1999"])["tables"]
    assert (len(one["columns"]), one["more"]) == (200, True)
    assert len(json.dumps(found)) < 20_000


def test_what_is_asked_for_wrongly_is_told() -> None:
    for arguments, said in [
        ({"tables": ["t1"]}, "Name the database of these tables."),
        ({"database": "shop", "tables": ["t9"]}, "There is no table t9 to read. The tables are: t0, t1."),
        ({"database": "no"}, "There is no database named no. The databases are: shop."),
        ({"database": "shop", "tables": ["t"] * 21}, "Wrong arguments for describe_data: tables: "),
    ]:
        with pytest.raises(ToolError) as refusal:
            describe(Known(2, 1), **arguments)
        assert str(refusal.value).startswith(said)


def test_what_breaks_on_our_side_says_so_and_no_more() -> None:
    class Broken(Known):
        async def read_catalog(self) -> Catalog:
            raise ZeroDivisionError("a secret")

    with pytest.raises(ToolError, match=r"^describe_data failed on our side\.$"):
        describe(Broken(1, 1))
