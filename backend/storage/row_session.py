# storage/row_session.py -- a session writes only objects that were found by a rule, or that are new and say whose.
"""A flush makes statements of its own, by primary key. They need no rule, because of what is examined before: an object
that a session updates or deletes was read by it, in a statement that carried the rule, or was added by it; a new one
went through access/, which compares its owner with the caller; and none changes its owner.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Executable, Insert, Update, event, inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.state import InstanceState
from sqlmodel import SQLModel

from storage.rule_check import IS_FLUSH, MissingRule

# The key in the `info` of an object's state: access/ has compared its owner with the caller.
IS_ADMITTED = "is_admitted"
# The columns by which a row belongs to somebody, in any table.
OWNER_COLUMNS = frozenset({"user_id", "audience_id", "conversation_id", "run_id", "session_id"})


def admit_row(row: SQLModel) -> None:
    """Let a new row be stored. For access/, which knows whose it has to be, and for events, which are addressed."""
    inspect(row).info[IS_ADMITTED] = True


def require_admission(row: SQLModel) -> None:
    if not inspect(row).info.get(IS_ADMITTED):
        raise MissingRule(str(row.__tablename__), "owner")


def refuse_new_owner(row: SQLModel) -> None:
    """An API token gets its conversation late; nothing that has an owner gets another one."""
    state: InstanceState[SQLModel] = inspect(row)
    # What was set since the last flush, as it was before.
    for name in state.committed_state.keys() & OWNER_COLUMNS:
        was = state.committed_state[name]
        if was is not None and was != getattr(row, name):
            raise MissingRule(str(row.__tablename__), "owner")


class RowSession(Session):
    def flush(self, objects: Sequence[object] | None = None) -> None:
        for row in self.new:
            require_admission(row)
        for row in self.dirty:
            refuse_new_owner(row)
        was_flush = IS_FLUSH.set(True)
        try:
            super().flush(objects)
        finally:
            IS_FLUSH.reset(was_flush)

    # Any: as in SQLAlchemy's own method, which `execute` and all its relatives call.
    def _execute_internal(self, statement: Executable, params: Any = None, **options: Any) -> Any:
        """Refuse SQLAlchemy's second way to write many rows, which uses the statements of a flush."""
        if isinstance(statement, (Insert, Update)) and "compile_state_plugin" in statement._propagate_attrs:
            is_one = params is None or isinstance(params, Mapping)
            if isinstance(statement, Insert) or not is_one:
                raise MissingRule(str(statement.table), "owner")
        return super()._execute_internal(statement, params, **options)

    def bulk_save_objects(self, *arguments: object, **options: object) -> None:
        raise MissingRule("tables", "rules")

    bulk_insert_mappings = bulk_update_mappings = bulk_save_objects


@event.listens_for(RowSession, "detached_to_persistent")
def refuse_foreign_object(session: Session, row: SQLModel) -> None:
    """An object of another session, or one that only claims to be stored, was not found by a rule in this one."""
    raise MissingRule(str(row.__tablename__))
