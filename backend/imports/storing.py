# imports/storing.py -- stores what a file brings: what is there already stays as it is.
"""A row has an id that follows from the person and from what it is called in its file. So a file that comes twice, or
once more after it was cut off, finds its rows, and the same file makes other rows for another person. It is history: no
run, no reminder and no mark begins with it.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import Caller
from db import RetryTransaction, Transaction
from errors import Conflict
from events import changes
from identity import credentials
from imports.items import NewConversation, NewMessage, NewRow, NewTask
from models import Conversation, Message, Task
from services.messages import find_next_seq
from services.undo import hidden_conversations, import_rows
from services.undo.import_rows import ImportId, MadeRows
from storage.failures import is_foreign_key_violation

# The columns of a row, each of a type of its own.
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Stored:
    """How many rows were made, and how many were there; `gone` messages have lost their conversation meanwhile."""

    imported: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    gone: int = 0


@dataclass(frozen=True, slots=True)
class Place:
    """Where the messages of a conversation go."""

    conversation_id: UUID
    is_new: bool = False
    takes_messages: bool = True
    # An earlier import has made it, which was undone: it is shown again.
    is_back: bool = False
    title: str | None = None


def derive_row_id(caller: Caller, source: str, noun: str, *names: str) -> UUID:
    return uuid5(caller.user_id, "/".join((source, noun, *names)))


async def store_rows(tx: Transaction, caller: Caller, imported: ImportId, rows: Sequence[NewRow]) -> Stored:
    """Store those that are not there, with one event and what undoes the import.

    InvalidCredential if the caller's session has ended, Conflict if the import was undone meanwhile.
    """
    await credentials.require_active(tx, caller)
    step = await import_rows.lock_import(tx, caller, imported.id)
    stored = Stored()
    try:
        tasks = await store_tasks(tx, caller, [row for row in rows if isinstance(row, NewTask)], stored)
        made, lost = await store_conversations(tx, caller, rows, stored)
    except IntegrityError as error:
        if is_foreign_key_violation(error):
            raise
        raise RetryTransaction from error  # another import of the same was first
    if stored.imported:
        made.tasks = tasks
        await import_rows.record_rows(tx, caller, imported, step, made)
        await changes.record_event(tx, caller, "import.stored", dict(stored.imported))
    return Stored(stored.imported, stored.skipped, lost)


async def store_tasks(tx: Transaction, caller: Caller, tasks: Sequence[NewTask], stored: Stored) -> list[Row]:
    """The rows that were made."""
    wanted = {derive_row_id(caller, new.source, "task", new.source_id): new for new in tasks}
    known = await find_tasks(tx, caller, [*wanted, *(new.known_id for new in tasks if new.known_id)])
    made = [
        build_task(task_id, new)
        for task_id, new in wanted.items()
        if task_id not in known and new.known_id not in known
    ]
    await access.insert_rows(tx, caller, Task, made)
    count_rows(stored, "tasks", len(made), len(tasks))
    return made


def build_task(task_id: UUID, new: NewTask) -> Row:
    created_at = new.created_at or new.task.created_at
    times = {"created_at": created_at, "updated_at": new.updated_at or created_at}
    if new.completed_at is not None:
        times["completed_at"] = new.completed_at
    return {**new.task.model_dump(), **times, "id": task_id}


async def store_conversations(
    tx: Transaction, caller: Caller, rows: Sequence[NewRow], stored: Stored
) -> tuple[MadeRows, int]:
    """Conversations and their messages: what was made, and how many messages have lost their conversation, which an
    earlier transaction has made.
    """
    begun = [row for row in rows if isinstance(row, NewConversation)]
    messages = [row for row in rows if isinstance(row, NewMessage)]
    if not begun and not messages:
        return MadeRows(), 0
    places = await find_places(tx, caller, begun, messages)
    new: dict[UUID, NewConversation] = {}
    back: dict[UUID, str | None] = {}
    for conversation, place in places.items():
        if place.is_new:
            new.setdefault(place.conversation_id, conversation)
        elif place.is_back:
            back[place.conversation_id] = place.title
    await access.insert_rows(
        tx, caller, Conversation, [build_conversation(caller, *each) for each in new.items()]
    )
    count_rows(stored, "conversations", len(new) + len(back), len(begun))
    # A file may have two conversations of one name: they are one row.
    said: dict[Place, dict[UUID, NewMessage]] = {}
    for message in messages:
        if message.conversation in places:
            source = message.conversation.source
            names = (message.conversation.source_id, message.source_id)
            message_id = derive_row_id(caller, source, "message", *names)
            said.setdefault(places[message.conversation], {}).setdefault(message_id, message)
    made: list[Row] = []
    last_seqs = {
        conversation_id: await find_next_seq(tx, caller, conversation_id) - 1 for conversation_id in back
    }
    for place, by_id in said.items():
        if added := await build_messages(tx, caller, place, by_id):
            last_seqs[place.conversation_id] = added[-1]["seq"]
            made += added
    await access.insert_rows(tx, caller, Message, made)
    kept = sum(message.conversation in places for message in messages)
    count_rows(stored, "messages", len(made), kept)
    titles = {conversation_id: conversation.title for conversation_id, conversation in new.items()}
    return MadeRows((), titles | back, last_seqs, len(made)), len(messages) - kept


async def find_places(
    tx: Transaction, caller: Caller, begun: Sequence[NewConversation], messages: Sequence[NewMessage]
) -> dict[NewConversation, Place]:
    """Of each conversation that is there, or begins with these rows. Those that are there are locked, in one order."""
    named = dict.fromkeys([*begun, *(message.conversation for message in messages)])
    ids = {each: derive_row_id(caller, each.source, "conversation", each.source_id) for each in named}
    wanted = sorted({*ids.values(), *(each.known_id for each in named if each.known_id)})
    found = await lock_conversations(tx, caller, wanted)
    missing = [id_ for id_ in ids.values() if id_ not in found]
    back = await show_hidden(tx, caller, missing) if missing else {}
    places: dict[NewConversation, Place] = {}
    for each, id_ in ids.items():
        if each.known_id in found:
            # The original: what was said there stands there, and nothing is added to it.
            places[each] = Place(each.known_id, takes_messages=False)
        elif id_ in found:
            places[each] = Place(id_)
        elif id_ in back:
            places[each] = Place(id_, is_back=True, title=back[id_])
        elif each in begun:
            places[each] = Place(id_, is_new=True)
    return places


async def lock_conversations(
    tx: Transaction, caller: Caller, ids: Sequence[UUID]
) -> dict[UUID, Conversation]:
    """Those of the ids that are conversations of the caller's own, with an agent, where they see them."""
    own = select(Conversation).where(
        access.own_by_id(caller, Conversation),
        col(Conversation.id).in_(ids),
        col(Conversation.kind) == "assistant",
        col(Conversation.deleted_at).is_(None),
    )
    locked = own.order_by(col(Conversation.id)).with_for_update(of=Conversation)
    found = {row.id: row for row in (await tx.execute(locked)).scalars()}
    # An original may be in a team, which its person may have left.
    in_teams = [row.id for row in found.values() if row.account_id != caller.user_id]
    seen = access.select(caller, Conversation, col(Conversation.id)).where(col(Conversation.id).in_(in_teams))
    unseen = set(in_teams) - set((await tx.execute(seen)).scalars()) if in_teams else set()
    return {row_id: row for row_id, row in found.items() if row_id not in unseen}


