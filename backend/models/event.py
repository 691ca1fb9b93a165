# models/event.py -- events: what changed or was posted, for whom; the log that numbers them; who has read which.
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import AfterValidator, StringConstraints
from pydantic import Field as ApiField
from pydantic_core import to_json
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    SmallInteger,
    String,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlmodel import Field, SQLModel

from models.columns import (
    Counter,
    JsonType,
    UTCDateTime,
    column,
    json_column,
    nullable_column,
    parent_column,
    random_uuid,
    time_column,
    word_check,
    word_column,
)
from models.message import Sender
from models.shapes import ApiModel, JsonObject, Payload, Time

# Whom an event is for. The id alone does not tell: a personal account has the id of its person.
AudienceKind = Literal["user", "account", "conversation"]
AUDIENCE_KINDS: tuple[AudienceKind, ...] = get_args(AudienceKind)
Severity = Literal["debug", "info", "warning", "error", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)


@dataclass(frozen=True, slots=True)
class Audience:
    """All who may see an event: a user, the members of an account, or those who take part in a conversation."""

    kind: AudienceKind
    id: UUID


@dataclass(frozen=True, slots=True)
class NewEvent:
    """A change, for those who may see it. `payload` is what REST returns: public models, ids, JSON values.

    `event_id` is its public id, for a request that looks for the event when it is repeated; random where None.
    """

    audience: Audience
    type: str
    payload: Mapping[str, object]
    event_id: UUID | None = None

    def json(self) -> str:
        return to_json(self.payload).decode()


def index_of_records(name: str, column: str, *more: str) -> Index:
    """An index of the events that have a value in its first column, which no change has.

    MariaDB has no partial index: there, it holds the others, too.
    """
    has_value = text(f"{column} IS NOT NULL")
    return Index(name, column, *more, postgresql_where=has_value, sqlite_where=has_value)


class Event(SQLModel, table=True):
    """One row for each fact, however many may see it. `id` is the order of writing; `event_id` is the public one.

    `audience_id` has no foreign key, because a deletion has to be told, nor has `sender_id`, because what was said
    stays. An event without `expires_at` is a record, which a user has posted: it stays, too. It has the account in
    which it was said, and a recipient unless it is for all members.
    """

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("event_id", name="uq_events_event_id"),
        word_check("audience", AUDIENCE_KINDS, "events_audience_check"),
        word_check("severity", SEVERITIES, "events_severity_check"),
        Index("idx_events_audience_audience_id_expires_at", "audience", "audience_id", "expires_at", "id"),
        Index("idx_events_expires_at", "expires_at"),
        index_of_records("idx_events_recipient_id", "recipient_id"),
        index_of_records("idx_events_account_id", "account_id"),
        index_of_records("idx_events_sender_id_recipient_id", "sender_id", "recipient_id", "id"),
    )

    id: int | None = Field(
        default=None, sa_column=Column("id", Counter, primary_key=True, autoincrement=True)
    )
    type: str = column("type", String(40))
    created_at: datetime = time_column("created_at")
    audience: AudienceKind = word_column("audience", 12, AUDIENCE_KINDS, default="user")
    audience_id: UUID = column("audience_id", Uuid)
    severity: Severity = word_column("severity", 10, SEVERITIES, default="info")
    payload: JsonObject = json_column("payload")
    sender_id: UUID | None = nullable_column("sender_id", Uuid)
    expires_at: datetime | None = nullable_column("expires_at", UTCDateTime)
    event_id: UUID | None = Field(
        default=None, sa_column=Column("event_id", Uuid, nullable=False, server_default=random_uuid())
    )
    recipient_id: UUID | None = parent_column(
        "recipient_id", "users.id", "fk_events_recipient", nullable=True
    )
    account_id: UUID | None = parent_column(
        "account_id", "accounts.id", "fk_events_account_id", nullable=True
    )


