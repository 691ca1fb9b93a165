# models/task.py -- tasks: what a user wants to get done.
from datetime import date, datetime
from typing import Annotated, Literal, Self, TypeVar, get_args
from uuid import UUID

from pydantic import (
    AfterValidator,
    ConfigDict,
    PlainSerializer,
    StrictBool,
    StringConstraints,
    field_validator,
    model_validator,
)
from pydantic import Field as ApiField
from sqlalchemy import Boolean, CheckConstraint, Date, Double, Index, String, text
from sqlalchemy import Text as TextType
from sqlmodel import SQLModel

from due_dates.rules import MAX_RULE, normalize_rule
from models.columns import (
    UTCDateTime,
    column,
    id_column,
    never_column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.shapes import (
    MAX_NAME,
    STORABLE,
    VISIBLE,
    ApiModel,
    GivenDate,
    GivenMoment,
    Name,
    Time,
    optional_field,
)
from models.user import Timezone

MAX_TITLE = 255
MAX_DESCRIPTION = 10_000
# Of a number by which tasks are put in order: one more than this still has an exact place.
MAX_POSITION = 1e15

Priority = Literal["none", "low", "medium", "high"]
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
TaskTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE), STORABLE, VISIBLE
]
TaskDescription = Annotated[str, StringConstraints(max_length=MAX_DESCRIPTION), STORABLE]
Repeats = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_RULE + len("RRULE:")),
    STORABLE,
    AfterValidator(normalize_rule),
]
Position = Annotated[float, ApiField(strict=True, ge=-MAX_POSITION, le=MAX_POSITION, allow_inf_nan=False)]

# In a filter, where the empty name is that of the main list.
ListName = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_NAME), STORABLE]


class Task(SQLModel, table=True):
    """`due_by` is the moment after which it is overdue, and NEVER without a date. `remind_at` is `reminder_at` while
    that is still to come.
    """

    __tablename__ = "tasks"
    __table_args__ = (
        word_check("priority", PRIORITIES, "tasks_priority_check"),
        CheckConstraint("due_on IS NULL OR due_at IS NULL", name="tasks_due_check"),
        CheckConstraint(
            "repeats IS NULL OR due_on IS NOT NULL OR due_at IS NOT NULL", name="tasks_repeats_check"
        ),
        Index("idx_tasks_user_id", "user_id"),
        Index("idx_tasks_user_id_created_at", "user_id", text("created_at DESC")),
        Index("idx_tasks_user_id_completed_at", "user_id", "completed_at"),
        Index("idx_tasks_user_id_completed_due_by", "user_id", "completed", "due_by", "id"),
        Index("idx_tasks_user_id_completed_position", "user_id", "completed", "position", "id"),
        Index("idx_tasks_user_id_completed_list", "user_id", "completed", "list"),
        Index(
            "idx_tasks_remind_at",
            "remind_at",
            postgresql_where=text("remind_at IS NOT NULL"),
            sqlite_where=text("remind_at IS NOT NULL"),
        ),
    )

    id: UUID = id_column()
    user_id: UUID = parent_column("user_id", "users.id", "fk_tasks_user_id")
    title: str = column("title", String(MAX_TITLE))
    description: str | None = nullable_column("description", TextType)
    completed: bool = column("completed", Boolean, default=False)
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", on_update=True)
    completed_at: datetime | None = nullable_column("completed_at", UTCDateTime)
    due_on: date | None = nullable_column("due_on", Date)
    due_at: datetime | None = nullable_column("due_at", UTCDateTime)
    due_timezone: str | None = nullable_column("due_timezone", String(64))
    due_by: datetime = never_column("due_by")
    repeats: str | None = nullable_column("repeats", String(MAX_RULE))
    reminder_at: datetime | None = nullable_column("reminder_at", UTCDateTime)
    remind_at: datetime | None = nullable_column("remind_at", UTCDateTime)
    priority: Priority = word_column("priority", 10, PRIORITIES, default="none")
    position: float = column("position", Double, default=0.0)
    list: str | None = nullable_column("list", String(MAX_NAME))


PlanT = TypeVar("PlanT", bound="TaskPlan | PlanChange")


def refuse_two_dates(plan: PlanT) -> PlanT:
    if plan.due_on is not None and plan.due_at is not None:
        raise ValueError("a task is due on a day or at a moment: due_on and due_at do not go together")
    return plan


