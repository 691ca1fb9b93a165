# identity/users.py -- verbs on the caller's own profile, and whether there is anybody at all.
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import SYSTEM, Caller
from db import Transaction
from errors import Conflict
from models import User
from models.user import UserUpdate

PASSWORD_FIELDS = {"current_password", "new_password"}


async def get_me(tx: Transaction, caller: Caller) -> User:
    return await access.get_row(tx, caller, User, caller.user_id)


async def needs_confirmation(tx: Transaction, caller: Caller, change: UserUpdate) -> bool:
    """Whether the change needs more than an access token: a new email, or an end of all approvals."""
    me = await get_me(tx, caller)
    sent = change.model_dump(exclude_unset=True)
    ends_approvals = sent.get("approval") == "never" != me.approval
    return ends_approvals or sent.get("email", me.email) != me.email


async def update_me(tx: Transaction, caller: Caller, change: UserUpdate) -> User:
    """Change the profile; auth.py changes the password. Conflict if a new email is taken."""
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    user.sqlmodel_update(change.model_dump(exclude_unset=True, exclude=PASSWORD_FIELDS))
    try:
        await tx.flush()
    except IntegrityError as error:
        raise Conflict("This email is taken.", problem="email-taken") from error
    return user


async def has_people(tx: Transaction) -> bool:
    """Whether anybody has an account on this server: the first one who comes makes the first."""
    anybody = access.select(SYSTEM, User).where(col(User.kind) == "person").limit(1)
    return (await tx.execute(anybody)).first() is not None
