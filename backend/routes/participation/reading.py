# routes/participation/reading.py -- who has read and who is typing, and changes of what was said, over HTTP.
from uuid import UUID

from fastapi import APIRouter, status

from models.message import MessagePublic
from models.participation.message_change import MessageUpdate
from models.participation.message_delivery import DeliveryPublic
from models.participation.participant import ReadUpTo
from routes.dependencies import AppStateDep, ChatReadDep, ChatWriteDep, DatabaseDep, JsonBytes, PageDep
from routes.idempotency import IdempotentRoute
from routes.openapi import SIGNED_IN_ONE, list_of, problems
from services.participation import conversations, deliveries, marks, message_changes
from streaming.typing_notes import TypingNote

router = APIRouter(prefix="/v1", tags=["chat"], route_class=IdempotentRoute)


@router.post(
    "/conversations/{conversation_id}/read", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE
)
async def mark_read(db: DatabaseDep, caller: ChatWriteDep, conversation_id: UUID, read: ReadUpTo) -> None:
    """You have read up to this message; a mark never goes back."""
    await db.write(marks.mark_read, caller, conversation_id, read.message_id)


@router.post(
    "/conversations/{conversation_id}/typing", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE
)
async def tell_typing(state: AppStateDep, caller: ChatWriteDep, conversation_id: UUID) -> None:
    """Shows the others who take part, on their open streams, that you are typing. At most once a second; nothing is
    stored.
    """
    await state.db.read(conversations.require_participant, caller, conversation_id)
    state.notifier.notify_typing(TypingNote(conversation_id, caller.user_id))


@router.get(
    "/messages/{message_id}/deliveries",
    response_class=JsonBytes,
    responses={**list_of(DeliveryPublic), **SIGNED_IN_ONE},
)
async def list_deliveries(db: DatabaseDep, caller: ChatReadDep, message_id: UUID, page: PageDep) -> JsonBytes:
    """Whom the message has reached and who has read it: all participants for whom it is, but its sender."""
    return JsonBytes(await deliveries.list_deliveries(db, caller, message_id, page))


@router.patch(
    "/messages/{message_id}",
    response_model=MessagePublic,
    responses={**SIGNED_IN_ONE, **problems(403, 409)},
)
async def edit_message(
    db: DatabaseDep, caller: ChatWriteDep, message_id: UUID, change: MessageUpdate
) -> MessagePublic:
    """Gives a message of yours another content. What it said before is kept, and not shown."""
    return await db.write(message_changes.edit_message, caller, message_id, change.content)


@router.delete(
    "/messages/{message_id}", response_model=MessagePublic, responses={**SIGNED_IN_ONE, **problems(403)}
)
async def retract_message(state: AppStateDep, caller: ChatWriteDep, message_id: UUID) -> MessagePublic:
    """Takes a message of yours back: it stays, and is empty. What it asks of agents is cancelled."""
    return await state.run_control.retract_message(caller, message_id)
