# models/message.py -- messages: append-only, each with every tool call in it.
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import ConfigDict, StrictBool, StrictInt, StringConstraints
from pydantic import Field as ApiField
from sqlalchemy import Boolean, Column, Index, Integer, String, UniqueConstraint, Uuid, text
from sqlalchemy import Text as TextType
from sqlmodel import Field, SQLModel

from models.approval import Decision
from models.columns import (
    JsonType,
    UTCDateTime,
    column,
    id_column,
    nullable_column,
    nullable_word_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.conversation import partial_index
from models.shapes import MAX_NAME, SPARSE, STORABLE, VISIBLE, ApiModel, JsonObject, Time, WrittenTime

MAX_CONTENT = 32_000
MAX_CALL_NAME = 100
MAX_ACTION = 50
Role = Literal["user", "agent"]
# How the last answer of the model ended: by itself, or cut off at its largest length.
FinishReason = Literal["stop", "length"]
FINISH_REASONS: tuple[FinishReason, ...] = get_args(FinishReason)
ROLES: tuple[Role, ...] = get_args(Role)
Content = Annotated[str, StringConstraints(min_length=1, max_length=MAX_CONTENT), STORABLE, VISIBLE]
MAX_ATTEMPTS = 50
MAX_QUERY = 10_000
MAX_AUDIT_TEXT = 4_000
Action = Annotated[str, StringConstraints(min_length=1, max_length=MAX_ACTION), STORABLE]
QueryText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUERY), STORABLE]
AuditText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_AUDIT_TEXT), STORABLE]
ClientId = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[!-~]+$")]


class Message(SQLModel, table=True):
    """`user_id` is the user who sent the message or, for an agent's message, the user whom the agent acted for.

    `seq` counts 1, 2, 3, ... within the conversation. `client_id` is the sender's idempotency key, unique per user:
    a repeated message is found by it. `run_id` is the run that the message started or that wrote it. If a program
    sent the message for the user, `program_name` was its name, and `program_id` its API token, which may be deleted
    since. `reply_to_seq` is the number of the message in the conversation that it replies to.

    `replaces_id` is the first of the messages for which this one stands anew: a question of the user's, or the answer
    to one. `after_seq` is the number of the message that a question follows, and `after_id` that message or the answer
    to it, where this is not the newest before it: 0 and None at the beginning. An answer stands by its run.
    """

    __tablename__ = "messages"
    __table_args__ = (
        word_check("role", ROLES, "messages_role_check"),
        UniqueConstraint("conversation_id", "seq", name="uq_messages_conversation_id_seq"),
        UniqueConstraint("user_id", "client_id", name="uq_messages_user_id_client_id"),
        UniqueConstraint("run_id", "role", name="uq_messages_run_id_role"),
        Index("idx_messages_conversation_id", "conversation_id"),
        Index("idx_messages_user_id", "user_id"),
        Index("idx_messages_user_id_created_at", "user_id", text("created_at DESC")),
        Index("idx_messages_conversation_id_created_at", "conversation_id", text("created_at ASC")),
        partial_index("idx_messages_replaces_id", "replaces_id IS NOT NULL", "replaces_id", "seq"),
        partial_index(
            "idx_messages_after_seq", "after_seq IS NOT NULL", "conversation_id", "after_seq", "seq"
        ),
    )

    id: UUID = id_column()
    conversation_id: UUID = parent_column(
        "conversation_id", "conversations.id", "fk_messages_conversation_id"
    )
    user_id: UUID = parent_column("user_id", "users.id", "fk_messages_user_id")
    role: Role = word_column("role", 10, ROLES)
    content: str = column("content", TextType)
    tool_calls: list[JsonObject] | None = Field(default=None, sa_column=Column("tool_calls", JsonType))
    created_at: datetime = time_column("created_at")
    seq: int = column("seq", Integer)
    client_id: str | None = nullable_column("client_id", String(64))
    run_id: UUID | None = parent_column("run_id", "runs.id", "fk_messages_run_id", nullable=True)
    program_id: UUID | None = nullable_column("program_id", Uuid)
    program_name: str | None = nullable_column("program_name", String(MAX_NAME))
    finish_reason: FinishReason | None = nullable_word_column("finish_reason", 20, FINISH_REASONS)
    agent_id: UUID | None = nullable_column("agent_id", Uuid)
    action: str | None = nullable_column("action", String(MAX_ACTION))
    query_attempts: list[JsonObject] | None = Field(
        default=None, sa_column=Column("query_attempts", JsonType)
    )
    final_query: str | None = nullable_column("final_query", TextType)
    resolution_note: str | None = nullable_column("resolution_note", TextType)
    error: str | None = nullable_column("error", TextType)
    reply_to_seq: int | None = nullable_column("reply_to_seq", Integer)
    choices: list[str] | None = Field(default=None, sa_column=Column("choices", JsonType))
    replaces_id: UUID | None = nullable_column("replaces_id", Uuid)
    after_seq: int | None = nullable_column("after_seq", Integer)
    after_id: UUID | None = nullable_column("after_id", Uuid)


