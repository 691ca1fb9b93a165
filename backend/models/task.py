# models/task.py -- tasks: what a user wants to get done.
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import ConfigDict, StrictBool, StringConstraints
from pydantic import Field as ApiField
from sqlalchemy import Boolean, Index, String, text
from sqlalchemy import Text as TextType
from sqlmodel import SQLModel

from models.columns import UTCDateTime, column, id_column, nullable_column, parent_column, time_column
from models.shapes import STORABLE, VISIBLE, ApiModel, Time, optional_field

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
    user_id: UUID = parent_column("user_id", "users.id", "fk_tasks_user_id")
    title: str = column("title", String(MAX_TITLE))
    description: str | None = nullable_column("description", TextType)
    completed: bool = column("completed", Boolean, default=False)
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", on_update=True)
    completed_at: datetime | None = nullable_column("completed_at", UTCDateTime)


class TaskCreate(ApiModel):
    title: TaskTitle = ApiField(examples=["Buy milk"])
    description: TaskDescription | None = ApiField(None, examples=["2 litres"])
    completed: StrictBool = False


class TaskUpdate(ApiModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}]})

    title: TaskTitle = optional_field()
    description: TaskDescription | None = optional_field()
    completed: StrictBool = optional_field()


class TaskPublic(ApiModel):
    id: UUID
    title: str = ApiField(examples=["Buy milk"])
    description: str | None
    completed: bool
    created_at: Time
    updated_at: Time
    completed_at: Time | None


class DayDone(ApiModel):
    """How many tasks were completed on a day of the person's time zone."""

    date: date
    count: int


class DonePublic(ApiModel):
    data: list[DayDone]
