# routes/accounts/members.py -- the members of an account over HTTP.
from uuid import UUID

from fastapi import APIRouter, status

from models.account import MemberPublic, MemberUpdate
from routes.dependencies import AppStateDep, CallerDep, DatabaseDep, JsonBytes, PageDep
from routes.openapi import SIGNED_IN_ONE, list_of, problems
from routes.route import Route
from services.accounts import members

router = APIRouter(prefix="/v1/accounts/{account_id}/members", tags=["accounts"], route_class=Route)


@router.get("", response_class=JsonBytes, responses={**list_of(MemberPublic), **SIGNED_IN_ONE})
async def list_members(db: DatabaseDep, caller: CallerDep, account_id: UUID, page: PageDep) -> JsonBytes:
    """In the order of joining."""
    return JsonBytes(await members.list_members(db, caller, account_id, page))


@router.patch("/{user_id}", response_model=MemberPublic, responses={**SIGNED_IN_ONE, **problems(403, 409)})
async def update_member(
    db: DatabaseDep, caller: CallerDep, account_id: UUID, user_id: UUID, change: MemberUpdate
) -> MemberPublic:
    """Gives another role; for owners, and for admins as far as no owner is concerned."""
    return await db.write(members.update_member, caller, account_id, user_id, change)


@router.delete(
    "/{user_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN_ONE, **problems(403, 409)}
)
async def remove_member(state: AppStateDep, caller: CallerDep, account_id: UUID, user_id: UUID) -> None:
    """Removes a member; for owners, and for admins as far as no owner is concerned. With your own id you leave.

    The member's runs in the account are cancelled.
    """
    await state.run_control.remove_member(caller, account_id, user_id)
