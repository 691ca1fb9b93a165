# services/participation/deliveries.py -- whom a message has reached and who has read it, and what streams have sent.
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from uuid import UUID

from sqlalchemy import Insert, Uuid, and_, bindparam, case, false, insert, or_, select, true, update
from sqlmodel import col

import access
from access import ANY_CALLER, SYSTEM, Caller, System
from access.participation import delivery_to_participant, participant_of_message, shared_message
from clock import utc_now
from db import AnyRow, Database, Transaction, get_columns
from models import Conversation, ConversationParticipant, Message, MessageDelivery
from models.participation.message_delivery import MAX_PARTICIPANTS_WITH_TIMES, DeliveryPublic
from pagination import ListSpec, Page, fetch_list
from services.participation.marks import MAX_TIMES
from services.participation.rosters import TAKES_PART
from services.participation.speaking import SPEAKER_ID
from storage.sql_text import SqlText

PLACE, DELIVERY = get_columns(ConversationParticipant), get_columns(MessageDelivery)
SEQ = col(Message.seq)
HAS_READ = col(ConversationParticipant.last_read_seq) >= SEQ
HAS_IT = or_(col(ConversationParticipant.last_delivered_seq) >= SEQ, HAS_READ)
IS_READ, IS_DELIVERED = (case((has, true()), else_=false()) for has in (HAS_READ, HAS_IT))


def show_delivery(row: AnyRow) -> DeliveryPublic:
    return DeliveryPublic(
        user_id=row.user_id,
        is_delivered=bool(row.is_delivered),
        delivered_at=row.delivered_at,
        is_read=bool(row.is_read),
        read_at=row.read_at,
    )


DELIVERIES = ListSpec(
    name="deliveries",
    keys=(PLACE["joined_at"], PLACE["user_id"]),
    fields={
        "user_id": PLACE["user_id"],
        "is_delivered": IS_DELIVERED,
        "delivered_at": DELIVERY["delivered_at"],
        "is_read": IS_READ,
        "read_at": DELIVERY["read_at"],
    },
    public=show_delivery,
    descending=False,
)
DELIVERIES_OF_MESSAGE = (
    select(
        col(ConversationParticipant.user_id),
        IS_DELIVERED.label("is_delivered"),
        col(MessageDelivery.delivered_at),
        IS_READ.label("is_read"),
        col(MessageDelivery.read_at),
    )
    .select_from(Message)
    .join(ConversationParticipant, participant_of_message())
    .outerjoin(MessageDelivery, delivery_to_participant())
    .where(
        shared_message(ANY_CALLER),
        col(Message.id) == bindparam("message_id", type_=Uuid()),
        TAKES_PART,
        and_(
            col(ConversationParticipant.user_id) != SPEAKER_ID,
            col(ConversationParticipant.from_seq) < SEQ,
        ),
    )
)


async def require_message(tx: Transaction, caller: Caller, message_id: UUID) -> None:
    """NotFound for whoever may not see it. What is said to an agent has no deliveries."""
    if await access.find_by_id(tx, caller, Message, message_id, rule=shared_message) is None:
        await access.get_row(tx, caller, Message, message_id)


async def list_deliveries(db: Database, caller: Caller, message_id: UUID, page: Page) -> bytes:
    """Each participant for whom it is, in the order of joining, as JSON."""
    await db.read(require_message, caller, message_id)
    values = {**access.caller_params(caller), "message_id": message_id}
    return await fetch_list(db, DELIVERIES, DELIVERIES_OF_MESSAGE, values, page, scope=str(message_id))


# How many times are noted at once in one conversation, of its last messages. Each is a row that points to the
# conversation, whose own row has hundreds of versions where much is said: whoever locks it has to pass them all.
MAX_TIMES_AT_ONCE = 1_000
# By conversation and user, the number of the last message that has reached them.
Reached = Mapping[tuple[UUID, UUID], int]

