# models/ -- every table; importing this package fills SQLModel.metadata.
from models.conversation import Conversation
from models.idempotency import IdempotencyKey
from models.message import Message
from models.run import Run, RunEvent
from models.session import AuthSession, RateLimit, RefreshToken
from models.task import Task
from models.user import User

__all__ = [
    "AuthSession",
    "Conversation",
    "IdempotencyKey",
    "Message",
    "RateLimit",
    "RefreshToken",
    "Run",
    "RunEvent",
    "Task",
    "User",
]
