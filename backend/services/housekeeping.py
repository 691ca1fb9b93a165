# services/housekeeping.py -- deletes expired rows and what deleted users and accounts have left, in the background.
import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from math import inf
from uuid import UUID

from access import SYSTEM, System
from db import Database, Transaction
from events import event_log
from failure_causes import log_failure
from identity import sessions
from identity.oauth.clients import delete_expired_clients
from identity.oauth.grants import delete_old_codes, delete_old_tokens
from identity.rate_limits import delete_expired_limits
from services import run_log
from services.accounts import account_removal, user_removal
from services.accounts.invitations import delete_ended_invitations
from services.agents import answers
from services.idempotency import delete_old_keys
from services.undo import hidden_conversations, import_rows, kept_parts, undo_steps

# A worker that starts has more urgent things to do than to delete what has expired.
START_SECONDS = 5.0
HOUSEKEEPING_SECONDS = 3600.0
REMOVAL_SECONDS = 10.0
FORGOTTEN_SECONDS = 60.0
# Each deletes one batch of rows that belong to nobody any more.
DELETIONS: tuple[Callable[[Transaction], Awaitable[int]], ...] = (
    delete_expired_limits,
    delete_old_codes,
    delete_old_tokens,
    delete_expired_clients,
    partial(delete_ended_invitations, caller=SYSTEM),
)
# Deletes rows of a marked owner; whether some are left.
DeleteSlice = Callable[[Transaction, System, UUID], Awaitable[bool]]


class Housekeeping:
    """Keeps details of run logs for `run_log_retention_days`."""

    def __init__(self, db: Database, run_log_retention_days: int) -> None:
        self._db = db
        self._run_log_retention_days = run_log_retention_days

    def loops(self) -> list[Coroutine[None, None, None]]:
        """The background tasks, which run as long as the worker."""
        return [
            self._delete_expired_forever(),
            self._delete_marked_forever(),
            self._number_forgotten_forever(),
        ]

    async def delete_expired(self) -> None:
        """Delete expired rows, a batch at a time, and end the runs that no agent has answered."""
        write = self._db.write_unhurried
        while await write(delete_old_keys, SYSTEM):
            pass
        while await write(sessions.delete_ended_sessions, SYSTEM):
            pass
        for delete_ended in DELETIONS:
            while await write(delete_ended):
                pass
        while await write(run_log.delete_old_details, SYSTEM, self._run_log_retention_days):
            pass
        while await write(undo_steps.delete_old_steps, SYSTEM):
            pass
        while await write(kept_parts.delete_old_parts, SYSTEM):
            pass
        while await write(import_rows.delete_old_rows, SYSTEM):
            pass
        while expired := await self._db.read(hidden_conversations.find_expired, SYSTEM):
            for conversation_id in expired:
                await self._delete_slices(hidden_conversations.delete_slice, conversation_id, inf)
        for run_id in await self._db.read(answers.find_late_runs, SYSTEM):
            await write(answers.end_late_run, SYSTEM, run_id)
        await event_log.number_all_events(self._db)
        while await write(event_log.delete_old_events, SYSTEM):
            pass

    async def _delete_expired_forever(self) -> None:
        await asyncio.sleep(START_SECONDS)
        while True:
            try:
                await self.delete_expired()
            except Exception as error:
                log_failure("deleting expired rows failed", error)
            await asyncio.sleep(HOUSEKEEPING_SECONDS)

    async def number_forgotten(self) -> None:
        """Number the events that were committed so late that no reader asks for them."""
        if forgotten := await self._db.read(event_log.find_forgotten_events, SYSTEM):
            await event_log.number_all_events(self._db, forgotten)

    async def _number_forgotten_forever(self) -> None:
        while True:
            try:
                await self.number_forgotten()
            except Exception as error:
                log_failure("numbering late events failed", error)
            await asyncio.sleep(FORGOTTEN_SECONDS)

    async def delete_user(self, user_id: UUID, slices: float = inf) -> None:
        """Delete the rows of a marked user, in at most so many slices; the next round deletes the rest."""
        await self._delete_slices(user_removal.delete_user_slice, user_id, slices)

    async def delete_account(self, account_id: UUID, slices: float = inf) -> None:
        """The same for a marked account."""
        await self._delete_slices(account_removal.delete_account_slice, account_id, slices)

    async def _delete_slices(self, delete_slice: DeleteSlice, owner_id: UUID, slices: float) -> None:
        # Or those who number events would come upon one that is being deleted, again and again.
        if slices > 0:
            await event_log.find_numbered_position(self._db)
        while slices > 0:
            began = time.monotonic()
            if not await self._db.write_unhurried(delete_slice, SYSTEM, owner_id):
                return
            slices -= 1
            await asyncio.sleep(time.monotonic() - began)  # others may write for as long as the slice took

    async def _delete_marked_forever(self) -> None:
        while True:
            try:
                for user_id in await self._db.read(user_removal.find_deleted_users, SYSTEM):
                    await self.delete_user(user_id)
                for account_id in await self._db.read(account_removal.find_deleted_accounts, SYSTEM):
                    await self.delete_account(account_id)
            except Exception as error:
                log_failure("deleting users and accounts failed", error)
            await asyncio.sleep(REMOVAL_SECONDS)