async def show_hidden(tx: Transaction, caller: Caller, ids: Sequence[UUID]) -> dict[UUID, str | None]:
    """Those of the ids that were deleted, and have not gone for good, are there again; their titles.

    Conflict for one that is about to go for good.
    """
    hidden = await hidden_conversations.find_hidden(tx, caller, ids)
    for conversation in hidden:
        if hidden_conversations.has_expired(conversation):
            raise Conflict(
                "Something of this was deleted a month ago and goes for good now. Try again later."
            )
        await hidden_conversations.show_conversation(tx, conversation, conversation.updated_at)
    return {conversation.id: conversation.title for conversation in hidden}


def build_conversation(caller: Caller, conversation_id: UUID, new: NewConversation) -> Row:
    return {
        "id": conversation_id,
        "user_id": caller.user_id,
        "account_id": caller.user_id,
        "title": new.title,
        "created_at": new.created_at,
        "updated_at": new.updated_at,
    }


async def build_messages(
    tx: Transaction, caller: Caller, place: Place, by_id: dict[UUID, NewMessage]
) -> list[Row]:
    """The rows of those that are not there, behind what is."""
    if not place.takes_messages:
        return []
    seq = 1
    missing = by_id
    if not place.is_new:
        known = await find_said(tx, caller, place.conversation_id, list(by_id))
        missing = {message_id: message for message_id, message in by_id.items() if message_id not in known}
        seq = await find_next_seq(tx, caller, place.conversation_id) if missing else 1
    rows: list[Row] = [
        {
            "id": message_id,
            "conversation_id": place.conversation_id,
            "user_id": caller.user_id,
            "role": message.role,
            "content": message.content,
            "created_at": message.created_at,
            "seq": number,
            "program_name": message.program_name,
            "replaces_id": find_named(caller, message, message.replaces),
            "after_seq": None if message.after is None else 0,
            "after_id": find_named(caller, message, message.after),
            **show_audit(message),
        }
        for number, (message_id, message) in enumerate(missing.items(), seq)
    ]
    named = {row[name] for row in rows for name in ("replaces_id", "after_id") if row[name] is not None}
    if named:
        await place_rows(tx, caller, place.conversation_id, rows, named)
    return rows


