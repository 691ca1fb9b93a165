# services/accounts/joining.py -- how a user becomes a member of an account: by an invitation.
from uuid import UUID

from sqlalchemy import func
from sqlmodel import col

import access
from access import Caller
from clock import utc_now
from db import Transaction
from errors import Conflict, Gone, NotFound
from events import changes
from models import Account, AccountInvitation, AccountMember, Event, User
from models.account import AccountPublic
from models.event import Audience
from security import hash_token
from services.accounts import accounts, invitations, members

MEMBERS_PER_ACCOUNT = 1_000


async def accept_invitation(
    tx: Transaction, caller: Caller, token: str, new_id: UUID | None = None
) -> AccountPublic:
    """Make the caller a member. NotFound for a token of another's email, or one that is used, revoked or expired.

    `new_id` becomes the id of the event that tells the caller of it; if there is such an event, this was done already.
    """
    user = await access.get_row(tx, caller, User, caller.user_id, lock=True)
    if new_id is not None and (joined := await find_joined(tx, caller, new_id)) is not None:
        return joined
    theirs = col(AccountInvitation.token_hash) == hash_token(token)
    locked = access.select_own_invitations(caller, Account).where(theirs).with_for_update(of=Account)
    account: Account | None = (await tx.execute(locked)).scalar_one_or_none()
    if account is None:
        raise NotFound("invitation")
    if await accounts.find_account(tx, caller, account.id) is not None:
        raise Conflict("You are a member of this account already.", problem="already-a-member")
    # It is read once the account is locked: another request may have used or ended it meanwhile.
    found = access.select_own_invitations(caller, AccountInvitation).where(theirs)
    invitation: AccountInvitation = (await tx.execute(found)).scalar_one()
    if not invitations.is_open(invitation):
        raise NotFound("invitation")
    await accounts.require_free_place(tx, caller, invitation.role)
    invitation.accepted_at = utc_now()
    member = await members.add_member(tx, caller, account, user, invitation.role)
    await require_room(tx, caller, account.id)
    await tell_of_member(tx, account, member, user, new_id)
    return accounts.show_account(account, member.role)


async def find_joined(tx: Transaction, caller: Caller, event_id: UUID) -> AccountPublic | None:
    """The account that the event told the caller of; Gone if they have left it since, or it was deleted."""
    event = await access.find_row(tx, caller, Event, col(Event.event_id) == event_id)
    if event is None:
        return None
    account = await accounts.find_account(tx, caller, UUID(event.payload["account"]["id"]))
    if account is None:
        raise Gone("You have left the account since, or it was deleted.", problem="gone")
    return account


async def require_room(tx: Transaction, caller: Caller, account_id: UUID) -> None:
    """Conflict if the account, which is locked, has too many members, the caller included."""
    seats = access.select(caller, AccountMember, func.count())
    found = await tx.execute(seats.where(col(AccountMember.account_id) == account_id))
    if found.scalar_one() > MEMBERS_PER_ACCOUNT:
        raise Conflict(
            f"The account has {MEMBERS_PER_ACCOUNT} members, and takes no more.", problem="limit-reached"
        )


async def tell_of_member(
    tx: Transaction, account: Account, member: AccountMember, user: User, event_id: UUID | None
) -> None:
    """Tell the members first, then the new one, for whom what the account was told before is not."""
    shown = {"account_id": account.id, "member": members.show_member(member, user.display_name)}
    everyone = Audience("account", account.id)
    await changes.record_event(tx, everyone, "member.added", shown)
    entry = members.describe_own_entry(account, member, user)
    member.joined_event_id = await changes.record_event(tx, user.id, "member.added", entry, event_id)
    await tx.flush()
