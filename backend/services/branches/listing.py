# services/branches/listing.py -- the messages of the branch that is shown, a page at a time.
"""A page has whole exchanges, so it may be shorter than its limit. Backwards it follows the branch from where the page
ends. Forwards the way from the end of the branch to where the page begins is looked up in whole lines, of which each
takes one row of an index, however long it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlmodel import col

import access
from access import Caller
from db import Database, Transaction, fetch_rows, get_columns
from errors import Invalid
from models import Conversation, Message
from models.message import MessagePublic
from pagination import Page, RowListSpec, encode_cursor, page_json, read_cursor
from services import messages
from services.branches.choosing import select_beginnings
from services.branches.places import (
    ANSWER,
    END,
    MAX_READS,
    Place,
    find_message,
    find_newest,
    find_question,
    get_place_before,
    select_exchanges,
    walk_back,
)
from services.messages import WITH_AGENT, Span

BRANCH = RowListSpec("branch", (get_columns(Message)["seq"],))


@dataclass(frozen=True, slots=True)
class Exchange:
    """A message that begins one, and the id of its first answer."""

    seq: int
    id: UUID
    after_seq: int | None
    after_id: UUID | None
    first_answer_id: UUID | None


# Each with its answer as in a place.
Chosen = tuple[Exchange, UUID | None]


@dataclass(frozen=True, slots=True)
class Line:
    """Exchanges of which each follows the one before it, up to the place `end`."""

    first: int
    end: Place


async def list_branch(db: Database, caller: Caller, conversation_id: UUID, page: Page, span: Span) -> bytes:
    """Messages of a conversation with an agent in reading order, as JSON, without those of other branches."""
    if await db.read(has_branches, caller, conversation_id):
        return await db.read(read_branch_page, caller, conversation_id, page, span)
    return await messages.list_found(db, caller, conversation_id, page, span, WITH_AGENT)


async def has_branches(tx: Transaction, caller: Caller, conversation_id: UUID) -> bool:
    conversation = await access.get_row(tx, caller, Conversation, conversation_id)
    beginnings = select_beginnings(caller, conversation_id).limit(1)
    return conversation.shown_seq is not None or (await tx.execute(beginnings)).first() is not None


async def read_branch_page(
    tx: Transaction, caller: Caller, conversation_id: UUID, page: Page, span: Span
) -> bytes:
    name = f"{BRANCH.name} {conversation_id}"
    bounds = read_cursor(BRANCH, name, page.cursor)
    passed = None if bounds is None else int(str(bounds["after_seq"]))
    most = max(page.limit // 2, 1)
    reader = BranchReader(tx, caller, conversation_id)
    read = reader.read_backwards if span.before is not None else reader.read_forwards
    found, left_out = await read(span, passed, most + 1)
    shown = found[:most] if len(found) > most else found
    ids = [id_ for chosen in shown for id_ in list_ids(*chosen) if id_ not in left_out]
    cursor = encode_cursor(name, [shown[-1][0].seq]) if len(found) > most else None
    return page_json(await read_messages(tx, caller, ids), cursor)


def list_ids(exchange: Exchange, answer_id: UUID | None) -> list[UUID]:
    answer_id = answer_id or exchange.first_answer_id
    return [exchange.id] if answer_id in (None, exchange.id) else [exchange.id, answer_id]


@dataclass(frozen=True, slots=True)
class BranchReader:
    """Reads exchanges in the order of a page, past the one `passed`, where a cursor names one; and which messages of
    them are not on the page.
    """

    tx: Transaction
    caller: Caller
    conversation_id: UUID

    async def read_backwards(
        self, span: Span, passed: int | None, most: int
    ) -> tuple[list[Chosen], set[UUID]]:
        left_out: set[UUID] = set()
        if passed is not None:
            found = await walk_back(self.read_before, Place(passed), 1, most + 1)
            return found[1:], left_out
        if not isinstance(span.before, UUID):
            return await walk_back(self.read_before, await self.find_end(), 1, most), left_out
        mark, question = await self.find_mark(span.before, "before")
        found = await walk_back(self.read_before, Place(question.seq), 1, most + 1)
        if mark.id == question.id:
            return found[1:], left_out
        return [(found[0][0], question.id), *found[1:most]], left_out

    async def read_forwards(
        self, span: Span, passed: int | None, most: int
    ) -> tuple[list[Chosen], set[UUID]]:
        first, left_out = 1 if passed is None else passed + 1, set[UUID]()
        if passed is None and span.after is not None:
            mark, question = await self.find_mark(span.after, "after")
            first = question.seq
            left_out = {question.id, mark.id}
        found: list[Chosen] = []
        for line in await self.find_lines(first):
            rows = await self.read_exchanges(
                max(line.first, first), line.end.seq + 1, most - len(found), is_down=False
            )
            found += [(row, line.end.answer_id if row.seq == line.end.seq else None) for row in rows]
            if len(found) >= most:
                break
        return found, left_out

    async def find_mark(self, message_id: UUID, side: str) -> tuple[Message, Message]:
        """The message, and that which begins its exchange."""
        mark = await find_message(self.tx, self.caller, self.conversation_id, message_id)
        question = None if mark is None else await find_question(self.tx, self.caller, mark)
        if mark is None or question is None:
            raise Invalid("There is no such message in this conversation.", ("query", side))
        return mark, question

    async def find_end(self) -> Place:
        conversation = await access.get_row(self.tx, self.caller, Conversation, self.conversation_id)
        if conversation.shown_seq is not None:
            return Place(conversation.shown_seq, conversation.shown_id)
        newest = await find_newest(self.tx, self.caller, self.conversation_id, END)
        return Place(newest.seq if newest is not None else 0)

    async def find_lines(self, first: int) -> list[Line]:
        """Those of the branch from the exchange `first` on, in their order."""
        newest_first: list[Line] = []
        place = await self.find_end()
        while place.seq >= first:
            if len(newest_first) == MAX_READS:
                raise Invalid("So many branches lie in between: page backwards.", ("query", "after"))
            begin = await self.find_beginning(place.seq)
            newest_first.append(Line(1 if begin is None else begin.seq, place))
            place = Place(0) if begin is None else get_place_before(begin)
        return newest_first[::-1]

    async def find_beginning(self, seq: int) -> Message | None:
        """The message of that number or the next before it that says where it stands."""
        beginnings = select_beginnings(self.caller, self.conversation_id).where(col(Message.seq) <= seq)
        newest = beginnings.order_by(col(Message.seq).desc()).limit(1)
        found = (await self.tx.execute(newest)).scalar_one_or_none()
        if found is None:
            return None
        here = (col(Message.conversation_id) == self.conversation_id, col(Message.seq) == found)
        return await access.find_row(self.tx, self.caller, Message, *here)

    async def read_before(self, before: int, most: int) -> list[Exchange]:
        return await self.read_exchanges(0, before, most, is_down=True)

    async def read_exchanges(self, first: int, before: int, most: int, *, is_down: bool) -> list[Exchange]:
        order = col(Message.seq).desc() if is_down else col(Message.seq).asc()
        values = {"conversation_id": self.conversation_id, "first": first, "before": before, "most": most}
        values |= access.caller_params(self.caller)
        return [Exchange(*row) for row in await fetch_rows(self.tx, EXCHANGES.order_by(order), values)]


EXCHANGES = select_exchanges(
    col(Message.seq), col(Message.id), col(Message.after_seq), col(Message.after_id), col(ANSWER.id)
)


async def read_messages(tx: Transaction, caller: Caller, ids: Sequence[UUID]) -> list[MessagePublic]:
    """In their order, each with its versions where it has several."""
    found = messages.select_with_sender(caller).where(col(Message.id).in_(ids)).order_by(col(Message.seq))
    rows = (await tx.execute(found)).all()
    versions = await find_versions(tx, caller, [message.replaces_id or message.id for message, _ in rows])
    shown = [messages.to_public_message(message, speaker) for message, speaker in rows]
    for message in shown:
        first_id = message.replaces_id or message.id
        if first_id in versions:
            message.version_ids = [first_id, *versions[first_id]]
    return shown


async def find_versions(tx: Transaction, caller: Caller, first_ids: Sequence[UUID]) -> dict[UUID, list[UUID]]:
    """Of each of these messages those that stand for it anew, where there are some."""
    found: dict[UUID, list[UUID]] = {}
    columns = (col(Message.replaces_id), col(Message.id))
    anew = access.select(caller, Message, *columns).where(col(Message.replaces_id).in_(first_ids))
    for first_id, id_ in await tx.execute(anew.order_by(col(Message.seq))):
        found.setdefault(access.require_id(first_id), []).append(id_)
    return found
