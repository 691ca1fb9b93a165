# services/identity/confirmation.py -- that it is the person who asks, where an access token alone must not be enough.
from datetime import timedelta

from sqlmodel import col

import access
from access import Caller
from db import Transaction
from errors import PasswordRequired
from models import AuthSession
from models.columns import now
from services.identity.auth import Auth, check_password
from services.identity.rate_limits import EMAIL_PER_USER

# Whoever signed in so lately has just given the password.
FRESH = timedelta(minutes=5)


async def confirm(auth: Auth, caller: Caller, current: str | None) -> None:
    """Lets those through who give the current password or have just signed in; PasswordRequired for the others.

    For what a stolen access token must not be enough for: what cannot be undone, and what outlasts the session.
    """
    if current is not None:
        await check_password(auth, caller, current)
    elif not await auth.db.read(has_just_signed_in, caller):
        raise PasswordRequired


async def limit_emails(auth: Auth, caller: Caller) -> None:
    """A refusal of a new email tells that somebody has it."""
    await auth.limits.hit(EMAIL_PER_USER, "email", str(caller.user_id))


async def has_just_signed_in(tx: Transaction, caller: Caller) -> bool:
    """A refreshed session stays as old as its sign-in."""
    if caller.session_id is None:
        return False
    this = (col(AuthSession.id) == caller.session_id, col(AuthSession.created_at) > now() - FRESH)
    return await access.find_row(tx, caller, AuthSession, *this) is not None
