# services/participation/conversations.py -- verbs on direct and group conversations.
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

import access
from access import Caller
from access.participation import (
    is_managed,
    known_conversation,
    own_direct_conversation,
    participants_of,
    shared_conversation,
)
from db import RetryTransaction, Transaction
from errors import Forbidden, Invalid, NotFound
from events import changes
from events.writing import add_events
from models import AccountMember, Conversation, ConversationParticipant
from models.conversation import (
    ConversationCreate,
    ConversationShared,
    ConversationUpdate,
    make_direct_key,
)
from models.event import Audience, NewEvent
from models.participation.participant import ParticipantRole
from services import idempotency
from services.accounts import rights
from services.agents.run_removal import cancel_unseen_runs
from services.participation.rosters import TAKES_PART
from services.undo import hidden_conversations, undo_steps

NOT_A_MANAGER = "Only the owners of the group, and the owners and admins of its account, may do this."
Entrants = Sequence[tuple[UUID, ParticipantRole]]


async def create_shared(
    tx: Transaction, caller: Caller, new: ConversationCreate, new_id: UUID | None = None
) -> tuple[Conversation, bool]:
    """Begin a direct or group conversation; with True where it, or the direct one of these two, was there already.

    NotFound for an account of which the caller is no member, and for participants who are none.
    """
    others = read_others(caller, new)
    account_id = new.account_id or caller.home_account_id
    await rights.find_role(tx, caller, account_id)
    if new_id is not None and (known := await find_known(tx, caller, new_id)) is not None:
        return known, True
    await lock_members(tx, caller, account_id, [caller.user_id, *others])
    conversation = Conversation(
        id=new_id or uuid4(), user_id=caller.user_id, account_id=account_id, kind=new.kind, title=new.title
    )
    if new.kind == "direct":
        return await open_direct(tx, caller, conversation, others[0])
    await add_shared(tx, caller, conversation)
    await add_participants(
        tx, caller, conversation, [(caller.user_id, "owner"), *((each, "member") for each in others)]
    )
    return conversation, False


def read_others(caller: Caller, new: ConversationCreate) -> list[UUID]:
    """The participants beside the caller; Invalid where the request does not fit its kind."""
    others = new.participant_ids or []
    if new.agent_id is not None:
        raise Invalid(
            "Only a conversation with an agent names one: add agents as participants.", ("body", "agent_id")
        )
    if caller.user_id in others or len(set(others)) != len(others):
        raise Invalid("Name each of the others once, and not yourself.", ("body", "participant_ids"))
    if new.kind == "direct" and len(others) != 1:
        raise Invalid("A direct conversation is with one other.", ("body", "participant_ids"))
    if (new.kind == "group") != (new.title is not None):
        raise Invalid("A group has a title, and a direct conversation has none.", ("body", "title"))
    return others


async def lock_members(tx: Transaction, caller: Caller, account_id: UUID, user_ids: Sequence[UUID]) -> None:
    """Keep them members until the commit; NotFound if one of them is none."""
    theirs = access.select(caller, AccountMember, col(AccountMember.user_id)).where(
        col(AccountMember.account_id) == account_id, col(AccountMember.user_id).in_(user_ids)
    )
    locked = theirs.order_by(col(AccountMember.user_id)).with_for_update(
        read=True, key_share=True, of=AccountMember
    )
    if len((await tx.execute(locked)).all()) != len(user_ids):
        raise NotFound("member")


async def open_direct(
    tx: Transaction, caller: Caller, conversation: Conversation, other_id: UUID
) -> tuple[Conversation, bool]:
    both: Entrants = [(caller.user_id, "member"), (other_id, "member")]
    rule = own_direct_conversation(caller, conversation.account_id, other_id)
    # FOR UPDATE, so that nobody comes back twice.
    found = await access.find_row(tx, caller, Conversation, rule=rule, lock=True)
    if found is not None:
        here = await list_user_ids(tx, found)
        await add_participants(tx, caller, found, [each for each in both if each[0] not in here])
        return found, True
    conversation.direct_key = make_direct_key(caller.user_id, other_id)
    try:
        await add_shared(tx, caller, conversation)
    except IntegrityError as error:
        raise RetryTransaction from error  # both began at once: the next attempt finds the other's
    await add_participants(tx, caller, conversation, both)
    return conversation, False


async def add_shared(tx: Transaction, caller: Caller, conversation: Conversation) -> None:
    access.add_row(tx, caller, conversation)
    await tx.flush()


async def list_user_ids(tx: Transaction, conversation: Conversation) -> list[UUID]:
    """Who takes part in a conversation that this transaction has found."""
    theirs = select(col(ConversationParticipant.user_id)).where(participants_of(conversation), TAKES_PART)
    return list((await tx.execute(theirs)).scalars())


