# test_second_lock.py -- a statement that names a table without that table's rule is not executed, on any engine.
import re
from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import (
    and_,
    bindparam,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    text,
    true,
    update,
)
from sqlalchemy.orm import aliased
from sqlmodel import SQLModel, col

import access
from access import ANY_CALLER, RULES, SYSTEM, Caller, caller_params
from db import Database, Transaction, get_columns
from events.writing import insert_with_event
from models import Conversation, Message, Run, Task
from models.event import Audience, NewEvent
from pagination import ListSpec, Page, fetch_list
from services import run_sql
from services.participation import deliveries, posting_sql
from storage.engines import open_engine
from storage.rule_check import MissingRule
from storage.sql_text import SqlText
from support.servers import Person, Server

CALLER = Caller(uuid4(), None)
TASKS = get_columns(Task)
OWN = access.visible_condition(CALLER, Task)
ALIAS = aliased(Task)
BY_ID = ListSpec("x", (TASKS["id"],), {"id": TASKS["id"]}, lambda row: row)

# Each names a table once without its rule; most name another, or the same one elsewhere, with it.
FORGOTTEN = {
    "no condition": select(Task),
    "true": select(Task).where(true()),
    "by id": select(Task).where(col(Task.id) == uuid4()),
    "core": select(TASKS["title"]),
    "count": select(func.count()).select_from(Task),
    "below or": select(Task).where(or_(OWN, col(Task.completed))),
    "below not": select(Task).where(~OWN),
    "another's rule": select(Task).where(access.visible_condition(CALLER, Conversation)),
    "rule of the table for its alias": select(ALIAS).where(OWN),
    "alias beside the table": select(Task).join(ALIAS, col(ALIAS.id) == col(Task.id)).where(OWN),
    "join": select(Task).join(Conversation, col(Conversation.user_id) == col(Task.user_id)).where(OWN),
    "left of an outer join": select(Task).outerjoin(
        Conversation, and_(OWN, access.visible_condition(CALLER, Conversation))
    ),
    "subquery": select(select(Task).subquery().c.id),
    "cte": select(select(Task).cte("t").c.id),
    "scalar": access.select(CALLER, Task, select(func.count(col(Run.id))).scalar_subquery()),
    "exists": access.select(CALLER, Task).where(
        exists(select(1).where(col(Conversation.user_id) == col(Task.user_id)))
    ),
    "in": access.select(CALLER, Task).where(col(Task.id).in_(select(col(Run.id)))),
    "union": access.select(CALLER, Task, col(Task.id)).union(select(col(Task.id))),
    "update": update(Task).values(title="x"),
    "update by id": update(Task).where(col(Task.id) == uuid4()).values(title="x"),
    "update with a subquery": update(Task)
    .where(OWN)
    .values(title=select(func.max(col(Message.content))).scalar_subquery()),
    "delete": delete(Task).where(col(Task.id) == uuid4()),
    "delete with a subquery": delete(Task).where(OWN, exists(select(col(Run.id)))),
    "insert": insert(Task.__table__).values(user_id=uuid4(), title="x"),  # type: ignore[attr-defined]
    "insert of the orm": insert(Task).values(user_id=uuid4(), title="x"),
    "insert from select": insert(Task.__table__).from_select(  # type: ignore[attr-defined]
        ["user_id", "title"], select(access.owner_value(CALLER, Task), col(Message.content))
    ),
    "insert from select without an owner": insert(Task.__table__).from_select(  # type: ignore[attr-defined]
        ["user_id", "title"], access.select(CALLER, Task, col(Task.user_id), col(Task.title))
    ),
    "text": text("SELECT title FROM tasks"),
    "piece of text": select(text("title FROM tasks")),
    "literal": select(literal_column("(SELECT max(title) FROM tasks)")),
}


@pytest.fixture
def run(server: Server) -> Any:
    """Runs work on a database with both locks, on an engine of this loop."""
    import asyncio

    def run(work: Callable[[Database], Awaitable[Any]]) -> Any:
        async def with_database() -> Any:
            db = Database(open_engine(server.settings.database_url.get_secret_value()))
            try:
                return await work(db)
            finally:
                await db.close()

        return asyncio.run(with_database())

    return run


