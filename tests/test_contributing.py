# test_contributing.py -- the dictionary and the recipes of CONTRIBUTING.md, held against what is there.
import re
import subprocess

import pytest
from sqlmodel import SQLModel

import models
from settings import ROOT, Settings
from tools.registry import TOOLS

TEXT = (ROOT / "CONTRIBUTING.md").read_text()
MAX_TERMS = 25
TO_COME = {"participant", "delivery"}
TABLES = {mapper.local_table.name: mapper.class_.__name__ for mapper in SQLModel._sa_registry.mappers}  # type: ignore[attr-defined]
FILES = subprocess.check_output(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, text=True).split()


def read_rows(heading: str) -> list[str]:
    """The first cells of the table under a heading."""
    text = TEXT[TEXT.index(f"\n{heading}\n") + 1 :].partition("\n#")[0]
    return re.findall(r"^\| `?([^|`]+?)`? \|", text, re.MULTILINE)[2:]


def read_files(place: str) -> str:
    """The text of all files that a place with {...} in it may mean."""
    # The file of a noun may stand in a folder of its own room.
    means = {"{noun}": r"(?:\w+/)?[^/]+"}
    parts = re.split(r"(\{\w+\})", place)
    pattern = re.compile(
        "".join(means.get(part, "[^/]+") if part.startswith("{") else re.escape(part) for part in parts)
    )
    found = [path for path in FILES if pattern.fullmatch(path)]
    assert found, f"CONTRIBUTING.md names {place}, which is not there"
    return "\n".join((ROOT / path).read_text() for path in found)


def test_the_dictionary_is_short_and_in_use() -> None:
    terms = read_rows("## Words (one word a thing, one thing a word)")
    assert 20 <= len(terms) <= MAX_TERMS
    assert len(set(terms)) == len(terms)
    written = [path for path in FILES if re.fullmatch(r"(backend|specs)/.*\.(py|md)", path)]
    text = " ".join("\n".join((ROOT / path).read_text() for path in written).lower().split())
    assert {term for term in terms if term.lower() not in text} <= TO_COME


@pytest.mark.parametrize("heading", re.findall(r"^### .+$", TEXT, re.MULTILINE))
def test_every_place_of_a_recipe_is_there(heading: str) -> None:
    places = read_rows(heading)
    assert len(places) >= 2
    for place in places:
        read_files(place)


# How each place names a table, or its class.
TABLE_PLACES = {
    "backend/models/{noun}.py": '__tablename__ = "{table}"',
    "backend/models/__init__.py": '"{name}"',
    "backend/access/rules.py": "^    {name}: ",
    "migrations/{number}_{what}.sql": "CREATE TABLE {table} ",
    "migrations/versions/{number}_{what}.py": '"{table}"',
    "migrations/psql/begin.sql": "'{table}'",
    "migrations/psql/reset.sql": "DROP TABLE {table} ",
    "migrations/README.md": r"\b{table}\b",
    "specs/database/schema.md": "^## {table}$",
    "tests/exports/test_columns.py": r"\b({table}|{name})\b",
    "tests/storage/test_alembic.py": "INSERT INTO {table} ",
}


@pytest.mark.parametrize("place", TABLE_PLACES)
def test_every_table_is_in_each_place_of_its_recipe(place: str) -> None:
    text = read_files(place)
    missing = [
        table
        for table, name in TABLES.items()
        if not re.search(TABLE_PLACES[place].format(table=table, name=name), text, re.MULTILINE)
    ]
    assert missing == []


def test_the_recipe_of_a_table_names_every_file_that_names_all_tables() -> None:
    places = read_rows("### A table")
    assert places == list(TABLE_PLACES)
    naming = set()
    for path in FILES:
        if path.startswith("tests/storage/releases/") or not path.endswith((".py", ".sql", ".md", ".toml")):
            continue
        words = set(re.findall(r"\w+", (ROOT / path).read_text()))
        if all(table in words or name in words for table, name in TABLES.items()):
            naming.add(path)
    assert naming == {place for place in places if "{" not in place}


def test_the_recipe_of_a_tool_names_where_every_tool_is() -> None:
    for place in read_rows("### A tool")[:3]:
        text = read_files(place)
        assert [name for name in TOOLS if name not in text] == [], place


def test_the_recipe_of_a_setting_names_where_every_setting_is() -> None:
    settings, example = (read_files(place) for place in read_rows("### A setting"))
    for name in Settings.model_fields:
        assert f"{name}:" in settings
        assert name.upper() in example


def test_every_model_of_a_table_is_public() -> None:
    assert set(TABLES.values()) <= set(models.__all__)
