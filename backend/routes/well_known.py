# routes/well_known.py -- addresses that programs know beforehand: security.txt, change-password, robots.txt.
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import PlainTextResponse, RedirectResponse

from clock import rfc3339, utc_now
from errors import NotFound
from routes.dependencies import FOR_ANYONE, AppStateDep
from routes.route import Route

router = APIRouter(include_in_schema=False, dependencies=[FOR_ANYONE], route_class=Route)
# Who finds the file reads it anew by then.
SECURITY_TXT_DAYS = 180
# The page of the settings, where a password is changed.
SETTINGS_PAGE = "/#/settings"
ROBOTS = "User-agent: *\nDisallow: /\n"


@router.get("/.well-known/security.txt")
async def get_security_txt(state: AppStateDep) -> PlainTextResponse:
    """Whom to tell of a weakness (RFC 9116); the operator says whom, or there is no such file."""
    contact = state.settings.security_contact
    if contact is None:
        raise NotFound("file")
    expires = rfc3339(utc_now() + timedelta(days=SECURITY_TXT_DAYS))
    return PlainTextResponse(f"Contact: {contact}\nExpires: {expires}\nPreferred-Languages: en\n")


@router.get("/.well-known/change-password")
async def change_password() -> RedirectResponse:
    """Password managers look here."""
    return RedirectResponse(SETTINGS_PAGE, 303)


@router.get("/robots.txt")
async def get_robots() -> PlainTextResponse:
    return PlainTextResponse(ROBOTS)
