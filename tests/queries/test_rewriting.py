# test_rewriting.py -- what is run is written anew from the tree: full names, no comments, few rows.
from typing import Any

import pytest
from sqlglot import exp

from queries.catalog import Dialect
from queries.parsing import parse_query, write_query
from queries.refusals import QueryRefused
from queries.rewriting import MAX_ROWS, rewrite_query
from support.queries.attacks import DIALECTS, make_catalog


def rewrite(dialect: Dialect, sql: str) -> str:
    return " ".join(rewrite_query(sql, make_catalog(dialect)).split())


@pytest.mark.parametrize(
    ("dialect", "sql", "written"),
    [
        (
            "postgresql",
            "select Name from Customers -- all",
            'SELECT "name" FROM "public"."customers" AS "customers" LIMIT 501',
        ),
        (
            "postgresql",
            "WITH o AS (SELECT * FROM orders) SELECT o.total FROM o LIMIT 3",
            'WITH "parley_result_1" AS ( SELECT * FROM "public"."orders" AS "orders" ) '
            'SELECT "o"."total" FROM "parley_result_1" AS "o" LIMIT 3',
        ),
        (
            "postgresql",
            "SELECT s.left FROM depot.stock s WHERE s.id = 'a''b\\' LIMIT 9999",
            'SELECT "s"."left" FROM "depot"."stock" AS "s" WHERE "s"."id" = \'a\'\'b\\\' LIMIT 501',
        ),
        (
            "sqlite",
            'SELECT "name" FROM [customers] LIMIT 5, 2',
            "SELECT `name` FROM `main`.`customers` AS `customers` LIMIT 2 OFFSET 5",
        ),
        (
            "mariadb",
            'SELECT /*! SLEEP(9), */ name FROM customers WHERE name RLIKE "a" AND char_length(name) > 1',
            "SELECT `name` FROM `shop`.`customers` AS `customers` WHERE `name` RLIKE 'a' AND CHAR_LENGTH(`name`) > 1 "
            "LIMIT 501",
        ),
    ],
)
def test_a_query_is_written_anew(dialect: Dialect, sql: str, written: str) -> None:
    assert rewrite(dialect, sql) == written


USEFUL = [
    "SELECT count(*) AS n, sum(total) AS t, avg(total), min(at), max(at) FROM orders",
    "SELECT c.name, sum(o.total) AS t FROM orders o LEFT JOIN customers c ON c.id = o.customer_id GROUP BY c.name "
    "HAVING sum(o.total) > 10 ORDER BY t DESC LIMIT 5",
    "WITH a AS (SELECT * FROM orders), b AS (SELECT customer_id, count(*) AS n FROM a GROUP BY customer_id) "
    "SELECT name, n FROM b JOIN customers ON customers.id = b.customer_id",
    "SELECT CASE WHEN total > 5 THEN 'large' ELSE 'small' END AS size, count(DISTINCT customer_id) FROM orders "
    "GROUP BY 1",
    "SELECT id, row_number() OVER (PARTITION BY customer_id ORDER BY at DESC) AS place FROM orders",
    "SELECT id FROM orders WHERE note LIKE 'a%' AND total BETWEEN 1 AND 2 OR id IN (1, 2, 3) AND NOT note IS NULL",
    "SELECT name FROM customers WHERE EXISTS (SELECT 1 FROM orders WHERE customer_id = customers.id)",
    "SELECT id FROM orders WHERE total > (SELECT avg(total) FROM orders)",
    "SELECT name FROM customers UNION SELECT note FROM orders ORDER BY 1",
    "SELECT coalesce(note, '-'), nullif(note, ''), lower(note), upper(note), trim(note), length(note) FROM orders",
    "SELECT round(total, 1), abs(total), CAST(id AS char(3)), id % 2, -id, replace(note, '$', '') FROM orders",
    "SELECT lag(total) OVER (ORDER BY at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS before FROM orders",
    "SELECT a.id FROM orders a CROSS JOIN orders b",
    "SELECT x.t FROM (SELECT total * 2 AS t FROM orders) AS x",
    "SELECT o.t FROM (SELECT o.total AS t FROM orders AS o) AS o",
    "WITH orders AS (SELECT id AS n FROM orders) SELECT orders.n FROM orders",
]
OWN: dict[Dialect, list[str]] = {
    "postgresql": [
        "SELECT date_trunc('month', at::timestamp) AS m, count(*) FILTER (WHERE total > 1) FROM orders GROUP BY 1",
        "SELECT extract(year FROM at::date), to_char(now(), 'YYYY'), age(at::date), current_date - 1 FROM orders",
        "SELECT id FROM orders WHERE note ILIKE 'a%' OR note ~* '^a' OR at::date > now() - interval '3 months'",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total::int), string_agg(note, ', ') FROM orders",
        "SELECT split_part(note, ',', 1), position('a' in note), note || '!', left(note, 2) FROM orders",
    ],
    "sqlite": [
        "SELECT strftime('%Y-%m', at) AS m, date('now', '-1 month'), julianday(at), total(total) FROM orders",
        "SELECT iif(total > 1, 'a', 'b'), ifnull(note, ''), group_concat(note, ', '), note || '!' FROM orders",
        "SELECT id FROM orders WHERE note GLOB 'a*' AND instr(note, 'a') > 0",
    ],
    "mariadb": [
        "SELECT DATE_FORMAT(at, '%Y-%m') AS m, YEAR(at), MONTH(at), DATEDIFF(NOW(), at), DAYNAME(at) FROM orders",
        "SELECT IF(total > 1, 'a', 'b'), IFNULL(note, ''), GROUP_CONCAT(note SEPARATOR ', ') FROM orders",
        "SELECT id FROM orders WHERE at > DATE_SUB(CURDATE(), INTERVAL 3 MONTH) AND note NOT RLIKE 'a'",
        "SELECT CONCAT(note, '!'), CONCAT_WS(', ', note, note), SUBSTRING_INDEX(note, ',', 1), id DIV 2 FROM orders",
    ],
}


