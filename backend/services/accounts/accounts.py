# services/accounts/accounts.py -- verbs on accounts.
from uuid import UUID

from sqlalchemy import case, func
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from clock import utc_now
from db import Database, Transaction, get_columns
from errors import Conflict, Gone, NotFound
from events import changes
from models import Account, AccountMember, Agent, Conversation, User
from models.account import AccountCreate, AccountPublic, AccountRole, AccountShared, AccountUpdate
from models.event import Audience
from pagination import ListSpec, Page, fetch_list
from services.accounts import members, rights
from services.agents.agent_removal import Removal, mark_agents_deleted
from services.agents.run_removal import cancel_unseen_runs

# Streams look at each account of a user, and one request ends all memberships of a user who goes.
MEMBERSHIPS_PER_USER = 200
TEAMS_PER_OWNER = 100
COLUMNS, MEMBER_COLUMNS = get_columns(Account), get_columns(AccountMember)
ACCOUNTS = ListSpec(
    name="accounts",
    keys=(MEMBER_COLUMNS["joined_at"], MEMBER_COLUMNS["account_id"]),
    fields={
        **{name: COLUMNS[name] for name in AccountShared.model_fields},
        "role": MEMBER_COLUMNS["role"],
    },
    public=lambda row: show_account(row.Account, row.role),
    descending=False,
)
OWN_ACCOUNTS = access.select_own_memberships(ANY_CALLER, Account, col(AccountMember.role))


def show_account(account: Account, role: AccountRole) -> AccountPublic:
    """As a member in this role sees it."""
    return AccountPublic(role=role, **AccountShared.model_validate(account).model_dump())


async def list_accounts(db: Database, caller: Caller, page: Page) -> bytes:
    """In the order of joining, which the personal account begins, as JSON."""
    return await fetch_list(db, ACCOUNTS, OWN_ACCOUNTS, access.caller_params(caller), page)


async def find_account(tx: Transaction, caller: Caller, account_id: UUID) -> AccountPublic | None:
    own = access.select_own_memberships(caller, Account, col(AccountMember.role))
    row = (await tx.execute(own.where(col(Account.id) == account_id))).one_or_none()
    return None if row is None else show_account(*row)


async def get_account(tx: Transaction, caller: Caller, account_id: UUID) -> AccountPublic:
    account = await find_account(tx, caller, account_id)
    if account is None:
        raise NotFound("account")
    return account


async def require_free_place(tx: Transaction, caller: Caller, role: AccountRole) -> None:
    """Conflict if the caller, whose own row is locked, has all the accounts that a user may have."""
    owned = func.count(case((col(AccountMember.role) == "owner", 1)))
    counts = access.select_own_memberships(caller, func.count(), owned).where(col(Account.kind) == "team")
    joined, owned_count = (await tx.execute(counts)).one()
    if joined >= MEMBERSHIPS_PER_USER:
        raise Conflict(
            f"You are a member of {MEMBERSHIPS_PER_USER} accounts. Leave one first.", problem="limit-reached"
        )
    if role == "owner" and owned_count >= TEAMS_PER_OWNER:
        raise Conflict(
            f"You own {TEAMS_PER_OWNER} accounts. Delete one first, or hand it over.", problem="limit-reached"
        )


async def create_account(
    tx: Transaction, caller: Caller, new: AccountCreate, new_id: UUID | None = None
) -> AccountPublic:
    """A team, with the caller as its owner. With `new_id` as its id, if given: an account that has it is returned.

    Gone if an account had this id, and is not the caller's any more.
    """
    # The lock keeps two requests at once from both taking the last place. Locks are taken in one order: the user's own
    # row, then accounts.
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    if new_id is not None and (made := await find_account(tx, caller, new_id)) is not None:
        return made
    await require_free_place(tx, caller, "owner")
    account = Account(name=new.name, kind="team")
    if new_id is not None:
        account.id = new_id
    access.add_row(tx, caller, account)
    try:
        await tx.flush()
    except IntegrityError as error:
        raise Gone(
            "What this request made was deleted since, or you have left it.", problem="gone"
        ) from error
    member = await members.add_member(tx, caller, account, user, "owner")
    await changes.record_event(tx, caller, "member.added", members.describe_own_entry(account, member, user))
    return show_account(account, member.role)


async def update_account(
    tx: Transaction, caller: Caller, account_id: UUID, change: AccountUpdate
) -> AccountPublic:
    own = await rights.lock_account(tx, caller, account_id)
    rights.require_manager(own.role)
    own.account.sqlmodel_update(change.model_dump(exclude_unset=True))
    await tx.flush()
    everyone = Audience("account", account_id)
    shown = {"account": AccountShared.model_validate(own.account)}
    await changes.record_event(tx, everyone, "account.updated", shown)
    return show_account(own.account, own.role)


async def mark_account_deleted(tx: Transaction, caller: Caller, account_id: UUID) -> Removal:
    """From the commit on nobody sees the account; account_removal.py deletes its rows, and user_removal.py those of the
    agents that go with it.
    """
    own = await rights.lock_account(tx, caller, account_id)
    rights.require_owner(own.role)
    rights.require_team(own.account, "A personal account goes with its person: DELETE /v1/me.")
    seats = access.select(caller, AccountMember, col(AccountMember.user_id))
    found = await tx.execute(seats.where(col(AccountMember.account_id) == account_id))
    user_ids = list(found.scalars())
    # Whoever posts holds their membership: no run is added any more.
    run_ids = await cancel_unseen_runs(tx, col(Conversation.account_id) == account_id)
    agent_ids = await mark_agents_deleted(tx, col(Agent.account_id) == account_id)
    own.account.deleted_at = utc_now()
    await tx.flush()
    payload = {"account_id": account_id}
    deletions = [changes.new_event(user_id, "account.deleted", payload) for user_id in user_ids]
    await changes.record_events(tx, deletions)
    return Removal(run_ids, agent_ids)
