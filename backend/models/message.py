# models/message.py -- what was said: append-only, with every tool call on record.
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field as ShapeField
from pydantic import StringConstraints
from sqlalchemy import CheckConstraint, Column, Index, Integer, String, UniqueConstraint, Uuid, text
from sqlalchemy import Text as TextType
from sqlmodel import Field, SQLModel

from models.approval import Decision
from models.columns import STORABLE, VISIBLE, JsonType, Shape, Time, id_column, reference, time_column

MAX_CONTENT = 32_000
Role = Literal["user", "agent"]
Content = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CONTENT), STORABLE, VISIBLE]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


class Message(SQLModel, table=True):
    """`user_id` is the person answerable: who sent it or, for an agent's message, whom the agent acted for.

    `seq` counts 1, 2, 3, ... within the conversation. `client_id` is the sender's own name for the message,
    unique per user: a repeated send is found by it. `run_id` is the run that the message started or that wrote it.
    `program_name` is what the program was called that sent it in the person's name, if one did, and `program_id` its
    access token, which may be gone by now.
    """

    __tablename__ = "messages"
    __table_args__ = (
        CheckConstraint("role IN ('user', 'agent')", name="messages_role_check"),
        UniqueConstraint("conversation_id", "seq", name="uq_messages_conversation_id_seq"),
        UniqueConstraint("user_id", "client_id", name="uq_messages_user_id_client_id"),
        UniqueConstraint("run_id", "role", name="uq_messages_run_id_role"),
        Index("idx_messages_conversation_id", "conversation_id"),
        Index("idx_messages_user_id", "user_id"),
        Index("idx_messages_conversation_id_created_at", "conversation_id", text("created_at ASC")),
    )

    id: UUID = id_column()
    conversation_id: UUID = reference("conversation_id", "conversations.id", "fk_messages_conversation_id")
    user_id: UUID = reference("user_id", "users.id", "fk_messages_user_id")
    role: str = Field(sa_column=Column("role", String(10), nullable=False))
    content: str = Field(sa_column=Column("content", TextType, nullable=False))
    tool_calls: list[dict[str, Any]] | None = Field(default=None, sa_column=Column("tool_calls", JsonType))
    created_at: datetime = time_column("created_at")
    seq: int = Field(sa_column=Column("seq", Integer, nullable=False))
    client_id: str | None = Field(default=None, sa_column=Column("client_id", String(64)))
    run_id: UUID | None = reference("run_id", "runs.id", "fk_messages_run_id", nullable=True)
    program_id: UUID | None = Field(default=None, sa_column=Column("program_id", Uuid))
    program_name: str | None = Field(default=None, sa_column=Column("program_name", String(100)))


OnBusy = Literal["queue", "reject", "interrupt"]
ON_BUSY = (
    "While the agent is still at work in this conversation: wait for it (`queue`), give up with 409 (`reject`) "
    "or cancel its run (`interrupt`)."
)


class MessageCreate(Shape):
    content: Content = ShapeField(examples=["add buy milk tomorrow and call mom"])
    client_id: ClientId | None = ShapeField(
        None, description="Your own name for this message: sending it again gives the first answer."
    )
    on_busy: OnBusy = ShapeField("queue", description=ON_BUSY)


class ChatCreate(Shape):
    message: Content = ShapeField(examples=["add buy milk tomorrow and call mom"])
    conversation_id: UUID | None = None
    client_id: ClientId | None = ShapeField(
        None, description="Your own name for this message: sending it again gives the first answer."
    )
    on_busy: OnBusy = ShapeField("queue", description=ON_BUSY)


class Sender(Shape):
    """Who speaks: a person, the agent, or a program in the person's name.

    The agent has no row of its own and so no id. A program's is that of its access token; one that came in with the
    token of a sign-in has none.
    """

    type: Literal["user", "agent", "program"]
    id: UUID | None
    name: str | None


class CallApproval(Shape):
    """What the person said to a call that was asked for first, and `shown`, the rows that they were shown with it."""

    decision: Decision | None
    requested_at: str
    decided_at: str | None
    shown: Any = ShapeField(None, exclude_if=lambda shown: shown is None)


class ToolCallPublic(Shape):
    """Exactly one of `result` and `error` is set once the call has finished. `approval`: only if it was asked for."""

    id: str
    name: str = ShapeField(examples=["add_task"])
    arguments: Any = ShapeField(examples=[{"title": "Buy milk"}])
    result: Any = None
    error: str | None = None
    started_at: str | None = None
    finished_at: str | None = None
    approval: CallApproval | None = ShapeField(None, exclude_if=lambda approval: approval is None)


class MessagePublic(Shape):
    id: UUID
    conversation_id: UUID
    role: Role
    sender: Sender
    content: str
    tool_calls: list[ToolCallPublic] | None
    client_id: str | None
    run_id: UUID | None
    created_at: Time