class EventLogEntry(SQLModel, table=True):
    """The number of an event, given after its commit: one sequence for all. Narrow, because every worker reads it."""

    __tablename__ = "event_log"
    __table_args__ = (
        UniqueConstraint("event_id", name="uq_event_log_event_id"),
        Index("idx_event_log_audience_audience_id_seq", "audience", "audience_id", "seq"),
    )

    seq: int = column("seq", Counter, key=True)
    event_id: int = Field(
        sa_column=Column(
            "event_id",
            Counter,
            ForeignKey("events.id", name="fk_event_log_event_id", ondelete="CASCADE"),
            nullable=False,
        )
    )
    audience: AudienceKind = word_column("audience", 12, AUDIENCE_KINDS)
    audience_id: UUID = column("audience_id", Uuid)


class EventCounter(SQLModel, table=True):
    """The one row that whoever numbers locks: the first and the last number of the log.

    All events up to `floor_id` are numbered, except those in `missing`: ids that were not committed yet when the floor
    passed them, each with the time when that was noticed. Most of them never come, because they were rolled back.
    """

    __tablename__ = "event_counter"
    __table_args__ = (CheckConstraint("id = 1", name="event_counter_check"),)

    id: int = column("id", SmallInteger, key=True)
    first_seq: int = column("first_seq", BigInteger, default=1)
    last_seq: int = column("last_seq", BigInteger, default=0)
    floor_id: int = column("floor_id", BigInteger, default=0)
    missing: list[tuple[int, int]] | None = Field(default=None, sa_column=Column("missing", JsonType))


class EventRead(SQLModel, table=True):
    """That a user has read an event, and since when. An event may have many readers."""

    __tablename__ = "event_reads"
    __table_args__ = (Index("idx_event_reads_user_id", "user_id"),)

    event_id: int = Field(
        sa_column=Column(
            "event_id",
            Counter,
            ForeignKey("events.id", name="fk_event_reads_event_id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        )
    )
    user_id: UUID = parent_column("user_id", "users.id", "fk_event_reads_user_id", key=True)
    read_at: datetime = time_column("read_at")


# The first words of the types of Parley's own events, now or to come: nobody posts what looks like one.
RESERVED_WORDS = frozenset(
    (
        "account",
        "agent",
        "approval",
        "change",
        "conversation",
        "event",
        "import",
        "invitation",
        "member",
        "message",
        "participant",
        "reset",
        "run",
        "task",
        "tool",
    )
)


def refuse_reserved(type_: str) -> str:
    if type_.partition(".")[0] in RESERVED_WORDS:
        raise ValueError("must not be a type of Parley's own events: begin it with another word")
    return type_


GivenType = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=r"^[a-z0-9_.-]+$")]
PostedType = Annotated[GivenType, AfterValidator(refuse_reserved)]


class EventCreate(ApiModel):
    type: PostedType = ApiField(examples=["chat.message"])
    severity: Severity = "info"
    payload: Payload = ApiField(
        description="At most 64 KiB and 30 levels.",
        examples=[{"subject": "Hello", "content": "Check this out."}],
    )
    recipient_id: UUID | None = ApiField(
        None,
        description="A user or an agent with whom you share an account; without one it is for all members of it.",
    )
    account_id: UUID | None = ApiField(
        None, description="Else the account that you share with the recipient, or your personal one."
    )


class EventPublic(ApiModel):
    """Without `recipient_id` it is for all members of the account.

    `read_at` is when the caller read it; on streams, which are the same for all readers, always null."""

    id: UUID
    type: str
    severity: Severity
    payload: JsonObject
    account_id: UUID
    sender: Sender
    recipient_id: UUID | None
    created_at: Time
    read_at: Time | None


class ReadEvents(ApiModel):
    event_ids: list[UUID] = ApiField(
        min_length=1, max_length=100, examples=[["28a5d3df-6104-4009-8f3a-897671ea28d7"]]
    )
