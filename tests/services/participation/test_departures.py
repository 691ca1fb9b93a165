# test_departures.py -- people and agents who go: nothing of a group is torn, and their names are gone everywhere.
import json
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from access import SYSTEM
from db import Transaction
from models import Account, AccountMember, Conversation, ConversationParticipant, MessageDelivery, User
from services.accounts.user_removal import find_deleted_users
from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_direct, open_group, read_all, say
from support.api.problems import problem_of
from support.api.user_streams import find_end
from support.servers import PASSWORD, Person, Server, in_database


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member"))


def leave(person: Person, query: str = "") -> None:
    answer = person.http.request("DELETE", f"/v1/me{query}", json={"current_password": PASSWORD})
    assert answer.status_code == 204, answer.text


def find_user(server: Server, user_id: UUID) -> User | None:
    async def read(tx: Transaction) -> User | None:
        return (await tx.execute(select(User).where(col(User.id) == user_id))).scalar_one_or_none()

    return in_database(server, read)


@pytest.mark.also_on_mariadb
def test_what_somebody_said_stays_when_they_go_and_their_name_is_gone(server: Server, team: Team) -> None:
    member, owner = team.people["member"], team.people["owner"]
    group_id = open_group(team, "owner", "other member")  # the member's own
    direct = open_direct(team, "owner", "member")
    said = [say(member, each, "Hello from the one who goes") for each in (group_id, direct)]
    owner.http.post(f"/v1/conversations/{group_id}/read", json={"message_id": said[0]["id"]})
    after = find_end(owner)
    private = member.chat("add buy milk")["conversation_id"]
    leave(member)
    for conversation_id, message in zip((group_id, direct), said, strict=True):
        rows = owner.get(f"/v1/conversations/{conversation_id}/messages")["data"]
        assert rows == [{**message, "sender": {**message["sender"], "name": None}}]
        shown = owner.get(f"/v1/conversations/{conversation_id}")
        assert str(member.id) not in {each["user_id"] for each in shown["participants"]}
    say(owner, group_id, "We go on")
    assert read_all(team.people["other member"], group_id)[-1] == "We go on"
    told = owner.get("/v1/changes", after=after)["data"]
    gone = [row for row in told if row["type"] == "participant.removed"]
    assert {row["conversation_id"] for row in gone} == {group_id, direct}
    assert {row["user_id"] for row in gone} == {str(member.id)}

    row = find_user(server, member.id)
    assert row is not None
    assert (row.email, row.password_hash, row.display_name) == (f"{member.id}@deleted.invalid", "!", None)
    assert row.departed_at is not None

    async def count(tx: Transaction) -> list[int]:
        left = [
            (Account, col(Account.id) == member.id),
            (AccountMember, col(AccountMember.user_id) == member.id),
            (ConversationParticipant, col(ConversationParticipant.user_id) == member.id),
            (MessageDelivery, col(MessageDelivery.user_id) == member.id),
            (Conversation, col(Conversation.id) == UUID(private)),
        ]
        return [
            (await tx.execute(select(func.count()).select_from(table).where(mine))).scalar_one()
            for table, mine in left
        ]

    assert in_database(server, count) == [0, 0, 0, 0, 0]
    assert member.id not in in_database(server, lambda tx: find_deleted_users(tx, SYSTEM))
    again = server.person(email=member.email)  # the email is free
    assert again.get("/v1/conversations")["data"] == []


@pytest.mark.also_on_mariadb
def test_who_said_nothing_among_people_leaves_no_row(server: Server, team: Team) -> None:
    group_id = open_group(team, "other member", maker="owner")
    silent = team.people["other member"]
    leave(silent)
    assert find_user(server, silent.id) is None
    assert team.people["owner"].get(f"/v1/conversations/{group_id}")["participant_count"] == 1


@pytest.mark.also_on_mariadb
def test_who_goes_may_take_back_what_they_said(server: Server, team: Team) -> None:
    member, owner = team.people["member"], team.people["owner"]
    group_id, left = open_group(team, "owner"), open_group(team, "member", maker="owner")
    said = say(member, group_id, "A secret")
    member.patch(f"/v1/messages/{said['id']}", content="Another secret")
    say(member, left, "A secret of before")
    member.delete(f"/v1/conversations/{left}/participants/{member.id}")
    after = find_end(owner)
    leave(member, "?messages=retract")
    for conversation_id in (group_id, left):
        [row] = owner.get(f"/v1/conversations/{conversation_id}/messages")["data"]
        assert (row["content"], row["sender"]["name"]) == ("", None)
        assert row["retracted_at"] is not None
    told = owner.get("/v1/changes", after=after)["data"]
    assert [row["message"]["content"] for row in told if row["type"] == "message.updated"] == ["", ""]
    assert "secret" not in json.dumps(told)


def test_nothing_is_taken_back_while_a_team_would_lose_its_last_owner(team: Team) -> None:
    owner = team.people["owner"]
    group_id = open_group(team, "member", maker="owner")
    say(owner, group_id, "Stays")
    body = {"current_password": PASSWORD}
    refused = problem_of(owner.http.request("DELETE", "/v1/me?messages=retract", json=body), 409)
    assert "Bakery" in refused["detail"]
    assert read_all(team.people["member"], group_id) == ["Stays"]
    problem_of(owner.http.request("DELETE", "/v1/me?messages=all", json=body), 422)


@pytest.mark.also_on_mariadb
def test_what_an_agent_said_in_a_group_stays_when_it_is_deleted(server: Server, team: Team) -> None:
    owner = team.people["owner"]
    agent = owner.post(f"{team.path}/agents", name="Clerk", kind="external")
    key: Any = owner.post(f"{team.path}/agents/{agent['id']}/tokens", name="Key", scopes=["read", "write"])
    group_id = owner.post(
        "/v1/conversations",
        kind="group",
        title="With the clerk",
        account_id=team.id,
        participant_ids=[agent["id"], str(team.people["member"].id)],
    )["id"]
    clerk = server.client(Authorization=f"Bearer {key['token']}")
    path = f"/v1/conversations/{group_id}/messages"
    said = clerk.post(path, json={"content": "At your service"})
    assert said.status_code == 201, said.text
    assert said.json()["sender"] == {"type": "agent", "id": agent["id"], "name": "Clerk"}
    assert said.json()["agent_id"] == agent["id"]
    owner.delete(f"{team.path}/agents/{agent['id']}")
    assert clerk.get(path).status_code == 401
    [row] = team.people["member"].get(path)["data"]
    assert (row["content"], row["sender"]["id"], row["sender"]["name"]) == (
        "At your service",
        agent["id"],
        None,
    )
