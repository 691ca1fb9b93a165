"""When a task is due, how it repeats, its reminder, its priority, its place and its list."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from alembic import op

from models.columns import UTCDateTime, never, random_uuid
from storage.schema.step_triggers import create_triggers, execute_trigger, restore_triggers
from storage.schema.triggers import trigger_statements

revision = "032_add_task_dates"
down_revision = "031_add_agents_to_runs"
NOW = sa.text("CURRENT_TIMESTAMP")
TRIGGER = "tasks_move_updated_at"
CHECKS = {
    "tasks_priority_check": "priority IN ('none', 'low', 'medium', 'high')",
    "tasks_due_check": "due_on IS NULL OR due_at IS NULL",
    "tasks_repeats_check": "repeats IS NULL OR due_on IS NOT NULL OR due_at IS NOT NULL",
}
INDEXES = {
    "idx_tasks_user_id_completed_due_by": ["user_id", "completed", "due_by", "id"],
    "idx_tasks_user_id_completed_position": ["user_id", "completed", "position", "id"],
    "idx_tasks_user_id_completed_list": ["user_id", "completed", "list"],
    "idx_tasks_remind_at": ["remind_at"],
}
HAS_REMINDER = sa.text("remind_at IS NOT NULL")
# Milliseconds since 1970.
POSITIONS = {
    "postgresql": "UPDATE tasks SET position = extract(epoch FROM created_at) * 1000",
    "sqlite": "UPDATE tasks SET position = strftime('%s', created_at) * 1000.0 + substr(created_at, 21, 6) / 1000.0",
    "mariadb": "UPDATE tasks SET position = timestampdiff(MICROSECOND, '1970-01-01', created_at) / 1000",
}
MOVE_TO_COLUMNS = r"""
UPDATE tasks
SET description = nullif(concat_ws(' ', nullif(note, ''), part), ''),
    due_on = CASE WHEN clock IS NULL THEN day END,
    due_at = (day + clock\:\:time) AT TIME ZONE zone,
    due_timezone = zone,
    due_by = CASE WHEN clock IS NULL THEN day + time '24:00' ELSE day + clock\:\:time END AT TIME ZONE zone
