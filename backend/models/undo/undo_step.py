# models/undo/undo_step.py -- undo steps: what each change did to a row, so that it can be taken back.
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import ConfigDict, model_validator
from pydantic import Field as ApiField
from sqlalchemy import Boolean, Column, Index, String, Uuid, text
from sqlmodel import Field, SQLModel

from models.columns import (
    Counter,
    JsonType,
    column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.shapes import ApiModel, JsonObject, Time
from models.undo.left_out import LeftOut

# The kinds of rows of which changes can be undone, and what a change did to one.
UndoNoun = Literal["task", "conversation", "import"]
UNDO_NOUNS: tuple[UndoNoun, ...] = get_args(UndoNoun)
UndoAction = Literal["created", "updated", "deleted"]
UNDO_ACTIONS: tuple[UndoAction, ...] = get_args(UndoAction)
MAX_TITLE = 255
MAX_CALL_ID = 120


class UndoStep(SQLModel, table=True):
    """What one change did to one row. `id` is the order of writing; the steps of one change share `change_id`.

    `state_before` is the row as it was, null for one that was not there, and `state_after` what has to stand in it for
    the change to be undone; of a row that was deleted null. An undo writes steps, too (`is_undo`). `last_undo_id` is
    the change that last took this one back (`is_undone`) or put it into effect again. `run_id` has no foreign key: what
    was done stays.
    """

    __tablename__ = "undo_steps"
    __table_args__ = (
        word_check("noun", UNDO_NOUNS, "undo_steps_noun_check"),
        word_check("action", UNDO_ACTIONS, "undo_steps_action_check"),
        Index("idx_undo_steps_user_id", "user_id", "id"),
        Index("idx_undo_steps_change_id", "change_id"),
        Index(
            "idx_undo_steps_deleted",
            "user_id",
            "action",
            "is_undone",
            "id",
            postgresql_where=text("action = 'deleted'"),
            sqlite_where=text("action = 'deleted'"),
        ),
        Index(
            "idx_undo_steps_run_id",
            "run_id",
            postgresql_where=text("run_id IS NOT NULL"),
            sqlite_where=text("run_id IS NOT NULL"),
        ),
        Index(
            "idx_undo_steps_last_undo_id",
            "last_undo_id",
            postgresql_where=text("last_undo_id IS NOT NULL"),
            sqlite_where=text("last_undo_id IS NOT NULL"),
        ),
    )

    id: int | None = Field(
        default=None, sa_column=Column("id", Counter, primary_key=True, autoincrement=True)
    )
    user_id: UUID = parent_column("user_id", "users.id", "fk_undo_steps_user_id")
    change_id: UUID = column("change_id", Uuid)
    noun: UndoNoun = word_column("noun", 12, UNDO_NOUNS)
    row_id: UUID = column("row_id", Uuid)
    action: UndoAction = word_column("action", 10, UNDO_ACTIONS)
    title: str | None = nullable_column("title", String(MAX_TITLE))
    state_before: JsonObject | None = Field(default=None, sa_column=Column("state_before", JsonType))
    state_after: JsonObject | None = Field(default=None, sa_column=Column("state_after", JsonType))
    run_id: UUID | None = nullable_column("run_id", Uuid)
    tool_call_id: str | None = nullable_column("tool_call_id", String(MAX_CALL_ID))
    is_undo: bool = column("is_undo", Boolean, default=False)
    is_undone: bool = column("is_undone", Boolean, default=False)
    last_undo_id: UUID | None = nullable_column("last_undo_id", Uuid)
    created_at: datetime = time_column("created_at")

    @property
    def key(self) -> tuple[UndoNoun, UUID]:
        """Which row it is about."""
        return self.noun, self.row_id


class UndoCreate(ApiModel):
    """Which change to undo: the newest one if nothing is said."""

    model_config = ConfigDict(json_schema_extra={"examples": [{}]})

    change_id: UUID | None = ApiField(None, description="A change of GET /v1/undo, an undo among them.")
    run_id: UUID | None = ApiField(None, description="Instead: all that was changed in this run.")

    @model_validator(mode="after")
    def refuse_both(self) -> "UndoCreate":
        if self.change_id is not None and self.run_id is not None:
            raise ValueError("give change_id or run_id, not both")
        return self


class UndoStepPublic(ApiModel):
    """What a change did to a task or a conversation. `is_undone`: that is not in effect any more."""

    change_id: UUID
    noun: UndoNoun
    row_id: UUID
    action: UndoAction
    title: str | None
    run_id: UUID | None
    tool_call_id: str | None
    is_undo: bool
    is_undone: bool
    created_at: Time


class UndoPublic(ApiModel):
    """An undo is a change itself: `change_id` undoes it. `steps` are what it has done.

    `left` is what of an import was not taken away, or not brought back, because of what was done after it.
    """

    change_id: UUID
    steps: list[UndoStepPublic]
    left: list[LeftOut] = ApiField(default_factory=list)
