# test_task_dates.py -- the upgrade that makes due dates of texts of our own making, on each engine, and its way back.
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import make_url

from support.databases.catalog import FILES, Place, copied, migrated, psql
from support.databases.postgres import PostgresServer

BEFORE, THERE = "031_add_agents_to_runs", "032_add_task_dates"
ANN, BOB = (f"'{number:032x}'" for number in (1, 2))
# A time that no clock shows any more.
THEN = "2020-01-02 03:04:05.000006"
PEOPLE = f"""
INSERT INTO users (id, email, password_hash, timezone) VALUES
  ({ANN}, 'ann@example.com', '-', 'Europe/Berlin'), ({BOB}, 'bob@example.com', '-', 'America/New_York')
"""
# By number: the description before; that after, with due_on, due_at, due_by. None: it stays as it is, without a date.
DUE_ON_3_JUNE = ("2026-06-03", "None", "2026-06-03 22:00")
MOVED: dict[int, tuple[str, str, tuple[str, str, str]]] = {
    1: ("Due Wednesday 3 June 2026", "None", DUE_ON_3_JUNE),
    2: (
        "Due Wednesday 3 June 2026, 17:00",
        "None",
        ("None", "2026-06-03 15:00", "2026-06-03 15:00"),
    ),
    3: ("2 litres. Due Wednesday 3 June 2026", "2 litres.", DUE_ON_3_JUNE),
    4: ("Due soon?\nDue Wednesday 3 June 2026  ", "Due soon?", DUE_ON_3_JUNE),
    5: ("2 litres. Due Wednesday 3 June 2026, morning", "2 litres. In the morning", DUE_ON_3_JUNE),
    6: ("Due Wednesday 3 June 2026, night", "At night", DUE_ON_3_JUNE),
    7: ("Due Friday 1 January 2027, 00:05", "None", ("None", "2026-12-31 23:05", "2026-12-31 23:05")),
    8: (
        "Due Sunday 29 March 2026, 02:30",
        "None",
        ("None", "2026-03-29 01:30", "2026-03-29 01:30"),
    ),
    9: ("Due Thursday 29 February 2024", "None", ("2024-02-29", "None", "2024-02-29 23:00")),
}
LEFT = [
    *("Due Thursday 3 June 2026", "Due Wednesday 03 June 2026", "Due Monday 31 June 2026", "Due 3 June 2026"),
    *(
        "Due Wednesday 3 June 2026 at noon",
        "due Wednesday 3 June 2026",
        "Due Wednesday 3 June 2026.",
        "Due soon",
    ),
    *("Overdue Wednesday 3 June 2026", "Due Wednesday 3 June 2026, 25:00", "Due Wednesday 3 June 2026, noon"),
    *("Due Wednesday 3 June 2026, 17:00 sharp", "Due Saturday 3 June 1950", "Due Wednesday 45 June 2026"),
    *("Due Sunday 29 February 2026", "Wednesday 3 June 2026", ""),
]
COLUMNS = "description, due_on, due_at, due_timezone, due_by, repeats, reminder_at, remind_at, priority, list"


def write(place: Place, *statements: str) -> None:
    with place.connect() as connection:
        for statement in statements:
            connection.execute(statement)


def fill(place: Place) -> None:
    texts = [text for text, _, _ in MOVED.values()] + LEFT
    rows = [
        f"('{number:032x}', {ANN}, 'Task', '{text}', '{THEN}', '{THEN}')"
        for number, text in enumerate(texts, 1)
    ]
    bobs = f"('{900:032x}', {BOB}, 'Task', 'Due Wednesday 3 June 2026', '{THEN}', '{THEN}')"
    empty = f"('{901:032x}', {BOB}, 'Task', NULL, '{THEN}', '{THEN}')"
    names = "id, user_id, title, description, created_at, updated_at"
    write(place, PEOPLE, f"INSERT INTO tasks ({names}) VALUES {', '.join([*rows, bobs, empty])}")


def read_rows(place: Place, columns: str = COLUMNS) -> list[Sequence[str]]:
    """The columns as text, whatever the engine makes of times."""
    moments = "'YYYY-MM-DD HH24:MI'"
    names = columns.split(", ")
    if place.engine == "postgresql":
        names = [f"to_char({n} AT TIME ZONE 'UTC', {moments})" if is_time(n) else n for n in names]
    else:
        names = [f"substr({name}, 1, 16)" if is_time(name) else name for name in names]
    return [row.split("|") for row in place.run(f"SELECT {', '.join(names)} FROM tasks ORDER BY id")]


def is_time(name: str) -> bool:
    return name.endswith(("_at", "_by"))


