# services/conversations.py -- verbs on conversations with an agent.
from functools import cache
from typing import Literal
from uuid import UUID

from sqlalchemy import Uuid, bindparam, func, literal
from sqlmodel import col

import access
from access import Caller
from db import AnySelect, Database, Transaction, get_columns
from errors import Forbidden, Invalid
from events import changes
from models import Agent, Conversation
from models.agent import BUILT_IN_ID
from models.columns import build_row
from models.conversation import ConversationCreate, ConversationShared, ConversationUpdate
from models.participation.conversation import ConversationPublic
from pagination import ListSpec, Page, fetch_list
from services import idempotency
from services.accounts import rights
from services.agents.lookup import find_agent
from services.agents.run_removal import cancel_unseen_runs
from services.undo import hidden_conversations, kept_parts, undo_steps
from services.undo.undo_steps import RowChange
from storage.text_search import search_parameters, text_contains

# Of a title that nobody gave.
MAX_TITLE_CHARACTERS = 80
COLUMNS = get_columns(Conversation)
CONVERSATIONS = ListSpec(
    name="conversations",
    keys=(COLUMNS["updated_at"], COLUMNS["id"]),
    fields={
        **{name: COLUMNS[name] for name in ConversationShared.model_fields},
        "kind": '"assistant"',
        "agent_id": func.coalesce(COLUMNS["agent_id"], literal(BUILT_IN_ID, Uuid())),
        # What only conversations of people have.
        "unread_count": "0",
        "mentioned": "false",
        "last_message": "null",
        "participants": "[]",
        "participant_count": "0",
    },
    public=lambda row: ConversationPublic.model_validate(row.Conversation),
)


@cache
def select_listed(
    *,
    is_agent: bool,
    of_account: Literal["home", "team"] | None,
    of_agent: bool,
    by_title: bool,
) -> AnySelect:
    """The caller's conversations; those in an account, with an agent, with a part of the title, as far as asked for."""
    statement = access.select(access.stand_in(is_agent=is_agent), Conversation)
    if of_account:
        statement = statement.where(col(Conversation.account_id) == bindparam("account_id", type_=Uuid()))
    if of_account == "team" and not is_agent:
        # What the index of these says of its rows.
        statement = statement.where(col(Conversation.account_id) != col(Conversation.user_id))
    if of_agent:
        # The built-in agent stands as null, and no other conversation of the account has its own id there.
        agent_id = func.coalesce(col(Conversation.agent_id), literal(BUILT_IN_ID, Uuid()))
        statement = statement.where(agent_id == bindparam("agent_id", type_=Uuid()))
    return statement.where(text_contains(col(Conversation.title))) if by_title else statement


def place_account(caller: Caller, account_id: UUID | None) -> Literal["home", "team"] | None:
    return None if account_id is None else "home" if account_id == caller.user_id else "team"


async def list_conversations(
    db: Database,
    caller: Caller,
    page: Page,
    q: str | None = None,
    account_id: UUID | None = None,
    agent_id: UUID | None = None,
) -> bytes:
    """Newest activity first, as JSON. `q` is a part of the title, in upper or lower case."""
    statement = select_listed(
        is_agent=caller.is_agent,
        of_account=place_account(caller, account_id),
        of_agent=agent_id is not None,
        by_title=bool(q),
    )
    values = {**access.caller_params(caller), **(search_parameters(q) if q else {})}
    chosen = {"account_id": account_id, "agent_id": agent_id}
    values |= {name: value for name, value in chosen.items() if value is not None}
    scope = " ".join(str(value) for value in chosen.values() if value is not None)
    return await fetch_list(db, CONVERSATIONS, statement, values, page, scope=scope)


def make_title(text: str) -> str:
    """The title of a new conversation: its first words."""
    words = " ".join(text.split())
    if len(words) <= MAX_TITLE_CHARACTERS:
        return words
    return words[: MAX_TITLE_CHARACTERS - 1].rstrip() + "…"


