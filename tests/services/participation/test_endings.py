# test_endings.py -- what becomes of what people have said when an account, a membership or a group ends.
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from db import Transaction
from models import Conversation, ConversationParticipant, Message, MessageChange, MessageDelivery
from support.api.accounts import Team, invite, make_people, make_team
from support.api.groups import open_direct, open_group, read_all, say
from support.api.problems import problem_of
from support.api.user_streams import opened, reset, types, until
from support.servers import Person, Server, in_database, ok

pytestmark = pytest.mark.also_on_mariadb
NOTHING = {"conversations": 0, "messages": 0, "edits": 0, "marks": 0, "deliveries": 0}


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member"))


def read_up_to(person: Person, said: Any) -> None:
    path = f"/v1/conversations/{said['conversation_id']}/read"
    ok(person.http.post(path, json={"message_id": said["id"]}))


def talk(team: Team, conversation_id: str) -> Any:
    """The member says something, edits it, and the owner reads it; the message."""
    said = say(team.people["member"], conversation_id, "Hello")
    team.people["member"].patch(f"/v1/messages/{said['id']}", content="Good day")
    read_up_to(team.people["owner"], said)
    return said


def count_rows(server: Server, conversation_ids: list[str], message_ids: list[str]) -> dict[str, int]:
    """What is stored of these, whoever may see it."""
    conversations, messages = list(map(UUID, conversation_ids)), list(map(UUID, message_ids))
    chosen = {
        "conversations": (Conversation, col(Conversation.id).in_(conversations)),
        "messages": (Message, col(Message.conversation_id).in_(conversations)),
        "edits": (MessageChange, col(MessageChange.message_id).in_(messages)),
        "marks": (ConversationParticipant, col(ConversationParticipant.conversation_id).in_(conversations)),
        "deliveries": (MessageDelivery, col(MessageDelivery.message_id).in_(messages)),
    }

    async def count(tx: Transaction) -> dict[str, int]:
        found = {}
        for name, (table, condition) in chosen.items():
            statement = select(func.count()).select_from(table).where(condition)
            found[name] = int((await tx.execute(statement)).scalar_one())
        return found

    return in_database(server, count)


def test_nothing_of_its_conversations_is_left_of_a_deleted_account(server: Server, team: Team) -> None:
    member, owner = team.people["member"], team.people["owner"]
    ids = [open_group(team, "owner"), open_direct(team, "member", "owner")]
    said = [talk(team, each)["id"] for each in ids]
    assert count_rows(server, ids, said) == {
        "conversations": 2,
        "messages": 2,
        "edits": 2,
        "marks": 4,
        "deliveries": 2,
    }
    owner.delete(team.path)
    for person in (member, owner):
        assert person.get("/v1/conversations")["data"] == []
        for conversation_id, message_id in zip(ids, said, strict=True):
            problem_of(person.http.get(f"/v1/conversations/{conversation_id}/messages"), 404)
            problem_of(person.http.get(f"/v1/messages/{message_id}/deliveries"), 404)
    assert count_rows(server, ids, said) == NOTHING


def test_the_members_of_a_deleted_account_are_told_so_and_nothing_more(server: Server, team: Team) -> None:
    member = team.people["member"]
    open_group(team, "owner")
    with ExitStack() as stack:
        stream = stack.enter_context(opened(member))
        reset(stream)
        team.people["owner"].delete(team.path)
        member.post("/v1/tasks", title="The end")
        assert types(until(stream, "task.created")) == ["account.deleted", "task.created"]


def test_what_a_removed_member_has_said_stays_and_their_marks_go(team: Team) -> None:
    member, owner, other = (team.people[who] for who in ("member", "owner", "other member"))
    group_id = open_group(team, "owner", "other member")
    said = talk(team, group_id)
    answer = say(owner, group_id, "And to you")
    for person in (member, other):
        read_up_to(person, answer)
    chat = member.chat("hello", account_id=team.id)["conversation_id"]
    owner.delete(team.path_of("member"))
    assert read_all(other, group_id) == ["Good day", "And to you"]
    [kept, _] = other.get(f"/v1/conversations/{group_id}/messages")["data"]
    assert kept["sender"] == said["sender"]
    assert kept["sender"]["name"] == "The member"
    problem_of(member.http.get(f"/v1/conversations/{group_id}/messages"), 404)
    problem_of(member.http.get(f"/v1/conversations/{chat}"), 404)
    left = other.get(f"/v1/conversations/{group_id}/participants")["data"]
    assert {row["user_id"]: row["last_read_message_id"] for row in left} == {
        str(owner.id): answer["id"],
        str(other.id): answer["id"],
    }
    reached = owner.get(f"/v1/messages/{answer['id']}/deliveries")["data"]
    assert [row["user_id"] for row in reached] == [str(other.id)]
    team.join("member")
    assert len(member.get(f"/v1/conversations/{chat}/messages")["data"]) == 2
    problem_of(member.http.get(f"/v1/conversations/{group_id}"), 404)


def test_nobody_sees_a_deleted_group_and_the_invitations_of_its_account_stay(
    server: Server, team: Team
) -> None:
    group_id = open_group(team, "owner")
    said = talk(team, group_id)
    guest = server.person()
    token = invite(team.people["owner"], team.id, guest.email)["token"]
    team.people["member"].delete(f"/v1/conversations/{group_id}")
    for who in ("member", "owner"):
        person = team.people[who]
        assert person.get("/v1/conversations")["data"] == []
        for path in (group_id, f"{group_id}/messages", f"{group_id}/participants", f"{group_id}/runs"):
            problem_of(person.http.get(f"/v1/conversations/{path}"), 404)
        problem_of(person.http.get(f"/v1/messages/{said['id']}/deliveries"), 404)
    assert guest.post("/v1/invitations/accept", token=token)["id"] == team.id
