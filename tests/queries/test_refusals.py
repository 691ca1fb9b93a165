# test_refusals.py -- what is not one SELECT of allowed parts is refused before any database hears of it.
import logging
import random
import re
from collections.abc import Callable
from contextlib import suppress

import pytest
from sqlglot import exp

from queries import parsing
from queries.catalog import Dialect
from queries.refusals import QueryRefused
from queries.rewriting import rewrite_query
from support.queries.attacks import ATTACKS, DIALECTS, make_catalog

EACH = [(dialect, sql) for dialect in DIALECTS for sql in ATTACKS[dialect]]


@pytest.mark.parametrize(("dialect", "sql"), EACH)
def test_an_attack_is_refused_in_a_sentence(dialect: Dialect, sql: str) -> None:
    with pytest.raises(QueryRefused) as refusal:
        rewrite_query(sql, make_catalog(dialect))
    assert 10 < len(str(refusal.value)) < 1_000


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("SELECT pg_sleep(1)", "The function pg_sleep is not allowed."),
        ("SELECT * FROM orders FOR UPDATE", "FOR UPDATE is not allowed."),
        ("DELETE FROM orders", "Only one SELECT is allowed, which may begin with WITH."),
        (
            "SELECT * FROM pg_authid",
            "There is no table pg_authid to read. The tables are: orders, customers, depot.stock.",
        ),
        (
            "SELECT nope FROM customers",
            "There is no column nope. The columns are: id, name.",
        ),
        ("SELECT 1; SELECT 2", "There are 2 statements. Send one SELECT."),
        ("SELECT * FROM orders LIMIT 1 + 1", "LIMIT takes a number."),
        ("SELECT count FROM (SELECT count(*) AS n FROM orders) AS x", "There is no column count. Names"),
    ],
)
def test_the_reason_tells_a_model_what_to_change(sql: str, reason: str) -> None:
    with pytest.raises(QueryRefused) as refusal:
        rewrite_query(sql, make_catalog("postgresql"))
    assert str(refusal.value).startswith(reason)


GROWN: dict[str, Callable[[int], str]] = {
    "brackets": lambda n: f"SELECT {'(' * n}1{')' * n}",
    "subqueries": lambda n: f"SELECT {'(SELECT ' * n}1{')' * n}",
    "tables in brackets": lambda n: f"SELECT 1 FROM {'(' * n}orders{')' * n}",
    "tables of tables": lambda n: f"SELECT 1 FROM {'(SELECT 1 FROM ' * n}orders{') AS x' * n}",
    "cases": lambda n: f"SELECT {'CASE WHEN 1=1 THEN ' * n}1{' END' * n}",
    "nots": lambda n: f"SELECT {'NOT ' * n}1=1",
    "minuses": lambda n: f"SELECT {'- ' * n}1",
    "ands": lambda n: f"SELECT 1 WHERE 1=1{' AND 1=1' * n}",
    "ors": lambda n: f"SELECT 1 WHERE 1=1{' OR 1=1' * n}",
    "calls": lambda n: f"SELECT {'lower(' * n}'a'{')' * n}",
    "unions": lambda n: f"SELECT 1{' UNION SELECT 1' * n}",
    "items": lambda n: f"SELECT 1{', 1' * n}",
    "casts": lambda n: f"SELECT {'CAST(' * n}1{' AS int)' * n}",
    "arrays": lambda n: f"SELECT {'ARRAY[' * n}1{']' * n}",
    "squares": lambda n: f"SELECT {'x[' * n}1{']' * n}",
    "braces": lambda n: f"SELECT {'{' * n}1{'}' * n}",
    "ins": lambda n: f"SELECT {'1 IN (' * n}1{')' * n}",
    "joins": lambda n: f"SELECT 1 FROM orders{' CROSS JOIN orders' * n}",
    "withs": lambda n: f"{'WITH a AS (' * n}SELECT 1{') SELECT 1' * n}",
    "texts": lambda n: f"SELECT '{'a' * n}'",
    "joined texts": lambda n: f"SELECT 'a'{' || 1' * n}",
    "comments": lambda n: f"SELECT {'/* ' * n}1",
    "closed comments": lambda n: f"SELECT {'/* a */ ' * n}1",
    "semicolons": lambda n: f"SELECT 1{';' * n}",
    "spaces": lambda n: f"SELECT{' ' * n}1",
    "quotes": lambda n: f"SELECT {chr(39) * (2 * n)}",
    "intervals": lambda n: f"SELECT {'INTERVAL ' * n}'1'",
    "between": lambda n: f"SELECT 1 {'BETWEEN 1 AND 2 ' * n}",
    "exists": lambda n: f"SELECT {'EXISTS(SELECT ' * n}1{')' * n}",
    "lambdas": lambda n: f"SELECT f({'x -> ' * n}1)",
    "dots": lambda n: f"SELECT {'a.' * n}b",
    "colons": lambda n: f"SELECT 1{'::int' * n}",
    "tuples": lambda n: f"SELECT {'(1, ' * n}1{')' * n}",
    "windows": lambda n: f"SELECT sum(1) OVER (ORDER BY {'sum(1) OVER (ORDER BY ' * n}1{')' * n})",
    "dollars": lambda n: f"SELECT {'$a' * n}",
    "ats": lambda n: f"SELECT {'@' * n}a",
}


