# services/participation/kinds.py -- verbs on conversations of whatever kind: with an agent, direct, in a group.
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    Text,
    Uuid,
    bindparam,
    case,
    cast,
    exists,
    false,
    func,
    literal_column,
    null,
    or_,
    select,
)
from sqlmodel import col

import access
from access import ANY_CALLER, Caller
from access.participation import (
    PLACE,
    any_conversation,
    conversation_of_found_member,
    own_place,
    own_places,
    own_seats,
    place_condition,
    readable_conversation,
)
from db import AnySelect, Database, Transaction
from errors import NotFound
from models import AccountMember, Conversation, ConversationParticipant
from models.conversation import ConversationCreate, ConversationKind, ConversationUpdate
from models.participation.conversation import ConversationPublic
from pagination import CUT, Page, Shortcut, fetch_merged, limit_page
from services import conversations as with_agents
from services import messages
from services.branches.listing import list_branch
from services.messages import Span
from services.participation import conversations as shared
from services.participation.shared_messages import OF_PEOPLE
from services.participation.views import find_items, show_conversation
from services.preconditions import require_match
from storage.json_text import quote_literal
from storage.text_search import search_parameters, text_contains

# Whoever takes part in more conversations takes part in many. Of an account so many are looked at for them; if their
# page is not full by then, all of theirs are put in order after all.
FEW = 50
LOOKED_AT = 500
IS_NAMED = col(Conversation.id) == bindparam("conversation_id", type_=Uuid())
NOTHING = access.select(ANY_CALLER, Conversation).where(false())


@dataclass(frozen=True, slots=True)
class ConversationFilter:
    """What the conversations of a list have in common. `q` is a part of the title, in upper or lower case."""

    q: str | None = None
    kind: ConversationKind | None = None
    account_id: UUID | None = None
    agent_id: UUID | None = None


@cache
def select_shared(*, of_account: bool, of_kind: bool, by_title: bool) -> AnySelect:
    """Those of people in which the caller takes part, as far as asked for."""
    statement = (
        select(Conversation)
        .select_from(ConversationParticipant)
        .join(Conversation, place_condition())
        .where(own_places(ANY_CALLER))
    )
    if of_account:
        statement = statement.where(col(Conversation.account_id) == bindparam("account_id", type_=Uuid()))
    if of_kind:
        statement = statement.where(col(Conversation.kind) == bindparam("kind"))
    return statement.where(text_contains(col(Conversation.title))) if by_title else statement


ONE_SEAT = select(col(ConversationParticipant.conversation_id)).where(own_seats(ANY_CALLER))


def has_many() -> ColumnElement[bool]:
    return exists(ONE_SEAT.offset(literal_column(str(FEW))))


@cache
def select_recent(after: bool) -> AnySelect:
    """The keys of one page of each account of a caller who takes part in many, and CUT where the look has ended.

    When a message is sent, nothing is written for each who takes part, so nobody's conversations stand in the order of
    their last activity. Those of an account do.
    """
    number = func.row_number().over(order_by=[key.desc() for key in with_agents.CONVERSATIONS.keys])
    of_member = select(*with_agents.CONVERSATIONS.keys, number.label("number")).where(
        conversation_of_found_member(), has_many()
    )
    newest = limit_page(with_agents.CONVERSATIONS, of_member, after, "postgresql")
    looked_at = newest.limit(literal_column(str(LOOKED_AT))).correlate(AccountMember).subquery("looked_at")
    is_last = looked_at.c.number == literal_column(str(LOOKED_AT))
    keys = (looked_at.c.updated_at, looked_at.c.id)
    item = case((is_last, quote_literal(CUT)), else_=cast(null(), Text)).label("item")
    mine = (
        select(item, *keys)
        .select_from(looked_at)
        .outerjoin(PLACE, own_place(ANY_CALLER, looked_at.c.id))
        .where(or_(col(PLACE.user_id).is_not(None), is_last))
        .order_by(*(key.desc() for key in keys))
        .limit(bindparam("page_limit", type_=Integer()))
    )
    of_account = mine.correlate(AccountMember).lateral("of_account")
    found = access.select_own_memberships(ANY_CALLER, of_account)
    order = (of_account.c.updated_at.desc(), of_account.c.id.desc())
    return found.order_by(*order).limit(bindparam("page_limit", type_=Integer()))


# PostgreSQL looks through the conversations of an account, from the newest one, for somebody who takes part in many.
# Whoever takes part in few has all of theirs put in order, as the other engines do it for everybody. Whoever takes part
# in none does not pay for looking.
SHORTCUT = Shortcut(
    exists(ONE_SEAT),
    select_shared(of_account=False, of_kind=False, by_title=False).where(~has_many()),
    select_recent,
)


