# test_leaving.py -- a user who goes leaves all teams, and stays while a team would lose its last owner.
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.api.accounts import Team, join, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.problems import problem_of
from support.databases.table_rows import read_rows
from support.servers import Person, Server


@pytest.mark.also_on_mariadb
def test_a_user_who_goes_leaves_their_teams_and_takes_the_personal_account_along(server: Server) -> None:
    people = make_people(server, "owner", "other owner", "member")
    teams = [make_team(people, f"Team {n}") for n in range(2)]
    people["other owner"].delete("/v1/me")
    people["member"].delete("/v1/me")
    for team in teams:
        assert team.roles() == {"owner": "owner"}
    gone = {str(people[who].id) for who in ("other owner", "member")}
    rows = read_rows(server)
    for table in ("users", "accounts", "account_members"):
        assert not any(id_ in row or id_.replace("-", "") in row for row in rows[table] for id_ in gone)


@pytest.mark.also_on_mariadb
def test_a_user_stays_while_a_team_would_lose_its_last_owner(server: Server) -> None:
    people = make_people(server, "owner", "admin")
    team, handed_over = make_team(people, "Bakery"), make_team(people, "Library")
    owner, admin = people["owner"], people["admin"]
    owner.patch(handed_over.path_of("admin"), role="owner")
    before = [owner.get(path) for path in ("/v1/me", "/v1/accounts", f"{team.path}/members")]
    problem = problem_of(owner.http.delete("/v1/me"), 409)
    assert "“Bakery”" in problem["detail"]
    assert "Library" not in problem["detail"]
    assert [owner.get(path) for path in ("/v1/me", "/v1/accounts", f"{team.path}/members")] == before
    owner.patch(team.path_of("admin"), role="owner")
    owner.delete("/v1/me")
    problem_of(owner.http.get("/v1/me"), 401)
    for account in (team, handed_over):
        assert [row["role"] for row in admin.get(f"{account.path}/members")["data"]] == ["owner"]


@ON_ONE_ENGINE
def test_a_team_of_ones_own_has_to_be_deleted_first(ann: Person) -> None:
    names = ["First", "Second", "Third", "Fourth", "Fifth"]
    ids = [ann.post("/v1/accounts", name=name)["id"] for name in names]
    detail = problem_of(ann.http.delete("/v1/me"), 409)["detail"]
    assert sum(f"“{name}”" in detail for name in names) == 3
    assert "and 2 more" in detail
    for account_id in ids:
        ann.delete(f"/v1/accounts/{account_id}")
    ann.delete("/v1/me")


@pytest.mark.also_on_mariadb
def test_of_two_owners_who_go_at_once_one_stays(server: Server) -> None:
    for _ in range(3):
        people = make_people(server, "owner", "other owner")
        team = make_team(people)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda person: person.http.delete("/v1/me"), people.values()))
        assert sorted(answer.status_code for answer in answers) == [204, 409]
        stays = people["owner" if answers[0].status_code == 409 else "other owner"]
        [member] = stays.get(f"{team.path}/members")["data"]
        assert (member["user_id"], member["role"]) == (str(stays.id), "owner")


def test_who_goes_and_who_is_made_an_owner_meanwhile_leave_no_team_without_one(server: Server) -> None:
    """The one hands the team over and leaves it, while the other deletes themselves."""
    for _ in range(3):
        people = make_people(server, "owner", "member")
        team = make_team(people)
        owner, member = people["owner"], people["member"]

        def hand_over(team: Team = team, owner: Person = owner) -> list[int]:
            given = owner.http.patch(team.path_of("member"), json={"role": "owner"})
            return [given.status_code, owner.http.delete(team.path_of("owner")).status_code]

        with ThreadPoolExecutor(2) as pool:
            goes = pool.submit(member.http.delete, "/v1/me")
            given, left = pool.submit(hand_over).result()
        assert (given, left, goes.result().status_code) in [(200, 204, 409), (200, 409, 204), (404, 409, 204)]


@ON_ONE_ENGINE
def test_a_user_of_no_team_goes_as_before(server: Server, ann: Person, bob: Person) -> None:
    join(bob, bob.post("/v1/accounts", name="Of Bob")["id"], ann)
    problem_of(bob.http.delete("/v1/me"), 409)
    ann.delete("/v1/me")
    server.sign_in(server.register(ann.email)).delete("/v1/me")
