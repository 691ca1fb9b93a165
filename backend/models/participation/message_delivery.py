# models/participation/message_delivery.py -- when a message reached a participant, and when they read it.
from datetime import datetime
from uuid import UUID

from pydantic import Field as ApiField
from sqlalchemy import ForeignKeyConstraint, Index, Uuid, text
from sqlmodel import SQLModel

from models.columns import UTCDateTime, column, nullable_column, parent_column, time_column
from models.conversation import partial_index
from models.shapes import ApiModel, Time

# In larger conversations the marks of the participants alone say who has read what.
MAX_PARTICIPANTS_WITH_TIMES = 100


class MessageDelivery(SQLModel, table=True):
    """Made when a mark of a participant moves past the message; nothing is written when a message is sent."""

    __tablename__ = "message_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["account_id", "conversation_id"],
            ["conversations.account_id", "conversations.id"],
            name="fk_message_deliveries_conversation_id",
            ondelete="CASCADE",
        ),
        partial_index(
            "idx_message_deliveries_unread", "read_at IS NULL", "user_id", text("delivered_at DESC")
        ),
        Index("idx_message_deliveries_user_id_delivered_at", "user_id", text("delivered_at DESC")),
        Index("idx_message_deliveries_account_id_conversation_id", "account_id", "conversation_id"),
    )

    message_id: UUID = parent_column(
        "message_id", "messages.id", "fk_message_deliveries_message_id", key=True
    )
    user_id: UUID = parent_column("user_id", "users.id", "fk_message_deliveries_user_id", key=True)
    account_id: UUID = parent_column("account_id", "accounts.id", "fk_message_deliveries_account_id")
    conversation_id: UUID = column("conversation_id", Uuid)
    delivered_at: datetime = time_column("delivered_at")
    read_at: datetime | None = nullable_column("read_at", UTCDateTime)


class DeliveryPublic(ApiModel):
    """The times are known in conversations of up to 100 participants; in larger ones only whether."""

    user_id: UUID
    is_delivered: bool
    delivered_at: Time | None
    is_read: bool = ApiField(description="True as soon as the participant has read up to this message.")
    read_at: Time | None
