# routes/participation/participants.py -- those who take part in a conversation of people, over HTTP.
from uuid import UUID

from fastapi import APIRouter, status

from models.participation.participant import ParticipantCreate, ParticipantPublic, ParticipantUpdate
from routes.dependencies import AppStateDep, CallerDep, ChatReadDep, DatabaseDep, JsonBytes, PageDep
from routes.idempotency import RereadRoute
from routes.openapi import SIGNED_IN_ONE, list_of, problems
from services.participation import participants

PATH = "/v1/conversations/{conversation_id}/participants"
router = APIRouter(prefix=PATH, tags=["conversations"], route_class=RereadRoute)


@router.get("", response_class=JsonBytes, responses={**list_of(ParticipantPublic), **SIGNED_IN_ONE})
async def list_participants(
    db: DatabaseDep, caller: ChatReadDep, conversation_id: UUID, page: PageDep
) -> JsonBytes:
    """In the order of joining."""
    return JsonBytes(await participants.list_participants(db, caller, conversation_id, page))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=ParticipantPublic,
    responses={**SIGNED_IN_ONE, **problems(403, 409)},
)
async def add_participant(
    db: DatabaseDep, caller: CallerDep, conversation_id: UUID, new: ParticipantCreate
) -> ParticipantPublic:
    """Lets a member of the account take part, who reads what is said from now on."""
    return await db.write(participants.add_participant, caller, conversation_id, new)


@router.patch("/{user_id}", response_model=ParticipantPublic, responses={**SIGNED_IN_ONE, **problems(403)})
async def update_participant(
    db: DatabaseDep, caller: CallerDep, conversation_id: UUID, user_id: UUID, change: ParticipantUpdate
) -> ParticipantPublic:
    return await db.write(participants.update_participant, caller, conversation_id, user_id, change)


@router.delete(
    "/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN_ONE, **problems(403)}
)
async def remove_participant(
    state: AppStateDep, caller: CallerDep, conversation_id: UUID, user_id: UUID
) -> None:
    """Removes a participant; with your own id you leave. Nothing more of the conversation is shown to them, and their
    runs there end.
    """
    await state.run_control.remove_participant(caller, conversation_id, user_id)
