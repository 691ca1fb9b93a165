# services/tasks.py -- verbs on tasks: plain functions, (tx, caller, ...), no HTTP, no commit.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Literal, TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, false, func, or_, true
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from clock import utc_now
from db import Database, Transaction, get_columns
from due_dates.times import NEVER, start_of_day
from errors import Invalid
from models import Task
from models.columns import UTCDateTime, build_row
from models.task import DayDone, Priority, TaskCreate, TaskPublic, TaskUpdate
from pagination import ListSpec, Page, fetch_list
from services import idempotency, task_lists
from services.planning import dates, repetition
from services.preconditions import require_match
from services.undo import undo_steps
from services.undo.undo_steps import RowChange
from storage.text_search import search_parameters, text_contains

Sort = Literal["created", "due", "position"]


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """Of the bounds, a date is the beginning of that day where the caller is: `due_before` leaves the day out, and
    `due_after` begins with it; so do `completed_before` and `completed_after` of when it was done. An empty `list` is
    the main list, and another name is meant in any case. `q` is a part of the title or the description, in upper or
    lower case. `dated`: with a due date, or without.
    """

    completed: bool | None = None
    q: str | None = None
    due_before: date | datetime | None = None
    due_after: date | datetime | None = None
    overdue: bool | None = None
    list: str | None = None
    priority: Priority | None = None
    completed_before: date | datetime | None = None
    completed_after: date | datetime | None = None
    dated: bool | None = None


BOUNDS = ("due_before", "due_after", "completed_before", "completed_after")
COLUMNS = get_columns(Task)


def list_by(sort: str, *keys: str, descending: bool = False) -> ListSpec:
    return ListSpec(
        name="tasks" if sort == "created" else f"tasks by {sort}",
        keys=tuple(COLUMNS[key] for key in keys),
        fields={name: COLUMNS[name] for name in TaskPublic.model_fields},
        public=lambda row: TaskPublic.model_validate(row.Task),
        descending=descending,
    )


# What is open stands before what is done: so each order is that of an index, also for one of the two alone.
LISTS: Mapping[Sort, ListSpec] = {
    "created": list_by("created", "created_at", "id", descending=True),
    "due": list_by("due", "completed", "due_by", "id"),
    "position": list_by("position", "completed", "position", "id"),
}
TASKS = LISTS["created"]


def read_conditions() -> dict[str, ColumnElement[bool]]:
    """The condition of each filter; their values are bind parameters."""
    completed, due_by, completed_at = col(Task.completed), col(Task.due_by), col(Task.completed_at)
    now = bindparam("now", type_=UTCDateTime())
    never = bindparam("never", type_=UTCDateTime())
    return {
        "completed": completed == bindparam("completed"),
        "words": or_(text_contains(col(Task.title)), text_contains(col(Task.description))),
        "due_before": due_by <= bindparam("due_before", type_=UTCDateTime()),
        "due_after": and_(
            due_by > bindparam("due_after", type_=UTCDateTime()),
            due_by < never,
        ),
        "dated": due_by < never,
        "undated": due_by == never,
        "completed_before": completed_at < bindparam("completed_before", type_=UTCDateTime()),
        "completed_after": completed_at >= bindparam("completed_after", type_=UTCDateTime()),
        "overdue": and_(completed == false(), due_by <= now),
        "not_overdue": or_(completed == true(), due_by > now),
        "main_list": col(Task.list).is_(None),
        "priority": col(Task.priority) == bindparam("priority"),
    }


@cache
def select_tasks(filters: frozenset[str]) -> Select[Task]:
    """A cached statement for any caller's tasks with these filters."""
    wanted = [condition for name, condition in read_conditions().items() if name in filters]
    names = sorted(name for name in filters if name.startswith("list_"))
    if spellings := [bindparam(name, type_=COLUMNS["list"].type) for name in names]:
        # Of both states, where neither is asked for: the index of lists begins with them.
        wanted += [col(Task.completed).in_((false(), true())), col(Task.list).in_(spellings)]
    return access.select(ANY_CALLER, Task).where(*wanted)


