# services/accounts/account_removal.py -- deletes the rows of a marked account, a slice at a time.
from uuid import UUID

from sqlmodel import col

import access
from access import CallerOrSystem
from access.batch_deletion import ROW_BATCH, OwnedTable, delete_owned_rows, list_conversation_tables
from db import Transaction
from models import Account, AccountInvitation, AccountMember, Conversation, Event

ACCOUNT_BATCH = 100
OWNED_TABLES = [
    *list_conversation_tables(Conversation.account_id),
    OwnedTable(Event, col(Event.audience_id), condition=col(Event.audience) == "account"),
    OwnedTable(AccountInvitation, col(AccountInvitation.account_id)),
    OwnedTable(AccountMember, col(AccountMember.account_id)),
]


async def find_deleted_accounts(tx: Transaction, caller: CallerOrSystem) -> list[UUID]:
    """The accounts that are marked and not yet deleted, oldest mark first."""
    marked = access.select(caller, Account, col(Account.id)).where(col(Account.deleted_at).is_not(None))
    found = await tx.execute(marked.order_by(col(Account.deleted_at)).limit(ACCOUNT_BATCH))
    return list(found.scalars())


async def delete_account_slice(
    tx: Transaction, caller: CallerOrSystem, account_id: UUID, limit: int = ROW_BATCH
) -> bool:
    """Delete about `limit` rows of a marked account, its own row last; True if rows are left.

    The lock on the account makes two workers at one account follow each other.
    """
    is_marked = (col(Account.id) == account_id, col(Account.deleted_at).is_not(None))
    account = await access.find_row(tx, caller, Account, *is_marked, lock=True)
    if account is None:
        return False
    if await delete_owned_rows(tx, caller, OWNED_TABLES, account_id, limit) >= limit:
        return True
    await tx.delete(account)
    await tx.flush()
    return False