@pytest.mark.parametrize("grown", GROWN)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_parsers_work_grows_with_the_text_and_no_faster(
    dialect: Dialect, grown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted in moves from token to token, for every size up to a megabyte; nothing but a refusal comes out."""
    moves = 0
    count = parsing.CountedMoves._advance

    def counted(self: parsing.CountedMoves, times: int = 1) -> None:
        nonlocal moves
        moves += 1
        count(self, times)

    monkeypatch.setattr(parsing.CountedMoves, "_advance", counted)
    catalog = make_catalog(dialect)
    for size in (1, 5, 10, 20, 40, 100, 1_000, 100_000, 1_000_000):
        text, moves = GROWN[grown](size), 0
        with suppress(QueryRefused):
            rewrite_query(text, catalog)
        # Twice: what was written is read again, and may have a few more tokens.
        assert moves <= 3 * (
            parsing.FREE_MOVES + parsing.MOVES_PER_TOKEN * min(len(text) + 10, parsing.MAX_TOKENS)
        )
        if len(text) > parsing.MAX_CHARACTERS:
            assert moves == 0


def test_a_text_that_may_mean_many_things_is_given_up() -> None:
    """Each level would cost this parser twice the work of the one within it."""
    with pytest.raises(QueryRefused, match="too complicated"):
        rewrite_query(GROWN["arrays"](20), make_catalog("postgresql"))


WORDS = ("--", "/*", "*/", "/*!", "$$", "::", "NULL", "AS", "FROM", "SELECT", "OVER", "U&")
SIGNS = [*"'\"`()[];{}:@.\\\n\u202eé", *WORDS]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("dialect", DIALECTS)
def test_whatever_is_mixed_together_is_refused_or_is_one_select_of_known_tables(
    dialect: Dialect, seed: int
) -> None:
    """Pieces of the attacks and of useful queries, cut and put into each other by chance."""
    chance, catalog = random.Random(f"{dialect} {seed}"), make_catalog(dialect)
    useful = [
        "SELECT c.name, sum(o.total) AS t FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1"
    ] * 40
    pieces = [re.findall(r"\w+|\s+|[^\w\s]", sql) for sql in [*ATTACKS[dialect], *useful]]
    passed = 0
    for _ in range(1_500):
        text = list(chance.choice(pieces))
        for _ in range(chance.randint(1, 4)):
            place, other = chance.randrange(len(text) + 1), chance.choice(pieces)
            begin = chance.randrange(len(other) + 1)
            text[place : place + chance.randint(0, 3)] = [
                *other[begin : begin + chance.randint(0, 6)],
                chance.choice(SIGNS),
            ]
        try:
            written = rewrite_query("".join(text), catalog)
        except QueryRefused:
            continue
        passed += 1
        read = list(parsing.parse_query(written, dialect).find_all(exp.Table))
        assert {(table.db, table.name) for table in read if not table.name.startswith("parley_result_")} <= {
            (table.schema, table.name) for table in catalog.tables
        }
    assert passed > 2


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT id FROM orders@ WHERE (total > 1 OR note IS), nullif( NOT NULL)",
        "SELECT id FROM orders WHERE DATE_SUB(CURDATE(),]AND CASE WHEN 1 > SELECT a.b INTERVAL 3 MONTH",
    ],
)
def test_what_the_parser_trips_over_is_refused(sql: str) -> None:
    with pytest.raises(QueryRefused, match="not SQL that can be read"):
        rewrite_query(sql, make_catalog("mariadb"))


def test_nobody_prints_a_query(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    for dialect in DIALECTS:
        for sql in ATTACKS[dialect]:
            with pytest.raises(QueryRefused):
                rewrite_query(sql, make_catalog(dialect))
    assert caplog.records == []
    assert capsys.readouterr() == ("", "")
    assert not logging.getLogger("sqlglot").isEnabledFor(logging.CRITICAL)
