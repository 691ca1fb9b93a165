# models/ -- one file a noun: its table and its API shapes. Importing this package fills SQLModel.metadata.
from models.account import Account, AccountInvitation, AccountMember
from models.agent import Agent
from models.approval import Approval
from models.conversation import Conversation
from models.event import Event, EventCounter, EventLogEntry, EventRead
from models.idempotency_key import IdempotencyKey
from models.identity.api_token import ApiToken
from models.identity.oauth import OAuthClient, OAuthCode, OAuthToken
from models.identity.rate_limit import RateLimit
from models.identity.session import AuthSession, RefreshToken
from models.message import Message, ToolCall
from models.participation.message_change import MessageChange
from models.participation.message_delivery import MessageDelivery
from models.participation.participant import ConversationParticipant
from models.run import Run, RunEvent
from models.search.search_entry import SearchEntry
from models.task import Task
from models.undo.import_row import ImportRow
from models.undo.kept_part import KeptPart
from models.undo.undo_step import UndoStep
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
    "ConversationParticipant",
    "Event",
    "EventCounter",
    "EventLogEntry",
    "EventRead",
    "IdempotencyKey",
    "ImportRow",
    "KeptPart",
    "Message",
    "MessageChange",
    "MessageDelivery",
    "OAuthClient",
    "OAuthCode",
    "OAuthToken",
    "RateLimit",
    "RefreshToken",
    "Run",
    "RunEvent",
    "SearchEntry",
    "Task",
    "ToolCall",
    "UndoStep",
    "User",
]
