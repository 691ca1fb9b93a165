# support/newcomers.py -- people and members as the services make them, without the requests for it.
"""Thousands of tests begin with people who have registered and signed in, and hundreds with a team. What they are about
comes after that: so it is done in one transaction, by the functions that the routes call.
"""

from collections.abc import Mapping, Sequence
from uuid import UUID

import access
from access import SYSTEM, Caller
from db import Transaction
from identity import auth
from identity.auth import Device, SignInContext
from models import Account, User
from models.account import AccountCreate, GivenRole
from models.identity.session import TokenPublic
from models.user import UserCreate
from security import hash_password
from services.accounts import accounts, joining, members


async def add_people(
    tx: Transaction, context: SignInContext, user_agent: str, newcomers: Sequence[UserCreate]
) -> list[tuple[UUID, TokenPublic]]:
    """The ids of new users, with the tokens of a session each."""
    added = []
    for new in newcomers:
        user = await auth.create_user(tx, new, hash_password(new.password))
        device = Device("127.0.0.1", user_agent)
        added.append((user.id, await auth.open_session(tx, context, device, user, None)))
    return added


async def add_team(tx: Transaction, owner_id: UUID, name: str, others: Mapping[UUID, GivenRole]) -> UUID:
    """A new team account; each of the others is told of as if they had been invited."""
    shown = await accounts.create_account(tx, Caller(owner_id, None), AccountCreate(name=name))
    account = await access.get_row(tx, SYSTEM, Account, shown.id)
    for user_id, role in others.items():
        user = await access.get_row(tx, SYSTEM, User, user_id)
        member = await members.add_member(tx, Caller(user_id, None), account, user, role)
        await joining.tell_of_member(tx, account, member, user, None)
    return account.id
