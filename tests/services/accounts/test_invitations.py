# test_invitations.py -- invitations: for one email, once, for a week; what ends them, and how many there may be.
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import httpx
import pytest

from security import hash_token
from services.accounts import accounts, invitations, joining
from services.housekeeping import Housekeeping
from support.api.accounts import Team, invite, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.problems import problem_of
from support.clock import pass_time
from support.databases.table_rows import read_rows
from support.servers import Person, Server, ok, with_database


def accept(person: Person, token: str, **headers: str) -> httpx.Response:
    return person.http.post("/v1/invitations/accept", json={"token": token}, headers=headers)


def open_emails(manager: Person, team: Team) -> list[str]:
    return [row["email"] for row in manager.get(f"{team.path}/invitations")["data"]]


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "stranger"))


@pytest.fixture
def owner(team: Team) -> Person:
    return team.people["owner"]


@pytest.fixture
def guest(team: Team) -> Person:
    """Who is to be invited."""
    return team.people["stranger"]


@pytest.mark.also_on_mariadb
def test_an_invitation_makes_a_member_of_who_has_its_email(
    server: Server, team: Team, owner: Person, guest: Person
) -> None:
    made = invite(owner, team.id, guest.email.upper(), "admin")
    assert made.keys() == {"id", "email", "role", "invited_by", "created_at", "expires_at", "token"}
    assert (made["email"], made["role"], made["invited_by"]) == (guest.email, "admin", str(owner.id))
    listed = {name: value for name, value in made.items() if name != "token"}
    other = invite(owner, team.id, "other@example.com")
    first = owner.get(f"{team.path}/invitations", limit=1)
    assert [row["id"] for row in first["data"]] == [other["id"]]
    rest = owner.get(f"{team.path}/invitations", limit=1, cursor=first["next_cursor"])
    assert rest == {"data": [listed], "next_cursor": None}
    account = ok(accept(guest, made["token"]))
    assert account == guest.get(team.path)
    assert account["role"] == "admin"
    assert team.roles() == {"owner": "owner", "stranger": "admin"}
    assert open_emails(owner, team) == ["other@example.com"]


@ON_ONE_ENGINE
def test_only_the_hash_of_a_token_is_stored(server: Server, team: Team, owner: Person, guest: Person) -> None:
    headers = {"Idempotency-Key": f"key-{uuid4()}"}
    body = {"email": guest.email}
    answer = owner.http.post(f"{team.path}/invitations", json=body, headers=headers)
    token = ok(answer)["token"]
    assert answer.headers["cache-control"] == "no-store"
    ok(accept(guest, token, **headers))
    rows = {name: " ".join(found) for name, found in read_rows(server).items()}
    assert [name for name, text in rows.items() if token in text or token[-40:] in text] == []
    assert [name for name, text in rows.items() if hash_token(token) in text] == ["account_invitations"]


@ON_ONE_ENGINE
def test_an_invitation_waits_for_somebody_who_registers_later(
    server: Server, team: Team, owner: Person
) -> None:
    email = f"{uuid4().hex}@example.com"
    token = invite(owner, team.id, email)["token"]
    newcomer = server.sign_in(server.register(email))
    assert ok(accept(newcomer, token))["id"] == team.id


@pytest.mark.also_on_mariadb
def test_with_another_email_an_invitation_looks_like_none(
    server: Server, team: Team, owner: Person, guest: Person
) -> None:
    token = invite(owner, team.id, f"{uuid4().hex}@example.com")["token"]
    nonsense = accept(guest, "parley_invite_" + "x" * 43)
    assert problem_of(accept(guest, token), 404) == problem_of(nonsense, 404)
    assert problem_of(accept(owner, token), 404) == problem_of(nonsense, 404)
    assert team.roles() == {"owner": "owner"}


@pytest.mark.also_on_mariadb
def test_an_invitation_is_good_once(team: Team, owner: Person, guest: Person) -> None:
    token = invite(owner, team.id, guest.email)["token"]
    ok(accept(guest, token))
    problem_of(accept(guest, token), 409)
    guest.delete(team.path_of("stranger"))
    problem_of(accept(guest, token), 404)
    assert team.roles() == {"owner": "owner"}


@pytest.mark.also_on_mariadb
def test_of_two_acceptances_at_once_one_counts(team: Team, owner: Person, guest: Person) -> None:
    for _ in range(3):
        token = invite(owner, team.id, guest.email)["token"]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda _, token=token: accept(guest, token), range(4)))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
        assert team.roles() == {"owner": "owner", "stranger": "member"}
        owner.delete(team.path_of("stranger"))


