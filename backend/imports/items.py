# imports/items.py -- what a file brings, in the words of Parley, before it is stored.
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from models import Task
from models.message import QueryAudit, Role

Source = Literal["parley", "chatgpt", "open-webui", "todoist"]


@dataclass(frozen=True, slots=True, eq=False)
class NewConversation:
    """`source_id` is its name in the file. `known_id`: the row of this id, where the caller has it, is the same one."""

    source: Source
    source_id: str
    title: str | None
    created_at: datetime
    updated_at: datetime
    known_id: UUID | None = None

    @property
    def size(self) -> int:
        return 1


@dataclass(frozen=True, slots=True)
class NewMessage:
    """`program_name` is who has said it, where that was neither the person nor Parley.

    `replaces` names the message in whose place it stands anew, and `after` the one that it follows, where that is not
    the one before it in the file; "" at the beginning.
    """

    conversation: NewConversation
    source_id: str
    role: Role
    content: str
    created_at: datetime
    program_name: str | None = None
    audit: QueryAudit | None = None
    replaces: str | None = None
    after: str | None = None

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True, slots=True)
class NewTask:
    """`task` is what would be made now; the times are those that it had."""

    source: Source
    source_id: str
    task: Task
    created_at: datetime | None = None
    updated_at: datetime | None = None
    completed_at: datetime | None = None
    known_id: UUID | None = None

    @property
    def size(self) -> int:
        return len(self.task.description or "")


NewRow = NewConversation | NewMessage | NewTask
