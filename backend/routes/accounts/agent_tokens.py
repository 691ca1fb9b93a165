# routes/accounts/agent_tokens.py -- the keys of agents over HTTP: owners and admins make, list and revoke them.
from uuid import UUID

from fastapi import APIRouter, Response, status

from models.identity.api_token import AccessTokenCreate, AccessTokenCreated, AccessTokenPublic
from models.shapes import ItemPage
from routes.dependencies import AppStateDep, CallerDep, DatabaseDep
from routes.idempotency import NewIdDep, SecretRoute
from routes.identity.api_tokens import begin_token
from routes.openapi import SIGNED_IN_ONE, name_page, problems
from services.agents import agent_tokens

router = APIRouter(
    prefix="/v1/accounts/{account_id}/agents/{agent_id}/tokens", tags=["agents"], route_class=SecretRoute
)


@router.get("", response_model=name_page(AccessTokenPublic), responses={**SIGNED_IN_ONE, **problems(403)})
async def list_agent_tokens(
    db: DatabaseDep, caller: CallerDep, account_id: UUID, agent_id: UUID
) -> ItemPage[AccessTokenPublic]:
    """Newest first."""
    found = await db.write(agent_tokens.list_tokens, caller, account_id, agent_id)
    return ItemPage(data=found)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=AccessTokenCreated,
    responses={**SIGNED_IN_ONE, **problems(403, 409, 410, 429, 503)},
)
async def create_agent_token(
    state: AppStateDep,
    caller: CallerDep,
    response: Response,
    account_id: UUID,
    agent_id: UUID,
    new: AccessTokenCreate,
    new_id: NewIdDep,
) -> AccessTokenCreated:
    """A key with which the agent comes in under its own name. The answer shows it; only the same request with the same
    Idempotency-Key shows it again. One that never expires needs `current_password`, unless you signed in within the
    last 5 minutes.
    """
    derived = await begin_token(state, caller, response, new, new_id)
    return await state.db.write(agent_tokens.create_token, caller, account_id, agent_id, new, derived)


@router.delete(
    "/{token_id}", status_code=status.HTTP_204_NO_CONTENT, responses={**SIGNED_IN_ONE, **problems(403)}
)
async def revoke_agent_token(
    state: AppStateDep, caller: CallerDep, account_id: UUID, agent_id: UUID, token_id: UUID
) -> None:
    """It stops working at once."""
    await state.db.write(agent_tokens.revoke_token, caller, account_id, agent_id, token_id)
    state.api_token_cache.forget()
