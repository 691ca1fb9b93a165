# models/agent.py -- agents: who answers in an account, by Parley's own run loop or as a program elsewhere.
from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal, get_args
from uuid import UUID

from pydantic import ConfigDict, StringConstraints, field_validator
from pydantic import Field as ApiField
from sqlalchemy import Column, Index, String, UniqueConstraint
from sqlalchemy import Text as TextType
from sqlmodel import Field, SQLModel

from models.columns import (
    JsonType,
    UTCDateTime,
    column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.shapes import MAX_NAME, STORABLE, VISIBLE, ApiModel, Name, Time, optional_field

MAX_MODEL_NAME = 200
MAX_DESCRIPTION = 1_000
MAX_INSTRUCTIONS = 8_000
MAX_TOOLS = 100
# The agent that every account has without a row of its own: it answers with the operator's model and with all tools.
BUILT_IN_ID = UUID("00000000-0000-4000-8000-000000000001")
BUILT_IN_NAME = "Parley"

AgentKind = Literal["hosted", "external"]
AGENT_KINDS: tuple[AgentKind, ...] = get_args(AgentKind)

Description = Annotated[str, StringConstraints(min_length=1, max_length=MAX_DESCRIPTION), STORABLE, VISIBLE]
Instructions = Annotated[str, StringConstraints(min_length=1, max_length=MAX_INSTRUCTIONS), STORABLE, VISIBLE]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=MAX_MODEL_NAME), STORABLE]
ToolName = Annotated[str, StringConstraints(min_length=1, max_length=100), STORABLE]


class Agent(SQLModel, table=True):
    """`id` is that of the agent's row of users, by which it comes in, owns what it makes, and is a member.

    Without `model` a hosted agent answers with the operator's, without `tools` it has them all. One with `deleted_at`
    is seen by nobody any more.
    """

    __tablename__ = "agents"
    __table_args__ = (
        word_check("kind", AGENT_KINDS, "agents_kind_check"),
        UniqueConstraint("account_id", "id", name="uq_agents_account_id_id"),
        Index("idx_agents_account_id_created_at", "account_id", "created_at"),
    )

    id: UUID = parent_column("id", "users.id", "fk_agents_id", key=True)
    account_id: UUID = parent_column("account_id", "accounts.id", "fk_agents_account_id")
    name: str = column("name", String(MAX_NAME))
    kind: AgentKind = word_column("kind", 10, AGENT_KINDS)
    description: str | None = nullable_column("description", TextType)
    instructions: str | None = nullable_column("instructions", TextType)
    model: str | None = nullable_column("model", String(MAX_MODEL_NAME))
    tools: list[str] | None = Field(default=None, sa_column=Column("tools", JsonType))
    created_at: datetime = time_column("created_at")
    updated_at: datetime = time_column("updated_at", on_update=True)
    deleted_at: datetime | None = nullable_column("deleted_at", UTCDateTime)


def refuse_repeated(names: Sequence[str] | None) -> Sequence[str] | None:
    if names is not None and len(set(names)) != len(names):
        raise ValueError("must not name a tool twice")
    return names


class AgentCreate(ApiModel):
    name: Name = ApiField(examples=["Support"])
    kind: AgentKind = ApiField(
        "hosted", description="`hosted`: Parley answers. `external`: a program of yours does, with a key."
    )
    description: Description | None = ApiField(None, examples=["Answers what customers ask"])
    instructions: Instructions | None = ApiField(
        None,
        description="Of a hosted agent, beside Parley's own.",
        examples=["Always answer in two sentences."],
    )
    model: ModelName | None = ApiField(
        None, description="Of a hosted agent: one of the operator's MODELS; null: the operator's MODEL."
    )
    tools: list[ToolName] | None = ApiField(
        None, max_length=MAX_TOOLS, description="Of a hosted agent: the tools that it has; null: all."
    )

    _refuse_repeated = field_validator("tools")(refuse_repeated)


class AgentUpdate(ApiModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"instructions": "Answer in French."}]})

    name: Name = optional_field()
    description: Description | None = None
    instructions: Instructions | None = None
    model: ModelName | None = None
    tools: list[ToolName] | None = ApiField(None, max_length=MAX_TOOLS)

    _refuse_repeated = field_validator("tools")(refuse_repeated)


class AgentPublic(ApiModel):
    """The built-in agent has the same `id` in every account, and the times of the account."""

    id: UUID
    account_id: UUID
    name: str
    kind: AgentKind
    description: str | None
    instructions: str | None
    model: str | None
    tools: list[str] | None
    created_at: Time
    updated_at: Time


class ModelPublic(ApiModel):
    name: str


class ToolPublic(ApiModel):
    """`name` is what an agent's `tools` hold, `title` the same for people."""

    name: str
    title: str
    description: str