async def plan_list(
    tx: Transaction, caller: Caller, wanted: TaskFilter
) -> tuple[Select[Task], dict[str, object]]:
    """The statement for the wanted tasks, and the values of its bind parameters."""
    spellings = await task_lists.find_spellings(tx, caller, wanted.list) if wanted.list else []
    return bind_task_filter(caller, wanted, spellings)


def bind_task_filter(
    caller: Caller, wanted: TaskFilter, spellings: Sequence[str] = ()
) -> tuple[Select[Task], dict[str, object]]:
    """As plan_list, with the ways in which the wanted list is spelled, which it looks up."""
    values: dict[str, object] = {}
    if wanted.list:
        names = spellings or [wanted.list]
        # Each number of names makes a statement that is kept, so there are few such numbers.
        missing = (1 << (len(names) - 1).bit_length()) - len(names)
        values |= {f"list_{n}": name for n, name in enumerate([*names, *[names[0]] * missing])}
    for name in ("completed", "priority"):
        if (value := getattr(wanted, name)) is not None:
            values[name] = value
    if wanted.q:
        values |= search_parameters(wanted.q)
    for name in BOUNDS:
        if (bound := getattr(wanted, name)) is not None:
            values[name] = find_moment(bound, caller.timezone)
    filters = set(values)
    if wanted.list == "":
        filters.add("main_list")
    if wanted.due_after is not None or wanted.dated is not None:
        values["never"] = NEVER
    if wanted.dated is not None:
        filters.add("dated" if wanted.dated else "undated")
    if wanted.overdue is not None:
        filters.add("overdue" if wanted.overdue else "not_overdue")
        values["now"] = utc_now()
    return select_tasks(frozenset(filters)), {**access.caller_params(caller), **values}


def find_moment(bound: date | datetime, zone: str) -> datetime:
    return dates.to_utc(bound, zone) if isinstance(bound, datetime) else start_of_day(bound, zone)


async def list_tasks(
    db: Database, caller: Caller, wanted: TaskFilter, page: Page, sort: Sort = "created"
) -> bytes:
    """As JSON: newest first, or what is due soonest, or by position."""
    asked = await db.read(plan_list, caller, wanted) if wanted.list else bind_task_filter(caller, wanted)
    return await fetch_list(db, LISTS[sort], *asked, page)


async def count_done(tx: Transaction, caller: Caller, days: int) -> list[DayDone]:
    """How many tasks were completed on each of the last `days` days of the caller's time zone, oldest first."""
    zone = ZoneInfo(caller.timezone)
    today = utc_now().astimezone(zone).date()
    each = [today - timedelta(days=days - 1 - n) for n in range(days)]
    # The midnights around each day; a day may have 23 or 25 hours.
    bounds = [datetime.combine(day, time(), zone) for day in [*each, today + timedelta(days=1)]]
    done_at = col(Task.completed_at)
    counts = [
        func.count(case((and_(done_at >= start, done_at < end), 1))).label(f"day_{n}")
        for n, (start, end) in enumerate(pairwise(bounds))
    ]
    statement = access.select(caller, Task, *counts).where(done_at >= bounds[0])
    row = (await tx.execute(statement)).one()
    return [DayDone(date=day, count=count) for day, count in zip(each, row, strict=True)]


def new_task(caller: Caller, new: TaskCreate) -> Task:
    if new.completed and new.repeats is not None:
        raise Invalid("A task that is done does not repeat.", ("body", "repeats"))
    fields, now = new.model_dump(exclude_none=True), utc_now()
    if new.position is None:
        fields["position"] = now.timestamp() * 1000
    task = build_row(Task, user_id=caller.user_id, created_at=now, updated_at=now, **fields)
    dates.settle_changes(caller, task, fields, now, was_completed=False)
    return task


