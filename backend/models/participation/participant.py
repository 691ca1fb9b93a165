# models/participation/participant.py -- who takes part in a direct or group conversation, and how far they have read.
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from pydantic import Field as ApiField
from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Integer, Uuid
from sqlmodel import SQLModel

from models.account import MemberKind
from models.columns import (
    UTCDateTime,
    column,
    nullable_column,
    parent_column,
    time_column,
    word_check,
    word_column,
)
from models.conversation import partial_index
from models.shapes import ApiModel, Time

# Whoever made a group is its owner; in a direct conversation both are members.
ParticipantRole = Literal["owner", "member"]
PARTICIPANT_ROLES: tuple[ParticipantRole, ...] = get_args(ParticipantRole)
TAKES_PART = "left_at IS NULL"


class ConversationParticipant(SQLModel, table=True):
    """A member of the conversation's account who takes part in it, until `left_at`.

    The columns that end in `_seq` are numbers of messages: what comes after `from_seq` is for them, up to
    `last_read_seq` they have read, up to `last_delivered_seq` it has reached them, and in `last_mention_seq` they were
    mentioned last. None of them goes back. Events whose `id` is larger than `joined_event_id` are for them; it is no
    key, because events expire.
    """

    __tablename__ = "conversation_participants"
    __table_args__ = (
        word_check("role", PARTICIPANT_ROLES, "conversation_participants_role_check"),
        ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name="fk_conversation_participants_conversation_id",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["account_id", "user_id"],
            ["account_members.account_id", "account_members.user_id"],
            name="fk_conversation_participants_member",
            ondelete="CASCADE",
        ),
        # Whole, because the foreign keys look rows up by them.
        Index("idx_conversation_participants_user_id", "user_id"),
        Index("idx_conversation_participants_account_id_user_id", "account_id", "user_id"),
        partial_index(
            "idx_conversation_participants_conversation_id", TAKES_PART, "conversation_id", "joined_at"
        ),
        partial_index(
            "idx_conversation_participants_unread", TAKES_PART, "user_id", "conversation_id", "last_read_seq"
        ),
    )

    conversation_id: UUID = column("conversation_id", Uuid, key=True)
    user_id: UUID = parent_column("user_id", "users.id", "fk_conversation_participants_user_id", key=True)
    account_id: UUID = parent_column("account_id", "accounts.id", "fk_conversation_participants_account_id")
    role: ParticipantRole = word_column("role", 10, PARTICIPANT_ROLES, default="member")
    from_seq: int = column("from_seq", Integer, default=0)
    last_read_seq: int = column("last_read_seq", Integer, default=0)
    last_delivered_seq: int = column("last_delivered_seq", Integer, default=0)
    last_mention_seq: int = column("last_mention_seq", Integer, default=0)
    joined_at: datetime = time_column("joined_at")
    left_at: datetime | None = nullable_column("left_at", UTCDateTime)
    joined_event_id: int | None = nullable_column("joined_event_id", BigInteger)


class ParticipantCreate(ApiModel):
    user_id: UUID = ApiField(
        description="A member of the account, person or agent.",
        examples=["3f0b6f4e-9f0a-4c7e-8a53-2d1c7f6a9b10"],
    )
    role: ParticipantRole = "member"


class ParticipantUpdate(ApiModel):
    role: ParticipantRole = ApiField(examples=["owner"])


class ParticipantPublic(ApiModel):
    user_id: UUID
    kind: MemberKind
    name: str | None
    role: ParticipantRole
    joined_at: Time
    last_read_message_id: UUID | None


class ReadUpTo(ApiModel):
    message_id: UUID = ApiField(examples=["9c1f1f7a-6d55-4f3e-b6f1-0a6a4f0f4f5e"])
