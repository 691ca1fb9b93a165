# models/conversation.py -- conversations: threads of messages between a user and an agent.
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, StringConstraints, ValidationInfo
from pydantic import Field as ApiField
from sqlalchemy import ForeignKeyConstraint, Index, Integer, String, TextClause, UniqueConstraint, Uuid, text
from sqlmodel import SQLModel

from models.agent import BUILT_IN_ID
from models.columns import (
    UTCDateTime,
    column,
    id_column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.shapes import STORABLE, VISIBLE, ApiModel, Time, optional_field

MAX_TITLE = 255
# A user and an agent, two users, or any number of them.
ConversationKind = Literal["assistant", "direct", "group"]
CONVERSATION_KINDS: tuple[ConversationKind, ...] = get_args(ConversationKind)
# With the others, the one who makes it included.
MAX_PARTICIPANTS = 1_000


def show_agent_id(agent_id: UUID | None, info: ValidationInfo) -> UUID | None:
    """The built-in agent has no row, and so no id in the columns of others."""
    return agent_id or (BUILT_IN_ID if info.data.get("kind") == "assistant" else None)


AgentId = Annotated[UUID | None, BeforeValidator(show_agent_id)]
ConversationTitle = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TITLE), STORABLE, VISIBLE
]


HAS_AGENT, IN_TEAM = "agent_id IS NOT NULL", "account_id <> user_id"
# Those of people, direct or in a group: others than their maker see them.
IS_SHARED = "kind <> 'assistant'"


def partial_index(name: str, condition: str, *columns: str | TextClause) -> Index:
    """An index of the rows that meet the condition; on MariaDB, which has no such index, of all."""
    where = text(condition)
    return Index(name, *columns, postgresql_where=where, sqlite_where=where)


class Conversation(SQLModel, table=True):
    """`user_id` is who began it. Without `agent_id` the built-in agent answers, which has no row.

    Of a direct or group conversation `last_seq` is the number of its last message, and `direct_key` the ids of the two
    who talk, in order: there is one such conversation in an account. Since `deleted_at` nobody sees it; for a while it
    can be brought back. The branch shown ends with message `shown_seq` and its answer `shown_id`, or, where these are
    None, with what is newest.
    """

    __tablename__ = "conversations"
    __table_args__ = (
        Index("idx_conversations_user_id", "user_id"),
        Index("idx_conversations_user_id_updated_at", "user_id", text("updated_at DESC")),
        word_check("kind", CONVERSATION_KINDS, "conversations_kind_check"),
        ForeignKeyConstraint(
            ["account_id", "agent_id"],
            ["agents.account_id", "agents.id"],
            name="fk_conversations_agent_id",
            ondelete="CASCADE",
        ),
        Index("idx_conversations_account_id_agent_id", "account_id", "agent_id"),
        UniqueConstraint("account_id", "id", name="uq_conversations_account_id_id"),
        UniqueConstraint("account_id", "direct_key", name="uq_conversations_account_id_direct_key"),
        partial_index("idx_conversations_account_id_kind", IS_SHARED, "account_id", "kind"),
        partial_index(
            "idx_conversations_account_id_updated_at", IS_SHARED, "account_id", text("updated_at DESC")
        ),
        # Most conversations are at home, with the built-in agent: where an engine can, they have no place in these two.
        partial_index(
            "idx_conversations_agent_id_updated_at", HAS_AGENT, "agent_id", text("updated_at DESC")
        ),
        partial_index(
            "idx_conversations_user_id_account_id_updated_at",
            IN_TEAM,
            "user_id",
            "account_id",
            text("updated_at DESC"),
        ),
        partial_index("idx_conversations_deleted_at", "deleted_at IS NOT NULL", "deleted_at"),
    )

    id: UUID = id_column()
    user_id: UUID = parent_column("user_id", "users.id", "fk_conversations_user_id")
    title: str | None = nullable_column("title", String(MAX_TITLE))
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", on_update=True)
    kind: ConversationKind = word_column("kind", 10, CONVERSATION_KINDS, default="assistant")
    account_id: UUID = parent_column("account_id", "accounts.id", "fk_conversations_account_id")
    agent_id: UUID | None = nullable_column("agent_id", Uuid)
    last_seq: int = column("last_seq", Integer, default=0)
    direct_key: str | None = nullable_column("direct_key", String(73))
    deleted_at: datetime | None = nullable_column("deleted_at", UTCDateTime)
    shown_seq: int | None = nullable_column("shown_seq", Integer)
    shown_id: UUID | None = nullable_column("shown_id", Uuid)


def make_direct_key(one: UUID, other: UUID) -> str:
    """The same whoever of the two begins."""
    return ":".join(sorted((str(one), str(other))))


class ConversationCreate(ApiModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Shopping"}]})

    kind: ConversationKind = ApiField(
        "assistant",
        description="`assistant`: with an agent. `direct`: with one other. `group`: with any number, under a title.",
    )
    title: ConversationTitle | None = ApiField(
        None, description="A group has one, a direct conversation has none.", examples=["Shopping"]
    )
    account_id: UUID | None = ApiField(
        None, description="An account of yours; else your personal one, or that of the agent."
    )
    agent_id: UUID | None = ApiField(
        None, description="Of kind `assistant`: who answers; else the built-in agent."
    )
    participant_ids: list[UUID] | None = ApiField(
        None,
        max_length=MAX_PARTICIPANTS - 1,
        description="Of the other kinds: members of the account, people or agents, beside yourself.",
    )


class ChatOpen(ApiModel):
    """A conversation with the agent of the path."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Sales of last month"}]})

    title: ConversationTitle | None = None


class ConversationUpdate(ApiModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Shopping"}]})

    title: ConversationTitle | None = optional_field()


class ConversationShared(ApiModel):
    """As all who see it do: what events show. `agent_id` is that of kind `assistant`."""

    id: UUID
    title: str | None
    created_at: Time
    updated_at: Time
    kind: ConversationKind
    account_id: UUID
    agent_id: AgentId