PlacedT = TypeVar("PlacedT", TaskCreate, TaskUpdate)


async def settle_list(tx: Transaction, caller: Caller, sent: PlacedT) -> PlacedT:
    """What was sent, with the list as it is spelled where it is there already."""
    name = sent.list if "list" in sent.model_fields_set else None
    if name is None or (spelling := await task_lists.settle_name(tx, caller, name)) == name:
        return sent
    return sent.model_copy(update={"list": spelling})


def describe_task_event(task: Task) -> dict[str, TaskPublic]:
    """The data of an event about the task."""
    return {"task": TaskPublic.model_validate(task)}


async def add_task(db: Database, caller: Caller, new: TaskCreate) -> TaskPublic:
    """As create_task, in a transaction of its own: on PostgreSQL one statement writes the task and its event."""
    if new.list is not None:
        new = await db.read(settle_list, caller, new)
    task = access.admit_new_row(caller, new_task(caller, new))
    event = describe_task_event(task)
    await undo_steps.insert_created(db, caller, task, "task.created", event)
    return event["task"]


async def create_task(tx: Transaction, caller: Caller, new: TaskCreate, new_id: UUID | None = None) -> Task:
    """With `new_id` as its id, if given: a task that has this id already is returned instead."""
    task = new_task(caller, await settle_list(tx, caller, new))
    if new_id is not None:
        if existing := await access.find_by_id(tx, caller, Task, new_id):
            return existing
        task.id = new_id
    access.add_row(tx, caller, task)
    await tx.flush()
    created = RowChange(task, None, "task.created", describe_task_event(task))
    await undo_steps.record_changes(tx, caller, created)
    return task


async def get_task(tx: Transaction, caller: Caller, task_id: UUID) -> Task:
    return await access.get_row(tx, caller, Task, task_id)


async def update_task(
    tx: Transaction, caller: Caller, task_id: UUID, change: TaskUpdate, if_match: str | None = None
) -> Task:
    """Change the fields that were sent; the rest stays. To complete one that repeats makes the next one."""
    return (await change_task(tx, caller, task_id, change, if_match))[0]


async def change_task(
    tx: Transaction, caller: Caller, task_id: UUID, change: TaskUpdate, if_match: str | None = None
) -> tuple[Task, Task | None]:
    """As update_task; also the next task, where this was one that repeats and is now done."""
    task = await access.get_row(tx, caller, Task, task_id, lock=True)
    if if_match is not None:
        require_match(if_match, TaskPublic.model_validate(task))
    before = undo_steps.take_snapshot(task)
    was_completed, now = task.completed, utc_now()
    change = await settle_list(tx, caller, change)
    dates.apply_changes(caller, task, change.model_dump(exclude_unset=True), now)
    following = None
    if task.completed and not was_completed and task.repeats is not None:
        if following := repetition.build_next(task, now):
            access.add_row(tx, caller, following)
        task.repeats = None
    await tx.flush()
    changed = [RowChange(task, before, "task.updated", describe_task_event(task))]
    if following is not None:
        changed.append(RowChange(following, None, "task.created", describe_task_event(following)))
    await undo_steps.record_changes(tx, caller, *changed)
    return task, following


async def delete_task(tx: Transaction, caller: Caller, task_id: UUID, if_match: str | None = None) -> Task:
    """Delete the task, which can be brought back for a while; returns it as it was."""
    task = await access.get_row(tx, caller, Task, task_id, lock=True)
    if if_match is not None:
        require_match(if_match, TaskPublic.model_validate(task))
    before = undo_steps.take_snapshot(task)
    await tx.delete(task)
    await tx.flush()
    await idempotency.forget_answers(tx, caller, task_id)
    deleted = RowChange(task, before, "task.deleted", {"task_id": task_id}, is_deleted=True)
    await undo_steps.record_changes(tx, caller, deleted)
    return task
