# services/accounts/invitations.py -- verbs on invitations: make, list and end them. joining.py accepts one.
"""An invitation is open until it is used, revoked or a week old. Its row stays for a while after that, so that a late
repeat of the request that made it does not open it again.
"""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, case, func, update
from sqlmodel import col

import access
from access import ANY_CALLER, Caller, CallerOrSystem
from access.batch_deletion import ROW_BATCH, delete_batch
from clock import utc_now
from db import Database, Transaction, get_columns
from errors import Conflict, Gone, NotFound
from models import AccountInvitation, AccountMember, User
from models.account import GivenRole, InvitationCreate, InvitationCreated, InvitationPublic
from pagination import ListSpec, Page, fetch_list
from security import DerivedToken, hash_token, new_token
from services.accounts import rights
from services.accounts.rights import RANKS
from services.idempotency import RETENTION_HOURS

TOKEN_PREFIX = "parley_invite_"  # noqa: S105 -- of a secret, not one
DAYS = 7
OPEN_PER_ACCOUNT = 100
# With those that have ended and are still stored: making and ending them in turns must not fill the table.
STORED_PER_ACCOUNT = 2_000
COLUMNS = get_columns(AccountInvitation)
INVITATIONS = ListSpec(
    name="invitations",
    keys=(COLUMNS["created_at"], COLUMNS["id"]),
    fields={name: COLUMNS[name] for name in InvitationPublic.model_fields},
    public=lambda row: InvitationPublic.model_validate(row.AccountInvitation),
)
IS_OPEN = and_(
    col(AccountInvitation.accepted_at).is_(None), col(AccountInvitation.expires_at) > bindparam("moment")
)
OPEN_INVITATIONS = access.select(ANY_CALLER, AccountInvitation).where(
    col(AccountInvitation.account_id) == bindparam("account_id"), IS_OPEN
)


def is_open(invitation: AccountInvitation) -> bool:
    return invitation.accepted_at is None and invitation.expires_at > utc_now()


async def require_manager(tx: Transaction, caller: Caller, account_id: UUID) -> None:
    rights.require_manager(await rights.find_role(tx, caller, account_id))


async def list_invitations(db: Database, caller: Caller, account_id: UUID, page: Page) -> bytes:
    """The open ones, newest first, as JSON."""
    await db.read(require_manager, caller, account_id)
    values = {**access.caller_params(caller), "account_id": account_id, "moment": utc_now()}
    return await fetch_list(db, INVITATIONS, OPEN_INVITATIONS, values, page, scope=str(account_id))


async def create_invitation(
    tx: Transaction,
    caller: Caller,
    account_id: UUID,
    new: InvitationCreate,
    derived: DerivedToken | None = None,
) -> InvitationCreated:
    """The answer shows the token, which only a repeat of the request under its idempotency key shows again.

    Of invitations to one email the last one counts.
    """
    own = await rights.lock_account(tx, caller, account_id)
    rights.require_manager(own.role)
    rights.require_team(own.account, "Nobody else joins a personal account: create one for your team.")
    rights.require_rank(own.role, new.role)
    if derived is not None:
        made = await access.find_by_id(tx, caller, AccountInvitation, derived.id)
        if made is not None and not is_open(made):
            raise Gone("The invitation that this request made has ended since.", problem="gone")
        if made is not None:
            return show_created(made, TOKEN_PREFIX + derived.secret)
    await require_stranger(tx, caller, account_id, new.email)
    await end_invitations_to(tx, caller, account_id, new.email)
    await require_room(tx, caller, account_id)
    secret = TOKEN_PREFIX + (derived.secret if derived else new_token())
    invitation = AccountInvitation(
        account_id=account_id,
        email=new.email,
        role=new.role,
        token_hash=hash_token(secret),
        invited_by=caller.user_id,
        expires_at=utc_now() + timedelta(days=DAYS),
    )
    if derived is not None:
        invitation.id = derived.id
    access.add_row(tx, caller, invitation)
    await tx.flush()
    return show_created(invitation, secret)