# $1 conversations, $2 users, $3 numbers, $4 now, $5 of how many participants times are kept, $6 of how many messages,
# $7 MAX_TIMES_AT_ONCE.
# A place that somebody has locked at this moment is left out, not waited for: so this is in no deadlock. It is
# a row of the answer, to be tried again.
MOVE_DELIVERED = SqlText(
    """
    WITH reached AS (
        SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::int[]) AS one (conversation_id, user_id, seq)
    ), held AS MATERIALIZED (
        SELECT place.conversation_id, place.user_id, place.account_id,
            greatest(place.last_delivered_seq, place.from_seq) AS before,
            least(reached.seq, conversations.last_seq) AS seq
        FROM reached
        JOIN conversation_participants AS place USING (conversation_id, user_id)
        JOIN conversations ON conversations.id = place.conversation_id
        WHERE place.left_at IS NULL AND place.last_delivered_seq < least(reached.seq, conversations.last_seq)
        FOR NO KEY UPDATE OF place SKIP LOCKED
        FOR KEY SHARE OF conversations SKIP LOCKED
    ), moved AS (
        UPDATE conversation_participants AS place SET last_delivered_seq = held.seq
        FROM held WHERE (place.conversation_id, place.user_id) = (held.conversation_id, held.user_id)
    ), small AS (
        SELECT conversation_id, least($6::int, greatest(1, $7::int / places)) AS times
        FROM (SELECT conversation_id, count(*) AS places FROM held GROUP BY conversation_id) AS each
        WHERE (
            SELECT count(*) FROM (
                SELECT FROM conversation_participants AS other
                WHERE other.conversation_id = each.conversation_id AND other.left_at IS NULL
                LIMIT $5::int + 1
            ) AS counted
        ) <= $5::int
    ), timed AS (
        INSERT INTO message_deliveries (message_id, user_id, account_id, conversation_id, delivered_at)
        SELECT message.id, held.user_id, held.account_id, held.conversation_id, $4
        FROM held JOIN small USING (conversation_id) CROSS JOIN LATERAL (
            SELECT messages.id FROM messages
            WHERE messages.conversation_id = held.conversation_id AND messages.seq > held.before
                AND messages.seq <= held.seq
                AND coalesce(messages.agent_id, messages.user_id) <> held.user_id
            ORDER BY messages.seq DESC LIMIT small.times
        ) AS message
        ON CONFLICT (message_id, user_id) DO NOTHING
    )
    SELECT reached.conversation_id, reached.user_id
    FROM reached JOIN conversation_participants AS place USING (conversation_id, user_id)
    WHERE place.left_at IS NULL AND place.last_delivered_seq < reached.seq AND NOT EXISTS (
        SELECT FROM held WHERE (held.conversation_id, held.user_id) = (place.conversation_id, place.user_id)
    )""",
    {
        "conversation_participants": (
            "FROM reached JOIN conversation_participants AS place USING (conversation_id, user_id) JOIN",
            "FROM held WHERE (place.conversation_id, place.user_id) = (held.conversation_id, held.user_id)",
            "other.conversation_id = each.conversation_id",
            "FROM reached JOIN conversation_participants AS place USING (conversation_id, user_id) WHERE",
        ),
        "conversations": ("conversations.id = place.conversation_id",),
        "messages": ("messages.conversation_id = held.conversation_id",),
        "message_deliveries": ("FROM held JOIN small USING (conversation_id)",),
    },
)


async def store_delivered(db: Database, caller: System, reached: Reached) -> set[tuple[UUID, UUID]]:
    """Move the marks of those who take part, none back and none past the last message; whose have to be tried again.

    In conversations of up to 100 participants it is noted since when each of them has each message; where very much is
    said, since when they have the last ones.
    """
    if not db.is_postgresql:
        await db.write(move_delivered, caller, reached)
        return set()
    conversation_ids, user_ids = zip(*reached, strict=True)
    marks = (list(conversation_ids), list(user_ids), list(reached.values()))
    limits = (MAX_PARTICIPANTS_WITH_TIMES, MAX_TIMES, MAX_TIMES_AT_ONCE)
    left_out = await db.execute_sql(MOVE_DELIVERED, *marks, utc_now(), *limits)
    return {(conversation_id, user_id) for conversation_id, user_id in left_out}