DUE_ON = ApiField(None, description="Due on this day.", examples=["2026-06-03"])
DUE_AT = ApiField(
    None,
    description="Due at this moment; without an offset it is a clock time in `due_timezone`.",
    examples=["2026-06-03T17:00:00Z"],
)
DUE_TIMEZONE = ApiField(
    None,
    description="Where the day or the clock time is meant; the person's own time zone without it.",
    examples=["Europe/Berlin"],
)
REPEATS = ApiField(
    None,
    description="How it repeats, from its due date on: an RRULE of RFC 5545.",
    examples=["FREQ=WEEKLY;INTERVAL=2;BYDAY=TU"],
)
REMINDER_AT = ApiField(
    None,
    description="When to remind the person; without an offset a clock time as `due_at`.",
    examples=["2026-06-03T16:30:00Z"],
)
LIST = ApiField(None, description="The name of a list; null is the main list.", examples=["Shopping"])


class TaskWords(ApiModel):
    title: TaskTitle = ApiField(description="What is to be done, in a few words.", examples=["Buy milk"])
    description: TaskDescription | None = ApiField(None, description="Details.", examples=["2 litres"])


class TaskPlan(ApiModel):
    """When a new task is due, how it repeats, and its place."""

    due_on: GivenDate | None = DUE_ON
    due_at: GivenMoment | None = DUE_AT
    due_timezone: Timezone | None = DUE_TIMEZONE
    repeats: Repeats | None = REPEATS
    reminder_at: GivenMoment | None = REMINDER_AT
    priority: Priority = "none"
    position: Position | None = ApiField(
        None, description="Tasks are put in order by this number; a new one comes last without it."
    )
    list: Name | None = LIST

    @model_validator(mode="after")
    def check_due_date(self) -> Self:
        return refuse_two_dates(self)


class TaskCreate(TaskPlan, TaskWords):
    completed: StrictBool = False


class PlanChange(ApiModel):
    """Of a task that is there. A due date takes the place of the one before, whichever kind that was."""

    due_on: GivenDate | None = optional_field()
    due_at: GivenMoment | None = optional_field()
    due_timezone: Timezone | None = optional_field()
    repeats: Repeats | None = optional_field()
    reminder_at: GivenMoment | None = optional_field()
    priority: Priority = optional_field()
    position: Position = optional_field()
    list: Name | None = optional_field()

    @model_validator(mode="after")
    def check_due_date(self) -> Self:
        return refuse_two_dates(self)


class WordsChange(ApiModel):
    title: TaskTitle = optional_field()
    description: TaskDescription | None = optional_field()
    completed: StrictBool = optional_field()


class TaskUpdate(PlanChange, WordsChange):
    model_config = ConfigDict(json_schema_extra={"examples": [{"completed": True}]})


class TaskPublic(ApiModel):
    id: UUID
    title: str = ApiField(examples=["Buy milk"])
    description: str | None
    completed: bool
    created_at: Time
    updated_at: Time
    completed_at: Time | None
    due_on: date | None
    due_at: Time | None
    due_timezone: str | None
    repeats: str | None
    reminder_at: Time | None
    priority: Priority
    position: float
    list: str | None


class DayDone(ApiModel):
    """How many tasks were completed on a day of the person's time zone."""

    date: date
    count: int


class DonePublic(ApiModel):
    data: list[DayDone]


class TaskList(ApiModel):
    """A list by its name, null for the main list, and how many of its tasks are open."""

    name: str | None
    open: int


class TaskListsPublic(ApiModel):
    data: list[TaskList]


class TaskCounts(ApiModel):
    """How many open tasks there are of each kind; every one is of one kind."""

    overdue: int
    today: int
    upcoming: int
    undated: int


# What is understood of a task that a person types in one line.

MAX_LINE = 500
MAX_LINES = 50
MAX_IN_LINES = 5_000

Line = Annotated[str, StringConstraints(max_length=MAX_LINE), STORABLE]
# Of the clock where the person is, as `due_at` of a task takes it.
ClockTime = Annotated[datetime, PlainSerializer(lambda time: time.isoformat(), return_type=str)]


class TaskLines(ApiModel):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"lines": ["call the bank tomorrow at 9am !high #home"]}]}
    )

    lines: list[Line] = ApiField(min_length=1, max_length=MAX_LINES, description="Each is one task.")

    @field_validator("lines")
    @classmethod
    def check_length(cls, lines: list[str]) -> list[str]:
        if sum(map(len, lines)) > MAX_IN_LINES:
            raise ValueError(f"the lines have at most {MAX_IN_LINES} characters together")
        return lines


class DraftWords(ApiModel):
    """Words of the line that say something else than the title."""

    says: Literal["due", "priority", "list"]
    text: str


class TaskDraftPublic(ApiModel):
    """`title` is the line without the words that say the rest; the whole line where nothing would be left of it."""

    title: str
    description: str | None
    due_on: date | None
    due_at: ClockTime | None
    repeats: str | None
    priority: Priority
    list: str | None
    words: tuple[DraftWords, ...]


class TaskDraftsPublic(ApiModel):
    """One for each line, in their order."""

    data: list[TaskDraftPublic]
