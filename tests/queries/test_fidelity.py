# test_fidelity.py -- what is written anew finds what the text itself would have found, on each engine.
# ruff: noqa: E501 -- a query is easier to read in one piece
import asyncio
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlglot import exp

from queries.answers import to_cell
from queries.parsing import write_query
from support.queries.shops import Shop

EVERYWHERE = [
    "SELECT id, total, at, note FROM orders ORDER BY id",
    "SELECT c.name, count(o.id) AS n, sum(o.total) AS t FROM customers c LEFT JOIN orders o ON o.customer_id = c.id "
    "GROUP BY c.name ORDER BY c.name",
    "SELECT customer_id, avg(total) AS a FROM orders GROUP BY customer_id HAVING count(*) > 1",
    "WITH a AS (SELECT customer_id AS c, total AS t FROM orders), b AS (SELECT c, max(t) AS m FROM a GROUP BY c) "
    "SELECT name, m FROM b JOIN customers ON id = c ORDER BY m DESC",
    "SELECT x.n FROM (SELECT name AS n FROM customers UNION ALL SELECT note FROM orders) AS x WHERE x.n IS NOT NULL "
    "ORDER BY x.n",
    "SELECT id FROM orders WHERE customer_id IN (SELECT id FROM customers WHERE name LIKE 'A%') ORDER BY id",
    "SELECT name FROM customers c WHERE NOT EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)",
    "SELECT CASE WHEN total >= 100 THEN 'large' WHEN total >= 20 THEN 'middle' ELSE 'small' END AS size, count(*) AS n "
    "FROM orders GROUP BY 1 ORDER BY 1",
    "SELECT id, row_number() OVER (ORDER BY total DESC) AS place, sum(total) OVER (PARTITION BY customer_id ORDER BY id "
    "ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS so_far FROM orders ORDER BY id",
    "SELECT lag(total) OVER (ORDER BY id) AS before_it, lead(id, 1) OVER (ORDER BY id) AS n FROM orders ORDER BY id",
    "SELECT upper(name), lower(name), substr(name, 1, 2), replace(name, 'A', ''), trim(name) FROM customers WHERE id < 3 "
    "ORDER BY id",
    "SELECT round(total, 1), abs(-total), coalesce(note, 'none'), nullif(id, 2), id % 2, -id, id * 2 + 1 FROM orders "
    "ORDER BY id",
    "SELECT count(DISTINCT customer_id) AS n, min(at), max(at) FROM orders",
    "SELECT id FROM orders WHERE at BETWEEN '2024-02-01' AND '2024-02-29' AND (total > 100 OR note IS NOT NULL) "
    "ORDER BY id DESC LIMIT 1 OFFSET 1",
    "SELECT a.id, b.id FROM orders a JOIN orders b ON a.id < b.id AND NOT a.customer_id = b.customer_id ORDER BY 1, 2",
    "SELECT DISTINCT customer_id FROM orders ORDER BY customer_id",
    "SELECT name FROM customers WHERE name LIKE '%''%' OR name LIKE 'B!_b' ESCAPE '!'",
    "SELECT customer_id FROM orders INTERSECT SELECT id FROM customers ORDER BY 1",
    "SELECT id FROM customers EXCEPT SELECT customer_id FROM orders ORDER BY 1",
    "SELECT cast(id AS char(1)), cast(total AS decimal(10, 1)) FROM orders ORDER BY id",
]
SHADOW = (
    "WITH orders AS (SELECT id, total FROM orders WHERE total > 50) SELECT count(*), sum(total) FROM orders"
)
OWN = {
    "postgresql": [
        SHADOW,
        "SELECT date_trunc('month', at)::date AS m, count(*) FILTER (WHERE total > 50) AS n FROM orders GROUP BY 1 "
        "ORDER BY 1",
        "SELECT date_trunc('week', at)::date, date_trunc('quarter', at)::date FROM orders ORDER BY id",
        "SELECT extract(year FROM at), extract(dow FROM at), extract(isodow FROM at), extract(doy FROM at), "
        "extract(week FROM at), extract(quarter FROM at), extract(epoch FROM at), date_part('month', at) FROM orders "
        "ORDER BY id",
        "SELECT to_char(at, 'YYYY-MM'), to_char(at, 'FMMonth DD, YYYY'), to_char(at, 'IYYY-IW Q Dy HH24:MI:SS.US'), "
        "to_char(total, 'FM999,990.00') FROM orders ORDER BY id",
        "SELECT to_date('05 Feb 2024', 'DD Mon YYYY') AS d, make_date(2024, 2, 29) AS m",
        "SELECT at + interval '1 month 2 days', at - 7, age(at, date '2024-01-01')::text, at - date '2024-01-01' FROM orders "
        "ORDER BY id",
        "SELECT string_agg(name, ', ' ORDER BY name DESC), bool_and(id > 0), bool_or(id > 2) FROM customers",
        "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total), percentile_disc(0.9) WITHIN GROUP (ORDER BY total), "
        "mode() WITHIN GROUP (ORDER BY customer_id), stddev(total), var_pop(total), corr(id, total) FROM orders",
        "SELECT split_part(name, ' ', 1), position('n' in name), left(name, 2), right(name, 2), length(name), "
        "initcap(name), reverse(name), name || '!', concat(name, id), concat_ws('-', id, name), strpos(name, 'n') "
        "FROM customers ORDER BY id",
        "SELECT id FROM orders WHERE note ~ '^f' OR note ~* 'B' OR note ILIKE 'FIRST' OR note SIMILAR TO 'x%' ORDER BY 1",
        "SELECT greatest(id, 2), least(id, 2), ceil(total), floor(total), trunc(total, 1), power(id, 2), sqrt(id), "
        "ln(id), log(10, id), mod(id, 2), id / 2, total / 3, sign(total) FROM orders ORDER BY id",
        "SELECT ntile(2) OVER (ORDER BY id), rank() OVER (ORDER BY customer_id), dense_rank() OVER (ORDER BY customer_id), "
        "percent_rank() OVER (ORDER BY id), first_value(total) OVER (ORDER BY id), "
        "last_value(total) OVER (ORDER BY id RANGE BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM orders "
        "ORDER BY id",
        "SELECT id, note FROM orders ORDER BY note NULLS FIRST, id",
        "SELECT id, note FROM orders ORDER BY note DESC NULLS LAST, id",
        "SELECT id IS DISTINCT FROM 2, note IS NULL, id = 1 IS TRUE, true AND NOT false FROM orders ORDER BY id",
        "SELECT DISTINCT ON (customer_id) customer_id, total FROM orders ORDER BY customer_id, total DESC",
        "SELECT at::timestamp AT TIME ZONE 'Europe/Berlin' AT TIME ZONE 'UTC' FROM orders ORDER BY id",
        "SELECT total::text, id::numeric(5, 2) AS a, '2024-01-01'::date, cast('12' AS integer), id::float8 AS b FROM orders",
        "SELECT (SELECT max(total) FROM orders o WHERE o.customer_id = c.id) AS most FROM customers c ORDER BY c.id",
    ],
    "sqlite": [
        "SELECT strftime('%Y-%m', at) AS m, sum(total) AS t FROM orders GROUP BY m ORDER BY m",
        "SELECT strftime('%Y-W%W %j %w %d.%m.%Y %H:%M:%S %s %%', at) FROM orders ORDER BY id",
        "SELECT date(at, 'start of month'), date(at, '+1 month', '-1 day'), datetime(at), time(at), julianday(at) FROM orders "
        "ORDER BY id",
        "SELECT julianday('2024-03-01') - julianday(at) AS days, CAST(strftime('%Y', at) AS INTEGER) FROM orders ORDER BY id",
        "SELECT ifnull(note, '-'), iif(total > 50, 'a', 'b'), instr(name, 'n'), length(name), name || '!' FROM orders "
        "JOIN customers ON customers.id = customer_id ORDER BY orders.id",
        "SELECT group_concat(name, '; ') FROM (SELECT name FROM customers ORDER BY name)",
        "SELECT total(total), max(id, 2), min(id, 2) FROM orders GROUP BY id ORDER BY id",
        "SELECT id FROM orders WHERE note GLOB 'f*' OR note LIKE 'A%' ORDER BY id",
        "SELECT id / 2, id / 2.0, total / 3, 7 % 3, round(total / 3, 2) FROM orders ORDER BY id",
        "SELECT id, note FROM orders ORDER BY note NULLS LAST, id",
        "SELECT id, note FROM orders ORDER BY note, id",
    ],
    "mariadb": [
        SHADOW,
        "SELECT DATE_FORMAT(at, '%Y-%m') AS m, SUM(total) AS t FROM orders GROUP BY m ORDER BY m",
        "SELECT DATE_FORMAT(at, '%x-W%v %j %a %b %M %e.%c.%y %H:%i:%s %p %%') FROM orders ORDER BY id",
        "SELECT YEAR(at), QUARTER(at), MONTH(at), WEEK(at), WEEK(at, 3), YEARWEEK(at), DAY(at), DAYOFWEEK(at), "
        "WEEKDAY(at), DAYNAME(at), MONTHNAME(at), LAST_DAY(at), DAYOFYEAR(at) FROM orders ORDER BY id",
        "SELECT DATE_ADD(at, INTERVAL 1 MONTH), DATE_SUB(at, INTERVAL 10 DAY), at + INTERVAL 1 YEAR, "
        "DATEDIFF('2024-03-01', at), TIMESTAMPDIFF(MONTH, at, '2024-12-31'), EXTRACT(YEAR FROM at), DATE(at) FROM orders "
        "ORDER BY id",
        "SELECT STR_TO_DATE('05.02.2024', '%d.%m.%Y'), MAKEDATE(2024, 60), FROM_UNIXTIME(0) IS NULL",
        "SELECT GROUP_CONCAT(name ORDER BY name DESC SEPARATOR '; '), GROUP_CONCAT(DISTINCT id) FROM customers",
        "SELECT IF(total > 50, 'a', 'b'), IFNULL(note, '-'), CONCAT(id, '-', total), CONCAT_WS(',', id, note), id DIV 2, "
        "id / 2, total / 3, id MOD 2, TRUNCATE(total, 0), id <=> 2 FROM orders ORDER BY id",
        "SELECT SUBSTRING_INDEX(name, ' ', 1), LOCATE('n', name), INSTR(name, 'n'), LENGTH(name), CHAR_LENGTH(name), "
        "LEFT(name, 2), RIGHT(name, 2), MID(name, 2, 1), REVERSE(name), LCASE(name), LTRIM(name) FROM customers ORDER BY id",
        "SELECT id FROM orders WHERE note RLIKE '^f' OR note REGEXP 'b$' ORDER BY id",
        "SELECT GREATEST(id, 2), LEAST(id, 2), CEIL(total), FLOOR(total), POW(id, 2), SQRT(id), LN(id), LOG10(id), "
        "STDDEV(id) OVER (), SIGN(total) FROM orders ORDER BY id",
        "SELECT CAST(total AS SIGNED), CAST(id AS CHAR), CAST('2024-01-01' AS DATE), CAST(id AS DECIMAL(5, 2)) FROM orders "
        "ORDER BY id",
        "SELECT id, note FROM orders ORDER BY note, id",
        "SELECT id, note FROM orders ORDER BY note DESC, id",
        "SELECT NOT id = 2, id != 2, !(id = 2), id && 1, note IS NULL FROM orders ORDER BY id",
    ],
}
TEXTS = [
    "'",
    "''",
    "\\",
    "\\'",
    "a\\",
    "\\\\",
    "\n",
    "\t",
    '"',
    "`",
    ";--",
    "/*",
    "*/",
    "%s",
    "%%",
    "$1",
    ":x",
    "?",
    "é😀",
]


