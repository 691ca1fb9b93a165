# services/participation/marks.py -- how far a participant has read, and since when: marks only move forward.
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlmodel import col

import access
from access import Caller
from access.participation import participants_of, shared_conversation, shared_message
from clock import utc_now
from db import Transaction
from errors import NotFound
from events import changes
from models import Conversation, ConversationParticipant, Message, MessageDelivery
from models.event import Audience
from models.participation.message_delivery import MAX_PARTICIPANTS_WITH_TIMES
from services.participation.rosters import TAKES_PART
from services.participation.speaking import SPEAKER_ID

# A mark that moves further at once leaves times for the newest of these messages alone.
MAX_TIMES = 200


async def mark_read(tx: Transaction, caller: Caller, conversation_id: UUID, message_id: UUID) -> None:
    """The caller has read up to this message. NotFound for one that is not theirs to see in this conversation."""
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, rule=shared_conversation)
    message = await access.find_by_id(tx, caller, Message, message_id, rule=shared_message)
    if message is None or message.conversation_id != conversation_id:
        raise NotFound("message")
    own = col(ConversationParticipant.user_id) == caller.user_id
    place = await access.find_row(
        tx, caller, ConversationParticipant, own, rule=participants_of(conversation), lock=True
    )
    if place is None or place.left_at is not None or message.seq <= place.last_read_seq:
        return
    before = max(place.last_read_seq, place.from_seq)
    place.last_read_seq = message.seq
    place.last_delivered_seq = max(place.last_delivered_seq, message.seq)
    await tx.flush()
    count = select(func.count()).select_from(ConversationParticipant)
    everybody = (await tx.execute(count.where(participants_of(conversation), TAKES_PART))).scalar_one()
    is_small = everybody <= MAX_PARTICIPANTS_WITH_TIMES
    if is_small:
        await record_times(tx, caller, conversation, before, message.seq)
    audience = Audience("conversation", conversation_id) if is_small else Audience("user", caller.user_id)
    payload = {"conversation_id": conversation_id, "user_id": caller.user_id, "message_id": message_id}
    await changes.record_event(tx, audience, "participant.read", payload)


async def record_times(
    tx: Transaction, caller: Caller, conversation: Conversation, after: int, last: int
) -> None:
    """Note when the caller has read the messages of others after a number, up to another."""
    moment = utc_now()
    theirs = select(Message).where(
        shared_message(caller),
        col(Message.conversation_id) == conversation.id,
        col(Message.seq) > after,
        col(Message.seq) <= last,
        SPEAKER_ID.is_distinct_from(caller.user_id),
    )
    messages = list((await tx.execute(theirs.order_by(col(Message.seq).desc()).limit(MAX_TIMES))).scalars())
    known = access.select(caller, MessageDelivery).where(
        col(MessageDelivery.user_id) == caller.user_id,
        col(MessageDelivery.message_id).in_([message.id for message in messages]),
    )
    deliveries = {each.message_id: each for each in (await tx.execute(known)).scalars()}
    for message in messages:
        if (delivery := deliveries.get(message.id)) is None:
            access.add_row(tx, caller, build_delivery(caller, conversation, message.id, moment, moment))
        elif delivery.read_at is None:
            delivery.read_at = moment
    await tx.flush()


def build_delivery(
    caller: Caller,
    conversation: Conversation,
    message_id: UUID,
    delivered_at: datetime,
    read_at: datetime | None,
) -> MessageDelivery:
    return MessageDelivery(
        message_id=message_id,
        user_id=caller.user_id,
        account_id=conversation.account_id,
        conversation_id=conversation.id,
        delivered_at=delivered_at,
        read_at=read_at,
    )
