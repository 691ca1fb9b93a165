# test_agents.py -- the agents of an account: their list, what they are given, and that nobody signs in as one.
from uuid import UUID

import pytest
from sqlalchemy import select, update
from sqlmodel import col

from db import Transaction
from models import User
from models.agent import BUILT_IN_ID
from services.agents.agents import AGENTS_PER_ACCOUNT
from support.api.accounts import Team, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.problems import problem_of
from support.api.user_streams import opened, reset, take
from support.servers import PASSWORD, Server, in_database

BUILT_IN = str(BUILT_IN_ID)


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member"))


@pytest.mark.also_on_mariadb
def test_the_built_in_agent_stands_first_and_then_the_oldest(team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    path = f"{team.path}/agents"
    made = [owner.post(path, name=name) for name in ("Zoe", "Abe")]
    built_in, *others = member.get(path)["data"]
    assert others == made
    assert (built_in["id"], built_in["kind"], built_in["name"]) == (BUILT_IN, "hosted", "Parley")
    assert built_in["account_id"] == team.id
    assert [built_in[name] for name in ("instructions", "model", "tools")] == [None, None, None]
    assert member.get(f"{path}/{BUILT_IN}") == built_in
    assert member.get(f"{path}/{made[0]['id']}") == made[0]
    # A newcomer finds one in the account that everybody has.
    [only] = member.get(f"/v1/accounts/{member.id}/agents")["data"]
    assert only["id"] == BUILT_IN


@pytest.mark.also_on_mariadb
def test_an_agent_has_what_it_was_given_and_is_changed_field_by_field(team: Team) -> None:
    owner = team.people["owner"]
    given = {
        "name": "Support",
        "kind": "hosted",
        "description": "Answers customers",
        "instructions": "Two sentences at most.",
        "model": "rules",
        "tools": ["list_tasks", "add_task"],
    }
    agent = owner.post(f"{team.path}/agents", **given)
    assert {name: agent[name] for name in given} == given
    assert set(agent) == {*given, "id", "account_id", "created_at", "updated_at"}
    changed = owner.patch(f"{team.path}/agents/{agent['id']}", name="Help", instructions=None, tools=[])
    assert changed["updated_at"] > agent["updated_at"]
    expected = {
        **agent,
        "name": "Help",
        "instructions": None,
        "tools": [],
        "updated_at": changed["updated_at"],
    }
    assert changed == expected
    assert owner.get(f"{team.path}/agents")["data"][1:] == [changed]


@ON_ONE_ENGINE
def test_an_agent_is_a_member_by_its_name_and_goes_as_an_agent_alone(team: Team) -> None:
    owner = team.people["owner"]
    agent = owner.post(f"{team.path}/agents", name="Support")
    owner.patch(f"{team.path}/agents/{agent['id']}", name="Help")
    seat = team.people["member"].get(f"{team.path}/members")["data"][-1]
    assert (seat["user_id"], seat["kind"], seat["name"], seat["role"]) == (
        agent["id"],
        "agent",
        "Help",
        "agent",
    )
    member = f"{team.path}/members/{agent['id']}"
    assert "delete the agent" in problem_of(owner.http.delete(member), 409)["detail"]
    problem_of(owner.http.patch(member, json={"role": "member"}), 409)


@ON_ONE_ENGINE
def test_the_members_are_told_of_agents(team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    with opened(member) as stream:
        reset(stream)
        agent = owner.post(f"{team.path}/agents", name="Support")
        changed = owner.patch(f"{team.path}/agents/{agent['id']}", description="Helps")
        owner.delete(f"{team.path}/agents/{agent['id']}")
        assert [(event.type, event.data) for event in take(stream, 3)] == [
            ("agent.created", {"agent": agent}),
            ("agent.updated", {"agent": changed}),
            ("agent.deleted", {"account_id": team.id, "agent_id": agent["id"]}),
        ]


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"kind": "robot"}, "kind"),
        ({"instructions": "x" * 8_001}, "instructions"),
        ({"description": "x" * 1_001}, "description"),
        ({"model": "gpt-of-somebody-else"}, "model"),
        ({"tools": ["rm_rf"]}, "tools"),
        ({"tools": ["add_task", "add_task"]}, "tools"),
        ({"tools": "add_task"}, "tools"),
        ({"kind": "external", "instructions": "Think."}, "instructions"),
        ({"kind": "external", "model": "rules"}, "model"),
        ({"kind": "external", "tools": []}, "tools"),
    ],
)
def test_what_an_agent_cannot_have_is_refused_and_said_where(
    team: Team, wrong: dict[str, object], field: str
) -> None:
    owner = team.people["owner"]
    before = owner.get(f"{team.path}/agents")
    problem = problem_of(owner.http.post(f"{team.path}/agents", json={"name": "A", **wrong}), 422)
    assert problem["errors"][0]["loc"][:2] == ["body", field]
    assert owner.get(f"{team.path}/agents") == before


