# queries/catalog.py -- the tables of a database that agents may read, as the database describes them.
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from queries.refusals import QueryRefused

# How many names a refusal lists.
MAX_NAMED = 20
# A database of more tables, or a table of more columns, is read up to here.
MAX_TABLES = 2_000
MAX_TABLE_COLUMNS = 500

Dialect = Literal["postgresql", "sqlite", "mariadb"]


@dataclass(frozen=True, slots=True)
class Column:
    """`key`: "primary", or the column that it refers to, as "table.column"."""

    name: str
    type: str
    is_nullable: bool
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """`schema` is where it stands: a schema of PostgreSQL, a database of MariaDB, "main" of SQLite.

    `is_default`: it is named without its schema.
    """

    schema: str
    name: str
    is_default: bool
    is_view: bool
    columns: tuple[Column, ...]

    @property
    def label(self) -> str:
        return self.name if self.is_default else f"{self.schema}.{self.name}"


@dataclass(frozen=True, slots=True)
class Catalog:
    dialect: Dialect
    tables: tuple[Table, ...]

    def find_table(self, schema: str | None, name: str) -> Table:
        """The table of this name, in any case where only one fits; QueryRefused where there is none."""
        for fold in (str, str.lower):
            found = [
                table
                for table in self.tables
                if fold(table.name) == fold(name)
                and (fold(table.schema) == fold(schema) if schema else table.is_default)
            ]
            if len(found) == 1:
                return found[0]
        label = f"{schema}.{name}" if schema else name
        raise QueryRefused(
            f"There is no table {label[:100]} to read. {name_some('table', self.list_labels())}"
        )

    def find_labelled(self, label: str) -> Table:
        schema, _, name = label.rpartition(".")
        return self.find_table(schema or None, name)

    def list_labels(self) -> list[str]:
        return [table.label for table in self.tables]

    def keep_only(self, labels: Collection[str] | None) -> "Catalog":
        """Without the tables that the operator has not named; None: with all."""
        if labels is None:
            return self
        named = {label.lower() for label in labels}
        kept = (
            table
            for table in self.tables
            if named & {table.label.lower(), f"{table.schema}.{table.name}".lower()}
        )
        return Catalog(self.dialect, tuple(kept))


def name_some(noun: str, names: Collection[str]) -> str:
    """A sentence that lists the first of them."""
    if not names:
        return f"There is no {noun}."
    shown = ", ".join(list(names)[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"The {noun}s are: {shown}{more}."


def gather_tables(rows: Iterator[tuple[str, str, bool, bool, Column]]) -> tuple[Table, ...]:
    """From rows of one column each, a table after the other: schema, table, is default, is view, column."""
    found: dict[tuple[str, str, bool, bool], list[Column]] = {}
    for schema, name, is_default, is_view, column in rows:
        columns = found.setdefault((schema, name, is_default, is_view), [])
        if len(columns) < MAX_TABLE_COLUMNS:
            columns.append(column)
    return tuple(Table(*place, tuple(columns)) for place, columns in list(found.items())[:MAX_TABLES])
