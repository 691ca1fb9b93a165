# models/participation/conversation.py -- a conversation as one of those who see it does.
from pydantic import Field as ApiField

from models.conversation import ConversationShared
from models.message import MessagePublic
from models.participation.participant import ParticipantPublic


class ConversationPublic(ConversationShared):
    """As the caller sees it. The last five are of direct and group conversations; one with an agent has none of it."""

    unread_count: int = ApiField(
        0, description="At most so many messages of others are new to you: those you retract count, too."
    )
    mentioned: bool = ApiField(False, description="Whether one of them mentions you.")
    last_message: MessagePublic | None = None
    participants: list[ParticipantPublic] = ApiField([], description="The first ten.")
    participant_count: int = 0
