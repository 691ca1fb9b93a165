# services/idempotency.py -- the same request sent again gives the first answer and changes nothing.
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, or_, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import Caller, CallerOrSystem
from db import RetryTransaction, Transaction
from errors import Gone, Invalid
from models import IdempotencyKey
from models.columns import now
from services.batch_deletion import ROWS_AT_ONCE, delete_some

# How long one request may work before another of the same key takes its place, its worker being dead.
LOCK_SECONDS = 30
KEPT_HOURS = 48


@dataclass(frozen=True, slots=True)
class Claim:
    """What is known of a key: `answer` is the first one's; `mine` says that this request is to make it."""

    mine: bool
    answer: tuple[int, str] | None = None


async def claim_key(tx: Transaction, caller: Caller, key: str, request_hash: str) -> Claim:
    """Look up the key or take it. Raises Invalid where it stands for another request, Gone where it was deleted."""
    kept = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key, lock=True)
    moment = now()
    lock = moment + timedelta(seconds=LOCK_SECONDS)
    if kept is None:
        tx.add(IdempotencyKey(user_id=caller.user_id, key=key, request_hash=request_hash, locked_until=lock))
        try:
            await tx.flush()
        except IntegrityError as error:
            raise RetryTransaction from error  # the same key came twice at once: the next try finds the first
        return Claim(mine=True)
    claim = read_claim(kept, request_hash, moment)
    if claim.mine:
        kept.locked_until = lock
    return claim


async def look_up_key(tx: Transaction, caller: Caller, key: str, request_hash: str) -> Claim | None:
    """The same without taking it: `mine` says that the key may be had; None while another request is at work."""
    kept = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key)
    claim = Claim(mine=True) if kept is None else read_claim(kept, request_hash, now())
    return claim if claim.mine or claim.answer is not None else None


def read_claim(kept: IdempotencyKey, request_hash: str, moment: datetime) -> Claim:
    if kept.request_hash != request_hash:
        raise Invalid("This Idempotency-Key was used for another request.", ("header", "Idempotency-Key"))
    if kept.status == Gone.status:
        raise Gone("What this request made was deleted since.")
    if kept.status is not None:
        return Claim(mine=False, answer=(kept.status, kept.body or ""))
    return Claim(mine=kept.locked_until <= moment)


async def keep_answer(tx: Transaction, caller: Caller, key: str, status: int, body: str) -> None:
    kept = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key, lock=True)
    if kept is not None:
        kept.status, kept.body = status, body


async def unlock_key(tx: Transaction, caller: Caller, key: str) -> None:
    kept = await access.find_row(tx, caller, IdempotencyKey, col(IdempotencyKey.key) == key, lock=True)
    if kept is not None:
        kept.locked_until = now()


async def release_key(tx: Transaction, caller: Caller, key: str) -> None:
    """The request came to nothing: the next one of this key tries again."""
    mine = access.visible_condition(caller, IdempotencyKey)
    await tx.execute(delete(IdempotencyKey).where(mine, col(IdempotencyKey.key) == key))


async def forget_answers(tx: Transaction, caller: Caller, row_id: UUID) -> None:
    """A task or a conversation is deleted: what was answered of it goes along, and its keys say that it is gone.

    The keys stay, so that a late repetition does not make the row again.
    """
    body = col(IdempotencyKey.body)
    shows = or_(body.startswith(f'{{"id":"{row_id}"'), body.contains(f'"conversation_id":"{row_id}"'))
    mine = access.visible_condition(caller, IdempotencyKey)
    await tx.execute(update(IdempotencyKey).where(mine, shows).values(status=Gone.status, body=None))


async def delete_old_keys(tx: Transaction, caller: CallerOrSystem, most: int = ROWS_AT_ONCE) -> int:
    """A few at a time; how many there were."""
    old = col(IdempotencyKey.created_at) < now() - timedelta(hours=KEPT_HOURS)
    return await delete_some(tx, caller, IdempotencyKey, old, most=most)
