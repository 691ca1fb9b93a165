# routes/identity/api_tokens.py -- API tokens over HTTP: a signed-in user manages them here, a program works with them.
from uuid import UUID

from fastapi import APIRouter, Response, status

from access import SignedInCaller
from app_state import AppState
from identity import api_tokens, confirmation
from models.identity.api_token import AccessTokenCreate, AccessTokenCreated, AccessTokenPublic
from models.shapes import ItemPage
from routes.dependencies import AppStateDep, CallerDep, DatabaseDep
from routes.idempotency import NewIdDep, SecretRoute
from routes.openapi import SIGNED_IN, SIGNED_IN_ONE, name_page, problems
from security import DerivedToken, derive_token

router = APIRouter(prefix="/v1/me/tokens", tags=["me"], route_class=SecretRoute)


@router.get("", response_model=name_page(AccessTokenPublic), responses=problems(401))
async def list_tokens(db: DatabaseDep, caller: CallerDep) -> ItemPage[AccessTokenPublic]:
    """Newest first."""
    return ItemPage(data=await db.read(api_tokens.list_tokens, caller))


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=AccessTokenCreated,
    responses={**SIGNED_IN, **problems(403, 409, 410, 429, 503)},
)
async def create_token(
    state: AppStateDep, caller: CallerDep, response: Response, new: AccessTokenCreate, new_id: NewIdDep
) -> AccessTokenCreated:
    """For a program, which may do with it what the scopes say. The answer shows the token; only the same request
    with the same Idempotency-Key shows it again. One that never expires needs `current_password`, unless you signed in
    within the last 5 minutes.
    """
    derived = await begin_token(state, caller, response, new, new_id)
    return await state.db.write(api_tokens.create_token, caller, new, derived)


@router.delete("/{token_id}", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE)
async def revoke_token(state: AppStateDep, caller: CallerDep, token_id: UUID) -> None:
    """It stops working at once."""
    await state.db.write(api_tokens.revoke_token, caller, token_id)
    state.api_token_cache.forget()


async def begin_token(
    state: AppState, caller: SignedInCaller, response: Response, new: AccessTokenCreate, new_id: UUID | None
) -> DerivedToken | None:
    """What every request for a token begins with: the password where it is needed, and an answer that nobody stores.

    Returns the token of a request with an idempotency key.
    """
    if new.expires_in_days is None or new.current_password is not None:
        await confirmation.require_confirmation(state.auth, caller, new.current_password)
    response.headers["Cache-Control"] = "no-store"
    return derive_token(state.jwt.secret, "token", new_id)