def show_created(invitation: AccountInvitation, token: str) -> InvitationCreated:
    return InvitationCreated(token=token, **InvitationPublic.model_validate(invitation).model_dump())


async def require_stranger(tx: Transaction, caller: Caller, account_id: UUID, email: str) -> None:
    """Conflict if the email is that of a member."""
    found = access.select(caller, AccountMember, col(AccountMember.user_id)).join(
        User, access.member_condition()
    )
    theirs = (col(AccountMember.account_id) == account_id, col(User.email) == email)
    if (await tx.execute(found.where(*theirs))).scalar_one_or_none() is not None:
        raise Conflict("A member of the account has this email already.", problem="already-a-member")


async def require_room(tx: Transaction, caller: Caller, account_id: UUID) -> None:
    open_ones = func.count(case((IS_OPEN, 1)))
    counts = access.select(caller, AccountInvitation, func.count(), open_ones)
    theirs = counts.where(col(AccountInvitation.account_id) == account_id)
    stored, open_count = (await tx.execute(theirs, {"moment": utc_now()})).one()
    if open_count >= OPEN_PER_ACCOUNT:
        raise Conflict(
            f"The account has {OPEN_PER_ACCOUNT} open invitations. Revoke one first.", problem="limit-reached"
        )
    if stored >= STORED_PER_ACCOUNT:
        raise Conflict(
            f"The account has made {STORED_PER_ACCOUNT} invitations in the last days. Wait a day.",
            problem="limit-reached",
        )


async def revoke_invitation(tx: Transaction, caller: Caller, account_id: UUID, invitation_id: UUID) -> None:
    own = await rights.lock_account(tx, caller, account_id)
    rights.require_manager(own.role)
    wanted = (col(AccountInvitation.account_id) == account_id, col(AccountInvitation.id) == invitation_id)
    invitation = await access.find_row(tx, caller, AccountInvitation, *wanted)
    if invitation is None or not is_open(invitation):
        raise NotFound("invitation")
    rights.require_rank(own.role, invitation.role)
    invitation.expires_at = utc_now()
    await tx.flush()


# Ending what is open. The accounts are locked.


async def end_invitations_to(tx: Transaction, caller: Caller, account_id: UUID, email: str) -> None:
    here = col(AccountInvitation.account_id) == account_id
    await end_invitations(tx, caller, here, col(AccountInvitation.email) == email)


async def end_invitations_by(
    tx: Transaction, caller: Caller, account_id: UUID, user_id: UUID, above: GivenRole | None = None
) -> None:
    """Those that the user has made: all, or those that a user of the role `above` may not make."""
    roles = [
        role for role in RANKS if above is None or RANKS[role] > RANKS[above] or RANKS[above] < RANKS["admin"]
    ]
    here = col(AccountInvitation.account_id) == account_id
    by_user = col(AccountInvitation.invited_by) == user_id
    await end_invitations(tx, caller, here, by_user, col(AccountInvitation.role).in_(roles))


async def end_all_invitations_by(tx: Transaction, caller: Caller, account_ids: Collection[UUID]) -> None:
    """Those that the caller has made in these accounts."""
    here = col(AccountInvitation.account_id).in_(account_ids)
    await end_invitations(tx, caller, here, col(AccountInvitation.invited_by) == caller.user_id)


async def end_invitations(tx: Transaction, caller: Caller, *conditions: ColumnElement[bool]) -> None:
    seen, moment = access.visible_condition(caller, AccountInvitation), utc_now()
    end = update(AccountInvitation).where(seen, *conditions, IS_OPEN).values(expires_at=moment)
    await tx.execute(end, {"moment": moment})


async def delete_ended_invitations(tx: Transaction, caller: CallerOrSystem, limit: int = ROW_BATCH) -> int:
    """Delete one batch of those that ended so long ago that no repeat may ask for them; the number of rows."""
    ended = col(AccountInvitation.expires_at) < utc_now() - timedelta(hours=RETENTION_HOURS)
    return await delete_batch(tx, caller, AccountInvitation, ended, limit=limit)
