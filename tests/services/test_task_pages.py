# test_task_pages.py -- what the database reads for a page of tasks, however many a person has.
import re
from ast import literal_eval
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert, text

import access
from access import Caller
from db import AnySelect, Database, Transaction
from models import Task
from pagination import build_page_statement
from services import task_lists, tasks
from services.tasks import LISTS, TaskFilter
from support.databases.query_plans import count_rows_read, explain
from support.servers import Person, Server, in_database, serving, settings_for, with_database

MANY = 20_000
FILL = """
INSERT INTO tasks (user_id, title, completed, completed_at, due_by, position, list)
SELECT '{user}', 'task ' || n, n % 10 > 0, CASE WHEN n % 10 > 0 THEN now() - n * interval '1 hour' END,
    now() + n * interval '1 hour', n, CASE WHEN n % 2 = 0 THEN 'List ' || n % {lists} END
FROM generate_series(1, {many}) AS n;
"""
LISTS_EACH = 200  # so that 100 of them have tasks, and each 200 ones


def list_nodes(plan: dict[str, Any]) -> list[str]:
    parts = [name for part in plan.get("Plans", []) for name in list_nodes(part)]
    return [plan["Node Type"], *parts]


@pytest.mark.busy
@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("sort", ["due", "position"])
@pytest.mark.parametrize("completed", [None, False])
def test_a_page_reads_no_more_than_it_shows_however_many_tasks_there_are(
    own_database_url: str, sort: tasks.Sort, completed: bool | None
) -> None:
    """Of a person who has done most of them; PostgreSQL sorts nothing."""
    ann, bob = add_people(own_database_url)
    statement, values = tasks.bind_task_filter(Caller(ann, None), TaskFilter(completed))
    moment = datetime.now(UTC) + timedelta(hours=MANY / 2)
    marks = {"completed": False, "due_by": moment, "position": MANY / 2, "id": UUID(int=0)}

    async def look(db: Database) -> None:
        await fill(db, ann, bob)
        for after in (False, True):
            paged = build_page_statement(LISTS[sort], statement, after, "postgresql")
            bounds = {f"after_{key.key}": marks[key.key] for key in LISTS[sort].keys} if after else {}
            plan = await explain(db, paged, {**values, **bounds, "page_limit": 51})
            assert count_rows_read(plan, "tasks") == 51
            assert "Sort" not in list_nodes(plan)

    with_database(own_database_url, look)


@pytest.mark.busy
@pytest.mark.engines("postgresql")
def test_a_list_is_read_and_its_spelling_found_without_the_other_tasks(own_database_url: str) -> None:
    """Of 20,000 tasks of whom asks, 100 lists, and as many of another person."""
    ann, bob = add_people(own_database_url)
    caller = Caller(ann, None)

    async def look(db: Database) -> None:
        await fill(db, ann, bob)
        names = task_lists.select_names("postgresql")
        plan = await explain(db, names, access.caller_params(caller))
        assert count_rows_read(plan, "tasks") <= 2 * LISTS_EACH // 2
        assert "Seq Scan" not in list_nodes(plan)
        for sort in LISTS:
            for completed in (None, False, True):
                wanted = TaskFilter(completed, list="LIST 2")
                statement, values = await db.read(tasks.plan_list, caller, wanted)
                paged = build_page_statement(LISTS[sort], statement, False, "postgresql")
                plan = await explain(db, paged, {**values, "page_limit": 51})
                assert count_rows_read(plan, "tasks") <= MANY / LISTS_EACH
                assert "Seq Scan" not in list_nodes(plan)

    with_database(own_database_url, look)


@pytest.mark.busy
@pytest.mark.engines("postgresql")
@pytest.mark.parametrize("completed", [None, True])
def test_what_was_done_on_a_day_is_read_without_the_other_tasks(
    own_database_url: str, completed: bool | None
) -> None:
    ann, bob = add_people(own_database_url)
    today = datetime.now(UTC)
    wanted = TaskFilter(
        completed, completed_after=today - timedelta(days=300), completed_before=today - timedelta(days=298)
    )
    statement, values = tasks.bind_task_filter(Caller(ann, None), wanted)

    async def look(db: Database) -> None:
        await fill(db, ann, bob)
        for sort in LISTS:
            plan = await explain(
                db,
                build_page_statement(LISTS[sort], statement, False, "postgresql"),
                {**values, "page_limit": 51},
            )
            assert count_rows_read(plan, "tasks") <= 48

    with_database(own_database_url, look)


