# support/databases/query_plans.py -- what PostgreSQL reads for a statement.
from typing import Any

from db import AnySelect, Database, compile_statement


async def explain(db: Database, statement: AnySelect, values: dict[str, object]) -> dict[str, Any]:
    """The plan by which PostgreSQL has executed the statement, with what it has read."""
    sql, names, constants = compile_statement(statement, db.engine.dialect)
    known = {**constants, **values}
    [[plan]] = await db._execute_sql(
        f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", *(known[name] for name in names)
    )
    found: dict[str, Any] = plan[0]["Plan"]
    return found


def count_rows_read(plan: dict[str, Any], table: str) -> int:
    """The rows of the table that a plan reads, those that it drops among them."""
    here = plan.get("Relation Name") == table
    own = plan["Actual Loops"] * (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) if here else 0
    return int(own + sum(count_rows_read(part, table) for part in plan.get("Plans", [])))
