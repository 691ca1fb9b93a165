# models/rate_limit.py -- how often something was tried lately.
from datetime import datetime

from sqlalchemy import Column, Index, Integer, String
from sqlmodel import Field, SQLModel

from models.columns import UTCDateTime


class RateLimit(SQLModel, table=True):
    """The tries in the window that ends at `expires_at`; `key` is a hash of what is limited and of whom."""

    __tablename__ = "rate_limits"
    __table_args__ = (Index("idx_rate_limits_expires_at", "expires_at"),)

    key: str = Field(sa_column=Column("key", String(64), primary_key=True))
    hits: int = Field(sa_column=Column("hits", Integer, nullable=False))
    expires_at: datetime = Field(sa_column=Column("expires_at", UTCDateTime, nullable=False))