class ToolCall(SQLModel, table=True):
    """Where a tool call stands: at `position`, from 0, in the tool calls of its message, which a trigger has read.

    What the call is stands there alone. The other columns are the message's, and what calls are looked up by.
    """

    __tablename__ = "tool_calls"
    __table_args__ = tuple(
        Index(f"idx_tool_calls_{'_'.join(columns)}", *columns, "message_id", "position")
        for columns in (
            ("user_id", "failed", "created_at"),
            ("user_id", "name", "failed", "created_at"),
            ("user_id", "conversation_id", "failed", "created_at"),
            ("user_id", "conversation_id", "name", "failed", "created_at"),
        )
    )

    message_id: UUID = parent_column("message_id", "messages.id", "fk_tool_calls_message_id", key=True)
    position: int = column("position", Integer, key=True)
    user_id: UUID = column("user_id", Uuid)
    conversation_id: UUID = column("conversation_id", Uuid)
    name: str = column("name", String(MAX_CALL_NAME))
    failed: bool = column("failed", Boolean)
    created_at: datetime = column("created_at", UTCDateTime)


# Seconds for which a JSON request waits for an answer.
MAX_WAIT = 60
Wait = Annotated[StrictInt, ApiField(ge=0, le=MAX_WAIT)]
WAIT_DESCRIPTION = (
    "Seconds after which the answer comes without the agent's, with the status that the run has: 30 for an external "
    "agent, else until the run ends. A stream does not wait."
)
OnBusy = Literal["queue", "reject", "interrupt"]
ON_BUSY_DESCRIPTION = (
    "While the agent is still at work in this conversation: wait for it (`queue`), give up with 409 (`reject`) "
    "or cancel its run (`interrupt`)."
)
STREAM_DESCRIPTION = (
    "Whether the answer comes as a stream of run events, as with `Accept: text/event-stream`."
)
CLIENT_ID_DESCRIPTION = "Your own name for this message: sending it again gives the first answer."
REPLACES_DESCRIPTION = (
    "A message of yours in this conversation with an agent: this one is asked in its place, on a branch of its own, "
    "and the first one stays."
)


class QueryAttempt(ApiModel):
    """A query that was tried, in whatever language, and what was wrong with it."""

    query: QueryText
    error: Annotated[AuditText | None, SPARSE] = None


class QueryAudit(ApiModel):
    """How an agent came to its answer: an external one tells it, of a hosted one its calls do."""

    action: Action | None = ApiField(
        None, description="What it did, in a word of its own.", examples=["QUERY"]
    )
    query_attempts: list[QueryAttempt] | None = ApiField(None, max_length=MAX_ATTEMPTS)
    final_query: QueryText | None = None
    resolution_note: AuditText | None = None
    error: AuditText | None = None


class MessageCreate(QueryAudit):
    """People give `on_busy` and `wait`, external agents what they tell of their queries."""

    content: Content = ApiField(examples=["add buy milk tomorrow and call mom"])
    client_id: ClientId | None = ApiField(None, description=CLIENT_ID_DESCRIPTION)
    replaces_id: UUID | None = ApiField(None, description=REPLACES_DESCRIPTION)
    on_busy: OnBusy = ApiField("queue", description=ON_BUSY_DESCRIPTION)
    wait: Wait | None = ApiField(None, description=WAIT_DESCRIPTION)
    stream: StrictBool | None = ApiField(None, description=STREAM_DESCRIPTION)