FROM (
    SELECT tasks.id, users.timezone AS zone, regexp_replace(coalesce(m[1], ''), '\s+$', '') AS note,
        make_date(m[5]\:\:integer, array_position(months, m[4]), 1) + (m[3]\:\:integer - 1) AS day, m[7] AS clock,
        CASE m[8] WHEN 'night' THEN 'At night' ELSE 'In the ' || m[8] END AS part,
        m[2] || ' ' || m[3] || ' ' || m[4] || ' ' || m[5] AS words
    FROM tasks
    JOIN users ON users.id = tasks.user_id
    CROSS JOIN (
        SELECT ARRAY['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October',
            'November', 'December'] AS months
    ) AS names
    CROSS JOIN LATERAL regexp_match(
        tasks.description,
        '^(.*\s)?Due (\w+day) (\d{1,2}) (' || array_to_string(months, '|') || ') (19[789]\d|2\d\d\d)'
        '(, (?\:([01]\d\:[0-5]\d|2[0-3]\:[0-5]\d)|(morning|afternoon|evening|night)))?\s*$'
    ) AS found (m)
    WHERE tasks.description LIKE '%Due %' AND m IS NOT NULL
        AND users.timezone IN (SELECT name FROM pg_timezone_names)
) AS due
WHERE due.id = tasks.id AND to_char(due.day, 'FMDay FMDD FMMonth YYYY') = due.words"""
MOVE_TO_TEXTS = r"""
UPDATE tasks
SET description = concat_ws(
    ' ', CASE WHEN note ~ '[^.!?…]$' THEN note || '.' ELSE nullif(note, '') END, 'Due ' || words
)
FROM (
    SELECT id, btrim(coalesce(description, ''), E' \n\t\r') AS note, to_char(
        coalesce(due_on\:\:timestamp, due_at AT TIME ZONE zone),
        'FMDay FMDD FMMonth YYYY' || CASE WHEN due_at IS NULL THEN '' ELSE ', HH24:MI' END
    ) AS words
    FROM (
        SELECT *, coalesce((SELECT name FROM pg_timezone_names WHERE name = due_timezone), 'UTC') AS zone
        FROM tasks WHERE due_on IS NOT NULL OR due_at IS NOT NULL
    ) AS dated
) AS due
WHERE due.id = tasks.id"""
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
DUE = re.compile(
    rf"(.*\s)?Due (\w+day) (\d{{1,2}}) ({'|'.join(MONTHS)}) (19[789]\d|2\d\d\d)"
    r"(, (?:([01]\d:[0-5]\d|2[0-3]:[0-5]\d)|(morning|afternoon|evening|night)))?\s*",
    re.ASCII | re.DOTALL,
)
BATCH = 1_000
Change = dict[str, Any]


def upgrade() -> None:
    for column in new_columns():
        op.add_column("tasks", column)
    dialect = op.get_context().dialect.name
    stop_trigger()
    op.execute(POSITIONS[dialect])
    if dialect == "postgresql":
        op.execute(MOVE_TO_COLUMNS)
    elif not op.get_context().as_sql:
        move_rows("description LIKE '%Due %'", to_columns)
    start_trigger("006_protect_history")
    with op.batch_alter_table("tasks", copy_from=tasks(*new_columns())) as table:
        for name, condition in CHECKS.items():
            table.create_check_constraint(name, condition)
    restore_triggers("tasks", "006_protect_history")
    for name, columns in INDEXES.items():
        where = HAS_REMINDER if columns == ["remind_at"] else None
        op.create_index(name, "tasks", columns, postgresql_where=where, sqlite_where=where)
    create_triggers(revision)


def downgrade() -> None:
    """Due dates go back into the descriptions, the rest goes.

    A script for SQLite or MariaDB, which know no time zones, leaves the dates out.
    """
    dialect = op.get_context().dialect.name
    stop_trigger()
    if dialect == "postgresql":
        op.execute(MOVE_TO_TEXTS)
    elif not op.get_context().as_sql:
        move_rows("due_on IS NOT NULL OR due_at IS NOT NULL", to_text)
    if dialect == "postgresql":
        op.execute(f"ALTER TABLE tasks ENABLE TRIGGER {TRIGGER}")
        op.execute(f"DROP TRIGGER {TRIGGER} ON tasks")
    start_trigger("006_protect_history", is_there=False)
    for name in reversed(INDEXES):
        op.drop_index(name, "tasks")
    checks = [sa.CheckConstraint(condition, name=name) for name, condition in CHECKS.items()]
    with op.batch_alter_table("tasks", copy_from=tasks(*new_columns(), *checks)) as table:
        for name in CHECKS:
            table.drop_constraint(name, type_="check")
    restore_triggers("tasks", "006_protect_history")
    for column in reversed(new_columns()):
        op.drop_column("tasks", column.name)


def stop_trigger() -> None:
    """Else all tasks would look as if they had just been changed."""
    if op.get_context().dialect.name == "postgresql":
        op.execute(f"ALTER TABLE tasks DISABLE TRIGGER {TRIGGER}")
    else:
        op.execute(f"DROP TRIGGER {TRIGGER}")


def start_trigger(source: str, *, is_there: bool = True) -> None:
    """In a script for SQLite the table that is made anew gets it."""
    migrations = op.get_context()
    dialect = migrations.dialect.name
    if dialect == "postgresql" and is_there:
        op.execute(f"ALTER TABLE tasks ENABLE TRIGGER {TRIGGER}")
    elif not (migrations.as_sql and dialect == "sqlite"):
        for statement in trigger_statements(dialect, source):
            if f"TRIGGER {TRIGGER} " in statement:
                execute_trigger(statement)


def move_rows(condition: str, move: Callable[[Any], Change | None]) -> None:
    """On SQLite and MariaDB, a batch at a time; a row of which `move` gives nothing stays."""
    connection = op.get_bind()
    columns = [
        sa.column("id", sa.Uuid),
        sa.column("description", sa.Text),
        sa.column("due_on", sa.Date),
        *(sa.column(name, UTCDateTime) for name in ("due_at", "due_by")),
        sa.column("due_timezone", sa.String),
    ]
    table = sa.table("tasks", *columns, sa.column("user_id", sa.Uuid))
    users = sa.table("users", sa.column("id", sa.Uuid), sa.column("timezone", sa.String))
    found = sa.select(*columns, users.c.timezone).join(users, users.c.id == table.c.user_id)
    found = found.where(sa.text(f"({condition})")).order_by(table.c.id).limit(BATCH)
    last = None
    while rows := connection.execute(found if last is None else found.where(table.c.id > last)).all():
        for row in rows:
            if change := move(row):
                connection.execute(sa.update(table).where(table.c.id == row.id).values(change))
        last = rows[-1].id


def to_columns(row: Any) -> Change | None:
    m = DUE.fullmatch(row.description)
    day = m and find_day(int(m[5]), MONTHS.index(m[4]) + 1, m[3], m[2])
    if m is None or day is None:
        return None
    part = f"{'At' if m[8] == 'night' else 'In the'} {m[8]}" if m[8] else ""
    description = f"{(m[1] or '').rstrip()} {part}".strip() or None
    zone = ZoneInfo(row.timezone)
    change: Change = {"description": description, "due_timezone": row.timezone}
    if m[7]:
        moment = datetime.combine(day, time.fromisoformat(m[7]), zone).astimezone(UTC)
        return {**change, "due_at": moment, "due_by": moment}
    end = datetime.combine(day + timedelta(1), time(), zone).astimezone(UTC)
    return {**change, "due_on": day, "due_by": end}


def find_day(year: int, month: int, number: str, weekday: str) -> date | None:
    """The day, if there is one that is written so."""
    try:
        day = date(year, month, int(number))
    except ValueError:
        return None
    return day if (str(day.day), WEEKDAYS[day.weekday()]) == (number, weekday) else None


def to_text(row: Any) -> Change:
    local = row.due_at.astimezone(ZoneInfo(row.due_timezone or "UTC")) if row.due_at else row.due_on
    clock = f", {local:%H:%M}" if row.due_at else ""
    note = (row.description or "").strip()
    if note and note[-1] not in ".!?…":
        note += "."
    due = f"Due {WEEKDAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]} {local.year}{clock}"
    return {"description": f"{note} {due}".strip()}


def new_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("due_on", sa.Date),
        sa.Column("due_at", UTCDateTime),
        sa.Column("due_timezone", sa.String(64)),
        sa.Column("due_by", UTCDateTime, nullable=False, server_default=never()),
        sa.Column("repeats", sa.String(200)),
        sa.Column("reminder_at", UTCDateTime),
        sa.Column("remind_at", UTCDateTime),
        sa.Column("priority", sa.String(10), nullable=False, server_default=sa.text("'none'")),
        sa.Column("position", sa.Double, nullable=False, server_default=sa.text("0.0")),
        sa.Column("list", sa.String(100)),
    ]


def tasks(*more: sa.schema.SchemaItem) -> sa.Table:
    """The table as it stands, for SQLite, which has to make it anew; here, so that --sql can do it too."""
    return sa.Table(
        "tasks",
        sa.MetaData(),
        sa.Column("id", sa.Uuid, primary_key=True, server_default=random_uuid()),
        sa.Column("user_id", sa.Uuid, nullable=False),
        sa.Column("title", sa.String(255), nullable=False),
        sa.Column("description", sa.Text),
        sa.Column("completed", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("created_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("updated_at", UTCDateTime, nullable=False, server_default=NOW),
        sa.Column("completed_at", UTCDateTime),
        *more,
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_tasks_user_id", ondelete="CASCADE"),
        sa.Index("idx_tasks_user_id", "user_id"),
        sa.Index("idx_tasks_user_id_created_at", "user_id", sa.text("created_at DESC")),
        sa.Index("idx_tasks_user_id_completed_at", "user_id", "completed_at"),
    )
