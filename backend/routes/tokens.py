# routes/tokens.py -- access tokens over HTTP, for whoever is signed in: at /mcp they are used, not here.
from uuid import UUID

from fastapi import APIRouter, Response, status

from models.token import AccessTokenCreate, AccessTokenCreated, AccessTokenPublic
from routes.dependencies import SIGNED_IN, SIGNED_IN_ONE, CallerDep, DatabaseDep, PartsDep, problems
from services import confirmation, tokens

# Without Idempotency-Key: its table would keep the answer, and with it the token.
router = APIRouter(prefix="/v1/me/tokens", tags=["me"])


@router.get("", responses=problems(401))
async def list_tokens(db: DatabaseDep, caller: CallerDep) -> dict[str, list[AccessTokenPublic] | None]:
    """Newest first."""
    return {"data": await db.read(tokens.list_tokens, caller), "next_cursor": None}


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=AccessTokenCreated,
    responses={**SIGNED_IN, **problems(403, 409, 429)},
)
async def create_token(
    parts: PartsDep, caller: CallerDep, response: Response, new: AccessTokenCreate
) -> AccessTokenCreated:
    """For an MCP client's configuration. The answer shows the token, once. One that never expires needs
    `current_password`, unless you signed in within the last 5 minutes.
    """
    if new.expires_in_days is None or new.current_password is not None:
        await confirmation.confirm(parts.auth, caller, new.current_password)
    response.headers["Cache-Control"] = "no-store"
    return await parts.db.write(tokens.create_token, caller, new)


@router.delete("/{token_id}", status_code=status.HTTP_204_NO_CONTENT, responses=SIGNED_IN_ONE)
async def revoke_token(parts: PartsDep, caller: CallerDep, token_id: UUID) -> None:
    """It stops working at once."""
    await parts.db.write(tokens.revoke_token, caller, token_id)
    parts.token_guard.forget()