def refuses(run: Any, work: Callable[[Database], Awaitable[Any]]) -> None:
    with pytest.raises(MissingRule):
        run(work)


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("name", FORGOTTEN)
def test_a_statement_with_one_table_without_its_rule_is_refused(run: Any, name: str) -> None:
    refuses(run, lambda db: db.write(lambda tx: tx.execute(FORGOTTEN[name])))
    refuses(run, lambda db: db.read(lambda tx: tx.execute(FORGOTTEN[name])))


@pytest.mark.also_on_mariadb
def test_update_from_another_table_needs_the_rules_of_both(run: Any, engine_name: str) -> None:
    both = update(Task).where(OWN, col(Task.user_id) == col(Conversation.user_id)).values(title="x")
    options = {"synchronize_session": False}
    refuses(run, lambda db: db.write(lambda tx: tx.execute(both, execution_options=options)))
    marked = both.where(access.visible_condition(CALLER, Conversation))
    run(lambda db: db.write(lambda tx: tx.execute(marked, execution_options=options)))


async def list_all_tasks(tx: Transaction) -> list[Task]:
    """A new function of a service that has forgotten whose tasks it lists."""
    return list((await tx.execute(select(Task))).scalars())


def change_first(work: Callable[[Transaction, Task], Any]) -> Callable[[Transaction], Awaitable[None]]:
    async def change(tx: Transaction) -> None:
        await work(tx, Task(user_id=CALLER.user_id, title="x"))

    return change


async def add_and_flush(tx: Transaction, row: SQLModel) -> None:
    tx.add(row)
    await tx.flush()


async def add_at_once(tx: Transaction, row: Task) -> None:
    await tx.run_sync(lambda session: session.bulk_save_objects([row]))


async def merge(tx: Transaction, row: Task) -> None:
    row.id = uuid4()
    await tx.merge(row)


async def read_on_connection(tx: Transaction) -> None:
    await (await tx.connection()).execute(select(TASKS["id"]))


EVENT = NewEvent(Audience("user", CALLER.user_id), "x", {})
WAYS: dict[str, Callable[[Database], Awaitable[Any]]] = {
    "write": lambda db: db.write(list_all_tasks),
    "write unhurried": lambda db: db.write_unhurried(list_all_tasks),
    "read": lambda db: db.read(list_all_tasks),
    "fetch_rows": lambda db: db.fetch_rows(select(TASKS["id"]), {}),
    "a list": lambda db: fetch_list(db, BY_ID, select(TASKS["id"]), {}, Page()),
    "scalars": lambda db: db.read(lambda tx: tx.scalars(select(Task))),
    "stream": lambda db: db.read(lambda tx: tx.stream(select(Task))),
    "get": lambda db: db.read(lambda tx: tx.get(Task, uuid4())),
    "many inserts": lambda db: db.write(
        lambda tx: tx.execute(insert(Task), [{"user_id": uuid4(), "title": "x"}])
    ),
    "many updates": lambda db: db.write(lambda tx: tx.execute(update(Task), [{"id": uuid4(), "title": "x"}])),
    "many core updates": lambda db: db.write(
        lambda tx: tx.execute(
            update(Task.__table__).where(TASKS["id"] == bindparam("b")).values(title="x"),  # type: ignore[attr-defined]
            [{"b": uuid4()}, {"b": uuid4()}],
        )
    ),
    "flush of a new object": lambda db: db.write(change_first(add_and_flush)),
    "bulk save": lambda db: db.write(change_first(add_at_once)),
    "merge": lambda db: db.write(change_first(merge)),
    "insert with event": lambda db: insert_with_event(db, EVENT, Task(user_id=CALLER.user_id, title="x")),
    "connection": lambda db: db.read(read_on_connection),
}


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("way", WAYS)
def test_a_forgotten_rule_is_refused_whichever_way_it_is_executed(run: Any, way: str) -> None:
    refuses(run, WAYS[way])


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_statement_that_writes_past_the_orm_is_refused(run: Any) -> None:
    unmarked = select(update(Task).values(title="x").returning(TASKS["id"]).cte("changed").c.id)
    refuses(run, lambda db: db.execute_write(unmarked, {}))


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize(
    "table", sorted(RULES, key=lambda table: table.__name__), ids=lambda table: table.__name__
)
def test_a_rule_that_is_only_true_is_refused(
    run: Any, table: type[SQLModel], monkeypatch: pytest.MonkeyPatch
) -> None:
    run(lambda db: db.read(lambda tx: tx.execute(access.select(CALLER, table))))
    monkeypatch.setitem(RULES, table, lambda caller: true())
    refuses(run, lambda db: db.read(lambda tx: tx.execute(access.select(CALLER, table))))


