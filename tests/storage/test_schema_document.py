# test_schema_document.py -- specs/database/schema.md says what the models say, all of it and no more.
import re
from pathlib import Path

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import Constraint, Index

from storage.schema.revisions import METADATA, REVISION_TABLE
from storage.schema.triggers import read_expected_triggers

DOCUMENT = Path(__file__).resolve().parents[2] / "specs" / "database" / "schema.md"
TABLES = [REVISION_TABLE, *METADATA.tables.values()]
DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def sections() -> dict[str, str]:
    parts = re.split(r"^## ", DOCUMENT.read_text(), flags=re.MULTILINE)[1:]
    pairs = (part.split("\n", 1) for part in parts)
    return {title.strip(): text for title, text in pairs}


def rows(text: str, header: str) -> list[list[str]]:
    """The cells of the table in `text` whose header begins so."""
    table = text[text.index(f"| {header} |") :].split("\n\n")[0].strip()
    lines = [re.split(r"(?<!\\)\|", line.strip("|")) for line in table.split("\n")[2:]]
    return [[cell.strip().replace("\\|", "|") for cell in cells] for cells in lines]


def described_column(column: Column[object]) -> list[str]:
    kind = column.type.compile(DIALECT).lower().replace("timestamp with time zone", "timestamptz")
    default = ""
    if column.server_default is not None:
        default = str(column.server_default.arg.compile(dialect=DIALECT))  # type: ignore[attr-defined]
    return [column.name, kind, "yes" if column.nullable else "no", default]


def described_constraint(constraint: Constraint) -> list[str]:
    if isinstance(constraint, CheckConstraint):
        return [str(constraint.name), f"CHECK ({constraint.sqltext})"]
    columns = ", ".join(column.name for column in constraint.columns)  # type: ignore[attr-defined]
    if isinstance(constraint, ForeignKeyConstraint):
        targets = [element.column for element in constraint.elements]
        there = f"{targets[0].table.name} ({', '.join(target.name for target in targets)})"
        action = f"REFERENCES {there} ON DELETE {constraint.ondelete}"
        return [str(constraint.name), f"FOREIGN KEY ({columns}) {action}"]
    if isinstance(constraint, UniqueConstraint):
        return [str(constraint.name), f"UNIQUE ({columns})"]
    return [str(constraint.name or f"{constraint.table.name}_pkey"), f"PRIMARY KEY ({columns})"]


def described_index(index: Index) -> list[str]:
    parts = ", ".join(str(getattr(part, "name", part)) for part in index.expressions)
    return [str(index.name), f"{'UNIQUE ' if index.unique else ''}INDEX ({parts})"]


def describe_table(table: Table) -> list[list[str]]:
    constraints = [described_constraint(constraint) for constraint in table.constraints]
    return sorted([*constraints, *map(described_index, table.indexes)])


def test_every_table_has_its_section_and_every_section_its_table() -> None:
    others = {"What depends on what", "Triggers", "Document 003"}
    assert sections().keys() - others == {table.name for table in TABLES}


def test_every_section_opens_with_a_sentence() -> None:
    for table in TABLES:
        sentence = sections()[table.name].strip().split("\n\n")[0]
        assert sentence.endswith("."), table.name


def test_the_columns_are_those_of_the_models_in_their_order() -> None:
    for table in TABLES:
        written = [row[:4] for row in rows(sections()[table.name], "column")]
        assert written == [described_column(column) for column in table.columns], table.name


def test_the_keys_checks_and_indexes_are_those_of_the_models() -> None:
    for table in TABLES:
        written = [row[:2] for row in rows(sections()[table.name], "name | definition")]
        assert sorted(written) == describe_table(table), table.name


def test_every_index_says_why_it_is_there() -> None:
    for table in TABLES:
        for name, _, why in rows(sections()[table.name], "name | definition"):
            assert why or not name.startswith(("idx", "uq", "fk")), name


def test_the_triggers_are_those_of_the_migrations() -> None:
    listed: set[str] = set()
    for name, does in rows(sections()["Triggers"], "name"):
        tables = re.findall(r"\w+", does.rpartition(": ")[2])
        listed |= {name.replace("*", table) for table in tables} if "*" in name else {name}
    engines = ("postgresql", "sqlite", "mariadb")
    made = {name for engine in engines for name in read_expected_triggers(engine)}
    functions = {name for name in made if name.endswith("()")}
    assert listed == made - functions
    assert all(f"`{name}`" in sections()["Triggers"] for name in functions)
    shared = {name for name in listed if "keep" in name or "move" in name}
    assert all(shared <= read_expected_triggers(engine).keys() for engine in engines)


def test_the_graph_names_every_table_below_those_that_it_depends_on() -> None:
    graph = sections()["What depends on what"].split("```")[1]
    above: list[str] = []
    parents: dict[str, str] = {}
    for indent, name in re.findall(r"^([│├└─ ]*)(\w+) \(", graph, flags=re.MULTILINE):
        depth = len(indent) // 4
        above[depth:] = [name]
        parents[name] = above[depth - 1] if depth else ""
    assert parents.keys() == METADATA.tables.keys()
    for table in METADATA.tables.values():
        targets = {element.column.table.name for element in table.foreign_keys}
        assert parents[table.name] in (targets or {""}), table.name
