# services/planning/reminders.py -- gives the reminders that are due, each once, whichever worker comes first.
import asyncio

from sqlalchemy import update
from sqlmodel import col

import access
from access import SYSTEM, System
from clock import utc_now
from db import Database, Transaction
from events import changes
from failure_causes import log_failure
from models import Task
from models.task import TaskPublic

# A reminder is late by so much at most, and by what giving it takes.
REMINDER_SECONDS = 2.0
BATCH = 100


async def has_due_reminders(tx: Transaction, caller: System) -> bool:
    due = access.select(caller, Task, col(Task.id)).where(col(Task.remind_at) <= utc_now())
    return (await tx.execute(due.limit(1))).first() is not None


async def give_reminders(tx: Transaction, caller: System) -> int:
    """Tell of the reminders that are due, the earliest first, and mark them as given; how many there were.

    Others who do so at the same time take other rows, or wait and find these marked.
    """
    due = access.select(caller, Task).where(col(Task.remind_at) <= utc_now()).order_by(col(Task.remind_at))
    found = (await tx.execute(due.limit(BATCH).with_for_update(skip_locked=True))).scalars().all()
    if not found:
        return 0
    # No change of the task: its updated_at stays.
    given = {"remind_at": None, "updated_at": Task.updated_at}
    mark = update(Task).where(
        access.visible_condition(caller, Task), col(Task.id).in_([task.id for task in found])
    )
    await tx.execute(mark.values(given).execution_options(synchronize_session=False))
    told = [
        changes.new_event(task.user_id, "task.reminded", {"task": TaskPublic.model_validate(task)})
        for task in found
    ]
    await changes.record_events(tx, told)
    return len(found)


class Reminders:
    """The background task of a worker. What was due while no worker ran is told of once, by the first that starts."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def give_all(self) -> None:
        if await self._db.read(has_due_reminders, SYSTEM):
            while await self._db.write(give_reminders, SYSTEM) == BATCH:
                pass

    async def run(self) -> None:
        while True:
            try:
                await self.give_all()
            except Exception as error:
                log_failure("giving reminders failed", error)
            await asyncio.sleep(REMINDER_SECONDS)
