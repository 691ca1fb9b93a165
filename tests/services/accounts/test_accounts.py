# test_accounts.py -- accounts: the personal one that everybody has, and teams that are made, renamed and listed.
from functools import partial
from uuid import UUID

import pytest

from access import Caller
from db import Database
from pagination import Page
from services.accounts import accounts, invitations, members
from support.api.accounts import invite, join, make_people, make_team
from support.databases.statements import list_statements
from support.servers import Person, Server


@pytest.mark.also_on_mariadb
def test_everybody_has_a_personal_account_and_makes_teams(server: Server) -> None:
    ann = server.person(display_name="Ann")
    [personal] = ann.get("/v1/accounts")["data"]
    assert (personal["id"], personal["name"], personal["kind"]) == (str(ann.id), "Ann", "personal")
    team = ann.post("/v1/accounts", name="  Bakery ")
    assert (team["name"], team["kind"], team["role"]) == ("Bakery", "team", "owner")
    assert ann.get("/v1/accounts") == {"data": [personal, team], "next_cursor": None}
    assert ann.get(f"/v1/accounts/{team['id']}") == team
    changed = ann.patch(f"/v1/accounts/{team['id']}", name="Café")
    assert changed == {**team, "name": "Café", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > team["updated_at"]
    assert ann.get(f"/v1/accounts/{team['id']}") == changed


def test_a_user_without_a_name_has_an_account_with_one(ann: Person) -> None:
    assert [account["name"] for account in ann.get("/v1/accounts")["data"]] == ["Personal"]


@pytest.mark.also_on_mariadb
def test_pages_of_accounts_follow_each_other_in_the_order_of_joining(ann: Person, bob: Person) -> None:
    theirs = bob.post("/v1/accounts", name="Of Bob")["id"]
    mine = [ann.post("/v1/accounts", name=f"Team {n}")["id"] for n in range(3)]
    join(bob, theirs, ann)
    seen, cursor, sizes = [], None, []
    while True:
        page = ann.get("/v1/accounts", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [account["id"] for account in page["data"]]
        sizes.append(len(page["data"]))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sizes == [2, 2, 1]
    assert seen == [str(ann.id), *mine, theirs]


def test_a_list_of_accounts_is_one_statement_and_a_list_within_one_takes_two(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    caller, account_id = Caller(team.people["owner"].id, None), UUID(team.id)
    invite(team.people["owner"], team.id, "somebody@example.com")
    for _ in range(3):
        team.people["owner"].post("/v1/accounts", name="Another")

    async def list_all(db: Database) -> bytes:
        return await accounts.list_accounts(db, caller, Page())

    assert len(list_statements(server, list_all)) == 1
    for noun in (members.list_members, invitations.list_invitations):
        assert (
            len(list_statements(server, partial(noun, caller=caller, account_id=account_id, page=Page())))
            == 2
        )
