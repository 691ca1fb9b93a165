# tools/approval_rules.py -- which calls need an approval, and the rows that their user is shown.


import access
from access import Caller
from db import Transaction
from models import Task
from models.approval import ApprovalPolicy
from models.shapes import JsonObject
from models.undo.undo_step import UndoCreate
from tools.registry import TOOLS, ToolError, parse_call
from tools.tasks import dump_task
from tools.undo import read_undoable

# Rows that a run may change without approval, and a program within an hour.
MAX_UNAPPROVED_CHANGES = 10


def is_change(name: str, arguments: object) -> bool:
    """Whether the call can be made and would change something: each such call changes one row."""
    try:
        return parse_call(name, arguments)[0].effect != "read"
    except ToolError:
        return False


def needs_approval(policy: ApprovalPolicy, name: str, arguments: object, unapproved_changes: int) -> bool:
    """Whether the call has to wait for an approval.

    `unapproved_changes` counts the rows that the run, or the program within the hour, changes without approval, this
    call included: above MAX_UNAPPROVED_CHANGES even a harmless change needs one.
    """
    if policy == "never" or not is_change(name, arguments):
        return False
    return (
        policy == "always"
        or TOOLS[name].effect == "destructive"
        or unapproved_changes > MAX_UNAPPROVED_CHANGES
    )


async def read_shown_rows(
    tx: Transaction, caller: Caller, name: str, arguments: object, *, lock: bool = False
) -> JsonObject:
    """The rows that the call would touch, by their noun and as REST shows them; None where the row does not exist.

    `lock` keeps them unchanged until the commit. A call with wrong arguments touches none.
    """
    try:
        parsed = parse_call(name, arguments)[1]
    except ToolError:
        return {}
    if isinstance(parsed, UndoCreate):
        return {"change": await read_undoable(tx, caller, parsed, lock=lock)}
    task_id = getattr(parsed, "task_id", None)
    if task_id is None:
        return {}
    task = await access.find_by_id(tx, caller, Task, task_id, lock=lock)
    return {"task": dump_task(task) if task else None}
