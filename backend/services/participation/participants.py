# services/participation/participants.py -- verbs on those who take part in a group: add, change, remove, leave.
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import col

import access
from access import Caller
from access.participation import known_conversation, participants_of
from clock import utc_now
from db import Database, Transaction
from errors import Conflict, Forbidden, NotFound
from events import changes
from models import Conversation, ConversationParticipant, Run
from models.conversation import MAX_PARTICIPANTS
from models.event import Audience
from models.participation.participant import ParticipantCreate, ParticipantPublic, ParticipantUpdate
from pagination import Page
from services.participation import conversations, rosters
from services.participation.agent_runs import cancel_shared_runs
from services.participation.rosters import find_participant, show_participant

NOT_HERE = "Who has asked, or the agent, left the conversation or was removed from it before this was done."


async def list_participants(db: Database, caller: Caller, conversation_id: UUID, page: Page) -> bytes:
    """In the order of joining, as JSON."""
    await db.read(access.get_row, caller, Conversation, conversation_id, rule=known_conversation)
    return await rosters.list_participants(db, caller, conversation_id, page)


async def add_participant(
    tx: Transaction, caller: Caller, conversation_id: UUID, new: ParticipantCreate
) -> ParticipantPublic:
    """Let a member of the account take part from now on; who does already stays as they are."""
    conversation = await conversations.lock_managed(tx, caller, conversation_id)
    await conversations.lock_members(tx, caller, conversation.account_id, [new.user_id])
    place = await find_place(tx, caller, conversation, new.user_id)
    if place is not None and place.left_at is None:
        return await get_participant(tx, caller, conversation_id, new.user_id)
    if len(await conversations.list_user_ids(tx, conversation)) >= MAX_PARTICIPANTS:
        raise Conflict(f"A group has at most {MAX_PARTICIPANTS:,} participants.", problem="limit-reached")
    if place is not None:
        await tx.delete(place)
        await tx.flush()
    await conversations.add_participants(tx, caller, conversation, [(new.user_id, new.role)])
    shown = await get_participant(tx, caller, conversation_id, new.user_id)
    everybody, payload = Audience("conversation", conversation_id), describe_event(conversation_id, shown)
    await changes.record_event(tx, everybody, "participant.added", payload)
    return shown


async def find_place(
    tx: Transaction, caller: Caller, conversation: Conversation, user_id: UUID
) -> ConversationParticipant | None:
    """The row of somebody who takes part, or did."""
    has_id = col(ConversationParticipant.user_id) == user_id
    return await access.find_row(
        tx, caller, ConversationParticipant, has_id, rule=participants_of(conversation)
    )


async def require_place(
    tx: Transaction, caller: Caller, conversation: Conversation, user_id: UUID
) -> ConversationParticipant:
    place = await find_place(tx, caller, conversation, user_id)
    if place is None or place.left_at is not None:
        raise NotFound("participant")
    return place


async def get_participant(
    tx: Transaction, caller: Caller, conversation_id: UUID, user_id: UUID
) -> ParticipantPublic:
    row = await find_participant(tx, caller, conversation_id, user_id)
    if row is None:
        raise NotFound("participant")
    return show_participant(row)


def describe_event(conversation_id: UUID, shown: ParticipantPublic) -> dict[str, object]:
    return {"conversation_id": conversation_id, "participant": shown}


async def update_participant(
    tx: Transaction, caller: Caller, conversation_id: UUID, user_id: UUID, change: ParticipantUpdate
) -> ParticipantPublic:
    conversation = await conversations.lock_managed(tx, caller, conversation_id)
    place = await require_place(tx, caller, conversation, user_id)
    place.role = change.role
    await tx.flush()
    shown = await get_participant(tx, caller, conversation_id, user_id)
    everybody, payload = Audience("conversation", conversation_id), describe_event(conversation_id, shown)
    await changes.record_event(tx, everybody, "participant.updated", payload)
    return shown


async def remove_participant(
    tx: Transaction, caller: Caller, conversation_id: UUID, user_id: UUID, size: int = 0
) -> list[UUID]:
    """End somebody's part in a group, or one's own. Nothing of the conversation is shown to them after that.

    So do the runs that they have asked for there, and those that an agent would answer, whose ids are returned; of
    `size` is what is kept of these, as in `cancel_run`.
    """
    conversation = await access.get_row(
        tx, caller, Conversation, conversation_id, lock=True, rule=known_conversation
    )
    place = await require_place(tx, caller, conversation, user_id)
    if conversation.kind == "direct":
        raise Forbidden(
            "A direct conversation belongs to both, as long as both are members of its account.",
            problem="not-yours-to-change",
        )
    if user_id != caller.user_id and not await conversations.may_manage(tx, caller, conversation):
        raise Forbidden(conversations.NOT_A_MANAGER, problem="role-required")
    theirs = or_(col(Run.user_id) == user_id, col(Run.agent_id) == user_id)
    here = col(Run.conversation_id) == conversation_id
    ended = await cancel_shared_runs(tx, size, NOT_HERE, here, theirs)
    place.left_at = utc_now()
    await tx.flush()
    payload = {"conversation_id": conversation_id, "user_id": user_id}
    # First to the one who left, so that nothing of the conversation comes to them after it.
    await changes.record_events(
        tx,
        [
            changes.new_event(audience, "participant.removed", payload)
            for audience in (Audience("user", user_id), Audience("conversation", conversation_id))
        ],
    )
    return ended
