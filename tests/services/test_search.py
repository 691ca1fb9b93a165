# test_search.py -- what a person looks for is found in any case and literally, alike on every engine.
import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest
from sqlalchemy import text

from db import Transaction
from services.tasks import select_tasks
from storage.text_search import glob_pattern, group_letters_by_lower, like_pattern
from support.databases.unchecked import open_unchecked
from support.servers import Person, Server

TITLES = [
    "Äpfel kaufen",
    "ΣΊΣΥΦΟΣ",
    "ein K wie Kelvin \N{KELVIN SIGN}",
    "STRASSE oder stra\N{LATIN CAPITAL LETTER SHARP S}e",
    "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}stanbul",
    "ПРИВЕТ",
    "[x] a*b? 100% a_b a/b c\\d ^ ] -",
    "\N{DESERET CAPITAL LETTER LONG I} far away",
]
FOUND = [
    ("äPFEL", "Äpfel"),
    ("ΊσυφοΣ", "ΣΊΣ"),
    ("kelvin k", "ein K"),
    ("straße", "STRASSE"),
    ("istan", "\N{LATIN CAPITAL LETTER I WITH DOT ABOVE}"),
    ("привет", "ПРИВЕТ"),
    ("[X]", "[x]"),
    ("a*B?", "[x]"),
    ("0%", "[x]"),
    ("A_b", "[x]"),
    ("a/B c\\D ^ ] -", "[x]"),
    ("\N{DESERET SMALL LETTER LONG I} FAR", "\N{DESERET CAPITAL LETTER LONG I}"),
]


@pytest.fixture(scope="module")
def searcher(server: Server) -> Person:
    person = server.person()
    for title in TITLES:
        person.post("/v1/tasks", title=title, description=f"So: {title}.")
        person.post("/v1/conversations", title=title)
    return person


@pytest.mark.parametrize(("words", "start"), FOUND)
def test_words_are_found_in_any_case_and_literally(searcher: Person, words: str, start: str) -> None:
    for path in ("/v1/tasks", "/v1/conversations"):
        [found] = searcher.get(path, q=words)["data"]
        assert found["title"].startswith(start)


@pytest.mark.parametrize("words", ["x*a", "?x", "[a-z]", "%", "a%b", "a?b", "Apfel", "\\", "^x"])
def test_a_character_that_means_something_to_the_engine_means_itself(searcher: Person, words: str) -> None:
    held = [title for title in TITLES if words.lower() in title.lower()]
    assert [task["title"] for task in searcher.get("/v1/tasks", q=words)["data"]] == held


def test_the_patterns_of_sqlite_find_every_letter_that_folds_to_the_same() -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        sql = "SELECT min(value LIKE ? ESCAPE '/'), min(value GLOB ?) FROM json_each(?)"
        for lower, same in group_letters_by_lower().items():
            for letter in same:
                values = (like_pattern(letter), glob_pattern(letter), json.dumps(same))
                assert connection.execute(sql, values).fetchone() == (1, 1), lower
    assert len(group_letters_by_lower()) > 1_300
    assert all(chr(code).lower() == chr(code) for code in range(0x20000, 0x110000))


def test_a_search_on_sqlite_calls_no_function_of_python_for_a_row(
    new_database: Callable[[str], str],
) -> None:
    url = new_database("sqlite")

    async def look() -> tuple[str, str]:
        db = open_unchecked(url)
        sql = str(select_tasks(frozenset({"words"})).compile(dialect=db.engine.dialect))

        async def lower(tx: Transaction) -> str:
            return str((await tx.execute(text("SELECT lower('\u00c4')"))).scalar_one())

        try:
            return sql, await db.read(lower)
        finally:
            await db.close()

    sql, lowered = asyncio.run(look())
    assert "GLOB" in sql
    assert "lower(" not in sql
    assert lowered == "\u00c4"  # SQLite's own, which knows ASCII alone
