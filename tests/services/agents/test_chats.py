# test_chats.py -- document 001's chats: conversations with one agent in one account, by its paths, and how they go.
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select
from sqlmodel import SQLModel, col

from db import Transaction
from models import Account, Agent, Conversation, Message, Run, User
from models.agent import BUILT_IN_ID
from support.api.accounts import Team, join, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.problems import problem_of
from support.servers import Person, Server, in_database, ok, read_events

PREFIXES = pytest.mark.parametrize("prefix", ["/v1", ""])


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member"))


def add_agent(team: Team, **given: object) -> str:
    agent_id: str = team.people["owner"].post(f"{team.path}/agents", **{"name": "Support", **given})["id"]
    return agent_id


@pytest.mark.also_on_mariadb
@PREFIXES
def test_a_chat_is_begun_listed_talked_in_and_deleted(team: Team, prefix: str) -> None:
    member = team.people["member"]
    agent_id = add_agent(team)
    path = f"{prefix}/chats/{team.id}/{agent_id}"
    chat, titled = member.post(path), member.post(path, title="Sales")
    assert (chat["title"], titled["title"]) == ("New Chat", "Sales")
    assert (chat["kind"], chat["account_id"], chat["agent_id"]) == ("assistant", team.id, agent_id)
    answer = member.post(f"{path}/{chat['id']}/messages", content="add buy milk")
    assert answer["status"] == "completed"
    assert answer["message"]["agent_id"] == agent_id
    assert answer["message"]["sender"] == {"type": "agent", "id": agent_id, "name": "Support"}
    said = member.get(f"{path}/{chat['id']}/messages")["data"]
    assert said == [answer["user_message"], answer["message"]]
    assert [row["id"] for row in member.get(path)["data"]] == [chat["id"], titled["id"]]
    assert member.get(f"{path}/{chat['id']}") == member.get(f"/v1/conversations/{chat['id']}")
    member.delete(f"{path}/{chat['id']}")
    assert [row["id"] for row in member.get(path)["data"]] == [titled["id"]]
    problem_of(member.http.get(f"/v1/conversations/{chat['id']}"), 404)


@pytest.mark.also_on_mariadb
def test_a_newcomer_talks_to_the_built_in_agent_at_once(server: Server) -> None:
    person = server.person()
    path = f"/chats/{person.id}/{BUILT_IN_ID}"
    chat = person.post(path)
    assert chat["agent_id"] == str(BUILT_IN_ID)
    answer = person.post(f"{path}/{chat['id']}/messages", content="add buy milk")
    assert answer["message"]["sender"] == {"type": "agent", "id": str(BUILT_IN_ID), "name": "Parley"}
    # What was begun elsewhere is a chat with it, too.
    other = person.chat("hello")["conversation_id"]
    assert [row["id"] for row in person.get(path)["data"]] == [other, chat["id"]]


@ON_ONE_ENGINE
def test_a_wrong_account_or_agent_in_the_path_is_not_found(server: Server, team: Team) -> None:
    owner = team.people["owner"]
    agent_id, other_id = add_agent(team), add_agent(team, name="Other")
    second = owner.post("/v1/accounts", name="Second")["id"]
    chat = owner.post(f"/v1/chats/{team.id}/{agent_id}")["id"]
    for account, agent in (
        (second, agent_id),
        (str(owner.id), agent_id),
        (str(uuid4()), agent_id),
        (team.id, str(uuid4())),
        (str(team.people["member"].id), str(BUILT_IN_ID)),
    ):
        problem_of(owner.http.post(f"/v1/chats/{account}/{agent}", json={}), 404)
        problem_of(owner.http.get(f"/v1/chats/{account}/{agent}"), 404)
    for account, agent in ((team.id, other_id), (second, str(BUILT_IN_ID)), (team.id, str(BUILT_IN_ID))):
        path = f"/v1/chats/{account}/{agent}/{chat}"
        problem_of(owner.http.get(path), 404)
        problem_of(owner.http.get(f"{path}/messages"), 404)
        problem_of(owner.http.post(f"{path}/messages", json={"content": "hello"}), 404)
        problem_of(owner.http.delete(path), 404)
    assert owner.get(f"/v1/chats/{team.id}/{agent_id}/{chat}")["id"] == chat


