# services/users.py -- verbs on the caller's own profile.
import access
from access import Caller
from db import Transaction
from models import User
from models.user import UserUpdate

PASSWORD_FIELDS = {"current_password", "new_password"}


async def get_me(tx: Transaction, caller: Caller) -> User:
    return await access.get(tx, caller, User, caller.user_id)


async def update_me(tx: Transaction, caller: Caller, change: UserUpdate) -> User:
    """The profile; the password has its own verb in auth.py."""
    user = await access.get(tx, caller, User, caller.user_id, lock=True)
    user.sqlmodel_update(change.model_dump(exclude_unset=True, exclude=PASSWORD_FIELDS))
    await tx.flush()
    return user


async def delete_me(tx: Transaction, caller: Caller) -> None:
    """The database takes along everything that is the user's."""
    user = await access.get(tx, caller, User, caller.user_id, lock=True)
    await tx.delete(user)
    await tx.flush()
