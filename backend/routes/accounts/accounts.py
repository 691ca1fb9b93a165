# routes/accounts/accounts.py -- accounts over HTTP.
from uuid import UUID

from fastapi import APIRouter, status

from models.account import AccountCreate, AccountPublic, AccountUpdate
from routes.dependencies import AppStateDep, CallerDep, DatabaseDep, JsonBytes, PageDep
from routes.idempotency import NewIdDep, RereadRoute
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, list_of, problems
from services.accounts import accounts

router = APIRouter(prefix="/v1/accounts", tags=["accounts"], route_class=RereadRoute)
# The rest of a larger account is deleted after the answer.
MAX_SLICES = 10


@router.get("", response_class=JsonBytes, responses={**list_of(AccountPublic), **SIGNED_IN})
async def list_accounts(db: DatabaseDep, caller: CallerDep, page: PageDep) -> JsonBytes:
    """Those that you are a member of, in the order of joining: your personal account comes first."""
    return JsonBytes(await accounts.list_accounts(db, caller, page))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=AccountPublic,
    responses={**SIGNED_IN, **problems(409, 410)},
)
async def create_account(
    db: DatabaseDep, caller: CallerDep, new: AccountCreate, new_id: NewIdDep
) -> AccountPublic:
    """A team, which you own."""
    return await db.write(accounts.create_account, caller, new, new_id)


@router.get("/{account_id}", response_model=AccountPublic, responses=SIGNED_IN_ONE)
async def get_account(db: DatabaseDep, caller: CallerDep, account_id: UUID) -> AccountPublic:
    return await db.read(accounts.get_account, caller, account_id)


@router.patch("/{account_id}", response_model=AccountPublic, responses={**SIGNED_IN_ONE, **problems(403)})
async def update_account(
    db: DatabaseDep, caller: CallerDep, account_id: UUID, change: AccountUpdate
) -> AccountPublic:
    """Changes the fields that are sent; for owners and admins."""
    return await db.write(accounts.update_account, caller, account_id, change)


@router.delete(
    "/{account_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN_ONE, **problems(403, 409)}
)
async def delete_account(state: AppStateDep, caller: CallerDep, account_id: UUID) -> None:
    """Deletes the account and everything in it, at once and for good; for owners. A personal account goes with its
    person.
    """
    agent_ids = await state.run_control.delete_account(caller, account_id)
    state.api_token_cache.forget()  # the keys of its agents
    for agent_id in agent_ids:
        await state.worker.housekeeping.delete_user(agent_id, MAX_SLICES)
    await state.worker.housekeeping.delete_account(account_id, MAX_SLICES)
