# support/databases/query_plans.py -- what PostgreSQL reads for a statement.
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import event as sql_event

from db import AnySelect, Database, compile_statement


async def explain(db: Database, statement: AnySelect, values: dict[str, object]) -> dict[str, Any]:
    """The plan by which PostgreSQL has executed the statement, with what it has read."""
    sql, names, constants = compile_statement(statement, db.engine.dialect)
    known = {**constants, **values}
    [[plan]] = await db._execute_sql(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *(known[name] for name in names)
    )
    found: dict[str, Any] = plan[0]["Plan"]
    return found


def count_rows_read(plan: dict[str, Any], table: str) -> int:
    """The rows of the table that a plan reads, those that it drops among them."""
    here = plan.get("Relation Name") == table
    own = plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) if here else 0
    # The plan has the average of the loops, rounded.
    return round(own + sum(count_rows_read(part, table) for part in plan.get("Plans", [])))


@dataclass(frozen=True)
class Cost:
    """What statements read together: pages of tables and indexes, and the most rows that one of them put in order."""

    pages: int
    sorted_rows: int


async def measure(db: Database, work: Callable[[], Awaitable[object]]) -> Cost:
    """What PostgreSQL reads for all statements that `work` sends, which only reads: each is explained afterwards."""
    sent: list[tuple[str, Sequence[object]]] = []

    def note(_: Any, __: Any, statement: str, values: Sequence[object], *rest: Any) -> None:
        sent.append((statement, values))

    async def note_sql(sql: str, *values: object) -> Any:
        sent.append((sql, values))
        return await execute_sql(sql, *values)

    execute_sql = db._execute_sql
    sql_event.listen(db.engine.sync_engine, "before_cursor_execute", note)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(db, "_execute_sql", note_sql)
        await work()
    sql_event.remove(db.engine.sync_engine, "before_cursor_execute", note)
    plans = [await explain_sql(db, sql, values) for sql, values in sent if sql.lstrip().startswith("SELECT")]
    assert plans
    return Cost(sum(map(count_pages_read, plans)), max(map(count_sorted_rows, plans)))


async def explain_sql(db: Database, sql: str, values: Sequence[object]) -> dict[str, Any]:
    [[plan]] = await db._execute_sql(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}", *values)
    found: dict[str, Any] = plan[0]["Plan"]
    return found


def count_sorted_rows(plan: dict[str, Any]) -> int:
    """The most rows that a node of the plan puts in order."""
    parts = plan.get("Plans", [])
    own = parts[0]["Actual Rows"] if plan["Node Type"] == "Sort" else 0
    return max([own, *map(count_sorted_rows, parts)])


def count_pages_read(plan: dict[str, Any]) -> int:
    """The pages of tables and indexes that a plan reads, from memory or not."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])