@ON_ONE_ENGINE
def test_an_invitation_is_good_for_a_week(
    server: Server, team: Team, owner: Person, guest: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = server.person()
    early, late = (invite(owner, team.id, person.email)["token"] for person in (guest, other))
    pass_time(monkeypatch, days=6, hours=23, minutes=59)
    guest, owner = server.sign_in(guest.email), server.sign_in(owner.email)
    ok(accept(guest, early))
    assert open_emails(owner, team) == [other.email]
    pass_time(monkeypatch, days=7, seconds=1)
    assert open_emails(owner, team) == []
    problem_of(accept(server.sign_in(other.email), late), 404)


# What ends an invitation


@pytest.mark.also_on_mariadb
def test_a_revoked_invitation_is_none(team: Team, owner: Person, guest: Person) -> None:
    made = invite(owner, team.id, guest.email)
    path = f"{team.path}/invitations/{made['id']}"
    owner.delete(path)
    assert open_emails(owner, team) == []
    problem_of(accept(guest, made["token"]), 404)
    problem_of(owner.http.delete(path), 404)


@ON_ONE_ENGINE
def test_a_new_invitation_ends_the_earlier_one_to_the_same_email(
    team: Team, owner: Person, guest: Person
) -> None:
    first = invite(owner, team.id, guest.email, "owner")["token"]
    second = invite(owner, team.id, guest.email)["token"]
    assert open_emails(owner, team) == [guest.email]
    problem_of(accept(guest, first), 404)
    assert ok(accept(guest, second))["role"] == "member"


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("way", ["is removed", "leaves", "becomes a member", "deletes themselves"])
def test_who_may_not_invite_any_more_has_no_invitations(server: Server, way: str) -> None:
    """Or a removed admin would come back by another email."""
    team = make_team(make_people(server, "owner", "admin", "stranger"))
    owner, admin, guest = (team.people[who] for who in ("owner", "admin", "stranger"))
    token = invite(admin, team.id, guest.email, "admin")["token"]
    kept = invite(owner, team.id, "kept@example.com")
    if way == "becomes a member":
        owner.patch(team.path_of("admin"), role="member")
    elif way == "deletes themselves":
        admin.delete("/v1/me")
    else:
        (owner if way == "is removed" else admin).delete(team.path_of("admin"))
    problem_of(accept(guest, token), 404)
    assert open_emails(owner, team) == [kept["email"]]


@ON_ONE_ENGINE
def test_an_owner_who_becomes_an_admin_keeps_the_invitations_that_an_admin_may_make(server: Server) -> None:
    team = make_team(make_people(server, "owner", "other owner"))
    other = team.people["other owner"]
    for role in ("owner", "admin", "member"):
        invite(other, team.id, f"{role}@example.com", role)
    team.people["owner"].patch(team.path_of("other owner"), role="admin")
    assert open_emails(other, team) == ["member@example.com", "admin@example.com"]


@ON_ONE_ENGINE
def test_who_is_removed_does_not_come_back_by_an_earlier_invitation(
    server: Server, team: Team, owner: Person, guest: Person
) -> None:
    former = guest.email
    token = invite(owner, team.id, former)["token"]
    guest.patch("/v1/me", email=f"{uuid4().hex}@example.com")
    guest.email = guest.get("/v1/me")["email"]
    team.join("stranger")
    guest.patch("/v1/me", email=former)
    problem_of(accept(guest, token), 409)
    owner.delete(team.path_of("stranger"))
    problem_of(accept(guest, token), 404)


@ON_ONE_ENGINE
def test_a_member_is_not_invited(team: Team, owner: Person, guest: Person) -> None:
    team.join("stranger")
    answer = owner.http.post(f"{team.path}/invitations", json={"email": guest.email.upper()})
    problem_of(answer, 409)
    assert open_emails(owner, team) == []


@ON_ONE_ENGINE
def test_invitations_go_with_their_account(server: Server, team: Team, owner: Person, guest: Person) -> None:
    token = invite(owner, team.id, guest.email)["token"]
    owner.delete(team.path)
    problem_of(accept(guest, token), 404)


@pytest.mark.also_on_mariadb
def test_ended_invitations_are_deleted_after_a_while(
    server: Server, team: Team, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stored() -> int:
        return sum(
            team.id in row or team.id.replace("-", "") in row
            for row in read_rows(server)["account_invitations"]
        )

    revoked = invite(owner, team.id, "revoked@example.com")
    owner.delete(f"{team.path}/invitations/{revoked['id']}")
    pass_time(monkeypatch, days=1)
    owner = server.sign_in(owner.email)
    invite(owner, team.id, "kept@example.com")
    pass_time(monkeypatch, days=2, seconds=9)
    assert stored() == 2
    url = server.settings.database_url.get_secret_value()
    with_database(url, lambda db: Housekeeping(db, run_log_retention_days=30).delete_expired())
    assert stored() == 1


# Repeats


@pytest.mark.also_on_mariadb
def test_a_repeat_with_its_key_shows_the_same_token_while_the_invitation_is_open(
    team: Team, owner: Person, guest: Person
) -> None:
    def post(key: str) -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return owner.http.post(f"{team.path}/invitations", json={"email": guest.email}, headers=headers)

    first = ok(post("first"))
    assert ok(post("first")) == first
    second = ok(post("second"))
    assert second["token"] != first["token"]
    problem_of(post("first"), 410)
    assert [row["id"] for row in owner.get(f"{team.path}/invitations")["data"]] == [second["id"]]
    ok(accept(guest, second["token"]))
    problem_of(post("second"), 410)


@pytest.mark.also_on_mariadb
def test_a_repeated_acceptance_with_its_key_gives_the_account_as_long_as_one_is_a_member(
    team: Team, owner: Person, guest: Person
) -> None:
    token = invite(owner, team.id, guest.email)["token"]
    key = {"Idempotency-Key": "once"}
    first = ok(accept(guest, token, **key))
    assert ok(accept(guest, token, **key)) == first
    renamed = owner.patch(team.path, name="Café")
    assert ok(accept(guest, token, **key))["name"] == renamed["name"]
    problem_of(accept(guest, token, **{"Idempotency-Key": "another"}), 409)
    owner.delete(team.path_of("stranger"))
    problem_of(accept(guest, token, **key), 410)
    assert team.roles() == {"owner": "owner"}


# Bounds


@ON_ONE_ENGINE
def test_an_account_has_so_many_open_invitations(
    team: Team, owner: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "OPEN_PER_ACCOUNT", 2)
    made = [invite(owner, team.id, f"{n}@example.com") for n in range(2)]
    path = f"{team.path}/invitations"
    assert "2" in problem_of(owner.http.post(path, json={"email": "x@example.com"}), 409)["detail"]
    invite(owner, team.id, "1@example.com")  # in place of the earlier one
    owner.delete(f"{path}/{made[0]['id']}")
    invite(owner, team.id, "x@example.com")
    monkeypatch.setattr(invitations, "STORED_PER_ACCOUNT", 4)
    owner.delete(f"{path}/{owner.get(path)['data'][0]['id']}")
    problem_of(owner.http.post(path, json={"email": "y@example.com"}), 409)


@ON_ONE_ENGINE
def test_an_account_has_so_many_members_and_a_user_so_many_accounts(
    server: Server, team: Team, owner: Person, guest: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = invite(owner, team.id, guest.email, "owner")["token"]
    monkeypatch.setattr(joining, "MEMBERS_PER_ACCOUNT", 1)
    problem_of(accept(guest, token), 409)
    monkeypatch.setattr(joining, "MEMBERS_PER_ACCOUNT", 2)
    monkeypatch.setattr(accounts, "TEAMS_PER_OWNER", 1)
    mine = guest.post("/v1/accounts", name="Mine")["id"]
    problem_of(guest.http.post("/v1/accounts", json={"name": "Another"}), 409)
    problem_of(accept(guest, token), 409)
    guest.delete(f"/v1/accounts/{mine}")
    ok(accept(guest, token))
    monkeypatch.setattr(accounts, "TEAMS_PER_OWNER", 9)
    monkeypatch.setattr(accounts, "MEMBERSHIPS_PER_USER", 1)
    problem_of(guest.http.post("/v1/accounts", json={"name": "Another"}), 409)
    other = make_team(make_people(server, "owner"))
    token = invite(other.people["owner"], other.id, guest.email)["token"]
    problem_of(accept(guest, token), 409)
    assert other.roles() == {"owner": "owner"}
    assert len(guest.get("/v1/accounts")["data"]) == 2


def test_two_accounts_at_once_do_not_both_take_the_last_place(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(accounts, "TEAMS_PER_OWNER", 1)
    with ThreadPoolExecutor(4) as pool:
        posts = list(pool.map(lambda n: ann.http.post("/v1/accounts", json={"name": f"{n}"}), range(4)))
    assert sorted(answer.status_code for answer in posts) == [201, 409, 409, 409]


@pytest.mark.also_on_mariadb
def test_of_guests_who_come_at_once_so_many_come_in_as_there_is_room_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    guests = ("first", "second", "third")
    team = make_team(make_people(server, "owner"))
    people = make_people(server, *guests)
    tokens = {who: invite(team.people["owner"], team.id, people[who].email)["token"] for who in guests}
    monkeypatch.setattr(joining, "MEMBERS_PER_ACCOUNT", 2)
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda who: accept(people[who], tokens[who]).status_code, guests))
    assert sorted(answers) == [200, 409, 409]
    assert len(team.people["owner"].get(f"{team.path}/members")["data"]) == 2
