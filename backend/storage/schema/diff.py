# storage/schema/diff.py -- compares the schema of a database with the models.
import re
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Column, Connection, Constraint, Index, Table, inspect

from storage.schema.bootstrap import make_alembic_config
from storage.schema.revisions import METADATA, SchemaError
from storage.schema.triggers import find_trigger_differences

if TYPE_CHECKING:
    from alembic.runtime.migration import MigrationContext, RevisionStep, StampStep
    from alembic.script.revision import _RevIdType

Difference = tuple[object, ...]


def find_schema_differences(url: str) -> list[str]:
    """A line for each difference between the live catalog and the models; none when they agree."""
    from alembic.autogenerate import compare_metadata
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    found: list[str] = []

    def compare(heads: "_RevIdType", migrations: "MigrationContext") -> list["StampStep | RevisionStep"]:
        assert migrations.connection is not None
        change: Difference | list[Difference]
        for change in compare_metadata(migrations, METADATA):
            # The changes of one column are a list of their own.
            found.extend(map(describe_difference, change if isinstance(change, list) else [change]))
        found.extend(find_trigger_differences(migrations.connection))
        found.extend(find_table_differences(migrations.connection))
        return []

    config = make_alembic_config(url)
    script = ScriptDirectory.from_config(config)
    try:
        with EnvironmentContext(config, script, fn=compare, dont_mutate=True):
            script.run_env()
    except CommandError as error:
        raise SchemaError(str(error)) from error
    return sorted(found)


def find_table_differences(connection: Connection) -> list[str]:
    """A line for each primary key and each condition of a CHECK that differs: Alembic compares neither."""
    inspector = inspect(connection)
    schema = inspector.default_schema_name
    lines = []
    for table in METADATA.tables.values():
        if not inspector.has_table(table.name, schema=schema):
            continue
        key = inspector.get_pk_constraint(table.name, schema=schema)["constrained_columns"]
        if key != table.primary_key.columns.keys():
            lines.append(f"primary key of {table.name}: is ({', '.join(key)})")
        live = {
            check["name"]: check["sqltext"]
            for check in inspector.get_check_constraints(table.name, schema=schema)
        }
        for check in table.constraints:
            if isinstance(check, CheckConstraint) and check.name in live:
                expected, found = str(check.sqltext), str(live[check.name])
                if normalize_check(expected) != normalize_check(found):
                    lines.append(f"check {check.name} on {table.name}: is {found}, not {expected}")
    return lines


def normalize_check(expression: str) -> list[str]:
    """The names, numbers, texts and comparisons of a CHECK: engines rewrite everything else, and add casts."""
    plain = re.sub(r"::[a-z ]+(\[\])?|[`\"]", "", expression)
    words = re.findall(r"'(?:[^']|'')*'|\w+|[<>=!]+", plain)
    # Only in a text does case mean anything.
    plain_words = [word if word.startswith("'") else word.lower() for word in words]
    return [word for word in plain_words if word not in ("in", "any", "array", "=")]


def describe_difference(change: Difference) -> str:
    """One of Alembic's differences as a line of text; its first part is the action, and the others depend on it."""
    action = str(change[0])
    kind = action.partition("_")[2]
    verdict = "is missing" if action.startswith("add_") else "is not in the models"
    match change[1:]:
        case (_, table, column, _, live, expected):
            return f"column {table}.{column}: {kind} is {to_sql(live)}, not {to_sql(expected)}"
        case (_, table, Column(name=name)):
            return f"column {table}.{name}: {verdict}"
        case (Table(name=name),):
            return f"{kind} {name}: {verdict}"
        case ((Index() | Constraint()) as item,) if item.table is not None:
            return f"{'foreign key' if kind == 'fk' else kind} {item.name} on {item.table.name}: {verdict}"
    raise AssertionError(f"an unknown difference: {action}")


def to_sql(value: object) -> str:
    """A type or a default as SQL."""
    return str(getattr(getattr(value, "arg", value), "text", getattr(value, "arg", value)))