async def move_delivered(tx: Transaction, caller: System, reached: Reached) -> None:
    """The same on engines that have less in one statement: four for each conversation."""
    by_conversation: dict[UUID, dict[UUID, int]] = {}
    for (conversation_id, user_id), seq in sorted(reached.items()):
        by_conversation.setdefault(conversation_id, {})[user_id] = seq
    for conversation_id, seqs in by_conversation.items():
        await move_in_conversation(tx, caller, conversation_id, seqs)


async def move_in_conversation(
    tx: Transaction, caller: System, conversation_id: UUID, seqs: Mapping[UUID, int]
) -> None:
    # Locked first, as by whoever posts.
    conversation = access.select(caller, Conversation, col(Conversation.last_seq))
    here = conversation.where(col(Conversation.id) == conversation_id).with_for_update(read=True)
    last_seq = (await tx.execute(here)).scalar_one_or_none()
    if last_seq is None:
        return
    places = access.select(
        caller,
        ConversationParticipant,
        col(ConversationParticipant.user_id),
        col(ConversationParticipant.account_id),
        col(ConversationParticipant.from_seq),
        col(ConversationParticipant.last_delivered_seq),
    ).where(col(ConversationParticipant.conversation_id) == conversation_id, TAKES_PART)
    chosen = places.where(col(ConversationParticipant.user_id).in_(list(seqs)))
    found = await tx.execute(chosen.order_by(col(ConversationParticipant.user_id)).with_for_update())
    moves = [(row, min(seqs[row.user_id], last_seq)) for row in found]
    moves = [(row, seq) for row, seq in moves if row.last_delivered_seq < seq]
    for seq in {seq for _, seq in moves}:
        theirs = [row.user_id for row, to in moves if to == seq]
        await tx.execute(
            update(ConversationParticipant)
            .where(
                access.visible_condition(caller, ConversationParticipant),
                col(ConversationParticipant.conversation_id) == conversation_id,
                col(ConversationParticipant.user_id).in_(theirs),
            )
            .values(last_delivered_seq=seq)
        )
    some = (await tx.execute(places.limit(MAX_PARTICIPANTS_WITH_TIMES + 1))).all()
    if moves and len(some) <= MAX_PARTICIPANTS_WITH_TIMES:
        await note_times(tx, caller, conversation_id, moves)


async def note_times(
    tx: Transaction, caller: System, conversation_id: UUID, moves: list[tuple[AnyRow, int]]
) -> None:
    """Since when the participants have the messages of others between their former marks and these."""
    first = min(max(row.last_delivered_seq, row.from_seq) for row, _ in moves)
    last = max(seq for _, seq in moves)
    speaker_id = SPEAKER_ID.label("speaker_id")
    between = access.select(caller, Message, col(Message.id), col(Message.seq), speaker_id).where(
        col(Message.conversation_id) == conversation_id, col(Message.seq) > first, col(Message.seq) <= last
    )
    count = min(MAX_TIMES, max(1, MAX_TIMES_AT_ONCE // len(moves)))
    messages = (await tx.execute(between.order_by(col(Message.seq).desc()).limit(count))).all()
    now = utc_now()
    rows = [
        dump_delivery(message.id, row, conversation_id, now)
        for row, seq in moves
        for message in messages
        if max(row.last_delivered_seq, row.from_seq) < message.seq <= seq
        and message.speaker_id != row.user_id
    ]
    if rows:
        await tx.execute(insert_statement(), rows)


def dump_delivery(message_id: UUID, place: AnyRow, conversation_id: UUID, now: datetime) -> dict[str, object]:
    return {
        "of_message_id": message_id,
        "user_id": place.user_id,
        "account_id": place.account_id,
        "conversation_id": conversation_id,
        "delivered_at": now,
    }


@cache
def insert_statement() -> Insert:
    columns = get_columns(MessageDelivery)
    names = ("user_id", "account_id", "conversation_id", "delivered_at")
    values = {name: bindparam(name, type_=columns[name].type) for name in names}
    message_id = bindparam("of_message_id", type_=columns["message_id"].type)
    owner = access.owner_value(SYSTEM, MessageDelivery, message_id)
    return insert(MessageDelivery.metadata.tables["message_deliveries"]).values(
        {**values, "message_id": owner}
    )
