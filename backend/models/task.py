# models/task.py -- something that a person wants to get done.
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, StrictBool, StringConstraints
from pydantic import Field as ShapeField
from sqlalchemy import Boolean, Column, Index, String, false, text
from sqlalchemy import Text as TextType
from sqlmodel import Field, SQLModel

from models.columns import (
    STORABLE,
    VISIBLE,
    Shape,
    Time,
    id_column,
    optional_time_column,
    reference,
    time_column,
    unset,
)

MAX_TITLE = 255
MAX_DESCRIPTION = 10_000

TaskTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE), STORABLE, VISIBLE
]
TaskDescription = Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION), STORABLE]


class Task(SQLModel, table=True):
    __tablename__ = "tasks"
    __table_args__ = (
        Index("idx_tasks_user_id", "user_id"),
        Index("idx_tasks_user_id_created_at", "user_id", text("created_at DESC")),
        Index("idx_tasks_user_id_completed_at", "user_id", "completed_at"),
    )

    id: UUID = id_column()
    user_id: UUID = reference("user_id", "users.id", "fk_tasks_user_id")
    title: str = Field(sa_column=Column("title", String(MAX_TITLE), nullable=False))
    description: str | None = Field(default=None, sa_column=Column("description", TextType))
    completed: bool = Field(
        default=False, sa_column=Column("completed", Boolean, nullable=False, server_default=false())
    )
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", moving=True)
    completed_at: datetime | None = optional_time_column("completed_at")


class TaskCreate(Shape):
    title: TaskTitle = ShapeField(examples=["Buy milk"])
    description: TaskDescription | None = ShapeField(None, examples=["2 litres"])
    completed: StrictBool = False


class TaskUpdate(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}]})

    title: TaskTitle = unset()
    description: TaskDescription | None = unset()
    completed: StrictBool = unset()


class TaskPublic(Shape):
    id: UUID
    title: str = ShapeField(examples=["Buy milk"])
    description: str | None
    completed: bool
    created_at: Time
    updated_at: Time
    completed_at: Time | None


class DayDone(Shape):
    """How many tasks were completed on a day of the person's time zone."""

    date: date
    count: int


class DonePublic(Shape):
    data: list[DayDone]
