# test_rights.py -- who may do what in an account: each act, tried by everybody who stands in some relation to it.
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.api.accounts import OTHERS, WHO, Team, invite, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.problems import problem_of
from support.servers import Person, Server

NOBODY = "00000000-0000-4000-8000-00000000ffff"
# The answers to WHO, in their order: owner, admin, member, stranger, removed member.
MEMBERS, MANAGERS, OWNERS = (200, 200, 200, 404, 404), (200, 200, 403, 404, 404), (200, 403, 403, 404, 404)


@dataclass(frozen=True)
class Act:
    """`send` does it to a team. `answers` are the statuses, 200 for any good one. `changes`: it changes the team."""

    send: Callable[[Team, Person], httpx.Response]
    answers: tuple[int, ...]
    changes: bool = True


def get(path: str) -> Callable[[Team, Person], httpx.Response]:
    return lambda team, person: person.http.get(team.path + path)


def give(who: str, role: str) -> Callable[[Team, Person], httpx.Response]:
    return lambda team, person: person.http.patch(team.path_of(who), json={"role": role})


def remove(who: str) -> Callable[[Team, Person], httpx.Response]:
    return lambda team, person: person.http.delete(team.path_of(who))


def invite_as(role: str) -> Callable[[Team, Person], httpx.Response]:
    body = {"email": "somebody@example.com", "role": role}
    return lambda team, person: person.http.post(f"{team.path}/invitations", json=body)


def revoke(role: str) -> Callable[[Team, Person], httpx.Response]:
    def send(team: Team, person: Person) -> httpx.Response:
        [open_one] = [row for row in open_invitations(team) if row["role"] == role]
        return person.http.delete(f"{team.path}/invitations/{open_one['id']}")

    return send


def change_own(method: str, **body: str) -> Callable[[Team, Person], httpx.Response]:
    return lambda team, person: person.http.request(
        method, f"{team.path}/members/{person.id}", json=body or None
    )


def by_agent(method: str, path: str = "", **body: Any) -> Callable[[Team, Person], httpx.Response]:
    def send(team: Team, person: Person) -> httpx.Response:
        listed = team.people["other owner"].http.get(f"{team.path}/agents").json()
        agent_id = listed["data"][-1]["id"] if "data" in listed else NOBODY
        return person.http.request(method, f"{team.path}/agents/{agent_id}{path}", json=body or None)

    return send


ACTS = {
    "see the account": Act(get(""), MEMBERS, changes=False),
    "list the members": Act(get("/members"), MEMBERS, changes=False),
    "list the invitations": Act(get("/invitations"), MANAGERS, changes=False),
    "rename it": Act(lambda team, person: person.http.patch(team.path, json={"name": "New"}), MANAGERS),
    "delete it": Act(lambda team, person: person.http.delete(team.path), OWNERS),
    "invite a member": Act(invite_as("member"), MANAGERS),
    "invite an admin": Act(invite_as("admin"), MANAGERS),
    "invite an owner": Act(invite_as("owner"), OWNERS),
    "revoke the invitation of a member": Act(revoke("member"), MANAGERS),
    "revoke the invitation of an admin": Act(revoke("admin"), MANAGERS),
    "revoke the invitation of an owner": Act(revoke("owner"), OWNERS),
    "make a member an admin": Act(give("other member", "admin"), MANAGERS),
    "make a member an owner": Act(give("other member", "owner"), OWNERS),
    "make an admin a member": Act(give("other admin", "member"), MANAGERS),
    "make an admin an owner": Act(give("other admin", "owner"), OWNERS),
    "make an owner an admin": Act(give("other owner", "admin"), OWNERS),
    "make an owner a member": Act(give("other owner", "member"), OWNERS),
    "leave an owner an owner": Act(give("other owner", "owner"), OWNERS, changes=False),
    "remove a member": Act(remove("other member"), MANAGERS),
    "remove an admin": Act(remove("other admin"), MANAGERS),
    "remove an owner": Act(remove("other owner"), OWNERS),
    "step down": Act(change_own("PATCH", role="member"), MANAGERS),
    "make oneself an owner": Act(change_own("PATCH", role="owner"), OWNERS, changes=False),
    "leave": Act(change_own("DELETE"), MEMBERS),
    "list the agents": Act(get("/agents"), MEMBERS, changes=False),
    "see an agent": Act(by_agent("GET"), MEMBERS, changes=False),
    "create an agent": Act(
        lambda team, person: person.http.post(f"{team.path}/agents", json={"name": "New"}), MANAGERS
    ),
    "change an agent": Act(by_agent("PATCH", instructions="Be brief."), MANAGERS),
    "delete an agent": Act(by_agent("DELETE"), MANAGERS),
    "list the keys of an agent": Act(by_agent("GET", "/tokens"), MANAGERS, changes=False),
    "make a key of an agent": Act(by_agent("POST", "/tokens", name="key", scopes=["read"]), MANAGERS),
}


