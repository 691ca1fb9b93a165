# access/runs.py -- who sees a run: who asked, the external agent that answers, and some of it those who take part.
from sqlalchemy import ColumnElement, and_, exists, or_
from sqlalchemy import select as sql_select
from sqlmodel import col

from access.callers import Caller, require_id
from access.conversations import conversation_of_caller
from access.participation import PLACE, in_living_account, own_place, shared_message
from db import get_columns
from models import Conversation, Message, Run, RunEvent
from storage.rule_check import TableRule


def run_of_caller(caller: Caller) -> TableRule:
    """The runs in the caller's conversations with agents, and among people those that they have asked for, or that are
    asked of them.
    """
    return in_conversation(caller, is_asked(caller))


def followed_run(caller: Caller) -> TableRule:
    """These, and those that others have asked for where the caller takes part: what of them is for all."""
    return in_conversation(caller)


def in_conversation(caller: Caller, *conditions: ColumnElement[bool]) -> TableRule:
    """Runs in the caller's own conversations, and those among people that meet the conditions, where the caller takes
    part since before the message that asked.
    """
    among_people = and_(
        col(Run.is_shared),
        col(Conversation.kind) != "assistant",
        col(PLACE.from_seq) < col(Run.trigger_seq),
        in_living_account(col(Conversation.account_id)),
        *conditions,
    )
    seen = and_(
        col(Conversation.id) == col(Run.conversation_id), or_(conversation_of_caller(caller), among_people)
    )
    conversation = (
        sql_select(1)
        .select_from(Conversation)
        .outerjoin(PLACE, own_place(caller, col(Conversation.id)))
        .where(TableRule(seen, get_columns(Conversation)["user_id"]))
    )
    return TableRule(exists(conversation), get_columns(Run)["conversation_id"])


def is_asked(caller: Caller) -> ColumnElement[bool]:
    """Whether the caller has asked for the run, or is the external agent that has to answer."""
    user_id = require_id(caller.user_id)
    if caller.agent_account_id is None:
        return col(Run.user_id) == user_id
    return and_(col(Run.agent_id) == user_id, col(Run.is_external))


def spent_run(caller: Caller) -> TableRule:
    """All that the caller has asked for, also where they see the conversation no more: for sums of it alone."""
    return TableRule(col(Run.user_id) == require_id(caller.user_id), get_columns(Run)["user_id"])


def event_of_run() -> TableRule:
    """The log of a run that the same statement has found by its own rule."""
    return TableRule(col(RunEvent.run_id) == col(Run.id), get_columns(RunEvent)["run_id"])


def question_of_run() -> TableRule:
    """The message that asked, of a run that the same statement has found by its own rule."""
    same = and_(
        col(Message.conversation_id) == col(Run.conversation_id), col(Message.seq) == col(Run.trigger_seq)
    )
    return TableRule(same, get_columns(Message)["conversation_id"])


def recorded_message(caller: Caller) -> TableRule:
    """Messages whose tool calls are the caller's: in their own conversations, and among people the answers to them."""
    own = sql_select(1).where(
        conversation_of_caller(caller), col(Conversation.id) == col(Message.conversation_id)
    )
    answered = and_(col(Message.user_id) == require_id(caller.user_id), shared_message(caller))
    return TableRule(or_(exists(own), answered), get_columns(Message)["conversation_id"])
