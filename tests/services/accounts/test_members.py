# test_members.py -- members of an account: their list, their roles, how they go, and that an owner stays.
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import httpx
import pytest

from db import Transaction
from models import AccountMember
from support.api.accounts import Team, join, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.problems import problem_of
from support.databases.table_rows import add_user
from support.servers import Person, Server, in_database


@pytest.mark.also_on_mariadb
def test_members_are_listed_in_the_order_of_joining_with_name_and_role(server: Server) -> None:
    people = make_people(server, "owner", "member", "admin")
    team = make_team(people)
    shown = people["member"].get(f"{team.path}/members")
    assert [(row["user_id"], row["kind"], row["name"], row["role"]) for row in shown["data"]] == [
        (str(people[who].id), "person", f"The {who}", who) for who in ("owner", "member", "admin")
    ]
    assert [set(row) for row in shown["data"]] == [{"user_id", "kind", "name", "role", "joined_at"}] * 3
    assert people["member"].get(team.path)["role"] == "member"
    first = people["member"].get(f"{team.path}/members", limit=2)
    rest = people["member"].get(f"{team.path}/members", limit=2, cursor=first["next_cursor"])
    assert [*first["data"], *rest["data"]] == shown["data"]
    assert rest["next_cursor"] is None


@pytest.mark.also_on_mariadb
def test_a_member_gets_another_role_and_leaves(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    owner, member = team.people["owner"], team.people["member"]
    changed = owner.patch(team.path_of("member"), role="admin")
    assert owner.get(f"{team.path}/members")["data"][1] == changed
    assert changed["role"] == member.get(team.path)["role"] == "admin"
    member.delete(team.path_of("member"))
    assert team.roles() == {"owner": "owner"}
    problem_of(member.http.get(team.path), 404)
    assert [account["kind"] for account in member.get("/v1/accounts")["data"]] == ["personal"]


@ON_ONE_ENGINE
def test_who_was_removed_may_be_invited_again(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    team.people["owner"].delete(team.path_of("member"))
    assert team.join("member", "admin")["role"] == "admin"


@ON_ONE_ENGINE
def test_the_last_owner_stays_one_until_there_is_another(server: Server) -> None:
    team = make_team(make_people(server, "owner", "admin"))
    owner, admin = team.people["owner"], team.people["admin"]
    for role in ("admin", "member"):
        problem = problem_of(owner.http.patch(team.path_of("owner"), json={"role": role}), 409)
        assert "owner" in problem["detail"]
    problem_of(owner.http.delete(team.path_of("owner")), 409)
    assert team.roles() == {"owner": "owner", "admin": "admin"}
    owner.patch(team.path_of("admin"), role="owner")
    owner.patch(team.path_of("owner"), role="member")
    problem_of(admin.http.delete(team.path_of("admin")), 409)
    assert team.roles() == {"owner": "member", "admin": "owner"}


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_of_two_owners_who_step_down_at_once_one_stays(server: Server, method: str) -> None:
    people = make_people(server, "owner", "other owner")
    for _ in range(4):
        team = make_team(people)

        def step_down(who: str, team: Team = team) -> httpx.Response:
            body = {"role": "member"} if method == "PATCH" else None
            return people[who].http.request(method, team.path_of(who), json=body)

        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(step_down, people))
        assert sorted(answer.is_success for answer in answers) == [False, True]
        problem_of(*[answer for answer in answers if not answer.is_success], 409)
        stays = list(people)[[answer.is_success for answer in answers].index(False)]
        members = people[stays].get(f"{team.path}/members")["data"]
        assert [row["user_id"] for row in members if row["role"] == "owner"] == [str(people[stays].id)]


@ON_ONE_ENGINE
def test_two_owners_who_remove_each_other_at_once_do_not_both_go(server: Server) -> None:
    team = make_team(make_people(server, "owner", "other owner"))
    with ThreadPoolExecutor(2) as pool:
        pairs = [("owner", "other owner"), ("other owner", "owner")]
        answers = list(pool.map(lambda pair: team.people[pair[0]].http.delete(team.path_of(pair[1])), pairs))
    assert sorted(answer.status_code for answer in answers) == [204, 404]


@ON_ONE_ENGINE
def test_a_personal_account_is_for_its_person_alone(server: Server, ann: Person, bob: Person) -> None:
    personal = Team(str(ann.id), {"owner": ann, "stranger": bob})
    problem_of(ann.http.delete(personal.path), 409)
    problem_of(ann.http.delete(personal.path_of("owner")), 409)
    problem_of(ann.http.patch(personal.path_of("owner"), json={"role": "member"}), 409)
    problem_of(ann.http.post(f"{personal.path}/invitations", json={"email": bob.email}), 409)
    assert personal.roles() == {"owner": "owner"}
    assert ann.patch(personal.path, name="At home")["name"] == "At home"


@pytest.mark.also_on_mariadb
def test_an_agent_among_the_members_is_shown_as_one_and_keeps_its_role(server: Server, ann: Person) -> None:
    account_id = ann.post("/v1/accounts", name="Bakery")["id"]

    async def add_agent(tx: Transaction) -> UUID:
        agent = await add_user(tx)
        tx.add(AccountMember(account_id=UUID(account_id), user_id=agent.id, role="agent"))
        await tx.flush()
        return agent.id

    agent_id = in_database(server, add_agent)
    [_, shown] = ann.get(f"/v1/accounts/{account_id}/members")["data"]
    assert (shown["user_id"], shown["kind"], shown["role"]) == (str(agent_id), "agent", "agent")
    problem_of(ann.http.patch(f"/v1/accounts/{account_id}/members/{agent_id}", json={"role": "member"}), 409)


@ON_ONE_ENGINE
def test_the_cursor_of_one_accounts_members_does_not_serve_anothers(ann: Person, bob: Person) -> None:
    paths = []
    for name in ("First", "Second"):
        account_id = ann.post("/v1/accounts", name=name)["id"]
        join(ann, account_id, bob)
        paths.append(f"/v1/accounts/{account_id}/members")
    cursor = ann.get(paths[0], limit=1)["next_cursor"]
    problem_of(ann.http.get(paths[1], params={"cursor": cursor}), 422)
