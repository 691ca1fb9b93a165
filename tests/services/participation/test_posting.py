# test_posting.py -- a plain message to people is one statement on PostgreSQL, and says what the long way says.
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import anyio
import asyncpg
import pytest
from sqlalchemy import select, text, update
from sqlmodel import col

from clock import utc_now
from db import Database, Transaction
from models import Conversation, ConversationParticipant
from services.participation import posting
from support.api.accounts import Team, make_people, make_team
from support.api.asking import add_hosted, open_group_with
from support.api.bots import add_bot
from support.api.groups import open_group, read_all, say
from support.api.problems import problem_of
from support.api.user_streams import find_end
from support.databases.postgres import PostgresServer
from support.databases.statement_counts import count_statements
from support.servers import Person, Server, in_database, serving, settings_for

# Whether this transaction keeps somebody waiting.
IS_WAITED_FOR = (
    "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)) LIMIT 1"
)


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member"))


@pytest.fixture
def on_postgresql(postgres: PostgresServer, new_database: Callable[[str], str]) -> Iterator[Server]:
    """A server of the one engine on which a message is one statement."""
    with serving(settings_for(new_database("postgresql"))) as running:
        yield running


def find_inserts(statements: list[str]) -> list[str]:
    return [each for each in statements if "INSERT INTO messages" in each]


