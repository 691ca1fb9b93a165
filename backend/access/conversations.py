# access/conversations.py -- who sees a conversation with an agent: its person, as long as they may, and that agent.
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, inspect, or_
from sqlalchemy import select as sql_select
from sqlalchemy.orm import aliased
from sqlmodel import col

from access.callers import Caller, require_id
from db import get_columns
from models import Account, AccountMember, Agent, Conversation
from storage.rule_check import TableRule

# The caller's membership in the account of a conversation, that account, and the agent that answers there, beside those
# that a statement is about.
MEMBER = aliased(AccountMember, name="talking_member")
ACCOUNT = aliased(Account, name="talking_account")
AGENT = aliased(Agent, name="talking_agent")


def conversation_of_caller(caller: Caller) -> TableRule:
    """A person's own, in accounts of which they are a member, with agents that are there. An agent's: those in which it
    answers.
    """
    mark = get_columns(Conversation)["user_id"]
    is_there = col(Conversation.deleted_at).is_(None)
    if caller.agent_account_id is not None:
        return TableRule(and_(col(Conversation.agent_id) == require_id(caller.user_id), is_there), mark)
    own = and_(col(Conversation.user_id) == require_id(caller.user_id), col(Conversation.kind) == "assistant")
    seen = or_(is_at_home(), and_(is_member(caller.user_id), has_agent()))
    return TableRule(and_(own, is_there, seen), mark)


def is_at_home() -> ColumnElement[bool]:
    """With the built-in agent in the personal account: nothing has to be looked up."""
    return func.coalesce(col(Conversation.agent_id), col(Conversation.account_id)) == col(
        Conversation.user_id
    )


def is_member(user_id: UUID) -> ColumnElement[bool]:
    own = and_(col(MEMBER.account_id) == col(Conversation.account_id), col(MEMBER.user_id) == user_id)
    account = and_(col(ACCOUNT.id) == col(MEMBER.account_id), col(ACCOUNT.deleted_at).is_(None))
    return exists(
        sql_select(1).where(
            TableRule(own, inspect(MEMBER).selectable.columns["user_id"]),
            TableRule(account, inspect(ACCOUNT).selectable.columns["id"]),
        )
    )


def has_agent() -> ColumnElement[bool]:
    """Whether the agent is there: the built-in one always is."""
    is_built_in = func.coalesce(col(Conversation.agent_id), col(Conversation.account_id)) == col(
        Conversation.account_id
    )
    seen = and_(col(AGENT.id) == col(Conversation.agent_id), col(AGENT.deleted_at).is_(None))
    agent = sql_select(1).where(TableRule(seen, inspect(AGENT).selectable.columns["account_id"]))
    return or_(is_built_in, exists(agent))
