# services/accounts/members.py -- verbs on the members of an account.
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import bindparam, case
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from db import AnySelect, Database, Transaction, get_columns
from errors import Conflict, NotFound
from events import changes
from models import Account, AccountMember, User
from models.account import AccountShared, GivenRole, MemberPublic, MemberUpdate
from models.event import Audience, NewEvent
from pagination import ListSpec, Page, fetch_list
from services.accounts import invitations, rights
from services.participation.agent_runs import cancel_late_runs
from services.participation.departures import describe_departures
from services.run_posting import cancel_runs_in_account
from storage.json_text import quote_literal

MAX_NAMED = 3
NO_MEMBER = "You left the account, or were removed from it, before this was done."
COLUMNS = get_columns(AccountMember)
MEMBERS = ListSpec(
    name="members",
    keys=(COLUMNS["joined_at"], COLUMNS["user_id"]),
    fields={
        "user_id": COLUMNS["user_id"],
        "kind": case((COLUMNS["role"] == "agent", quote_literal("agent")), else_=quote_literal("person")),
        "name": get_columns(User)["display_name"],
        "role": COLUMNS["role"],
        "joined_at": COLUMNS["joined_at"],
    },
    public=lambda row: show_member(row.AccountMember, row.display_name),
    descending=False,
)


def select_members(caller: Caller) -> AnySelect:
    """Members, each with the name and the email of their user."""
    found = access.select(caller, AccountMember, AccountMember, col(User.display_name), col(User.email))
    return found.join(User, access.member_condition())


MEMBERS_OF_ACCOUNT = select_members(ANY_CALLER).where(
    col(AccountMember.account_id) == bindparam("account_id")
)


def show_member(member: AccountMember, name: str | None) -> MemberPublic:
    return MemberPublic(
        user_id=member.user_id,
        kind="agent" if member.role == "agent" else "person",
        name=name,
        role=member.role,
        joined_at=member.joined_at,
    )


async def list_members(db: Database, caller: Caller, account_id: UUID, page: Page) -> bytes:
    """In the order of joining, as JSON."""
    await db.read(rights.find_role, caller, account_id)
    values = {**access.caller_params(caller), "account_id": account_id}
    return await fetch_list(db, MEMBERS, MEMBERS_OF_ACCOUNT, values, page, scope=str(account_id))


@dataclass(frozen=True, slots=True)
class FoundMember:
    """A membership, and what its user is called."""

    member: AccountMember
    name: str | None
    email: str


async def find_member(tx: Transaction, caller: Caller, account_id: UUID, user_id: UUID) -> FoundMember:
    theirs = (col(AccountMember.account_id) == account_id, col(AccountMember.user_id) == user_id)
    row = (await tx.execute(select_members(caller).where(*theirs))).one_or_none()
    if row is None:
        raise NotFound("member")
    return FoundMember(*row)


async def add_member(
    tx: Transaction, caller: Caller, account: Account, user: User, role: GivenRole
) -> AccountMember:
    """Make the caller, whose row `user` is, a member of an account that this transaction has read."""
    member = AccountMember(account_id=account.id, user_id=user.id, role=role)
    access.add_row(tx, caller, member)
    await tx.flush()
    return member


def describe_own_entry(account: Account, member: AccountMember, user: User) -> dict[str, object]:
    """The data of the event that tells a user of an account of which they are a member from now on."""
    return {
        "account": AccountShared.model_validate(account),
        "member": show_member(member, user.display_name),
    }


async def update_member(
    tx: Transaction, caller: Caller, account_id: UUID, user_id: UUID, change: MemberUpdate
) -> MemberPublic:
    own = await rights.lock_account(tx, caller, account_id)
    found = await find_member(tx, caller, account_id, user_id)
    member = found.member
    rights.require_manager(own.role)
    rights.require_rank(own.role, member.role, change.role)
    if member.role == "agent":
        raise Conflict("An agent has no other role.", problem="agent-role")
    if member.role == "owner" and change.role != "owner":
        await require_another_owner(tx, caller, account_id, user_id)
    await invitations.end_invitations_by(tx, caller, account_id, user_id, above=change.role)
    member.role = change.role
    await tx.flush()
    shown = show_member(member, found.name)
    everyone = Audience("account", account_id)
    await changes.record_event(tx, everyone, "member.updated", {"account_id": account_id, "member": shown})
    return shown