def compare(left: object, right: object) -> bool:
    """Numbers by their value: the databases and the drivers give them in several types."""
    numbers = (int, float, Decimal)
    if isinstance(left, numbers) and isinstance(right, numbers):
        return abs(float(left) - float(right)) <= 1e-9 * max(1.0, abs(float(left)))
    return left == right


def is_same(ours: Sequence[Sequence[object]], theirs: Sequence[Sequence[object]]) -> bool:
    pairs = [list(zip(*rows, strict=True)) for rows in zip(ours, theirs, strict=True)]
    return all(compare(*pair) for row in pairs for pair in row)


def test_what_is_written_anew_finds_what_the_text_would(shop: Shop) -> None:
    queries = [*EVERYWHERE, *OWN[shop.engine]]
    wanted = [[[to_cell(cell) for cell in row] for row in shop.look(sql)] for sql in queries]

    async def run() -> list[Any]:
        with shop.open() as database:
            return [(await database.run(sql)).answer.rows for sql in queries]

    found = asyncio.run(run())
    differing = [each for each in zip(queries, found, wanted, strict=True) if not is_same(*each[1:])]
    assert differing == [], "\n\n".join(f"{sql}\n  {ours}\n  {theirs}" for sql, ours, theirs in differing)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_reaches_the_database_as_it_is(shop: Shop, text: str) -> None:
    async def run() -> object:
        with shop.open() as database:
            tree = exp.select(exp.Literal.string(text).as_("t"))
            return (await database.run(write_query(tree, database.engine.dialect))).answer.rows

    assert asyncio.run(run()) == [[text]]
