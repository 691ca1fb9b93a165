# storage/schema/step_triggers.py -- what a revision of Alembic does to triggers, in a database or in a script.
"""Only revisions import this: everything else needs no Alembic."""

from alembic import op

from storage.schema.triggers import trigger_statements


def create_triggers(revision: str) -> None:
    """Run the part of the revision's SQL file that is about triggers."""
    for statement in trigger_statements(op.get_context().dialect.name, revision):
        execute_trigger(statement)


def drop_triggers(revision: str) -> None:
    """Take back `create_triggers` of a revision that only creates."""
    dialect = op.get_context().dialect.name
    for statement in reversed(trigger_statements(dialect, revision)):
        words = statement.split()
        kind, name = words[1:3]
        table = f" ON {words[words.index('ON') + 1]}" if (dialect, kind) == ("postgresql", "TRIGGER") else ""
        op.execute(f"DROP {kind} {name}{table}")


def restore_triggers(table: str, revision: str) -> None:
    """In a script for SQLite, a table that is made anew has lost its triggers; in a database, env.py sees to it."""
    migrations = op.get_context()
    if migrations.as_sql and migrations.dialect.name == "sqlite":
        for statement in trigger_statements("sqlite", revision):
            if statement.partition("\n")[0].endswith(f" ON {table}"):
                op.execute(statement)


def execute_trigger(statement: str) -> None:
    migrations = op.get_context()
    if migrations.as_sql and migrations.dialect.name == "mariadb":
        # Its client would end it at the first semicolon.
        migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
    else:
        op.execute(statement)