@ON_ONE_ENGINE
def test_a_chat_is_its_persons_and_nobody_elses_in_the_account(team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    agent_id = add_agent(team)
    chat = member.post(f"/v1/chats/{team.id}/{agent_id}")["id"]
    problem_of(owner.http.get(f"/v1/chats/{team.id}/{agent_id}/{chat}"), 404)
    problem_of(owner.http.get(f"/v1/conversations/{chat}"), 404)
    assert owner.get(f"/v1/chats/{team.id}/{agent_id}")["data"] == []


@ON_ONE_ENGINE
def test_a_message_repeated_by_its_key_or_its_client_id_is_stored_once(team: Team) -> None:
    member = team.people["member"]
    path = f"/v1/chats/{team.id}/{add_agent(team)}"
    key = {"Idempotency-Key": "begin"}
    first, again = (ok(member.http.post(path, json={}, headers=key)) for _ in range(2))
    assert first == again
    messages = f"{path}/{first['id']}/messages"
    said = [member.post(messages, content="add buy milk", client_id="once") for _ in range(2)]
    assert said[0] == said[1]
    assert len(member.get(messages)["data"]) == 2


@ON_ONE_ENGINE
def test_an_answer_is_streamed_where_that_is_asked_for(team: Team) -> None:
    member = team.people["member"]
    path = f"/chats/{team.id}/{add_agent(team)}"
    chat = member.post(path)["id"]
    accept = {"Accept": "text/event-stream"}
    with member.http.stream(
        "POST", f"{path}/{chat}/messages", json={"content": "add buy milk"}, headers=accept
    ) as answer:
        types = [event.type for event in read_events(answer)]
    assert (types[0], types[-1]) == ("run.started", "run.completed")


@pytest.mark.also_on_mariadb
def test_a_first_message_says_in_which_account_and_with_which_agent(team: Team) -> None:
    member = team.people["member"]
    agent_id = add_agent(team)
    with_agent = member.chat("hello", agent_id=agent_id)
    in_team = member.chat("hello", account_id=team.id)
    made = [member.get(f"/v1/conversations/{each['conversation_id']}") for each in (with_agent, in_team)]
    places = [(row["account_id"], row["agent_id"]) for row in made]
    assert places == [(team.id, agent_id), (team.id, str(BUILT_IN_ID))]
    assert with_agent["message"]["sender"]["name"] == "Support"
    again = {"message": "hello", "conversation_id": made[1]["id"], "agent_id": agent_id}
    problem_of(member.http.post("/v1/chat", json=again), 422)


@pytest.mark.also_on_mariadb
def test_conversations_are_listed_by_account_and_by_agent(server: Server, team: Team) -> None:
    member = team.people["member"]
    agent_id = add_agent(team)
    at_home = member.chat("hello")["conversation_id"]
    with_agent = member.post("/v1/conversations", agent_id=agent_id)
    in_team = member.post("/v1/conversations", account_id=team.id)
    assert (with_agent["account_id"], with_agent["agent_id"]) == (team.id, agent_id)
    assert (in_team["account_id"], in_team["agent_id"]) == (team.id, str(BUILT_IN_ID))

    def listed(**filters: object) -> list[str]:
        return [row["id"] for row in member.get("/v1/conversations", **filters)["data"]]

    assert listed() == [in_team["id"], with_agent["id"], at_home]
    assert listed(account_id=team.id) == [in_team["id"], with_agent["id"]]
    assert listed(account_id=str(member.id)) == [at_home]
    assert listed(agent_id=agent_id) == [with_agent["id"]]
    assert listed(agent_id=str(BUILT_IN_ID)) == [in_team["id"], at_home]
    assert listed(account_id=team.id, agent_id=agent_id) == [with_agent["id"]]
    first = member.get("/v1/conversations", account_id=team.id, limit=1)
    rest = member.get("/v1/conversations", account_id=team.id, limit=1, cursor=first["next_cursor"])
    assert [row["id"] for row in (*first["data"], *rest["data"])] == listed(account_id=team.id)
    cursor = {"account_id": str(member.id), "cursor": first["next_cursor"]}
    problem_of(member.http.get("/v1/conversations", params=cursor), 422)
    elsewhere = member.post("/v1/accounts", name="Elsewhere")["id"]
    wrong = {"account_id": elsewhere, "agent_id": agent_id}
    problem_of(member.http.post("/v1/conversations", json=wrong), 422)


@pytest.mark.also_on_mariadb
def test_a_removed_member_sees_nothing_of_the_conversations_there_until_they_are_back(team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    agent_id = add_agent(team)
    chat = member.post(f"/v1/chats/{team.id}/{agent_id}")["id"]
    run = member.post(f"/v1/conversations/{chat}/messages", content="add buy milk")["run_id"]
    owner.delete(team.path_of("member"))
    for path in (
        f"/v1/conversations/{chat}",
        f"/v1/conversations/{chat}/messages",
        f"/v1/conversations/{chat}/runs",
        f"/v1/runs/{run}",
        f"/v1/runs/{run}/events",
        f"/v1/chats/{team.id}/{agent_id}/{chat}",
    ):
        problem_of(member.http.get(path), 404)
    problem_of(member.http.post(f"/v1/conversations/{chat}/messages", json={"content": "hello"}), 404)
    problem_of(member.http.post("/v1/chat", json={"message": "hello", "conversation_id": chat}), 404)
    problem_of(member.http.patch(f"/v1/conversations/{chat}", json={"title": "Mine"}), 404)
    problem_of(member.http.delete(f"/v1/conversations/{chat}"), 404)
    assert member.get("/v1/conversations")["data"] == []
    assert [call["name"] for call in member.get("/v1/tool-calls")["data"] if call["run_id"] == run] == []
    join(owner, team.id, member)
    assert len(member.get(f"/v1/conversations/{chat}/messages")["data"]) == 2


# How chats go.


def fill(team: Team, person: Person) -> tuple[str, str]:
    """The ids of an agent, and of a chat with it in which something was said."""
    agent_id = add_agent(team)
    chat = person.post(f"/v1/chats/{team.id}/{agent_id}")["id"]
    person.post(f"/v1/conversations/{chat}/messages", content="add buy milk")
    return agent_id, chat


def count_of(server: Server, chat: str) -> dict[str, int]:
    """The rows of the chat."""
    id_ = UUID(chat)
    of_chat = {
        Conversation: col(Conversation.id) == id_,
        Message: col(Message.conversation_id) == id_,
        Run: col(Run.conversation_id) == id_,
    }

    async def count(tx: Transaction) -> dict[str, int]:
        found = {}
        for table, condition in of_chat.items():
            statement = select(func.count()).select_from(table).where(condition)
            found[str(table.__tablename__)] = int((await tx.execute(statement)).scalar_one())
        return found

    return in_database(server, count)


FULL, EMPTY = ({"conversations": 1, "messages": 2, "runs": 1}, {"conversations": 0, "messages": 0, "runs": 0})


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("what", ["agent", "account", "user", "chat"])
def test_a_deletion_over_http_takes_the_chats_along(server: Server, team: Team, what: str) -> None:
    member = team.people["member"]
    agent_id, chat = fill(team, member)
    assert count_of(server, chat) == FULL
    _, other_chat = fill(team, team.people["owner"])
    if what == "agent":
        team.people["owner"].delete(f"{team.path}/agents/{agent_id}")
    elif what == "account":
        team.people["owner"].delete(team.path)
    elif what == "user":
        member.delete("/v1/me")
    else:
        member.delete(f"/chats/{team.id}/{agent_id}/{chat}")
    assert count_of(server, chat) == EMPTY
    assert count_of(server, other_chat) == (EMPTY if what == "account" else FULL)


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("what", ["agent", "account", "user", "chat"])
def test_a_deletion_by_sql_takes_the_chats_along(server: Server, team: Team, what: str) -> None:
    member = team.people["member"]
    agent_id, chat = fill(team, member)
    _, other_chat = fill(team, team.people["owner"])
    row: dict[str, tuple[type[SQLModel], object]] = {
        "agent": (Agent, UUID(agent_id)),
        "account": (Account, UUID(team.id)),
        "user": (User, member.id),
        "chat": (Conversation, UUID(chat)),
    }
    table, id_ = row[what]

    async def take(tx: Transaction) -> None:
        await tx.execute(delete(table).where(table.__table__.c.id == id_))  # type: ignore[attr-defined]

    in_database(server, take)
    assert count_of(server, chat) == EMPTY
    assert count_of(server, other_chat) == (EMPTY if what == "account" else FULL)


@pytest.mark.also_on_mariadb
def test_the_client_id_of_a_message_that_one_no_longer_sees_serves_no_other(team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    said = {"message": "hello", "client_id": "once"}
    chat = member.chat(**said, account_id=team.id)["conversation_id"]
    owner.delete(team.path_of("member"))
    for body, status in (
        (said, 404),
        ({**said, "conversation_id": chat}, 404),
        ({**said, "message": "something else"}, 409),
    ):
        problem_of(member.http.post("/v1/chat", json=body), status)
    assert member.get("/v1/conversations")["data"] == []
