# support/databases/run_rows.py -- a run that is at work, without a worker, and the lines of its log.
from typing import Any
from uuid import uuid4

from sqlalchemy import update
from sqlmodel import col

from access import SYSTEM
from db import Database, Transaction
from models import Conversation, Run, User
from services.run_log import read_log


async def add_run(tx: Transaction) -> Run:
    """A run that is at work under epoch 1."""
    user = User(email=f"{uuid4()}@example.com", password_hash="x")
    tx.add(user)
    await tx.flush()
    conversation = Conversation(user_id=user.id, account_id=user.id)
    tx.add(conversation)
    await tx.flush()
    run = Run(conversation_id=conversation.id, user_id=user.id, trigger_seq=1, status="running", epoch=1)
    tx.add(run)
    await tx.flush()
    return run


async def read_texts(db: Database, run: Run) -> list[tuple[int, str, Any]]:
    log = await db.read(read_log, SYSTEM, run.id)
    return [(line.seq, line.type, line.data.get("text")) for line in log]


async def take_over(tx: Transaction, run: Run) -> None:
    """Another worker has the run from now on."""
    await tx.execute(update(Run).where(col(Run.id) == run.id).values(epoch=run.epoch + 1))
