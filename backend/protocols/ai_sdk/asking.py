# protocols/ai_sdk/asking.py -- what the page asks: a message, one that it has changed, or another answer to one.
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from app_state import AppState
from db import Transaction
from models import Message
from models.message import ChatCreate
from protocols.ai_sdk.history import make_client_id
from protocols.ai_sdk.requests import ChatRequest
from services.run_posting import PostedMessage


async def ask(
    state: AppState, caller: Caller, new: ChatRequest, text: str, own_id: str | None, conversation_id: UUID
) -> PostedMessage:
    """The run that answers; what was at work ends, where a message was changed or an answer is to be given anew.

    What Parley has not stored is asked as a new message.
    """
    sent: Message | None = None
    is_again = new.trigger == "regenerate-message"
    if own_id is not None and (is_again or new.message_id is not None):
        sent = await state.db.read(find_sent, caller, conversation_id, own_id, text)
    if sent is not None and is_again:
        return await state.run_control.repeat(caller, sent.id, "interrupt", None)
    client_id = make_client_id(conversation_id, own_id) if own_id and not is_again else None
    if sent is None or own_id is None:
        chat = ChatCreate(message=text, conversation_id=conversation_id, client_id=client_id)
    else:
        chat = ChatCreate(
            message=text,
            conversation_id=conversation_id,
            client_id=name_changed(conversation_id, own_id, text),
            replaces_id=sent.id,
            on_busy="interrupt",
        )
    return await state.run_control.post(caller, chat)


def name_changed(conversation_id: UUID, own_id: str, text: str) -> str:
    """The page keeps its id of a message that it has changed."""
    return make_client_id(conversation_id, f"{own_id} {text}")


async def find_sent(
    tx: Transaction, caller: Caller, conversation_id: UUID, own_id: str, text: str
) -> Message | None:
    """The message of the page's id, as it was changed last to this text, or else as it was at first."""
    names = (name_changed(conversation_id, own_id, text), make_client_id(conversation_id, own_id))
    for name in names:
        named = (access.own_condition(caller, Message), col(Message.client_id) == name)
        if (found := await access.find_row(tx, caller, Message, *named)) is not None:
            return found
    try:
        found = await access.find_by_id(tx, caller, Message, UUID(own_id))
    except ValueError:
        return None
    return found if found is not None and found.conversation_id == conversation_id else None
