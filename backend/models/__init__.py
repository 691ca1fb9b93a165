# models/ -- one file a noun: its table and its API shapes. Importing this package fills SQLModel.metadata.
from models.account import Account, AccountInvitation, AccountMember
from models.agent import Agent
from models.approval import Approval
from models.conversation import Conversation
from models.event import Event, EventCounter, EventLogEntry, EventRead
from models.idempotency_key import IdempotencyKey
from models.identity.api_token import ApiToken
from models.identity.rate_limit import RateLimit
from models.identity.session import AuthSession, RefreshToken
from models.message import Message, ToolCall
from models.run import Run, RunEvent
from models.task import Task
from models.user import User

__all__ = [
    "Account",
    "AccountInvitation",
    "AccountMember",
    "Agent",
    "ApiToken",
    "Approval",
    "AuthSession",
    "Conversation",
    "Event",
    "EventCounter",
    "EventLogEntry",
    "EventRead",
    "IdempotencyKey",
    "Message",
    "RateLimit",
    "RefreshToken",
    "Run",
    "RunEvent",
    "Task",
    "ToolCall",
    "User",
]
