# access/memberships.py -- what the members of an account may see, and which of them.
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, inspect, or_, true
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import col

from access.callers import Caller, require_id
from db import AnySelect, get_columns
from models import Account, AccountInvitation, AccountMember, Agent
from models.account import AccountRole
from storage.rule_check import TableRule

# The caller's own membership, beside the memberships that a statement is about.
OWN = aliased(AccountMember, name="own_membership")


def has_role(caller: Caller, account_id: UUID, *roles: AccountRole) -> ColumnElement[bool]:
    """Whether the caller is a member of the account, in one of the roles if any are given."""
    own = and_(col(OWN.account_id) == col(account_id), col(OWN.user_id) == require_id(caller.user_id))
    chosen = or_(*(col(OWN.role) == role for role in roles)) if roles else true()
    return exists(sql_select(1).where(TableRule(own, inspect(OWN).selectable.columns["user_id"]), chosen))


def account_of_member(caller: Caller) -> TableRule:
    """The accounts of which the caller is a member, until their removal begins."""
    seen = and_(has_role(caller, Account.id), col(Account.deleted_at).is_(None))
    return TableRule(seen, get_columns(Account)["id"])


def agent_of_member(caller: Caller) -> TableRule:
    """The agents of the caller's accounts, until the removal of an agent or an account begins."""
    account = sql_select(1).where(account_of_member(caller), col(Account.id) == col(Agent.account_id))
    seen = and_(col(Agent.deleted_at).is_(None), exists(account))
    return TableRule(seen, get_columns(Agent)["account_id"])


def invitation_of_manager(caller: Caller) -> TableRule:
    """The invitations to accounts of which the caller is an owner or an admin."""
    account = sql_select(1).where(
        account_of_member(caller), col(Account.id) == col(AccountInvitation.account_id)
    )
    seen = and_(has_role(caller, AccountInvitation.account_id, "owner", "admin"), exists(account))
    return TableRule(seen, get_columns(AccountInvitation)["account_id"])


def select_own_memberships(caller: Caller, *columns: Any) -> AnySelect:
    """`columns` of the caller's memberships and their accounts, until the removal of an account begins."""
    own = TableRule(
        col(AccountMember.user_id) == require_id(caller.user_id), get_columns(AccountMember)["account_id"]
    )
    joined = and_(col(Account.id) == col(AccountMember.account_id), col(Account.deleted_at).is_(None))
    account = TableRule(joined, get_columns(Account)["id"])
    return sql_select(*columns).select_from(AccountMember, Account).where(own, account)
