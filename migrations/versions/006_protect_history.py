"""Messages are only added, created_at stays, updated_at moves."""

from alembic import op

from storage.schema.triggers import trigger_statements

revision = "006_protect_history"
down_revision = "005_add_runs"


def upgrade() -> None:
    migrations = op.get_context()
    dialect = migrations.dialect.name
    for statement in trigger_statements(dialect, revision):
        if migrations.as_sql and dialect == "mariadb":  # its client would end them at the first semicolon
            migrations.impl.static_output(f"DELIMITER //\n{statement} //\nDELIMITER ;\n")
        else:
            op.execute(statement)


def downgrade() -> None:
    dialect = op.get_context().dialect.name
    if dialect == "postgresql":  # the triggers go with their functions
        op.execute("DROP FUNCTION keep_messages(), keep_created_at(), move_updated_at() CASCADE")
        return
    for statement in trigger_statements(dialect, revision):
        op.execute(f"DROP TRIGGER {statement.split()[2]}")
