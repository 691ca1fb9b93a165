# routes/accounts/invitations.py -- invitations to accounts over HTTP.
from uuid import UUID

from fastapi import APIRouter, Response, status

from models.account import (
    AccountPublic,
    InvitationAccept,
    InvitationCreate,
    InvitationCreated,
    InvitationPublic,
)
from routes.dependencies import AppStateDep, CallerDep, DatabaseDep, JsonBytes, PageDep
from routes.idempotency import NewIdDep, SecretRoute
from routes.openapi import SIGNED_IN_ONE, list_of, problems
from security import derive_token
from services.accounts import invitations, joining

router = APIRouter(prefix="/v1", tags=["accounts"], route_class=SecretRoute)


@router.get(
    "/accounts/{account_id}/invitations",
    response_class=JsonBytes,
    responses={**list_of(InvitationPublic), **SIGNED_IN_ONE, **problems(403)},
)
async def list_invitations(db: DatabaseDep, caller: CallerDep, account_id: UUID, page: PageDep) -> JsonBytes:
    """The open ones, newest first; for owners and admins."""
    return JsonBytes(await invitations.list_invitations(db, caller, account_id, page))


@router.post(
    "/accounts/{account_id}/invitations",
    status_code=status.HTTP_201_CREATED,
    response_model=InvitationCreated,
    responses={**SIGNED_IN_ONE, **problems(403, 409, 410)},
)
async def create_invitation(
    state: AppStateDep,
    caller: CallerDep,
    response: Response,
    account_id: UUID,
    new: InvitationCreate,
    new_id: NewIdDep,
) -> InvitationCreated:
    """For whoever signs in with this email, once and for 7 days. Give them the token: the answer shows it, and only
    the same request with the same Idempotency-Key shows it again. An earlier invitation to the email ends. For owners
    and admins.
    """
    response.headers["Cache-Control"] = "no-store"
    derived = derive_token(state.jwt.secret, "invitation", new_id)
    return await state.db.write(invitations.create_invitation, caller, account_id, new, derived)


@router.delete(
    "/accounts/{account_id}/invitations/{invitation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses={**SIGNED_IN_ONE, **problems(403)},
)
async def revoke_invitation(
    db: DatabaseDep, caller: CallerDep, account_id: UUID, invitation_id: UUID
) -> None:
    """It ends at once; for owners and admins."""
    await db.write(invitations.revoke_invitation, caller, account_id, invitation_id)


@router.post(
    "/invitations/accept", response_model=AccountPublic, responses={**SIGNED_IN_ONE, **problems(409, 410)}
)
async def accept_invitation(
    db: DatabaseDep, caller: CallerDep, invitation: InvitationAccept, new_id: NewIdDep
) -> AccountPublic:
    """Makes you a member of the account. The token has to be of an invitation to your own email."""
    return await db.write(joining.accept_invitation, caller, invitation.token, new_id)
