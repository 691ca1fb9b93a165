# services/planning/task_counts.py -- how many open tasks are overdue, of today, of later days, and without a date.
from datetime import timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import and_, case, func
from sqlmodel import col

from access import Caller
from clock import utc_now
from db import Transaction
from due_dates.times import NEVER, start_of_day
from models import Task
from models.task import TaskCounts
from services.tasks import TaskFilter, bind_task_filter


async def count_open(tx: Transaction, caller: Caller, q: str | None = None) -> TaskCounts:
    """The kinds are those of the filters `overdue`, `due_before` and `due_after` tomorrow, and `dated`."""
    now, due_by = utc_now(), col(Task.due_by)
    tonight = start_of_day(now.astimezone(ZoneInfo(caller.timezone)).date() + timedelta(1), caller.timezone)
    kinds = {
        "overdue": due_by <= now,
        "today": and_(due_by > now, due_by <= tonight),
        "upcoming": and_(due_by > tonight, due_by < NEVER),
        "undated": due_by == NEVER,
    }
    found, values = bind_task_filter(caller, TaskFilter(completed=False, q=q))
    counts = found.with_only_columns(
        *(func.count(case((kind, 1))).label(name) for name, kind in kinds.items())
    )
    row = (await tx.execute(counts, values)).one()
    return TaskCounts(**row._mapping)