@pytest.mark.parametrize("engine_name", ["sqlite", "mariadb"], indirect=True)
@pytest.mark.busy
def test_a_list_and_a_day_are_read_from_their_indexes(
    scripted: Server, carl: Person, engine_name: str
) -> None:
    """In a database of its own: plans follow from what else is there."""
    caller, now = Caller(carl.id, None), datetime.now(UTC)
    rows = [
        {
            "user_id": carl.id,
            "title": f"task {n}",
            "created_at": now - timedelta(hours=n + 1),
            "due_by": now + timedelta(hours=n),
            "position": n,
            "completed": n % 10 > 0,
            "completed_at": now - timedelta(hours=n) if n % 10 else None,
            "list": f"List {n % 100}" if n % 2 else None,
        }
        for n in range(2_000)
    ]
    done = TaskFilter(completed_after=now - timedelta(days=2), completed_before=now)

    async def add(tx: Transaction) -> None:
        await tx.execute(insert(Task).values(user_id=access.owner_value(caller, Task)), rows)

    async def look(tx: Transaction) -> tuple[list[str], list[str]]:
        await tx.execute(text("ANALYZE tasks" if engine_name == "sqlite" else "ANALYZE TABLE tasks"))
        names = await explain_page(tx, task_lists.select_names(engine_name), access.caller_params(caller))
        of_list = [await explain_filter(tx, caller, TaskFilter(list="LIST 7"), sort) for sort in LISTS]
        return [names, *of_list], [await explain_filter(tx, caller, done, sort) for sort in LISTS]

    in_database(scripted, add)
    of_list, of_day = in_database(scripted, look)
    assert all(find_used(plan, engine_name) == {"idx_tasks_user_id_completed_list"} for plan in of_list)
    if engine_name == "sqlite":
        assert all(find_used(plan, engine_name) == {"idx_tasks_user_id_completed_at"} for plan in of_day)
    else:  # MariaDB rather goes over one person's tasks in their order, of which it sorts nothing
        assert all("idx_tasks_user_id" in plan and "filesort" not in plan for plan in of_day)


def find_used(plan: str, engine_name: str) -> set[str]:
    """The indexes by which the plan reads tasks, and "none" where it reads them without one."""
    if engine_name == "mariadb":
        return {row[5] or "none" for row in literal_eval(plan) if row[2] == "tasks"}
    reads = [row[3] for row in literal_eval(plan) if re.match(r"(?:SEARCH|SCAN) tasks", row[3])]
    return {((m := re.search(r"INDEX (\w+)", read)) and m[1]) or "none" for read in reads}


async def explain_filter(tx: Transaction, caller: Caller, wanted: TaskFilter, sort: tasks.Sort) -> str:
    statement, values = await tasks.plan_list(tx, caller, wanted)
    page = build_page_statement(LISTS[sort], statement, False, tx.get_bind().dialect.name)
    return await explain_page(tx, page, {**values, "page_limit": 51})


async def explain_page(tx: Transaction, statement: AnySelect, values: dict[str, Any]) -> str:
    known = {name: value for name, value in values.items() if name in statement.compile().params}
    dialect = tx.get_bind().dialect
    sql = statement.params(known).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
    explained = "EXPLAIN QUERY PLAN" if dialect.name == "sqlite" else "EXPLAIN"
    return str((await tx.execute(text(f"{explained} {sql}".replace(":", r"\:")))).all())


def add_people(url: str) -> Iterator[UUID]:
    with serving(settings_for(url)) as server:
        return (person.id for person in [server.person(), server.person()])


async def fill(db: Database, *people: UUID) -> None:
    for person in people:
        await db._execute_sql(FILL.format(user=person, many=MANY, lists=LISTS_EACH))
    await db._execute_sql("ANALYZE tasks")
