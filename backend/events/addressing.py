# events/addressing.py -- to whom the caller may post an event, and in which account.
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from access.memberships import has_role
from db import Transaction
from errors import Forbidden, Invalid, NotFound
from models import Account, AccountMember

MAX_NAMED_ACCOUNTS = 10


@dataclass(frozen=True, slots=True)
class Addressee:
    """One user in an account; all of its members where there is no recipient."""

    account_id: UUID
    recipient_id: UUID | None


async def find_addressee(
    tx: Transaction, caller: Caller, recipient_id: UUID | None, account_id: UUID | None
) -> Addressee:
    """NotFound for an account or a recipient that the caller does not share, whether or not there is one.

    Invalid where several accounts are shared and none is named; Forbidden where the caller may not speak to all.
    """
    if account_id is None and recipient_id in (None, caller.user_id):
        account_id = caller.home_account_id
    if account_id is not None:
        await access.get_row(tx, caller, Account, account_id)
    if recipient_id is None:
        assert account_id is not None
        await require_speaker(tx, caller, account_id)
        return Addressee(account_id, None)
    shared = await list_shared_accounts(tx, caller, recipient_id, account_id)
    if not shared:
        raise NotFound("recipient")
    if len(shared) > 1:
        named = ", ".join(str(id_) for id_ in shared)
        raise Invalid(
            f"You share several accounts with the recipient; name one of them: {named}",
            ("body", "account_id"),
            problem="account-ambiguous",
        )
    return Addressee(shared[0], recipient_id)


async def list_shared_accounts(
    tx: Transaction, caller: Caller, user_id: UUID, account_id: UUID | None = None
) -> list[UUID]:
    """The accounts of the caller of which the user is a member too, MAX_NAMED_ACCOUNTS at most."""
    theirs = access.select(caller, AccountMember, col(AccountMember.account_id)).where(
        col(AccountMember.user_id) == user_id
    )
    if account_id is not None:
        theirs = theirs.where(col(AccountMember.account_id) == account_id)
    theirs = theirs.order_by(col(AccountMember.account_id)).limit(MAX_NAMED_ACCOUNTS)
    return list((await tx.execute(theirs)).scalars())


async def require_speaker(tx: Transaction, caller: Caller, account_id: UUID) -> None:
    """Forbidden unless the caller may speak to all members: an owner, an admin or an agent."""
    speaks = has_role(caller, Account.id, "owner", "admin", "agent")
    statement = access.select(caller, Account, col(Account.id)).where(col(Account.id) == account_id, speaks)
    if (await tx.execute(statement)).one_or_none() is None:
        raise Forbidden(
            "Only owners, admins and agents post to all members of an account.", problem="role-required"
        )