async def create_conversation(
    tx: Transaction, caller: Caller, new: ConversationCreate, new_id: UUID | None = None
) -> Conversation:
    """Create a conversation, with the id `new_id` if given; returns an existing conversation with this id instead.

    NotFound for an account of which the caller is no member, and for an agent that is not there.
    """
    require_person(caller)
    account_id, agent_id = await find_place(tx, caller, new.account_id, new.agent_id)
    conversation = build_row(
        Conversation, user_id=caller.user_id, title=new.title, account_id=account_id, agent_id=agent_id
    )
    if new_id is not None:
        if existing := await access.find_by_id(tx, caller, Conversation, new_id):
            return existing
        conversation.id = new_id
    return await add_conversation(tx, caller, conversation)


def refuse_participants(new: ConversationCreate) -> None:
    if new.participant_ids is not None:
        raise Invalid("Only direct and group conversations have participants.", ("body", "participant_ids"))


def require_person(caller: Caller) -> None:
    if caller.is_agent:
        raise Forbidden("An agent answers in conversations, and begins none.", problem="not-for-agents")


async def find_place(
    tx: Transaction, caller: Caller, account_id: UUID | None, agent_id: UUID | None
) -> tuple[UUID, UUID | None]:
    """The account and the agent of a new conversation, for which these are asked; None for the built-in one."""
    if agent_id is not None and agent_id != BUILT_IN_ID:
        agent = await find_agent(tx, caller, col(Agent.id) == agent_id)
        if account_id not in (None, agent.account_id):
            raise Invalid("The agent is of another account.", ("body", "agent_id"))
        return agent.account_id, agent_id
    if account_id is None or account_id == caller.user_id:
        return caller.user_id, None
    await rights.find_role(tx, caller, account_id)
    return account_id, None


async def add_conversation(tx: Transaction, caller: Caller, conversation: Conversation) -> Conversation:
    access.add_row(tx, caller, conversation)
    await tx.flush()
    await changes.record_event(tx, caller, "conversation.created", describe_conversation_event(conversation))
    return conversation


def describe_conversation_event(conversation: Conversation) -> dict[str, ConversationShared]:
    """The data of an event about the conversation."""
    return {"conversation": ConversationShared.model_validate(conversation)}


async def lock_own(tx: Transaction, caller: Caller, conversation_id: UUID) -> Conversation:
    """The conversation, locked. Forbidden for the agent that answers there: it is a person's."""
    conversation = await access.get_row(tx, caller, Conversation, conversation_id, lock=True)
    if conversation.user_id != caller.user_id:
        raise Forbidden(
            "The conversation belongs to the person who talks with this agent.", problem="not-yours-to-change"
        )
    return conversation


async def update_conversation(
    tx: Transaction, caller: Caller, conversation_id: UUID, change: ConversationUpdate
) -> Conversation:
    conversation = await lock_own(tx, caller, conversation_id)
    before = undo_steps.take_snapshot(conversation)
    conversation.sqlmodel_update(change.model_dump(exclude_unset=True))
    await tx.flush()
    shown = describe_conversation_event(conversation)
    await undo_steps.record_changes(
        tx, caller, RowChange(conversation, before, "conversation.updated", shown)
    )
    return conversation


async def delete_conversation(tx: Transaction, caller: Caller, conversation_id: UUID) -> list[UUID]:
    """Delete it with its messages, runs and their logs; the ids of the runs that had not ended.

    It can be brought back for a while.
    """
    conversation = await lock_own(tx, caller, conversation_id)
    await undo_steps.refuse_second_deletion(tx, caller)
    before, change = undo_steps.take_snapshot(conversation), undo_steps.begin_change(caller)
    run_ids = await take_away(tx, caller, conversation, change.id)
    gone = {"conversation_id": conversation_id}
    deleted = RowChange(conversation, before, "conversation.deleted", gone, is_deleted=True)
    await undo_steps.record_changes(tx, caller, deleted, change=change)
    return run_ids


async def take_away(
    tx: Transaction, caller: Caller, conversation: Conversation, change_id: UUID
) -> list[UUID]:
    """Delete the locked row and keep what goes with it, or hide it where that is too much; the ids of its runs."""
    run_ids = await cancel_unseen_runs(tx, col(Conversation.id) == conversation.id)
    if await kept_parts.keep_parts(tx, caller, conversation.id, change_id):
        await tx.delete(conversation)
        await tx.flush()
    else:
        await hidden_conversations.hide_conversation(tx, caller, conversation)
    await idempotency.forget_answers(tx, caller, conversation.id)
    return run_ids
