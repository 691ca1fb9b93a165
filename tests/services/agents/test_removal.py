# test_removal.py -- a deleted agent: nobody sees anything of it from that moment on, and its rows go a slice at a time.
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import SQLModel, col

from access import SYSTEM
from db import Transaction
from events.event_log import number_events
from models import Agent, ApiToken, Conversation, Message, Run, User
from services.accounts import user_removal
from support.api.accounts import Team, make_people, make_team
from support.api.bots import add_bot
from support.api.problems import problem_of
from support.servers import Server, in_database, ok


def count(server: Server, table: type[SQLModel], *conditions: Any) -> int:
    async def work(tx: Transaction) -> int:
        return int(
            (await tx.execute(select(func.count()).select_from(table).where(*conditions))).scalar_one()
        )

    return in_database(server, work)


@pytest.mark.also_on_mariadb
@pytest.mark.usefixtures("keep_rows")
def test_a_marked_agent_is_seen_by_nobody_and_goes_in_slices_with_what_is_its_and_nothing_else(
    server: Server,
) -> None:
    team = make_team(make_people(server, "owner", "member"))
    owner, member = team.people["owner"], team.people["member"]
    bot, stays = add_bot(server, team), add_bot(server, team, "Stays")
    task = ok(bot.http.post("/v1/tasks", json={"title": "Mine"}))
    chats = {}
    for each in (bot, stays):
        chats[each.id] = member.post(f"/v1/chats/{team.id}/{each.id}")["id"]
        path = f"/v1/conversations/{chats[each.id]}/messages"
        for number in range(6):
            member.post(path, content=f"Question {number}", wait=0)
            ok(each.http.post(path, json={"content": f"Answer {number}"}))
    waiting = member.post(f"/v1/conversations/{chats[bot.id]}/messages", content="And?", wait=0)["run_id"]
    owner.delete(bot.path)
    for person in (owner, member):
        assert [agent["name"] for agent in person.get(f"{team.path}/agents")["data"]] == ["Parley", "Stays"]
        assert bot.id not in [row["user_id"] for row in person.get(f"{team.path}/members")["data"]]
        for path in (
            bot.path,
            f"/v1/chats/{team.id}/{bot.id}",
            f"/v1/conversations/{chats[bot.id]}",
            f"/v1/conversations/{chats[bot.id]}/messages",
            f"/v1/runs/{waiting}",
        ):
            problem_of(person.http.get(path), 404)
    problem_of(owner.http.get(f"{bot.path}/tokens"), 404)
    body = {"type": "note", "payload": {}, "recipient_id": bot.id}
    problem_of(member.http.post("/v1/events", json=body), 404)
    problem_of(member.http.post(f"/v1/conversations/{chats[bot.id]}/messages", json={"content": "?"}), 404)
    assert [row["id"] for row in member.get("/v1/conversations")["data"]] == [chats[stays.id]]
    problem_of(bot.http.get("/v1/tasks"), 401)
    here = (col(Message.conversation_id) == UUID(chats[bot.id]),)
    assert count(server, Message, *here) == 13
    in_database(server, lambda tx: number_events(tx, SYSTEM))
    slices, left = 0, True
    while left:
        left = in_database(server, lambda tx: user_removal.delete_user_slice(tx, SYSTEM, UUID(bot.id), 5))
        slices += 1
    assert slices > 4
    agent_id = UUID(bot.id)
    for table, condition in (
        (Message, here[0]),
        (Run, col(Run.conversation_id) == UUID(chats[bot.id])),
        (Conversation, col(Conversation.agent_id) == agent_id),
        (Agent, col(Agent.id) == agent_id),
        (ApiToken, col(ApiToken.user_id) == agent_id),
        (User, col(User.id) == agent_id),
    ):
        assert count(server, table, condition) == 0, table
    assert len(member.get(f"/v1/conversations/{chats[stays.id]}/messages")["data"]) == 12
    assert task["id"] not in str(member.get("/v1/tasks"))


@pytest.mark.also_on_mariadb
def test_what_was_said_in_an_account_goes_with_it(server: Server) -> None:
    team: Team = make_team(make_people(server, "owner", "member"))
    member = team.people["member"]
    chat = member.post("/v1/conversations", account_id=team.id)["id"]
    for number in range(4):
        member.post(f"/v1/conversations/{chat}/messages", content=f"add task {number}")
    at_home = member.chat("hello")["conversation_id"]
    here = col(Message.conversation_id) == UUID(chat)
    assert count(server, Message, here) == 8
    team.people["owner"].delete(team.path)
    problem_of(member.http.get(f"/v1/conversations/{chat}"), 404)
    assert count(server, Message, here) == 0
    assert len(member.get(f"/v1/conversations/{at_home}/messages")["data"]) == 2
