# models/identity/rate_limit.py -- how often something was tried lately.
from datetime import datetime

from sqlalchemy import Index, Integer, String
from sqlmodel import SQLModel

from models.columns import UTCDateTime, column


class RateLimit(SQLModel, table=True):
    """The tries in the window that ends at `expires_at`; `key` is a hash of what is limited and of whom."""

    __tablename__ = "rate_limits"
    __table_args__ = (Index("idx_rate_limits_expires_at", "expires_at"),)

    key: str = column("key", String(64), key=True)
    hits: int = column("hits", Integer)
    expires_at: datetime = column("expires_at", UTCDateTime)