def open_invitations(team: Team) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = team.people["other owner"].get(f"{team.path}/invitations")["data"]
    return rows


def look(team: Team) -> Any:
    """All that there is to see of the team, as one of its owners sees it; None if it is gone."""
    watcher = team.people["other owner"]
    if watcher.http.get(team.path).status_code == 404:
        return None
    paths = [team.path, *(f"{team.path}/{part}" for part in ("members", "invitations", "agents"))]
    agents = watcher.get(f"{team.path}/agents")["data"][1:]
    paths += [f"{team.path}/agents/{agent['id']}/tokens" for agent in agents]
    return [watcher.http.get(path).json() for path in paths]


@pytest.fixture(scope="module")
def people(server: Server) -> dict[str, Person]:
    return make_people(server, *WHO, *OTHERS)


@pytest.fixture(scope="module")
def make(people: dict[str, Person]) -> Callable[[], Team]:
    def make_with_invitations() -> Team:
        team = make_team(people)
        for role in ("owner", "admin", "member"):
            invite(people["owner"], team.id, f"invited-{role}@example.com", role)
        people["owner"].post(f"{team.path}/agents", name="Support")
        return team

    return make_with_invitations


@pytest.fixture(scope="module")
def shared(make: Callable[[], Team]) -> Team:
    """For what is refused, and so changes nothing."""
    return make()


@pytest.fixture(scope="module")
def shared_as_made(shared: Team) -> Any:
    return look(shared)


@ON_ONE_ENGINE
@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("act", ACTS)
def test_an_act_is_for_those_who_have_the_right_to_it(
    shared: Team, shared_as_made: Any, make: Callable[[], Team], act: str, who: str
) -> None:
    doing = ACTS[act]
    status = doing.answers[WHO.index(who)]
    team = make() if status == 200 and doing.changes else shared
    before = shared_as_made if team is shared else look(team)
    answer = doing.send(team, team.people[who])
    if status == 200:
        assert answer.is_success, answer.text
    else:
        problem_of(answer, status)
    assert (look(team) != before) == (status == 200 and doing.changes)


@ON_ONE_ENGINE
def test_a_stranger_is_told_what_one_is_told_of_an_account_that_is_not_there(
    shared: Team, people: dict[str, Person]
) -> None:
    nowhere = Team(str(people["owner"].id), people)  # the personal account of somebody else
    nothing = Team("00000000-0000-4000-8000-000000000000", people)
    for name, act in ACTS.items():
        if not name.startswith("revoke"):
            told = [act.send(team, people["stranger"]).json() for team in (shared, nowhere, nothing)]
            assert told[0] == told[1] == told[2], name
    for who in ("stranger", "removed"):
        shown = [account["id"] for account in people[who].get("/v1/accounts")["data"]]
        assert shown == [str(people[who].id)]


@ON_ONE_ENGINE
def test_what_a_member_does_to_nobody_is_not_found(shared: Team, people: dict[str, Person]) -> None:
    for who in ("owner", "admin", "member"):
        for absent in ("stranger", "removed"):
            problem_of(people[who].http.patch(shared.path_of(absent), json={"role": "member"}), 404)
            problem_of(people[who].http.delete(shared.path_of(absent)), 404)
    for who in ("owner", "admin"):
        problem_of(people[who].http.delete(f"{shared.path}/invitations/{shared.id}"), 404)
    before = look(shared)
    other = make_team({"owner": people["owner"], "stranger": people["stranger"]}, "Another")
    invitation = invite(people["owner"], other.id, "somebody@example.com")
    problem_of(people["owner"].http.delete(f"{shared.path}/invitations/{invitation['id']}"), 404)
    assert look(shared) == before
    assert look(Team(other.id, {**people, "other owner": people["owner"]}))[2]["data"] != []