def check_moved(place: Place) -> None:
    rows = read_rows(place)
    expected = [
        [text, on, at, "Europe/Berlin", by, *("None",) * 3, "none", "None"]
        for _, text, (on, at, by) in MOVED.values()
    ]
    assert rows[: len(MOVED)] == expected
    without = ["None"] * 3 + ["9999-01-01 00:00"] + ["None"] * 3 + ["none", "None"]
    assert rows[len(MOVED) : -2] == [[text, *without] for text in LEFT]
    assert rows[-2][1:5] == ["2026-06-03", "None", "America/New_York", "2026-06-04 04:00"]
    assert rows[-1] == ["None", *without]
    assert len(read_unmoved(place)) == len(rows)
    assert place.run("SELECT DISTINCT position FROM tasks") == ["1577934245000.006"]


def read_unmoved(place: Place) -> list[str]:
    """The tasks that look as if nobody had touched them."""
    return place.run(f"SELECT id FROM tasks WHERE updated_at = '{THEN}'")


def check_trigger(place: Place) -> None:
    """It stands again, and a reminder that was given is no change."""
    count = len(read_unmoved(place))
    write(place, f"UPDATE tasks SET remind_at = '2030-01-01' WHERE id = '{1:032x}'")
    assert len(read_unmoved(place)) == count
    write(place, f"UPDATE tasks SET title = 'Other' WHERE id = '{1:032x}'")
    assert len(read_unmoved(place)) == count - 1


@pytest.mark.busy
def test_due_dates_in_our_words_become_columns_and_words_again(place: Place) -> None:
    place.alembic("upgrade", BEFORE)
    fill(place)
    before = read_rows(place, "description, updated_at")
    place.alembic("upgrade", THERE)
    check_moved(place)
    place.alembic("downgrade", BEFORE)
    after = read_rows(place, "description, updated_at")
    changed = {
        number: (was[0], now[0])
        for number, (was, now) in enumerate(zip(before, after, strict=True), 1)
        if was != now
    }
    assert changed == {
        4: ("Due soon?\nDue Wednesday 3 June 2026  ", "Due soon? Due Wednesday 3 June 2026"),
        5: (
            "2 litres. Due Wednesday 3 June 2026, morning",
            "2 litres. In the morning. Due Wednesday 3 June 2026",
        ),
        6: ("Due Wednesday 3 June 2026, night", "At night. Due Wednesday 3 June 2026"),
        8: ("Due Sunday 29 March 2026, 02:30", "Due Sunday 29 March 2026, 03:30"),
    }
    assert len(read_unmoved(place)) == len(after)
    place.alembic("upgrade", "head")
    assert len(read_unmoved(place)) == len(after)
    check_trigger(place)


def test_the_file_for_psql_does_the_same_and_its_reset_takes_it_back(postgres: PostgresServer) -> None:
    number = next(number for number, file in enumerate(FILES) if file.stem == THERE)
    with copied(postgres, migrated(postgres, number)) as place:
        fill(place)
        before = read_rows(place, "description, updated_at")
        catalog = place.catalog()
        name = make_url(place.url).database
        assert name is not None
        psql(postgres, name, "-f", FILES[number])
        check_moved(place)
        psql(postgres, name, "-v", "reset=1", "-f", FILES[number])
        check_moved_again(place, before)
        place.alembic("downgrade", BEFORE)
        assert place.catalog() == catalog
        place.alembic("upgrade", "head")
        check_trigger(place)


def check_moved_again(place: Place, before: list[Sequence[str]]) -> None:
    """A reset puts the words back before it moves them once more; where a part of a day was, it stays in words."""
    rows = read_rows(place)
    assert [row[1] for row in rows[: len(MOVED)]] == [on for _, _, (on, _, _) in MOVED.values()]
    assert [row[0] for row in rows[len(MOVED) : -2]] == [row[0] for row in before[len(MOVED) : -2]]
    assert len(read_unmoved(place)) == len(rows)


@pytest.mark.slow
def test_more_rows_than_a_batch_has_are_moved(tmp_path: Path) -> None:
    """On SQLite and MariaDB, which go through them batch by batch."""
    place = Place(f"sqlite:///{tmp_path / 'parley.db'}")
    place.alembic("upgrade", BEFORE)
    many = ", ".join(f"({ANN}, 'Task', 'Due Wednesday 3 June 2026')" for _ in range(2_001))
    write(place, PEOPLE, f"INSERT INTO tasks (user_id, title, description) VALUES {many}")
    place.alembic("upgrade", THERE)
    assert place.run("SELECT count(*) FROM tasks WHERE due_on = '2026-06-03' AND description IS NULL") == [
        "2001"
    ]
