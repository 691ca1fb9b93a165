# routes/identity/consent.py -- the console asks a person whether an app may come in, and brings the answer back.
"""There is no cookie in this: a browser that another site sends here brings no access token along, so that only the
page itself, which cannot be framed, decides."""

from fastapi import APIRouter
from starlette.requests import Request

from access import SignedInCaller
from app_state import AppState
from errors import NotFound
from identity.oauth import grants
from identity.oauth.clients import find_client
from identity.oauth.redirects import add_answer
from identity.oauth.requests import AppRequest, check_request, narrow_scopes
from models.identity.oauth import ConsentDecision, ConsentPublic, ConsentRequest, RedirectPublic
from routes.dependencies import AppStateDep, CallerDep
from routes.door import get_base_url
from routes.openapi import problems
from routes.route import Route

# For the console alone: no client is made from a description of these.
router = APIRouter(prefix="/v1/web/consent", include_in_schema=False, route_class=Route)


@router.post("", response_model=ConsentPublic, responses=problems(401, 403, 404, 422, 429))
async def describe_consent(
    state: AppStateDep, caller: CallerDep, request: Request, asked: ConsentRequest
) -> ConsentPublic:
    """For the console: who asks for what, by the parameters that an app has sent to `/oauth/authorize`."""
    return (await find_request(state, caller, get_base_url(request), asked)).describe()


@router.post("/decision", response_model=RedirectPublic, responses=problems(401, 403, 404, 409, 422, 429))
async def decide_consent(
    state: AppStateDep, caller: CallerDep, request: Request, decision: ConsentDecision
) -> RedirectPublic:
    """For the console: what the person says, and where the browser goes with it. A code is good once, for a minute."""
    issuer = get_base_url(request)
    found = await find_request(state, caller, issuer, decision)
    answer = {"state": found.state, "iss": issuer}
    if not decision.approve:
        return RedirectPublic(redirect_to=add_answer(found.redirect_uri, error="access_denied", **answer))
    scopes = narrow_scopes(found.scopes, decision.scopes)
    code = await state.db.write(grants.issue_code, caller, found, scopes)
    return RedirectPublic(redirect_to=add_answer(found.redirect_uri, code=code, **answer))


async def find_request(
    state: AppState, caller: SignedInCaller, issuer: str, asked: ConsentRequest
) -> AppRequest:
    if state.settings.oauth_clients == "none":
        raise NotFound("page")
    limiter = state.auth.rate_limiter
    client = await find_client(state.db, state.client_documents, limiter, asked.client_id, caller.user_id)
    return check_request(client, asked, issuer, f"{issuer}/mcp")
