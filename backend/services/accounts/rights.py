# services/accounts/rights.py -- what a caller may do in an account, by their role.
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from db import Transaction
from errors import Conflict, Forbidden, NotFound
from models import Account, AccountMember
from models.account import ACCOUNT_ROLES, AccountRole

# From the lowest role up.
RANKS: dict[AccountRole, int] = {role: rank for rank, role in enumerate(reversed(ACCOUNT_ROLES))}


@dataclass(frozen=True, slots=True)
class OwnMembership:
    """The caller's place in an account."""

    account: Account
    member: AccountMember

    @property
    def role(self) -> AccountRole:
        return self.member.role


async def find_role(tx: Transaction, caller: Caller, account_id: UUID) -> AccountRole:
    """The caller's role in the account; NotFound for whoever is not a member."""
    own = access.select_own_memberships(caller, col(AccountMember.role)).where(col(Account.id) == account_id)
    role: AccountRole | None = (await tx.execute(own)).scalar_one_or_none()
    if role is None:
        raise NotFound("account")
    return role


async def lock_account(tx: Transaction, caller: Caller, account_id: UUID) -> OwnMembership:
    """The account, locked until the commit: whoever changes it, its members or its invitations follows another.

    NotFound for whoever is not a member.
    """
    account = await access.get_row(tx, caller, Account, account_id, lock=True)
    # The lock may have been waited for, and the caller been removed meanwhile.
    own = access.select_own_memberships(caller, AccountMember).where(col(Account.id) == account_id)
    member = (await tx.execute(own)).scalar_one_or_none()
    if member is None:
        raise NotFound("account")
    return OwnMembership(account, member)


async def hold_membership(tx: Transaction, caller: Caller, account_id: UUID) -> None:
    """Nobody ends the caller's membership before the commit. NotFound for whoever is not a member.

    Others may hold theirs at the same time. Only what is locked after the account may be locked then.
    """
    account = access.select(caller, Account, col(Account.id)).where(col(Account.id) == account_id)
    await tx.execute(account.with_for_update(read=True, key_share=True))
    await find_role(tx, caller, account_id)


def require_manager(role: AccountRole) -> None:
    if RANKS[role] < RANKS["admin"]:
        raise Forbidden("Only owners and admins of the account may do this.", problem="role-required")


def require_owner(role: AccountRole) -> None:
    if role != "owner":
        raise Forbidden("Only owners of the account may do this.", problem="role-required")


def require_rank(role: AccountRole, *others: AccountRole) -> None:
    """Nobody gives, takes or touches a role above their own."""
    if max(RANKS[other] for other in others) > RANKS[role]:
        raise Forbidden("This takes a higher role in the account than yours.", problem="role-required")


def require_team(account: Account, detail: str) -> None:
    if account.kind == "personal":
        raise Conflict(detail, problem="personal-account")
