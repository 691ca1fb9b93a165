# services/branches/places.py -- where the messages of a branch stand: what comes before each of them.
"""A branch is the way back from a message. An exchange of it is a message of the user's with one of its answers, or a
message without a run, which stands alone. What comes before an exchange is the newest one before it, with its first
answer, unless the message says another place: only where a branch begins, or goes on after another was shown.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, SQLColumnExpression, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import aliased
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from db import AnySelect, Transaction
from errors import Conflict
from events import changes
from models import Conversation, Message, Run
from models.run import derive_answer_id

# How often one message may be asked, and one answer be given, anew: what is looked at for a message is bounded by it.
MAX_VERSIONS = 100
# So many times a branch is followed past others in one go.
MAX_READS = 200
# Of whatever number: the newest of all is before it.
END = 2**31 - 1


class Place(NamedTuple):
    """The end of a branch: the number of its last exchange, 0 at the beginning, and its answer; None: the first one."""

    seq: int
    answer_id: UUID | None = None


class ExchangeRow(Protocol):
    """The columns of a message by which a branch is followed."""

    @property
    def seq(self) -> int: ...
    @property
    def after_seq(self) -> int | None: ...
    @property
    def after_id(self) -> UUID | None: ...


RowT = TypeVar("RowT", bound=ExchangeRow)


def is_exchange(message: type[Message] = Message) -> ColumnElement[bool]:
    """What is not the answer of a run begins an exchange."""
    return or_(col(message.role) == "user", col(message.run_id).is_(None))


def get_place_before(row: ExchangeRow) -> Place:
    return Place(row.seq - 1) if row.after_seq is None else Place(row.after_seq, row.after_id)


async def walk_back(
    read: Callable[[int, int], Awaitable[Sequence[RowT]]], place: Place, first: int, most: int
) -> list[tuple[RowT, UUID | None]]:
    """The exchanges of the branch that ends at `place`, newest first, each with its answer as in a place.

    `read(before, most)` gives the newest exchanges of the conversation with numbers below `before`. At least all from
    `first` on are found, up to `most`; fewer, where the branch has no more, or leads past others too often.
    """
    found: list[tuple[RowT, UUID | None]] = []
    for _ in range(MAX_READS):
        wanted = most - len(found)
        rows = await read(place.seq + 1, wanted)
        for row in rows:
            if row.seq <= place.seq:
                found.append((row, place.answer_id))
                place = get_place_before(row)
        if len(rows) < wanted or len(found) >= most or place.seq < max(first, 1):
            break
    return found


# The first answer to an exchange, by the run that its message began.
ANSWER = aliased(Message)


def select_exchanges(*columns: SQLColumnExpression[Any]) -> AnySelect:
    """Exchanges with numbers from `first` on and below `before`, `most` of them at most, each with its first answer.

    The answer goes with its question wherever it stands: the next question may have come before it.
    """
    is_answer = and_(
        col(ANSWER.run_id) == col(Message.run_id),
        col(ANSWER.role) == "agent",
        access.child_condition(ANSWER, col(Message.conversation_id)),
    )
    statement = access.select(ANY_CALLER, Message, *columns).outerjoin(ANSWER, is_answer)
    return statement.where(
        col(Message.conversation_id) == bindparam("conversation_id", type_=Uuid()),
        col(Message.seq) >= bindparam("first", type_=Integer()),
        col(Message.seq) < bindparam("before", type_=Integer()),
        is_exchange(),
    ).limit(bindparam("most", type_=Integer()))


async def find_newest(tx: Transaction, caller: Caller, conversation_id: UUID, before: int) -> Message | None:
    """The newest exchange with a number below `before`."""
    exchanges = access.select(caller, Message).where(
        col(Message.conversation_id) == conversation_id, is_exchange(), col(Message.seq) < before
    )
    newest = exchanges.order_by(col(Message.seq).desc()).limit(1)
    message: Message | None = (await tx.execute(newest)).scalar_one_or_none()
    return message


async def find_answer_id(tx: Transaction, caller: Caller, run_id: UUID) -> UUID | None:
    answer = access.select(caller, Message, col(Message.id)).where(
        col(Message.run_id) == run_id, col(Message.role) == "agent"
    )
    found: UUID | None = (await tx.execute(answer)).scalar_one_or_none()
    return found


def select_answers(caller: Caller, conversation_id: UUID, seq: int) -> AnySelect:
    """The ids of the answers to a message, joined with their runs."""
    return (
        access.select(caller, Message, col(Message.id))
        .join(Run, col(Run.id) == col(Message.run_id))
        .where(
            access.visible_condition(caller, Run),
            col(Run.conversation_id) == conversation_id,
            col(Run.trigger_seq) == seq,
            col(Message.role) == "agent",
        )
    )


async def name_place(tx: Transaction, caller: Caller, message: Message | None) -> Place:
    """After this exchange with its first answer, by the ids that stand in a message that follows it.

    The answer need not be there yet.
    """
    if message is None:
        return Place(0)
    if message.run_id is None:
        return Place(message.seq, message.id)
    answer_id = await find_answer_id(tx, caller, message.run_id)
    return Place(message.seq, answer_id or derive_answer_id(message.run_id))


async def find_place_before(tx: Transaction, caller: Caller, message: Message) -> Place:
    """Where the branch of an exchange stands before it, whatever comes later."""
    if message.after_seq is not None:
        return Place(message.after_seq, message.after_id)
    before = await find_newest(tx, caller, message.conversation_id, message.seq)
    return await name_place(tx, caller, before)


async def find_question(tx: Transaction, caller: Caller, message: Message) -> Message | None:
    """The exchange that a message begins or answers."""
    if message.role == "user" or message.run_id is None:
        return message
    run = await access.get_row(tx, caller, Run, message.run_id)
    here = col(Message.conversation_id) == message.conversation_id
    return await access.find_row(tx, caller, Message, here, col(Message.seq) == run.trigger_seq)


async def find_message(
    tx: Transaction, caller: Caller, conversation_id: UUID, message_id: UUID
) -> Message | None:
    """The message of the conversation that the caller may read."""
    message = await access.find_by_id(tx, caller, Message, message_id)
    return message if message is not None and message.conversation_id == conversation_id else None


def take_shown_place(conversation: Conversation) -> Place | None:
    """Where the next message stands that names no place, which then is the newest; None: it is so already."""
    if conversation.shown_seq is None:
        return None
    place = Place(conversation.shown_seq, conversation.shown_id)
    conversation.shown_seq = conversation.shown_id = None
    return place


async def record_shown(tx: Transaction, caller: Caller, conversation_id: UUID, message_id: UUID) -> None:
    shown = {"conversation_id": conversation_id, "message_id": message_id}
    await changes.record_event(tx, caller, "conversation.branched", shown)


async def require_few_versions(tx: Transaction, caller: Caller, first_id: UUID) -> None:
    """Conflict where a message stands anew as often as it may."""
    versions = access.select(caller, Message, col(Message.id)).where(col(Message.replaces_id) == first_id)
    count = select(func.count()).select_from(versions.limit(MAX_VERSIONS).subquery())
    refuse_more(1 + (await tx.execute(count)).scalar_one())


def refuse_among_people() -> Conflict:
    return Conflict("What people say to each other has no branches.", problem="no-branches")


def refuse_more(count: int) -> None:
    if count >= MAX_VERSIONS:
        raise Conflict(f"A message has {MAX_VERSIONS} versions at most.", problem="limit-reached")
