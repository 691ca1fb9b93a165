# identity/confirmation.py -- proof that the user acts, for changes that a stolen access token must not make.
from datetime import timedelta

from sqlmodel import col

import access
from access import SignedInCaller
from clock import utc_now
from db import Transaction
from errors import PasswordRequired
from identity.auth import SignInContext, check_password
from identity.rate_limits import EMAIL_PER_USER
from models import AuthSession

# A sign-in this recent counts as having just given the password.
RECENT_SIGN_IN = timedelta(minutes=5)


async def require_confirmation(auth: SignInContext, caller: SignedInCaller, current: str | None) -> None:
    """Raises PasswordRequired unless `current` is the user's password or the session began a moment ago.

    For changes that cannot be undone, and for those that outlast the session.
    """
    if current is not None:
        await check_password(auth, caller, current)
    elif not await auth.db.read(has_just_signed_in, caller):
        raise PasswordRequired


async def limit_email_changes(auth: SignInContext, caller: SignedInCaller) -> None:
    """Limit how often a user may try new emails: each refusal reveals that somebody has one."""
    await auth.rate_limiter.hit(EMAIL_PER_USER, "email", str(caller.user_id))


async def has_just_signed_in(tx: Transaction, caller: SignedInCaller) -> bool:
    """By the session's `created_at`, which a refresh does not move."""
    this = (
        col(AuthSession.id) == caller.session_id,
        col(AuthSession.created_at) > utc_now() - RECENT_SIGN_IN,
    )
    return await access.find_row(tx, caller, AuthSession, *this) is not None
