# test_columns.py -- every column of the schema is in an export, with its value, or has a reason here why not.
"""A new column fails these tests until somebody has decided what becomes of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel
from sqlalchemy import select

import access
from db import Transaction, get_columns
from models import (
    Account,
    Agent,
    ApiToken,
    AuthSession,
    Conversation,
    ConversationParticipant,
    Event,
    Message,
    Run,
    Task,
    User,
)
from models.account import AccountPublic
from models.agent import BUILT_IN_ID, AgentPublic
from models.event import EventPublic
from models.identity.api_token import AccessTokenPublic
from models.identity.session import SessionPublic
from models.message import MessagePublic
from models.participation.conversation import ConversationPublic
from models.run import RunPublic, to_cost
from models.task import TaskPublic
from models.user import UserPublic
from services.undo.undo_steps import dump_value
from storage.schema.revisions import METADATA
from support.api.isolation import with_everything
from support.servers import Person, Server, in_database
from support.transfers.exports import export, pick
from support.transfers.imports import import_file

Line = dict[str, Any]


class Elsewhere(NamedTuple):
    """How the value of a column is found in its line, where it has another name or form there."""

    find: Callable[[Line], Any]
    of: Callable[[Any], Any] = dump_value


@dataclass(frozen=True)
class Carried:
    """The lines of a type have the columns of a table under their names, but for `elsewhere` and `left_out`."""

    table: Any
    type: str
    shape: type[BaseModel]
    elsewhere: Mapping[str, Elsewhere] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)
    key: str = "id"


def find_agent(line: Line) -> Any:
    """The built-in agent has no row."""
    return None if line["agent_id"] == str(BUILT_IN_ID) else line["agent_id"]


GONE = "nobody sees a row that has it"
OWNER = "whose the export is stands in its header"
WORK = "how a server works on it, not what it is"
DERIVED = "follows from the others"
CHOSEN = "all branches are carried; which one is shown is chosen anew"
CARRIED = (
    Carried(
        User,
        "user",
        UserPublic,
        left_out={
            "password_hash": "a secret",
            "deleted_at": GONE,
            "departed_at": GONE,
            "kind": "only a person has an export",
        },
    ),
    Carried(
        AuthSession,
        "session",
        SessionPublic,
        left_out={"user_id": OWNER, "revoked_at": "those that have ended are not listed", "family_id": WORK},
    ),
    Carried(
        ApiToken,
        "token",
        AccessTokenPublic,
        {"scopes": Elsewhere(lambda line: " ".join(line["scopes"]))},
        {
            "user_id": OWNER,
            "token_hash": "a secret",
            "revoked_at": "those that have ended are not listed",
            "conversation_id": "its calls stand there in any case",
            "resource": "it is /mcp of this server",
        },
    ),
    Carried(Account, "account", AccountPublic, left_out={"deleted_at": GONE}),
    Carried(Agent, "agent", AgentPublic, left_out={"deleted_at": GONE}),
    Carried(Task, "task", TaskPublic, left_out={"user_id": OWNER, "due_by": DERIVED, "remind_at": DERIVED}),
    Carried(
        Event,
        "event",
        EventPublic,
        {"sender_id": Elsewhere(lambda line: line["sender"]["id"])},
        {
            "id": "its place in the log of this server: its id is event_id",
            "event_id": "carried as id, by which it is found here",
            "audience": DERIVED,
            "audience_id": DERIVED,
            "expires_at": "what was posted has none",
        },
        key="event_id",
    ),
    Carried(
        Conversation,
        "conversation",
        ConversationPublic,
        {"agent_id": Elsewhere(find_agent)},
        {
            "user_id": OWNER,
            "last_seq": DERIVED,
            "direct_key": DERIVED,
            "deleted_at": GONE,
            **dict.fromkeys(("shown_seq", "shown_id"), CHOSEN),
        },
    ),
    Carried(
        Message,
        "message",
        MessagePublic,
        {
            "agent_id": Elsewhere(find_agent),
            # Of a message that was edited the line has what it has become.
            "content": Elsewhere(lambda line: ... if line.get("edited_at") else line["content"]),
            "program_id": Elsewhere(lambda line: line["sender"]["id"] if is_of_program(line) else None),
            "program_name": Elsewhere(lambda line: line["sender"]["name"] if is_of_program(line) else None),
            "user_id": Elsewhere(lambda line: line["sender"]["id"] if is_of_user(line) else ..., str),
        },
        {
            "seq": "the order of the lines",
            "reply_to_seq": "carried as reply_to_id, since numbers are of a server",
            "after_seq": "carried as after_id, since numbers are of a server",
        },
    ),
    Carried(
        Run,
        "run",
        RunPublic,
        {
            "cost_nanos": Elsewhere(lambda line: line["cost"], to_cost),
            # With an agent alone, the conversation says who talks there.
            "user_id": Elsewhere(lambda line: line.get("user_id", ...)),
            "agent_id": Elsewhere(lambda line: find_agent(line) if "agent_id" in line else ...),
        },
        {
            "trigger_seq": "carried as user_message_id where people talk, since numbers are of a server",
            "agent_key": DERIVED,
            "is_shared": DERIVED,
            "is_external": DERIVED,
            **dict.fromkeys(("attempt", "replaces_id"), "the answer is carried with its replaces_id"),
            "model": "no list of runs has it: the sums of usage do",
            **dict.fromkeys(("epoch", "lease_expires_at", "takeovers", "details_deleted_at"), WORK),
        },
    ),
)
PLACE = {
    "conversation_id": "carried",
    "user_id": "carried",
    "role": "carried",
    "joined_at": "carried",
    "last_read_seq": "carried as last_read_message_id",
    "account_id": "the conversation's",
    **dict.fromkeys(("from_seq", "last_delivered_seq", "last_mention_seq", "joined_event_id"), WORK),
    "left_at": "who has left has no export of it",
}
# Of these no row is carried.
WHOLE = {
    "account_members": "the role stands with the account; who else is a member is the account's",
    "account_invitations": "of an account, not of a person",
    "approvals": "what waits stands with its run, and what was decided with the call in its message",
    "event_counter": WORK,
    "event_log": WORK,
    "event_reads": "carried as read_at of the event",
    "idempotency_keys": WORK,
    "import_rows": "of a month, to undo",
    "kept_parts": "of a month, to undo",
    "undo_steps": "of a month, to undo",
    "message_changes": "a message is carried as it is now, with edited_at or retracted_at",
    "message_deliveries": "of others who take part",
    "rate_limits": WORK,
    "oauth_clients": WORK,
    "oauth_codes": WORK,
    "oauth_tokens": WORK,
    "refresh_tokens": "a secret",
    "run_events": "what was done stands in the messages",
    "search_entries": DERIVED,
    "tool_calls": DERIVED,
}


def is_of_program(line: Line) -> bool:
    return bool(line["sender"]["type"] == "program")


def is_of_user(line: Line) -> bool:
    return bool(line["sender"]["type"] == "user")


@pytest.mark.engines("sqlite")
def test_every_table_is_in_an_export_or_has_a_reason_why_not() -> None:
    carried = {str(each.table.__tablename__) for each in CARRIED} | {"conversation_participants"}
    assert carried | WHOLE.keys() == METADATA.tables.keys()
    assert not carried & WHOLE.keys()
    assert set(PLACE) == set(get_columns(ConversationParticipant).keys())


@pytest.mark.engines("sqlite")
def test_every_column_of_a_persons_rows_is_in_the_export_with_its_value(server: Server) -> None:
    theirs = with_everything(server.person(display_name="Ann"), partner=server.person())
    ann = theirs.person
    ann.post(
        "/v1/tasks",
        title="Whole",
        description="All of it",
        due_at="2031-05-03T10:00:00Z",
        repeats="FREQ=DAILY",
        reminder_at="2031-05-03T09:00:00Z",
        priority="high",
        list="Work",
    )
    lines = export(ann)

    async def read_rows(tx: Transaction) -> dict[Any, dict[str, dict[str, Any]]]:
        found: dict[Any, dict[str, dict[str, Any]]] = {}
        for each in CARRIED:
            columns = get_columns(each.table)
            rows = (await tx.execute(select(*columns))).mappings()
            found[each.table] = {str(row[each.key]): dict(row) for row in rows}
        return found

    stored = in_database(server, read_rows)
    for each in CARRIED:
        items = pick(lines, each.type)
        assert items, each.type
        columns = set(get_columns(each.table).keys())
        assert set(each.left_out) | set(each.elsewhere) <= columns
        # Also where nobody has a value here.
        assert columns - set(each.left_out) - set(each.elsewhere) <= set(each.shape.model_fields), each.type
        for item in items:
            row = stored[each.table][item["id"]]
            for name in columns - set(each.left_out):
                how = each.elsewhere.get(name, Elsewhere(lambda line, name=name: line.get(name)))  # type: ignore[misc]
                value = how.find(item)
                if value is not ...:
                    assert value == (None if row[name] is None else how.of(row[name])), (each.type, name)


# Of what an import makes, the columns that it does not bring; they are empty then, or what a new row has.
NOT_BROUGHT = {
    "tasks": {"user_id": "the importer's"},
    "conversations": {
        "user_id": "the importer's",
        "kind": "those of people are left out",
        "agent_id": "it goes on with the built-in one",
        "last_seq": "of conversations of people",
        "direct_key": "of conversations of people",
        **dict.fromkeys(("shown_seq", "shown_id"), CHOSEN),
        "deleted_at": GONE,
    },
    "messages": {
        "tool_calls": "stand on record where they were made",
        "run_id": "of the server that it was said on",
        "client_id": "a key of the server that it was said on",
        "program_id": "of the server that it was said on",
        "agent_id": "told by program_name",
        "finish_reason": "of a run",
        "choices": "replies to a question that was answered there",
        "reply_to_seq": "of conversations of people",
    },
}


@pytest.mark.engines("sqlite")
def test_every_column_of_what_an_import_makes_is_brought_or_has_a_reason_why_not(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    ann.post("/v1/tasks", title="Whole")
    ann.chat("hello")
    stored: dict[str, set[str]] = {}

    async def note(tx: Any, caller: Any, table: Any, rows: Any) -> None:
        for row in rows:
            stored.setdefault(str(table.__tablename__), set()).update(row)
        await insert_rows(tx, caller, table, rows)

    insert_rows = access.insert_rows
    monkeypatch.setattr(access, "insert_rows", note)
    other = ann.server.person() if ann.server else ann
    import_file(other, ann.http.get("/v1/me/export").content)
    for table, reasons in NOT_BROUGHT.items():
        brought = stored[table] | set(reasons)
        assert brought >= set(METADATA.tables[table].columns.keys()), table


@pytest.mark.engines("sqlite")
def test_every_column_of_a_task_and_of_a_chat_comes_back_by_an_import(server: Server) -> None:
    """For another person: the ids are their own, and what belongs to its server stays there."""
    ann, bob = server.people([{}, {}])
    ann.post(
        "/v1/tasks",
        title="Whole",
        description="All of it",
        due_at="2031-05-03T10:00:00Z",
        due_timezone="Europe/Berlin",
        repeats="FREQ=DAILY",
        reminder_at="2031-05-03T09:00:00Z",
        priority="high",
        list="Work",
        position=7.5,
    )
    done = ann.post("/v1/tasks", title="Done", due_on="2031-05-03")
    ann.patch(f"/v1/tasks/{done['id']}", completed=True)
    ann.chat("add buy milk", client_id="one")
    report = import_file(bob, ann.http.get("/v1/me/export").content)
    assert report["problem"] is None

    async def read_rows(tx: Transaction) -> list[list[dict[str, Any]]]:
        found = []
        for person in (ann, bob):
            for table, key in ((Task, "title"), (Conversation, "title"), (Message, "seq")):
                columns = get_columns(table)
                mine = select(*columns).where(columns["user_id"] == person.id).order_by(columns[key])
                found.append([dict(row) for row in (await tx.execute(mine)).mappings()])
        return found

    *of_ann, tasks, conversations, messages = in_database(server, read_rows)
    own = {"id", "user_id"}
    new = {
        "tasks": own,
        # A conversation comes home, to the built-in agent.
        "conversations": own | {"account_id"},
        # What was called stands where it was, and so do keys of the server and what an agent has been.
        "messages": own | {"conversation_id", "tool_calls", "client_id", "run_id", "finish_reason"},
    }
    for before, after, (name, others) in zip(
        of_ann, (tasks, conversations, messages), new.items(), strict=True
    ):
        assert len(before) == len(after) > 0, name
        for old, brought in zip(before, after, strict=True):
            differ = {column for column in old if old[column] != brought[column]}
            assert differ <= others, (name, differ - others)
            # What is not brought is empty, not wrong.
            for column in differ & {"tool_calls", "client_id", "run_id", "finish_reason"}:
                assert brought[column] is None
