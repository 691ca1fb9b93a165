# access/callers.py -- who asks: a user with a credential, or the service itself.
from dataclasses import dataclass, replace
from typing import cast
from uuid import UUID

from sqlalchemy import Uuid, bindparam

from models.identity.api_token import SCOPES_FOR, Permission, Scope


def require_id(row_id: UUID | None) -> UUID:
    """The id; TypeError for None, since `=` with None becomes IS NULL and would match the rows of nobody."""
    if row_id is None:
        raise TypeError("an id is missing: nobody's rows are not everybody's")
    return row_id


@dataclass(frozen=True, slots=True)
class Caller:
    """The user on whose behalf something runs: in a session, or without one where a run or an API token acts for them.

    `scopes` are those of the API token; None outside of one, where everything is allowed. `agent_account_id` is the
    account of a user who is an agent; None for a person. `run_id` and `tool_call_id` say in which tool call; None
    outside of one. `change_id` names the change that a request is a part of, where its client has named it.
    `language` is the tag of BCP 47 in the profile; None where there is none.
    """

    user_id: UUID
    session_id: UUID | None
    timezone: str = "UTC"
    token_id: UUID | None = None
    scopes: frozenset[Scope] | None = None
    agent_account_id: UUID | None = None
    run_id: UUID | None = None
    tool_call_id: str | None = None
    change_id: UUID | None = None
    language: str | None = None

    def __post_init__(self) -> None:
        require_id(self.user_id)

    @property
    def credential_id(self) -> UUID | None:
        """The id of the session or of the API token; None in a run."""
        return self.session_id or self.token_id

    @property
    def is_agent(self) -> bool:
        return self.agent_account_id is not None

    @property
    def home_account_id(self) -> UUID:
        """The account of what the caller begins without naming one: an agent's own, or the personal one."""
        return self.agent_account_id or self.user_id

    def is_allowed(self, permission: Permission) -> bool:
        return self.scopes is None or not self.scopes.isdisjoint(SCOPES_FOR[permission])

    def in_call(self, run_id: UUID, tool_call_id: str) -> "Caller":
        """Who makes this tool call for the caller."""
        return replace(self, run_id=run_id, tool_call_id=tool_call_id)

    def in_change(self, change_id: UUID | None) -> "Caller":
        """Who makes a change of this name; None for one without."""
        return self if change_id is None else replace(self, change_id=change_id)

    def without_session(self) -> "Caller":
        """Who acts in a run of the caller: the user, also where an API token started it."""
        return Caller(
            self.user_id,
            None,
            self.timezone,
            agent_account_id=self.agent_account_id,
            language=self.language,
        )


@dataclass(frozen=True, slots=True)
class SignedInCaller(Caller):
    """A user in a session, which is what an access token stands for."""

    session_id: UUID


@dataclass(frozen=True, slots=True)
class OperatedCaller(Caller):
    """A user for whom the operator acts at the command line: there is no credential that could end."""

    session_id: None = None


@dataclass(frozen=True, slots=True)
class System:
    """The service itself, where there is no user yet (sign-in) or none in particular (workers, the operator).

    A test lists the modules that may act as SYSTEM.
    """


SYSTEM = System()
# Stands for the caller in a statement that is built once; whoever executes it passes `caller_params(caller)`.
ANY_CALLER = Caller(cast(UUID, bindparam("caller_user_id", type_=Uuid())), None)
# The same for an agent, whom other rules let see a conversation.
ANY_AGENT = replace(ANY_CALLER, agent_account_id=UUID(int=0))
CallerOrSystem = Caller | System


def stand_in(*, is_agent: bool) -> Caller:
    """Who stands for the caller in a statement about conversations."""
    return ANY_AGENT if is_agent else ANY_CALLER


def caller_params(caller: Caller) -> dict[str, object]:
    """The bind parameters that make a statement for ANY_CALLER one for this caller."""
    return {"caller_user_id": caller.user_id}
