# services/task_lists.py -- the lists that tasks are on: a name in any case is one list, spelled as it was at first.
from collections.abc import Iterable
from functools import cache

from sqlalchemy import CTE, Select, false, func, literal, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from db import Transaction, fetch_rows
from models import Task
from models.task import TaskList

# Of one answer, and in which a name is sought in any case; who has more lists than this sees the first ones by name.
MAX_LISTS = 1_000


async def find_spellings(tx: Transaction, caller: Caller, name: str) -> list[str]:
    """How the caller's lists of this name are spelled, in order; this one alone where there is none.

    Two may differ where they were made at the same moment, brought along or written by other means.
    """
    rows = await fetch_rows(tx, select_names(tx.get_bind().dialect.name), access.caller_params(caller))
    return sorted({each for (each,) in rows if fold_name(each) == fold_name(name)}) or [name]


async def settle_name(tx: Transaction, caller: Caller, name: str) -> str:
    """The list that a task goes to which is put on `name`: the one that is there, under its own spelling."""
    spellings = await find_spellings(tx, caller, name)
    return name if name in spellings else spellings[0]


def fold_name(name: str) -> str:
    return name.casefold()


@cache
def select_names(dialect: str) -> Select[str | None]:
    """A cached statement for the names of any caller's lists.

    From each name it steps to the next one in the index, so that it reads one entry for each list and not for each
    task. MariaDB would read the index from its beginning for each step, and goes over it once.
    """
    states = (False, True)
    if dialect == "mariadb":
        name = col(Task.list)
        return access.select(ANY_CALLER, Task, name).where(name.is_not(None)).distinct().limit(MAX_LISTS)
    found = (select(names.c.name).where(names.c.name.is_not(None)) for names in map(step_by_name, states))
    return select(union_all(*found).subquery().c.name).limit(MAX_LISTS)


def step_by_name(completed: bool) -> CTE:
    """The names of the lists that have open tasks, or that have completed ones, and a null behind them."""
    first, later = aliased(Task), aliased(Task)
    names = select(find_first(first, completed).label("name")).cte(f"names_{completed:d}", recursive=True)
    after = find_first(later, completed).where(col(later.list) > names.c.name)
    return names.union_all(select(after.scalar_subquery()).where(names.c.name.is_not(None)))


def find_first(table: type[Task], completed: bool) -> Select[str | None]:
    here = (col(table.completed) == literal(completed), col(table.list).is_not(None))
    return access.select(ANY_CALLER, table, func.min(col(table.list))).where(*here)


async def count_lists(tx: Transaction, caller: Caller) -> list[TaskList]:
    """The lists that have open tasks, by name, and how many each has; first of all the main list."""
    name = col(Task.list)
    statement = access.select(caller, Task, name, func.count()).where(col(Task.completed) == false())
    rows = (await tx.execute(statement.group_by(name).order_by(name).limit(MAX_LISTS))).all()
    main = sum(count for name, count in rows if name is None)
    return [TaskList(name=None, open=main), *join_spellings((name, count) for name, count in rows if name)]


def join_spellings(counts: Iterable[tuple[str, int]]) -> list[TaskList]:
    found: dict[str, TaskList] = {}
    for name, count in sorted(counts):
        before = found.get(fold_name(name), TaskList(name=name, open=0))
        found[fold_name(name)] = before.model_copy(update={"open": before.open + count})
    return list(found.values())