async def list_conversations(db: Database, caller: Caller, page: Page, wanted: ConversationFilter) -> bytes:
    """Newest activity first, as JSON; those with an agent and those of people in one order."""
    if wanted.agent_id is not None or wanted.kind == "assistant":
        return await with_agents.list_conversations(
            db, caller, page, wanted.q, wanted.account_id, wanted.agent_id
        )
    own = NOTHING
    if wanted.kind is None:
        own = with_agents.select_listed(
            is_agent=caller.is_agent,
            of_account=with_agents.place_account(caller, wanted.account_id),
            of_agent=False,
            by_title=bool(wanted.q),
        )
    others = select_shared(
        of_account=wanted.account_id is not None, of_kind=wanted.kind is not None, by_title=bool(wanted.q)
    )
    shortcut = SHORTCUT if db.is_postgresql and wanted == ConversationFilter() else None
    values = {**access.caller_params(caller), **(search_parameters(wanted.q) if wanted.q else {})}
    chosen = {"account_id": wanted.account_id, "kind": wanted.kind}
    values |= {name: value for name, value in chosen.items() if value is not None}
    scope = " ".join(str(value) for value in chosen.values() if value is not None)

    async def show(ids: list[UUID]) -> dict[UUID, str]:
        return await db.read(find_items, caller, ids)

    return await fetch_merged(
        db, with_agents.CONVERSATIONS, own, others, values, page, show=show, scope=scope, shortcut=shortcut
    )


@cache
def select_kind(*, is_agent: bool) -> Select[ConversationKind]:
    """The kind of the conversation `conversation_id`, if the caller may read it."""
    readable = readable_conversation(access.stand_in(is_agent=is_agent))
    return select(col(Conversation.kind)).where(readable, IS_NAMED)


async def list_messages(
    db: Database, caller: Caller, conversation_id: UUID, page: Page, span: Span, *, of_branch: bool = False
) -> bytes:
    """In reading order, as JSON; of people only what was said since the caller takes part.

    `of_branch`: with an agent only the branch that is shown; people's conversations have one alone.
    """
    values = access.caller_params(caller) | {"conversation_id": conversation_id}
    rows = await db.fetch_rows(select_kind(is_agent=caller.is_agent), values)
    if not rows:
        raise NotFound("conversation")
    if of_branch and rows[0][0] == "assistant":
        return await list_branch(db, caller, conversation_id, page, span)
    lists = messages.WITH_AGENT if rows[0][0] == "assistant" else OF_PEOPLE
    return await messages.list_found(db, caller, conversation_id, page, span, lists)


async def create_conversation(
    tx: Transaction, caller: Caller, new: ConversationCreate, new_id: UUID | None = None
) -> tuple[ConversationPublic, bool]:
    """The conversation, and whether it was there already: a direct one is made once for two."""
    if new.kind == "assistant":
        with_agents.refuse_participants(new)
        conversation = await with_agents.create_conversation(tx, caller, new, new_id)
        return ConversationPublic.model_validate(conversation), False
    with_agents.require_person(caller)
    conversation, was_there = await shared.create_shared(tx, caller, new, new_id)
    return await show_conversation(tx, caller, access.require_id(conversation.id)), was_there


@cache
def select_known(*, is_agent: bool) -> Select[Conversation]:
    """The conversation `conversation_id`, if the caller may know of it."""
    return select(Conversation).where(any_conversation(access.stand_in(is_agent=is_agent)), IS_NAMED)


async def find_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> Conversation:
    values = access.caller_params(caller) | {"conversation_id": conversation_id}
    found = (await tx.execute(select_known(is_agent=caller.is_agent), values)).scalar_one_or_none()
    if found is None:
        raise NotFound("conversation")
    return found


async def require_unchanged(tx: Transaction, caller: Caller, conversation_id: UUID, if_match: str) -> None:
    """Lock it, and compare what its reader is shown: who takes part and what was said last are part of that."""
    values = access.caller_params(caller) | {"conversation_id": conversation_id}
    known = select_known(is_agent=caller.is_agent).with_for_update(of=Conversation)
    await tx.execute(known, values)
    require_match(if_match, await show_conversation(tx, caller, conversation_id))


async def update_conversation(
    tx: Transaction,
    caller: Caller,
    conversation_id: UUID,
    change: ConversationUpdate,
    if_match: str | None = None,
) -> ConversationPublic:
    conversation = await find_conversation(tx, caller, conversation_id)
    if if_match is not None:
        await require_unchanged(tx, caller, conversation_id, if_match)
    update = with_agents.update_conversation if conversation.kind == "assistant" else shared.rename_group
    await update(tx, caller, conversation_id, change)
    return await show_conversation(tx, caller, conversation_id)


async def delete_conversation(
    tx: Transaction, caller: Caller, conversation_id: UUID, if_match: str | None = None
) -> list[UUID]:
    """Delete it; the ids of the runs that had not ended."""
    conversation = await find_conversation(tx, caller, conversation_id)
    if if_match is not None:
        await require_unchanged(tx, caller, conversation_id, if_match)
    delete = with_agents.delete_conversation if conversation.kind == "assistant" else shared.delete_group
    return await delete(tx, caller, conversation_id)
