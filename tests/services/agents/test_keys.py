# test_keys.py -- the keys of agents: what comes in with one, as whom, and when it stops.
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete
from sqlmodel import col

from db import Transaction
from models import Agent
from support.api.accounts import Team, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.bots import add_bot
from support.api.problems import problem_of
from support.api.user_streams import STREAM, reset, take, types
from support.servers import PASSWORD, Server, in_database, ok, read_events
from timings import Timings


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "admin", "member"))


@pytest.mark.also_on_mariadb
def test_a_key_is_shown_once_and_listed_without_itself(server: Server, team: Team) -> None:
    bot = add_bot(server, team)
    secret = bot.http.headers["Authorization"].removeprefix("Bearer ")
    [listed] = team.people["admin"].get(f"{bot.path}/tokens")["data"]
    assert (listed["id"], listed["name"], listed["scopes"]) == (bot.key_id, "key", ["read", "write"])
    assert secret.startswith(listed["prefix"])
    assert secret not in str(listed)
    # It is the agent's, not that of who made it.
    assert team.people["owner"].get("/v1/me/tokens")["data"] == []


@pytest.mark.also_on_mariadb
def test_an_agent_owns_what_it_makes_and_sees_nothing_of_who_made_it(server: Server, team: Team) -> None:
    owner = team.people["owner"]
    owner.post("/v1/tasks", title="The owner's")
    bot = add_bot(server, team)
    task = ok(bot.http.post("/v1/tasks", json={"title": "The robot's"}))
    assert [row["id"] for row in ok(bot.http.get("/v1/tasks"))["data"]] == [task["id"]]
    assert [row["title"] for row in owner.get("/v1/tasks")["data"]] == ["The owner's"]


@ON_ONE_ENGINE
def test_a_key_does_what_its_scopes_say(server: Server, team: Team) -> None:
    reader = add_bot(server, team, scopes=("read",)).http
    assert reader.get("/v1/tasks").status_code == 200
    problem_of(reader.post("/v1/tasks", json={"title": "x"}), 403)
    bot = add_bot(server, team, "Chatter", scopes=("events:write",)).http
    problem_of(bot.get("/v1/events"), 403)
    assert bot.post("/v1/events", json={"type": "note", "payload": {}}).status_code == 201


@ON_ONE_ENGINE
def test_an_agent_has_nothing_to_do_with_membership_profile_and_keys(server: Server, team: Team) -> None:
    bot = add_bot(server, team)
    for path in (
        "/v1/me",
        "/v1/me/tokens",
        "/v1/accounts",
        f"{team.path}/members",
        bot.path,
        f"{bot.path}/tokens",
    ):
        problem_of(bot.http.get(path), 403)
    problem_of(bot.http.post(f"{bot.path}/tokens", json={"name": "more", "scopes": ["read"]}), 403)
    problem_of(bot.http.patch(bot.path, json={"name": "Boss"}), 403)
    problem_of(bot.http.delete(bot.path), 403)


@pytest.mark.also_on_mariadb
def test_an_agent_posts_under_its_own_name_and_reads_its_inbox(server: Server, team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    bot = add_bot(server, team)
    # To all members without naming the account: an agent has one of its own.
    said = ok(bot.http.post("/v1/events", json={"type": "report", "payload": {"sales": 3}}))
    assert said["sender"] == {"type": "agent", "id": bot.id, "name": "Robot"}
    assert (said["account_id"], said["recipient_id"]) == (team.id, None)
    [seen] = member.get("/v1/events", type="report")["data"]
    assert seen == said
    asked = member.post("/v1/events", type="question", payload={"q": 1}, recipient_id=bot.id)
    mine = ok(bot.http.get("/v1/events", params={"recipient_id": bot.id}))["data"]
    assert [event["id"] for event in mine] == [asked["id"]]
    assert mine[0]["sender"]["type"] == "user"
    ok(bot.http.post("/v1/events/read", json={"event_ids": [asked["id"]]}))
    assert ok(bot.http.get("/v1/events", params={"recipient_id": bot.id, "unread": True}))["data"] == []
    # Owners and admins read its inbox, who wrote into it their own, nobody else anything.
    assert [event["id"] for event in owner.get("/v1/events", recipient_id=bot.id)["data"]] == [asked["id"]]
    stranger = server.person()
    problem_of(stranger.http.get("/v1/events", params={"recipient_id": bot.id}), 404)
    body = {"type": "question", "payload": {}, "recipient_id": bot.id}
    problem_of(stranger.http.post("/v1/events", json=body), 404)


# What the last events of the agent's stream are, by what ends its key.
ENDINGS = {
    "key revoked": [],
    "agent deleted": ["agent.deleted"],
    "account deleted": ["account.deleted"],
    "row of agents deleted": [],
}


@ON_ONE_ENGINE
@pytest.mark.usefixtures("keep_rows")
@pytest.mark.parametrize("timings", [Timings(poll=60.0)])
@pytest.mark.parametrize("how", ENDINGS)
def test_a_key_that_ended_opens_nothing_and_ends_its_streams(scripted: Server, how: str) -> None:
    team = make_team(make_people(scripted, "owner", "member"))
    owner, bot = team.people["owner"], add_bot(scripted, team)
    with bot.http.stream("GET", STREAM) as answer:
        events = read_events(answer)
        reset(events)
        if how == "key revoked":
            owner.delete(f"{bot.path}/tokens/{bot.key_id}")
        elif how == "agent deleted":
            owner.delete(bot.path)
        elif how == "account deleted":
            owner.delete(team.path)
        else:
            in_database(scripted, lambda tx: delete_row(tx, bot.id))
            scripted.state.api_token_cache.forget()
        told = take(events, len(ENDINGS[how]))
        assert types(told) == ENDINGS[how]
        team.people["member"].http.patch(team.path, json={"name": "For members alone"})
        scripted.run(scripted.state.open_streams._poll())
        assert list(events) == []
    refused = bot.http.get("/v1/tasks")
    problem_of(refused, 401)
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]


async def delete_row(tx: Transaction, agent_id: str) -> None:
    await tx.execute(delete(Agent).where(col(Agent.id) == UUID(agent_id)))


@ON_ONE_ENGINE
def test_the_keys_of_other_agents_and_accounts_are_not_found(server: Server, team: Team) -> None:
    owner = team.people["owner"]
    bot, other = add_bot(server, team), add_bot(server, team, "Other")
    problem_of(owner.http.delete(f"{other.path}/tokens/{bot.key_id}"), 404)
    problem_of(owner.http.delete(f"{bot.path}/tokens/{uuid4()}"), 404)
    elsewhere = make_team(make_people(server, "owner"))
    path = bot.path.replace(team.id, elsewhere.id)
    for person in (owner, elsewhere.people["owner"]):
        problem_of(person.http.get(path), 404)
        problem_of(person.http.get(f"{path}/tokens"), 404)
        problem_of(person.http.delete(path), 404)
    assert bot.http.get("/v1/tasks").status_code == 200


@ON_ONE_ENGINE
def test_the_agents_of_a_person_who_goes_go_with_them(server: Server) -> None:
    person = server.person()
    home = Team(str(person.id), {"owner": person})
    bot = add_bot(server, home)
    ok(bot.http.post("/v1/tasks", json={"title": "Left behind"}))
    ok(person.http.request("DELETE", "/v1/me", json={"current_password": PASSWORD}))
    problem_of(bot.http.get("/v1/tasks"), 401)