def without_moments(value: Any) -> Any:
    """What is left of an answer without ids of messages and times, of which each has its own."""
    if isinstance(value, list):
        return [without_moments(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: without_moments(each) for key, each in value.items() if not key.endswith("_at")}
    own = {"id", "client_id"} if "content" in kept else {"last_read_message_id"}
    return {key: each for key, each in kept.items() if key not in own}


def say_and_look(team: Team, group_id: str) -> list[Any]:
    """What is answered, told to others, listed, and what becomes of the conversation for the sender and another."""
    member, owner = team.people["member"], team.people["owner"]
    after = find_end(owner)
    said = say(member, group_id, "The same", client_id=f"{after}")
    assert said["client_id"] == f"{after}"
    [event] = owner.get("/v1/changes", after=after)["data"]
    assert event["message"] == said
    [listed] = owner.get(f"/v1/conversations/{group_id}/messages", limit=1, before="end")["data"]
    assert listed == said
    seen = [person.get(f"/v1/conversations/{group_id}") for person in (member, owner)]
    assert event["message_seq"] == seen[1]["unread_count"]
    places = {each["user_id"]: each["last_read_message_id"] for each in seen[0]["participants"]}
    assert places == {str(member.id): said["id"], str(owner.id): None}
    return without_moments(
        [said, event["type"], [{**each, "unread_count": each["unread_count"] > 0} for each in seen]]
    )


@pytest.mark.also_on_mariadb
def test_a_plain_message_says_what_the_long_way_says(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    group_id = open_group(team, "owner")
    plain = say_and_look(team, group_id)
    monkeypatch.setattr(posting, "is_plain", lambda new: False)
    assert say_and_look(team, group_id) == plain


@pytest.mark.parametrize(
    ("content", "is_reply", "is_alone"),
    [("Hello", False, True), ("Hello @The owner", False, False), ("Hello", True, False)],
)
def test_only_a_plain_message_is_one_statement(
    server: Server, team: Team, content: str, is_reply: bool, is_alone: bool
) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    first = say(member, group_id, "First")
    more = {"reply_to_id": first["id"]} if is_reply else {}
    with count_statements(server) as statements:
        say(member, group_id, content, **more)
    [insert] = find_inserts(statements)
    about = [each for each in statements if "conversation" in each or "INSERT INTO events" in each]
    assert (about == [insert]) is (is_alone and server.state.db.is_postgresql)


def test_what_is_said_to_an_agent_alone_goes_the_long_way(server: Server, team: Team) -> None:
    member, bot = team.people["member"], add_bot(server, team)
    direct = member.post("/v1/conversations", kind="direct", account_id=team.id, participant_ids=[bot.id])[
        "id"
    ]
    say(member, direct, "Hello")  # from here on the worker knows the conversation
    with count_statements(server) as statements:
        say(member, direct, "Hello?")
    assert len(find_inserts(statements)) == (2 if server.state.db.is_postgresql else 1)
    assert read_all(member, direct) == ["Hello", "Hello?"]


async def wait_for_row(tx: Transaction, query: str) -> None:
    with anyio.fail_after(15):
        while (await tx.execute(text(query))).first() is None:
            await anyio.sleep(0.01)


async def remove_while_waited_for(tx: Transaction, group_id: str, person: Person, post: Any) -> None:
    """End the person's place, after `post` has begun to wait for the conversation."""
    id_ = UUID(group_id)
    await tx.execute(select(Conversation).where(col(Conversation.id) == id_).with_for_update())
    post()
    await wait_for_row(tx, IS_WAITED_FOR)
    place = (
        col(ConversationParticipant.conversation_id) == id_,
        col(ConversationParticipant.user_id) == person.id,
    )
    await tx.execute(update(ConversationParticipant).where(*place).values(left_at=utc_now()))


def test_who_is_removed_while_their_message_waits_has_said_nothing(on_postgresql: Server) -> None:
    server, team = on_postgresql, make_team(make_people(on_postgresql, "owner", "member", "other member"))
    other, group_id = team.people["other member"], open_group(team, "owner", "other member")
    say(other, group_id, "First")
    path = f"/v1/conversations/{group_id}/messages"
    with ThreadPoolExecutor(1) as pool:
        answers = []

        def post() -> None:
            answers.append(pool.submit(other.http.post, path, json={"content": "Too late"}))

        in_database(server, lambda tx: remove_while_waited_for(tx, group_id, other, post))
        problem_of(answers[0].result(), 404)
    owner = team.people["owner"]
    after = find_end(owner)
    say(owner, group_id, "Second")
    assert [event["message_seq"] for event in owner.get("/v1/changes", after=after)["data"]] == [2]
    assert read_all(owner, group_id) == ["First", "Second"]


@pytest.mark.parametrize("client_id", [None, "a"])
def test_a_message_is_stored_once_whose_connection_is_lost_after_it(
    on_postgresql: Server, monkeypatch: pytest.MonkeyPatch, client_id: str | None
) -> None:
    team = make_team(make_people(on_postgresql, "owner", "member"))
    member, group_id = team.people["member"], open_group(team, "owner")
    say(member, group_id, "First")
    execute_sql, lost = Database._execute_sql, []

    async def lose(db: Database, sql: str, *values: object) -> Any:
        rows = await execute_sql(db, sql, *values)
        if "INSERT INTO messages" in sql:
            lost.append(rows)
            raise asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation")
        return rows

    with monkeypatch.context() as patch:
        patch.setattr(Database, "_execute_sql", lose)
        said = say(member, group_id, "Second", **({"client_id": client_id} if client_id else {}))
    assert len(lost) == 1
    assert (said["content"], said["client_id"]) == ("Second", client_id)
    assert read_all(member, group_id) == ["First", "Second"]


@pytest.mark.parametrize("what", ["agent", "account", "member"])
def test_a_question_that_waits_while_its_agent_account_or_sender_goes_begins_no_run(
    on_postgresql: Server, what: str
) -> None:
    server, team = on_postgresql, make_team(make_people(on_postgresql, "owner", "member"))
    owner, member, clerk = team.people["owner"], team.people["member"], add_hosted(team)
    group_id = open_group_with(team, clerk, maker="owner", people=("member",))
    gone, done = {
        "agent": (f"{team.path}/agents/{clerk}", "SELECT 1 FROM agents WHERE deleted_at IS NOT NULL"),
        "account": (team.path, "SELECT 1 FROM accounts WHERE deleted_at IS NOT NULL"),
        "member": (
            f"{team.path}/members/{member.id}",
            f"SELECT 1 WHERE '{member.id}' NOT IN (SELECT user_id FROM account_members WHERE account_id = '{team.id}')",
        ),
    }[what]
    answers: list[Any] = []

    async def remove_meanwhile(tx: Transaction, pool: ThreadPoolExecutor) -> None:
        held = select(Conversation).where(col(Conversation.id) == UUID(group_id))
        await tx.execute(held.with_for_update(key_share=True))
        question = {"content": "@Clerk hello"}
        answers.append(pool.submit(member.http.post, f"/v1/conversations/{group_id}/messages", json=question))
        await wait_for_row(tx, IS_WAITED_FOR)
        answers.append(pool.submit(owner.http.delete, gone))
        # The answer to the deletion of an account waits until its rows are gone, this conversation among them.
        await wait_for_row(tx, done)

    with ThreadPoolExecutor(2) as pool:
        in_database(server, lambda tx: remove_meanwhile(tx, pool))
        assert answers[1].result().status_code == 204
        status = answers[0].result().status_code
    assert status == (201 if what == "agent" else 404)

    async def count_runs(tx: Transaction) -> int:
        return int((await tx.execute(text("SELECT count(*) FROM runs"))).scalar_one())

    assert in_database(server, count_runs) == 0
    if what != "account":
        assert read_all(owner, group_id) == (["@Clerk hello"] if what == "agent" else [])