class AnswerAgain(ApiModel):
    """A message that is there is answered once more."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"on_busy": "interrupt", "wait": 5}]})

    on_busy: Literal["reject", "interrupt"] = ApiField("reject", description=ON_BUSY_DESCRIPTION)
    wait: Wait | None = ApiField(None, description=WAIT_DESCRIPTION)
    stream: StrictBool | None = ApiField(None, description=STREAM_DESCRIPTION)


class BranchShow(ApiModel):
    message_id: UUID = ApiField(
        description="A message on the branch.", examples=["9c1f1f7a-6d55-4f3e-b6f1-0a6a4f0f4f5e"]
    )


class ConversationMessageCreate(MessageCreate):
    """In a direct or group conversation a message may reply to another one."""

    reply_to_id: UUID | None = ApiField(
        None, description="In a direct or group conversation: the message that this one replies to."
    )


class ChatCreate(ApiModel):
    message: Content = ApiField(examples=["add buy milk tomorrow and call mom"])
    conversation_id: UUID | None = None
    account_id: UUID | None = ApiField(None, description="Of a new conversation: an account of yours.")
    agent_id: UUID | None = ApiField(None, description="Of a new conversation: who answers.")
    client_id: ClientId | None = ApiField(None, description=CLIENT_ID_DESCRIPTION)
    replaces_id: UUID | None = ApiField(None, description=REPLACES_DESCRIPTION)
    on_busy: OnBusy = ApiField("queue", description=ON_BUSY_DESCRIPTION)
    wait: Wait | None = ApiField(None, description=WAIT_DESCRIPTION)
    stream: StrictBool | None = ApiField(None, description=STREAM_DESCRIPTION)


class Sender(ApiModel):
    """Who speaks: a user, an agent, or a program for a user.

    A program's id is that of its API token; one that came in with an access token has none.
    """

    type: Literal["user", "agent", "program"]
    id: UUID | None
    name: str | None


class CallApproval(ApiModel):
    """The user's decision on a call that needed approval, `shown`, the rows that they were shown with it, and `words`,
    what they have said to it.
    """

    decision: Decision | None
    requested_at: WrittenTime
    decided_at: WrittenTime | None
    shown: Annotated[object, SPARSE] = None
    words: Annotated[str | None, SPARSE] = None


class ToolCallPublic(ApiModel):
    """Exactly one of `result` and `error` is set once the call has finished. `approval`: only if it needed one."""

    id: str = ApiField(
        description="`{run_id}:{n}`, which no other call has; of older versions what the model's provider called it."
    )
    name: str = ApiField(examples=["add_task"])
    arguments: object = ApiField(examples=[{"title": "Buy milk"}])
    result: object = None
    error: str | None = None
    started_at: WrittenTime | None = None
    finished_at: WrittenTime | None = None
    approval: Annotated[CallApproval | None, SPARSE] = None
    said_before: Annotated[int | None, SPARSE] = ApiField(
        None, description="How many characters of the message's content came before the call, if some did."
    )


class ToolCallShared(ApiModel):
    """A call as those in a conversation of people see it who have not asked for it."""

    id: str
    name: str = ApiField(examples=["add_task"])
    started_at: WrittenTime | None = None
    finished_at: WrittenTime | None = None


class RecordedToolCallPublic(ToolCallPublic):
    """A tool call and where it is on record; `created_at` is its message's."""

    conversation_id: UUID
    message_id: UUID
    run_id: UUID | None
    created_at: Time


class MessagePublic(ApiModel):
    id: UUID
    conversation_id: UUID
    role: Role
    sender: Sender
    content: str
    tool_calls: list[ToolCallPublic | ToolCallShared] | None = ApiField(
        description="Among people whole for who asked; the others see that a tool was used, and when."
    )
    client_id: str | None
    run_id: UUID | None
    finish_reason: FinishReason | None = ApiField(
        description="Of an agent's message: `length` if the model's answer was cut off at its largest length."
    )
    created_at: Time
    agent_id: UUID | None = ApiField(description="Of an agent's message: which agent.")
    action: Annotated[str | None, SPARSE] = None
    query_attempts: Annotated[list[QueryAttempt] | None, SPARSE] = None
    final_query: Annotated[str | None, SPARSE] = None
    resolution_note: Annotated[str | None, SPARSE] = None
    error: Annotated[str | None, SPARSE] = None
    reply_to_id: Annotated[UUID | None, SPARSE] = None
    choices: Annotated[list[str] | None, SPARSE] = ApiField(
        None,
        description="Of an agent's question: replies that can be sent as they stand.",
        examples=[["Yes", "No"]],
    )
    replaces_id: Annotated[UUID | None, SPARSE] = ApiField(
        None, description="The first of the messages for which this one stands anew, on a branch of its own."
    )
    after_id: Annotated[UUID | None, SPARSE] = ApiField(
        None, description="Of a user's message where a branch begins or goes on: the message that it follows."
    )
    version_ids: Annotated[list[UUID] | None, SPARSE] = ApiField(
        None, description="In a list of the branch shown: this message and those that stand in its place."
    )
    edited_at: Annotated[Time | None, SPARSE] = None
    retracted_at: Annotated[Time | None, SPARSE] = ApiField(
        None, description="Its content is empty since then."
    )


def cut_message(message: MessagePublic) -> MessagePublic:
    """The message as those in a conversation of people see it who have not asked for it.

    What is told of queries goes with the calls that it was told from; an external agent tells it to all.
    """
    if not message.tool_calls:
        return message
    names = ToolCallShared.model_fields
    cut = [ToolCallShared(**{name: getattr(call, name) for name in names}) for call in message.tool_calls]
    return message.model_copy(update={"tool_calls": cut, **dict.fromkeys(QueryAudit.model_fields)})
