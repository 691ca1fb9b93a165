# test_deletion.py -- a deleted account: nobody sees it from that moment on, and its rows go a slice at a time.
from functools import partial
from uuid import UUID

import pytest
from sqlalchemy import func, insert, or_, select
from sqlmodel import SQLModel

from access import SYSTEM, Caller
from db import Transaction
from events.event_log import number_events
from models import AccountMember, Event
from services.accounts import account_removal
from services.accounts.accounts import mark_account_deleted
from support.api.accounts import WHO, Team, invite, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.problems import problem_of
from support.databases.statements import list_statements
from support.databases.table_rows import add_user
from support.servers import Person, Server, in_database, ok, serving, settings_for, wait_until

MANY = 40


def fill(server: Server, team: Team, many: int = MANY) -> None:
    """Events for the account, and members of whom nobody signs in."""
    account_id = UUID(team.id)

    async def add(tx: Transaction) -> None:
        told = {"audience": "account", "audience_id": account_id, "type": "account.updated", "payload": {}}
        await tx.execute(insert(Event), [told] * many)
        users = [await add_user(tx) for _ in range(min(many, MANY))]
        members = [{"account_id": account_id, "user_id": user.id, "role": "member"} for user in users]
        await tx.execute(insert(AccountMember), members)

    in_database(server, add)
    for n in range(3):
        invite(team.people["owner"], team.id, f"{n}@example.com")


def rows_of(server: Server, team: Team) -> dict[str, int]:
    """How many rows of each table are the account's, by the columns that say so."""

    async def count(tx: Transaction) -> dict[str, int]:
        found = {}
        for table in SQLModel.metadata.sorted_tables:
            column = "id" if table.name == "accounts" else "account_id"
            theirs = [table.c[name] == UUID(team.id) for name in (column, "audience_id") if name in table.c]
            if theirs:
                counted = select(func.count()).select_from(table).where(or_(*theirs))
                found[table.name] = int((await tx.execute(counted)).scalar_one())
        assert {"accounts", "account_members", "account_invitations", "events", "event_log"} <= found.keys()
        return {name: number for name, number in found.items() if number}

    return in_database(server, count)


@ON_ONE_ENGINE
@pytest.mark.usefixtures("keep_rows")
def test_nobody_sees_anything_of_an_account_from_the_moment_of_its_deletion(server: Server) -> None:
    people = make_people(server, *WHO)
    key = {"Idempotency-Key": "make"}
    made = ok(people["owner"].http.post("/v1/accounts", json={"name": "Bakery"}, headers=key))
    team = Team(made["id"], people)
    team.join("admin", "admin")
    team.join("member")
    open_one = invite(people["owner"], team.id, people["stranger"].email)
    people["owner"].delete(team.path)
    assert rows_of(server, team)["account_members"] == 3
    for person in people.values():
        assert [row["kind"] for row in person.get("/v1/accounts")["data"]] == ["personal"]
        for path in ("", "/members", "/invitations"):
            problem_of(person.http.get(team.path + path), 404)
        problem_of(person.http.patch(team.path, json={"name": "Mine"}), 404)
        problem_of(person.http.delete(team.path), 404)
        problem_of(person.http.patch(team.path_of("member"), json={"role": "admin"}), 404)
        problem_of(person.http.delete(f"{team.path}/members/{person.id}"), 404)
        problem_of(person.http.post(f"{team.path}/invitations", json={"email": "x@example.com"}), 404)
        problem_of(person.http.delete(f"{team.path}/invitations/{open_one['id']}"), 404)
    accept = people["stranger"].http.post("/v1/invitations/accept", json={"token": open_one["token"]})
    problem_of(accept, 404)
    repeat = people["owner"].http.post("/v1/accounts", json={"name": "Bakery"}, headers=key)
    problem_of(repeat, 410)


@pytest.mark.also_on_mariadb
@pytest.mark.usefixtures("keep_rows")
def test_the_rows_of_an_account_go_in_slices_and_those_of_others_stay(server: Server) -> None:
    people = make_people(server, "owner", "member")
    team, other = make_team(people), make_team(people, "Another")
    fill(server, team)
    in_database(server, lambda tx: number_events(tx, SYSTEM))
    others = rows_of(server, other)
    people["owner"].delete(team.path)

    async def slice_(tx: Transaction) -> bool:
        return await account_removal.delete_account_slice(tx, SYSTEM, UUID(team.id), 25)

    sizes, before = [], sum(rows_of(server, team).values())
    assert before > 2 * MANY
    while in_database(server, slice_):
        after = sum(rows_of(server, team).values())
        sizes.append(before - after)
        before = after
    assert len(sizes) >= 2 * MANY // 25
    assert max(sizes) <= 2 * 25, "the number of an event goes with it"
    assert rows_of(server, team) == {}
    assert rows_of(server, other) == others
    assert other.roles() == {"owner": "owner", "member": "member"}


def test_an_account_that_is_not_deleted_loses_nothing(server: Server) -> None:
    team = make_team(make_people(server, "owner"))
    before = rows_of(server, team)
    assert not in_database(server, lambda tx: account_removal.delete_account_slice(tx, SYSTEM, UUID(team.id)))
    assert rows_of(server, team) == before


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_ten_thousand_rows_are_gone_with_the_answer(server: Server) -> None:
    team = make_team(make_people(server, "owner"))
    fill(server, team, 9_900)
    team.people["owner"].delete(team.path)
    assert rows_of(server, team) == {}


@pytest.mark.usefixtures("keep_rows")
def test_what_a_worker_has_left_is_deleted_by_the_next_one(
    own_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(own_database_url)
    with serving(settings) as server:
        team = make_team(make_people(server, "owner"))
        fill(server, team)
        team.people["owner"].delete(team.path)
        assert rows_of(server, team)["events"] == MANY
    monkeypatch.undo()
    with serving(settings) as server:
        wait_until(lambda: rows_of(server, team) == {})


@pytest.mark.parametrize("engine_name", ["postgresql", "mariadb"], indirect=True)
@pytest.mark.usefixtures("keep_rows")
def test_a_deletion_takes_as_many_statements_however_many_members_are_told(
    server: Server, ann: Person
) -> None:
    counts = []
    for many in (1, 30):
        team = Team(ann.post("/v1/accounts", name="Bakery")["id"], {"owner": ann})
        fill(server, team, many)
        mark = partial(mark_account_deleted, caller=Caller(ann.id, None), account_id=UUID(team.id))
        counts.append(len(list_statements(server, lambda db, mark=mark: db.write(mark))))  # type: ignore[misc]
    assert counts[0] == counts[1] <= 7