async def require_another_owner(tx: Transaction, caller: Caller, account_id: UUID, user_id: UUID) -> None:
    """Conflict for the last owner, whose account is locked."""
    others = (
        col(AccountMember.account_id) == account_id,
        col(AccountMember.role) == "owner",
        col(AccountMember.user_id) != user_id,
    )
    found = access.select(caller, AccountMember, col(AccountMember.user_id)).where(*others).limit(1)
    if (await tx.execute(found)).scalar_one_or_none() is None:
        raise Conflict(
            "An account keeps one owner at least: make another member an owner first.", problem="last-owner"
        )


async def remove_member(
    tx: Transaction, caller: Caller, account_id: UUID, user_id: UUID, size: int = 0
) -> list[UUID]:
    """End somebody's membership, or one's own. What the removed one has prepared to come back by ends, too.

    So do their runs in the account, whose ids are returned; of `size` is what is kept of these, as in `cancel_run`.
    """
    own = await rights.lock_account(tx, caller, account_id)
    found = await find_member(tx, caller, account_id, user_id)
    if user_id != caller.user_id:
        rights.require_manager(own.role)
        rights.require_rank(own.role, found.member.role)
        if found.member.role == "agent":
            raise Conflict(
                "An agent is a member as long as it exists: delete the agent.", problem="agent-role"
            )
        await invitations.end_invitations_to(tx, caller, account_id, found.email)
    rights.require_team(own.account, "Everybody keeps their personal account.")
    if found.member.role == "owner":
        await require_another_owner(tx, caller, account_id, user_id)
    await invitations.end_invitations_by(tx, caller, account_id, user_id)
    member = Caller(user_id, None)  # whoever may end a membership ends what is done for it
    cancelled = await cancel_runs_in_account(tx, member, account_id, size, NO_MEMBER)
    departures = await describe_departures(tx, [account_id], user_id)
    await tx.delete(found.member)
    await tx.flush()
    cancelled += await cancel_late_runs(tx, account_id, user_id, NO_MEMBER)
    await changes.record_events(tx, [*describe_removal(account_id, user_id), *departures])
    return cancelled


def describe_removal(account_id: UUID, user_id: UUID) -> list[NewEvent]:
    """First to the one who is no member any more, so that nothing of the account comes after it."""
    payload = {"account_id": account_id, "user_id": user_id}
    return [
        changes.new_event(user_id, "member.removed", payload),
        changes.new_event(Audience("account", account_id), "member.removed", payload),
    ]


@dataclass(frozen=True, slots=True)
class OwnTeams:
    """The teams of a caller, locked, and the memberships in them."""

    accounts: dict[UUID, Account]
    memberships: list[AccountMember]


async def lock_own_teams(tx: Transaction, caller: Caller) -> OwnTeams:
    """Those that a caller leaves who goes. Conflict, which names the account, where one would lose its last owner."""
    teams = access.select_own_memberships(caller, Account).where(col(Account.kind) == "team")
    locked = teams.order_by(col(Account.id)).with_for_update(of=Account)
    accounts = {account.id: account for account in (await tx.execute(locked)).scalars()}
    if not accounts:
        return OwnTeams({}, [])
    own = access.select_own_memberships(caller, AccountMember).where(col(Account.id).in_(accounts))
    memberships = list((await tx.execute(own)).scalars())
    owned = [member.account_id for member in memberships if member.role == "owner"]
    others = access.select(caller, AccountMember, col(AccountMember.account_id)).where(
        col(AccountMember.account_id).in_(owned),
        col(AccountMember.role) == "owner",
        col(AccountMember.user_id) != caller.user_id,
    )
    kept = set((await tx.execute(others)).scalars())
    if lost := [accounts[account_id].name for account_id in owned if account_id not in kept]:
        raise Conflict(describe_lost_accounts(lost), problem="last-owner")
    return OwnTeams(accounts, memberships)


async def end_all_memberships(tx: Transaction, caller: Caller) -> None:
    """Leave all teams, for a caller who goes and whose own row is locked. Conflict as in `lock_own_teams`."""
    teams = await lock_own_teams(tx, caller)
    if not teams.accounts:
        return
    await invitations.end_all_invitations_by(tx, caller, teams.accounts)
    departures = await describe_departures(tx, list(teams.accounts), caller.user_id)
    for member in teams.memberships:
        await tx.delete(member)
    await tx.flush()
    removals = [
        event for member in teams.memberships for event in describe_removal(member.account_id, caller.user_id)
    ]
    await changes.record_events(tx, [*removals, *departures])


def describe_lost_accounts(names: list[str]) -> str:
    named = ", ".join(f"“{name}”" for name in names[:MAX_NAMED])
    more = f" and {len(names) - MAX_NAMED} more" if len(names) > MAX_NAMED else ""
    return f"You are the last owner of {named}{more}. Make another member an owner, or delete the account, first."