async def add_participants(
    tx: Transaction, caller: Caller, conversation: Conversation, entrants: Entrants
) -> None:
    """Let members of the account take part from the next message on; the conversation is locked or new.

    Each is told by an event of their own, after which they see those of the conversation.
    """
    told = {"conversation": ConversationShared.model_validate(conversation)}
    events = [changes.new_event(user_id, "conversation.created", told) for user_id, _ in entrants]
    event_ids = await changes.record_each(tx, events)
    for (user_id, role), event_id in zip(entrants, event_ids, strict=True):
        place = ConversationParticipant(
            conversation_id=conversation.id,
            user_id=user_id,
            account_id=conversation.account_id,
            role=role,
            from_seq=conversation.last_seq,
            joined_event_id=event_id,
        )
        access.add_row(tx, caller, place)
    await tx.flush()


async def find_known(tx: Transaction, caller: Caller, conversation_id: UUID) -> Conversation | None:
    return await access.find_by_id(tx, caller, Conversation, conversation_id, rule=known_conversation)


async def require_participant(tx: Transaction, caller: Caller, conversation_id: UUID) -> None:
    """NotFound for whoever does not take part, and for a conversation with an agent."""
    await access.get_row(tx, caller, Conversation, conversation_id, rule=shared_conversation)


async def lock_managed(tx: Transaction, caller: Caller, conversation_id: UUID) -> Conversation:
    """The conversation, locked, for somebody who may change it; Forbidden for those who only take part."""
    conversation = await access.get_row(
        tx, caller, Conversation, conversation_id, lock=True, rule=known_conversation
    )
    if not await may_manage(tx, caller, conversation):
        raise Forbidden(NOT_A_MANAGER, problem="role-required")
    return conversation


async def may_manage(tx: Transaction, caller: Caller, conversation: Conversation) -> bool:
    managed = select(col(Conversation.id)).where(
        known_conversation(caller), is_managed(caller), col(Conversation.id) == conversation.id
    )
    return (await tx.execute(managed)).first() is not None


def describe_event(conversation: Conversation) -> dict[str, ConversationShared]:
    return {"conversation": ConversationShared.model_validate(conversation)}


async def rename_group(
    tx: Transaction, caller: Caller, conversation_id: UUID, change: ConversationUpdate
) -> Conversation:
    conversation = await lock_managed(tx, caller, conversation_id)
    before = undo_steps.take_snapshot(conversation)
    conversation.sqlmodel_update(change.model_dump(exclude_unset=True))
    await tx.flush()
    after = undo_steps.take_snapshot(conversation)
    steps = []
    if before["title"] != after["title"]:
        steps = [undo_steps.new_step(undo_steps.begin_change(caller), Conversation, before, after)]
    await add_events(tx, [describe_update(conversation)], *steps)
    return conversation


def describe_update(conversation: Conversation) -> NewEvent:
    """For all who take part."""
    everybody = Audience("conversation", conversation.id)
    return changes.new_event(everybody, "conversation.updated", describe_event(conversation))


async def delete_group(tx: Transaction, caller: Caller, conversation_id: UUID) -> list[UUID]:
    """Delete it for all who take part; the ids of the runs that had not ended. It can be brought back for a while."""
    conversation = await lock_managed(tx, caller, conversation_id)
    before, change = undo_steps.take_snapshot(conversation), undo_steps.begin_change(caller)
    run_ids, events = await take_away(tx, caller, conversation)
    await add_events(tx, events, undo_steps.new_step(change, Conversation, before, None))
    return run_ids


async def take_away(
    tx: Transaction, caller: Caller, conversation: Conversation
) -> tuple[list[UUID], list[NewEvent]]:
    """Hide the locked row; the ids of its runs, and an event for each participant: they see no other one of it."""
    run_ids = await cancel_unseen_runs(tx, col(Conversation.id) == conversation.id)
    user_ids = await hidden_conversations.hide_conversation(tx, caller, conversation)
    await idempotency.forget_answers(tx, caller, conversation.id)
    gone = {"conversation_id": conversation.id}
    return run_ids, [changes.new_event(user_id, "conversation.deleted", gone) for user_id in user_ids]


async def bring_back(tx: Transaction, conversation: Conversation, updated_at: datetime) -> list[NewEvent]:
    """Show the locked row again; an event for each who takes part again."""
    user_ids = await hidden_conversations.show_conversation(tx, conversation, updated_at)
    told = describe_event(conversation)
    return [changes.new_event(user_id, "conversation.created", told) for user_id in user_ids]
