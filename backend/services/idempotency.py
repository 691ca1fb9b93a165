# services/idempotency.py -- a request that is sent again with its idempotency key gets the first answer, once done.
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from access.batch_deletion import ROW_BATCH, delete_batch
from clock import utc_now
from db import RetryTransaction, Transaction
from errors import Gone, Invalid
from models import IdempotencyKey

# After this long the request that holds a key counts as dead, and another one takes over.
LOCK_SECONDS = 30
RETENTION_HOURS = 48


@dataclass(frozen=True, slots=True)
class KeyState:
    """`answer` is the stored status and body, if any. `must_run`: this request holds the key and does the work."""

    must_run: bool
    answer: tuple[int, str] | None = None


async def claim_key(tx: Transaction, caller: Caller, key: str, request_hash: str) -> KeyState:
    """Look up the key or take it. Invalid if it belongs to another request, Gone if its answer was deleted."""
    stored = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key, lock=True)
    moment = utc_now()
    lock = moment + timedelta(seconds=LOCK_SECONDS)
    if stored is None:
        new = IdempotencyKey(user_id=caller.user_id, key=key, request_hash=request_hash, locked_until=lock)
        access.add_row(tx, caller, new)
        try:
            await tx.flush()
        except IntegrityError as error:
            raise RetryTransaction from error  # the same key came twice at once: the next attempt finds it
        return KeyState(must_run=True)
    state = read_key_state(stored, request_hash, moment)
    if state.must_run:
        stored.locked_until = lock
    return state


async def look_up_key(tx: Transaction, caller: Caller, key: str, request_hash: str) -> KeyState | None:
    """As claim_key, without taking it: `must_run` if the key is free; None while another request holds it."""
    stored = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key)
    state = KeyState(must_run=True) if stored is None else read_key_state(stored, request_hash, utc_now())
    return state if state.must_run or state.answer is not None else None


def read_key_state(stored: IdempotencyKey, request_hash: str, moment: datetime) -> KeyState:
    if stored.request_hash != request_hash:
        raise Invalid(
            "This Idempotency-Key was used for another request.",
            ("header", "Idempotency-Key"),
            problem="idempotency-key-reused",
        )
    if stored.status == Gone.status:
        raise Gone("What this request made was deleted since.", problem="gone")
    if stored.status is not None:
        return KeyState(must_run=False, answer=(stored.status, stored.body or ""))
    return KeyState(must_run=stored.locked_until <= moment)


async def store_answer(tx: Transaction, caller: Caller, key: str, status: int, body: str) -> None:
    stored = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key, lock=True)
    if stored is not None:
        stored.status, stored.body = status, body


async def unlock_key(tx: Transaction, caller: Caller, key: str) -> None:
    stored = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key, lock=True)
    if stored is not None:
        stored.locked_until = utc_now()


async def release_key(tx: Transaction, caller: Caller, key: str) -> None:
    """Forget a key whose request failed: the next request with it starts anew."""
    own = access.visible_condition(caller, IdempotencyKey)
    await tx.execute(delete(IdempotencyKey).where(own, col(IdempotencyKey.key) == key))


async def forget_answers(tx: Transaction, caller: Caller, row_id: UUID) -> None:
    """Delete the stored answers that show a deleted task or conversation; their keys answer Gone from now on.

    The keys stay, so that a late repeat does not create the row again.
    """
    body = col(IdempotencyKey.body)
    shows = or_(body.startswith(f'{{"id":"{row_id}"'), body.contains(f'"conversation_id":"{row_id}"'))
    own = access.visible_condition(caller, IdempotencyKey)
    await tx.execute(update(IdempotencyKey).where(own, shows).values(status=Gone.status, body=None))


async def delete_old_keys(tx: Transaction, caller: CallerOrSystem, limit: int = ROW_BATCH) -> int:
    """Delete one batch; the number of rows."""
    old = col(IdempotencyKey.created_at) < utc_now() - timedelta(hours=RETENTION_HOURS)
    return await delete_batch(tx, caller, IdempotencyKey, old, limit=limit)