@ON_ONE_ENGINE
def test_an_external_agent_is_not_given_what_only_hosted_ones_have(team: Team) -> None:
    owner = team.people["owner"]
    agent = owner.post(f"{team.path}/agents", name="Mine", kind="external")
    path = f"{team.path}/agents/{agent['id']}"
    for change in ({"instructions": "Think."}, {"model": "rules"}, {"tools": ["add_task"]}):
        problem_of(owner.http.patch(path, json=change), 422)
    problem_of(owner.http.patch(path, json={"kind": "hosted"}), 422)
    assert owner.get(path) == agent


@ON_ONE_ENGINE
def test_the_built_in_agent_is_the_operators(team: Team) -> None:
    owner = team.people["owner"]
    path = f"{team.path}/agents/{BUILT_IN}"
    problem_of(owner.http.patch(path, json={"name": "Mine"}), 403)
    problem_of(owner.http.delete(path), 403)
    problem_of(owner.http.post(f"{path}/tokens", json={"name": "key", "scopes": ["read"]}), 403)
    problem_of(owner.http.get(f"{path}/tokens"), 403)


@pytest.mark.also_on_mariadb
def test_nobody_signs_in_as_an_agent_whatever_its_row_says(server: Server, team: Team) -> None:
    agent = team.people["owner"].post(f"{team.path}/agents", name="Support")
    agent_id = UUID(agent["id"])

    async def read(tx: Transaction) -> tuple[str, str, str]:
        row = select(col(User.email), col(User.password_hash), col(User.kind)).where(col(User.id) == agent_id)
        return tuple((await tx.execute(row)).one())  # type: ignore[return-value]

    email, password_hash, kind = in_database(server, read)
    assert (email, password_hash, kind) == (f"{agent_id}@agents.invalid", "!", "agent")
    # Even with a password that verifies, and an address that people may have.
    person = team.people["member"]
    own = select(col(User.password_hash)).where(col(User.id) == person.id)

    async def copy(tx: Transaction) -> None:
        values = {"password_hash": (await tx.execute(own)).scalar_one(), "email": "agent@example.com"}
        await tx.execute(update(User).where(col(User.id) == agent_id).values(values))

    in_database(server, copy)
    form = {"username": "agent@example.com", "password": PASSWORD}
    assert server.client().post("/v1/auth/token", data=form).status_code == 401


@ON_ONE_ENGINE
def test_an_account_has_so_many_agents(server: Server, team: Team) -> None:
    owner = team.people["owner"]
    for number in range(AGENTS_PER_ACCOUNT):
        owner.post(f"{team.path}/agents", name=f"Agent {number}")
    problem_of(owner.http.post(f"{team.path}/agents", json={"name": "One more"}), 409)
    last = owner.get(f"{team.path}/agents")["data"][-1]
    owner.delete(f"{team.path}/agents/{last['id']}")
    owner.post(f"{team.path}/agents", name="One more")


@ON_ONE_ENGINE
def test_a_repeated_request_gives_the_agent_that_it_made(team: Team) -> None:
    owner = team.people["owner"]
    path, once = f"{team.path}/agents", {"Idempotency-Key": "make-one"}
    first, again = (owner.http.post(path, json={"name": "Support"}, headers=once) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert owner.get(path)["data"][1:] == [first.json()]
