# services/agents/run_removal.py -- ends the runs of what is deleted: an account, an agent, a user, a conversation.
from uuid import UUID

from sqlalchemy import ColumnElement, exists, select, update
from sqlmodel import col

import access
from access import SYSTEM
from clock import utc_now
from db import Transaction
from models import Conversation, Run
from models.run import ACTIVE_STATUSES


async def cancel_unseen_runs(tx: Transaction, *conditions: ColumnElement[bool]) -> list[UUID]:
    """Cancel the runs that meet the conditions, on runs or their conversations; their ids.

    For runs that nobody sees from the commit on, whoever asked for them: nothing is kept of them, and nobody is told.
    """
    seen = access.visible_condition(SYSTEM, Conversation)
    conversation = select(1).where(seen, col(Conversation.id) == col(Run.conversation_id), *conditions)
    chosen = (
        access.visible_condition(SYSTEM, Run),
        col(Run.status).in_(ACTIVE_STATUSES),
        exists(conversation),
    )
    # In the order in which others lock several runs at once.
    locked = select(col(Run.id)).where(*chosen).order_by(col(Run.id)).with_for_update()
    run_ids = list((await tx.execute(locked)).scalars())
    if run_ids:
        change = {
            "status": "cancelled",
            "epoch": Run.epoch + 1,  # a worker of an older epoch writes nothing more
            "lease_expires_at": None,
            "finished_at": utc_now(),
        }
        unsynchronized = {"synchronize_session": False}
        await tx.execute(update(Run).where(*chosen).values(change), execution_options=unsynchronized)
    return run_ids