@pytest.mark.parametrize(
    ("dialect", "sql"), [(dialect, sql) for dialect in DIALECTS for sql in USEFUL + OWN[dialect]]
)
def test_what_people_ask_for_is_allowed_and_stays_what_it_is(dialect: Dialect, sql: str) -> None:
    """Written and read again, it comes out the same: what was checked is what is run."""
    written = rewrite_query(sql, make_catalog(dialect))
    assert write_query(parse_query(written, dialect), dialect) == written


@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_table_that_is_left_has_its_schema_or_is_a_result_of_the_query(dialect: Dialect) -> None:
    sql = "WITH customers AS (SELECT * FROM customers) SELECT c.name, o.id FROM customers c, orders o"
    tables = list(parse_query(rewrite(dialect, sql), dialect).find_all(exp.Table))
    assert [(table.db, table.name, table.alias) for table in tables].count(("", "parley_result_1", "c")) == 1
    schema = make_catalog(dialect).tables[0].schema
    assert {(table.db, table.name) for table in tables if table.db} == {
        (schema, "customers"),
        (schema, "orders"),
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_texts_that_double_from_part_to_part_are_refused(dialect: Dialect) -> None:
    parts = ["a0 AS (SELECT note AS v FROM orders)"]
    parts += [f"a{n} AS (SELECT concat(v, v, v, v) AS v FROM a{n - 1})" for n in range(1, 8)]
    with pytest.raises(QueryRefused, match="joins too many texts"):
        rewrite(dialect, f"WITH {', '.join(parts)} SELECT v FROM a7")


@pytest.mark.parametrize(
    "text", ["'", "''", "\\", "\\'", "a\\", "\n", "–", '"', "`", ";--", "/*", "%s", "$1", ":x", "é"]
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_text_stays_what_it_is(dialect: Dialect, text: str) -> None:
    tree: Any = exp.select(exp.Literal.string(text).as_("t"))
    written = rewrite_query(write_query(tree, dialect), make_catalog(dialect))
    [literal] = [each for each in parse_query(written, dialect).find_all(exp.Literal) if each.is_string]
    assert literal.name == text


def test_rows_are_limited_whatever_is_asked_for() -> None:
    assert rewrite("sqlite", "SELECT id FROM orders LIMIT 100000").endswith(f"LIMIT {MAX_ROWS + 1}")
    assert rewrite("sqlite", "SELECT id FROM orders LIMIT 7").endswith("LIMIT 7")
    assert rewrite("sqlite", "(SELECT id FROM orders) UNION SELECT id FROM orders").endswith("LIMIT 501")