@pytest.mark.also_on_mariadb
def test_a_refused_statement_is_refused_after_its_like_was_executed(run: Any) -> None:
    """SQLAlchemy keeps the SQL of a statement: the mark belongs to what it is kept under."""

    async def work(db: Database) -> None:
        await db.read(lambda tx: tx.execute(access.select(SYSTEM, Task)))
        await db.read(lambda tx: tx.execute(select(Task).where(true())))

    refuses(run, work)


@pytest.mark.also_on_mariadb
def test_a_row_is_not_given_to_another_nor_made_for_one(run: Any, ann: Person) -> None:
    caller = Caller(ann.id, None)

    async def give_away(tx: Transaction) -> None:
        task = Task(user_id=ann.id, title="x")
        access.add_row(tx, caller, task)
        await tx.flush()
        task.user_id = uuid4()
        await tx.flush()

    refuses(run, lambda db: db.write(give_away))
    for row in (
        Task(user_id=uuid4(), title="x"),
        Message(conversation_id=uuid4(), user_id=ann.id, role="user", content="x", seq=1),
    ):

        async def add(tx: Transaction, row: SQLModel = row) -> None:
            access.add_row(tx, caller, row)

        refuses(run, lambda db, add=add: db.write(add))  # type: ignore[misc]


@pytest.mark.also_on_mariadb
def test_a_statement_for_any_caller_is_executed_with_its_rule(run: Any, ann: Person) -> None:
    ann.post("/v1/tasks", title="milk")
    rows = run(
        lambda db: db.fetch_rows(
            access.select(ANY_CALLER, Task, TASKS["title"]), caller_params(Caller(ann.id, None))
        )
    )
    assert [tuple(row) for row in rows] == [("milk",)]


RULED = access.select(CALLER, Task, TASKS["id"])
REMEMBERED = {
    "subquery": select(RULED.subquery().c.id),
    "cte": select(RULED.cte("t").c.id),
    "alias": select(ALIAS).where(access.visible_condition(CALLER, ALIAS)),
    "alias in a subquery": select(
        select(ALIAS).where(access.visible_condition(CALLER, ALIAS)).subquery().c.id
    ),
    "union": RULED.union(RULED),
    "exists": access.select(CALLER, Conversation).where(RULED.exists()),
    "system": access.select(SYSTEM, Task),
}


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("name", REMEMBERED)
def test_a_statement_with_the_rules_of_all_its_tables_is_executed(run: Any, name: str) -> None:
    run(lambda db: db.read(lambda tx: tx.execute(REMEMBERED[name])))


TEXTS = {
    name: value
    for module in (run_sql, posting_sql, deliveries)
    for name, value in vars(module).items()
    if isinstance(value, SqlText)
}


@pytest.mark.parametrize("name", TEXTS)
def test_sql_written_by_hand_names_its_tables_and_has_their_rules(name: str) -> None:
    text = TEXTS[name]
    sql = (
        " ".join(re.sub(r"'[^']*'::?\w*|'[^']*'(?=[^,])", lambda found: found[0], text.sql).split())
        .replace("( ", "(")
        .replace(" )", ")")
    )
    uses: dict[str, int] = {}
    for table in re.findall(r"\b(?:FROM|JOIN|INTO|UPDATE)\s+(\w+)", sql):
        if table in SQLModel.metadata.tables:
            uses[table] = uses.get(table, 0) + 1
    assert uses == {table: len(rules) for table, rules in text.rules.items()}
    for rules in text.rules.values():
        assert [rule for rule in rules if rule not in sql] == []


def test_every_text_is_read() -> None:
    on_sqlite = {"FIND_RUN_ON_SQLITE", "INSERT_LINE_ON_SQLITE", "ADD_USAGE_ON_SQLITE"}
    on_postgresql = {"POST_INTO_CONVERSATION", "POST_INTO_NEW_CONVERSATION", "STORE_LINES", "END_RUN"}
    assert TEXTS.keys() == on_sqlite | on_postgresql | {"POST_TO_PEOPLE", "MOVE_DELIVERED"}
