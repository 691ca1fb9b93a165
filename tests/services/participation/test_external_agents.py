# test_external_agents.py -- external agents in groups: asked by a message, they answer with their key.
from typing import Any
from uuid import UUID

import pytest

from access import SYSTEM
from services.agents import answers
from support.api.accounts import Team, make_people, make_team
from support.api.asking import add_hosted, list_runs, open_group_with, read_messages, wait_for_status
from support.api.bad_input import ON_ONE_ENGINE
from support.api.bots import Bot, add_bot
from support.api.groups import say
from support.api.problems import problem_of
from support.api.runs import followed
from support.api.user_streams import find_end
from support.servers import Server, in_database, ok


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member"))


@pytest.fixture
def bot(server: Server, team: Team) -> Bot:
    return add_bot(server, team)


def post(bot: Bot, group_id: str, content: str, **more: Any) -> Any:
    return ok(bot.http.post(f"/v1/conversations/{group_id}/messages", json={"content": content, **more}))


@pytest.mark.also_on_mariadb
def test_a_mention_waits_until_the_agent_answers_in_the_group(team: Team, bot: Bot) -> None:
    group_id, member, owner = open_group_with(team, bot.id), team.people["member"], team.people["owner"]
    question = say(member, group_id, "@Robot how much?")
    [run] = list_runs(member, group_id)
    assert (run["status"], run["agent_id"], run["user_message_id"]) == ("queued", bot.id, question["id"])
    body = {"client_id": "first", "action": "QUERY", "final_query": "SELECT 1"}
    answer = post(bot, group_id, "42, @The owner", **body)
    assert post(bot, group_id, "42, @The owner", **body) == answer
    assert answer["sender"] == {"type": "agent", "id": bot.id, "name": "Robot"}
    assert (answer["run_id"], answer["reply_to_id"]) == (run["id"], question["id"])
    assert (answer["action"], answer["final_query"]) == ("QUERY", "SELECT 1")
    for person in (member, owner):
        assert read_messages(person, group_id) == [question, answer]
        assert [each["status"] for each in list_runs(person, group_id)] == ["completed"]
    assert owner.get(f"/v1/conversations/{group_id}")["mentioned"]
    types = [event.type for event in followed(owner, run["id"])]
    assert types == ["run.started", "message.completed", "run.completed"]


@pytest.mark.also_on_mariadb
def test_an_answer_is_to_the_oldest_question_or_to_the_one_it_replies_to(team: Team, bot: Bot) -> None:
    group_id, member, owner = open_group_with(team, bot.id), team.people["member"], team.people["owner"]
    questions = [say(person, group_id, "@Robot?") for person in (member, owner, member)]
    chatter = say(member, group_id, "By the way")
    replied = post(bot, group_id, "To the second", reply_to_id=questions[1]["id"])
    oldest = post(bot, group_id, "To the first")
    aside = post(bot, group_id, "Unasked", reply_to_id=chatter["id"])
    last, unasked = post(bot, group_id, "To the third"), post(bot, group_id, "Anything else?")
    runs = list_runs(member, group_id)
    assert [run["status"] for run in runs] == ["completed"] * 3
    assert [each["run_id"] for each in (oldest, replied, last)] == [run["id"] for run in runs]
    assert [each["reply_to_id"] for each in (oldest, replied, last)] == [each["id"] for each in questions]
    assert (aside["run_id"], aside["reply_to_id"]) == (None, chatter["id"])
    assert (unasked["run_id"], "reply_to_id" in unasked) == (None, False)


@ON_ONE_ENGINE
def test_an_agent_hears_that_it_is_asked_and_of_nothing_that_others_are(team: Team, bot: Bot) -> None:
    clerk = add_hosted(team)
    group_id, member = open_group_with(team, bot.id, clerk), team.people["member"]
    after = find_end(member)
    say(member, group_id, "@Clerk hello")
    wait_for_status(member, group_id, "completed")
    question = say(member, group_id, "@Robot, are you there?")
    told = ok(bot.http.get("/v1/changes", params={"after": after}))["data"]
    [asked] = [row for row in told if row["type"] == "run.queued" and "message" in row]
    assert asked["message"] == question
    assert asked["run"]["agent_id"] == bot.id
    own = ok(bot.http.get(f"/v1/conversations/{group_id}/runs"))["data"]
    assert [run["id"] for run in own] == [asked["run"]["id"]]
    others = [row for row in member.get("/v1/changes", after=after)["data"] if row["type"] == "run.queued"]
    assert ["message" in row for row in others] == [False] * 4


@ON_ONE_ENGINE
def test_who_asked_cancels_and_the_agent_is_told_and_may_not_itself(team: Team, bot: Bot) -> None:
    group_id, member = open_group_with(team, bot.id), team.people["member"]
    say(member, group_id, "@Robot?")
    [run] = list_runs(member, group_id)
    after = find_end(member)
    problem_of(bot.http.post(f"/v1/runs/{run['id']}/cancel"), 403)
    problem_of(team.people["owner"].http.post(f"/v1/runs/{run['id']}/cancel"), 403)
    assert member.post(f"/v1/runs/{run['id']}/cancel")["status"] == "cancelled"
    told = ok(bot.http.get("/v1/changes", params={"after": after}))["data"]
    assert {row["type"] for row in told} == {"run.cancelled"}
    assert post(bot, group_id, "Too late")["run_id"] is None


@ON_ONE_ENGINE
def test_only_an_external_agent_tells_of_queries(server: Server, team: Team, bot: Bot) -> None:
    owner = team.people["owner"]
    clerk = add_hosted(team)
    key = owner.post(f"{team.path}/agents/{clerk}/tokens", name="key", scopes=["read", "write"])["token"]
    group_id, member = open_group_with(team, bot.id, clerk), team.people["member"]
    path = f"/v1/conversations/{group_id}/messages"
    hosted = server.client(Authorization=f"Bearer {key}")
    problem_of(hosted.post(path, json={"content": "Mine", "action": "QUERY"}), 403)
    problem_of(member.http.post(path, json={"content": "Mine", "action": "QUERY"}), 403)
    assert post(bot, group_id, "Unasked", action="LOOK")["action"] == "LOOK"
    assert [message["content"] for message in read_messages(member, group_id)] == ["Unasked"]


@ON_ONE_ENGINE
def test_a_question_in_a_group_that_nobody_answers_fails_after_a_day(
    team: Team, bot: Bot, server: Server
) -> None:
    group_id, member = open_group_with(team, bot.id), team.people["member"]
    say(member, group_id, "@Robot?")
    [run] = list_runs(member, group_id)
    in_database(server, lambda tx: answers.end_late_run(tx, SYSTEM, UUID(run["id"])))
    assert list_runs(member, group_id)[0]["error"] == answers.NO_ANSWER
    assert list_runs(team.people["owner"], group_id)[0]["status"] == "failed"
    assert followed(member, run["id"])[-1].data["error"] == answers.NO_ANSWER
    assert "error" not in followed(team.people["owner"], run["id"])[-1].data
