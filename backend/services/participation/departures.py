# services/participation/departures.py -- what those who stay are told of somebody who goes, and what is taken back.
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlmodel import col

import access
from access import Caller
from access.participation import change_of_message, places_in_account, said_to_people
from db import AnyRow, Transaction
from events import changes
from models import ConversationParticipant, Message, MessageChange
from models.event import Audience, NewEvent
from models.message import cut_message
from services.participation import shared_messages

RETRACTED_AT_ONCE = 200


async def describe_departures(tx: Transaction, account_ids: Sequence[UUID], user_id: UUID) -> list[NewEvent]:
    """An event for each conversation of these accounts in which the user takes part.

    Called before the membership is deleted, which takes their places with it. The accounts are locked, and were found
    by their own rule.
    """
    theirs = select(col(ConversationParticipant.conversation_id)).where(
        places_in_account(account_ids), col(ConversationParticipant.user_id) == user_id
    )
    theirs = theirs.where(col(ConversationParticipant.left_at).is_(None))
    ids = (await tx.execute(theirs.order_by(col(ConversationParticipant.conversation_id)))).scalars()
    return [
        changes.new_event(
            Audience("conversation", conversation_id),
            "participant.removed",
            {"conversation_id": conversation_id, "user_id": user_id},
        )
        for conversation_id in ids
    ]


async def retract_slice(tx: Transaction, caller: Caller) -> bool:
    """Take back some of what the caller has said to people, wherever; True if there may be more."""
    last_version = select(func.max(col(MessageChange.version))).where(change_of_message())
    is_retracted = select(col(MessageChange.version)).where(
        change_of_message(), col(MessageChange.kind) == "retract"
    )
    left = select(Message, func.coalesce(last_version.scalar_subquery(), 0)).where(
        said_to_people(caller), ~is_retracted.exists()
    )
    found = (await tx.execute(left.order_by(col(Message.id)).limit(RETRACTED_AT_ONCE))).all()
    for message, version in found:
        change = MessageChange(
            message_id=message.id, version=version + 1, user_id=caller.user_id, kind="retract"
        )
        access.add_row(tx, caller, change)
    await tx.flush()
    if found:
        chosen = and_(said_to_people(caller), col(Message.id).in_([message.id for message, _ in found]))
        rows = await tx.execute(shared_messages.select_shared_messages(caller, chosen))
        await changes.record_events(tx, [describe_change(row) for row in rows])
    return len(found) == RETRACTED_AT_ONCE


def describe_change(row: AnyRow) -> NewEvent:
    payload = {"message": cut_message(shared_messages.show_message(row)), "message_seq": row.Message.seq}
    return changes.new_event(
        Audience("conversation", row.Message.conversation_id), "message.updated", payload
    )
