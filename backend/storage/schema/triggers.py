# storage/schema/triggers.py -- the triggers: as the SQL files state them, and as they are in a database.
from sqlalchemy import Connection

from storage.dialects import KINDS
from storage.schema.revisions import MIGRATIONS, list_revisions, list_tables


def trigger_statements(dialect: str, revision: str) -> list[str]:
    """The part of a revision's SQL file for this dialect that creates or drops triggers; empty if it has none."""
    folder = MIGRATIONS / KINDS[dialect].trigger_folder
    path = folder / f"{revision}.sql"
    _, _, part = (path.read_text() if path.exists() else "").partition("\n-- Triggers")
    statements = part.partition("\n\n")[2].partition("\n\\endif")[0]
    return [
        statement.strip().removesuffix(";") for statement in statements.split("\n\n") if statement.strip()
    ]


def read_triggers(connection: Connection) -> dict[str, str]:
    """Each live trigger of our tables, and on PostgreSQL each trigger function, with its definition on one line."""
    ours = list_tables(connection)
    rows = connection.exec_driver_sql(KINDS[connection.dialect.name].trigger_query).all()
    return {name: join_lines(definition) for table, name, definition in rows if table in ours or not table}


def join_lines(sql: str) -> str:
    return " ".join(sql.split())


def read_expected_triggers(dialect: str) -> dict[str, str]:
    """What `read_triggers` finds in a database at head, by the SQL files."""
    expected: dict[str, str] = {}
    for revision in list_revisions():
        for statement in trigger_statements(dialect, revision):
            words = statement.split()
            action, kind, name = words[:3]
            if action == "DROP":
                expected.pop(name)
            elif kind == "FUNCTION":  # PostgreSQL's
                expected[name] = join_lines(statement.split("$$")[1])
            else:
                expected[name] = join_lines(statement)
    return expected


def find_trigger_differences(connection: Connection) -> list[str]:
    """A line for each trigger and each trigger function that is not as the migrations leave it."""
    live, expected = read_triggers(connection), read_expected_triggers(connection.dialect.name)
    foreign_functions = {name for name in live.keys() - expected.keys() if name.endswith("()")}
    return [
        f"{'function' if name.endswith('()') else 'trigger'} {name}: "
        + (
            "is missing"
            if name not in live
            else "is not in the migrations"
            if name not in expected
            else "differs"
        )
        for name in sorted((live.keys() | expected.keys()) - foreign_functions)
        if live.get(name) != expected.get(name)
    ]