def find_named(caller: Caller, message: NewMessage, source_id: str | None) -> UUID | None:
    """The id of another message of the same conversation."""
    if not source_id:
        return None
    names = (message.conversation.source_id, source_id)
    return derive_row_id(caller, message.conversation.source, "message", *names)


async def place_rows(
    tx: Transaction, caller: Caller, conversation_id: UUID, rows: Sequence[Row], named: set[UUID]
) -> None:
    """Give those that follow another message its number. One that names a message that is left out names none."""
    numbers = {row["id"]: row["seq"] for row in rows}
    if missing := named - numbers.keys():
        there = access.select(caller, Message, col(Message.id), col(Message.seq)).where(
            col(Message.conversation_id) == conversation_id, col(Message.id).in_(missing)
        )
        numbers |= {row.id: row.seq for row in await tx.execute(there)}
    for row in rows:
        if row["replaces_id"] not in numbers:
            row["replaces_id"] = None
        if row["after_id"] is None:
            continue
        row["after_seq"] = numbers.get(row["after_id"])
        if row["after_seq"] is None:
            row["after_id"] = None


def show_audit(message: NewMessage) -> Row:
    """What an external agent has told of its queries; of others nothing."""
    names = ("action", "query_attempts", "final_query", "resolution_note", "error")
    told = message.audit.model_dump(mode="json") if message.audit else {}
    return {name: told.get(name) for name in names}


async def find_tasks(tx: Transaction, caller: Caller, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are tasks of the caller's."""
    if not ids:
        return set()
    own = select(col(Task.id)).where(access.own_by_id(caller, Task), col(Task.id).in_(ids))
    return set((await tx.execute(own)).scalars())


async def find_said(tx: Transaction, caller: Caller, conversation_id: UUID, ids: Sequence[UUID]) -> set[UUID]:
    """Those of the ids that are messages of a conversation that the caller has locked.

    By the message's own columns: PostgreSQL might read all messages to ask each for its conversation.
    """
    columns = (col(Message.id), col(Message.conversation_id))
    own = select(*columns).where(access.own_by_id(caller, Message), col(Message.id).in_(ids))
    return {row.id for row in await tx.execute(own) if row.conversation_id == conversation_id}


def count_rows(stored: Stored, noun: str, made: int, all_: int) -> None:
    if made:
        stored.imported[noun] += made
    if all_ - made:
        stored.skipped[noun] += all_ - made
