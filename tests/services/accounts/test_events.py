# test_events.py -- what is told of an account: to all who are members, and to whose place in it begins or ends.
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col, select

from db import Transaction
from models import AccountMember, Event
from support.api.accounts import Team, make_people, make_team
from support.servers import Server, in_database


def told(server: Server, team: Team, after: int = 0) -> list[Any]:
    """What was written since: for whom ("all", or what they are to the team), the type, the payload; and the ids."""
    names = {person.id: who for who, person in team.people.items()} | {UUID(team.id): "all"}

    async def read(tx: Transaction) -> list[Any]:
        found = select(Event).where(col(Event.audience_id).in_(names), col(Event.id) > after)
        rows = list((await tx.execute(found.order_by(col(Event.id)))).scalars())
        assert [
            row for row in rows if (row.audience == "account") != (row.audience_id == UUID(team.id))
        ] == []
        return [(names[row.audience_id], row.type, row.payload, row.id) for row in rows]

    return in_database(server, read)


def joined_after(server: Server, team: Team, who: str) -> int | None:
    async def read(tx: Transaction) -> int | None:
        place = (
            col(AccountMember.account_id) == UUID(team.id),
            col(AccountMember.user_id) == team.people[who].id,
        )
        return (await tx.execute(select(AccountMember.joined_event_id).where(*place))).scalar_one()

    return in_database(server, read)


@pytest.mark.also_on_mariadb
def test_every_change_is_told_to_the_members_and_to_whom_it_lets_in_or_out(server: Server) -> None:
    team = make_team(make_people(server, "owner", "stranger"))
    owner, guest = team.people["owner"], team.people["stranger"]
    member = {"user_id": str(guest.id), "kind": "person", "name": "The stranger", "role": "member"}
    account = {name: value for name, value in owner.get(team.path).items() if name != "role"}
    [(who, type_, payload, seen)] = told(server, team)
    assert (who, type_, payload["account"]) == ("owner", "member.added", account)
    assert payload["member"]["role"] == "owner"
    assert joined_after(server, team, "owner") is None

    team.join("stranger")
    [(first, added, payload, _), (second, own_added, own_payload, own_id)] = told(server, team, seen)
    assert (first, added, second, own_added) == ("all", "member.added", "stranger", "member.added")
    assert payload == {"account_id": team.id, "member": payload["member"]}
    assert own_payload == {"account": account, "member": payload["member"]}
    assert payload["member"].items() >= member.items()
    assert joined_after(server, team, "stranger") == own_id

    owner.patch(team.path_of("stranger"), role="admin")
    changed = guest.patch(team.path, name="Café")
    guest.delete(team.path_of("stranger"))
    rest = told(server, team, own_id)
    assert [(who, type_) for who, type_, _, _ in rest] == [
        ("all", "member.updated"),
        ("all", "account.updated"),
        ("stranger", "member.removed"),
        ("all", "member.removed"),
    ]
    gone = {"account_id": team.id, "user_id": str(guest.id)}
    assert rest[0][2] == {"account_id": team.id, "member": {**payload["member"], "role": "admin"}}
    assert rest[1][2] == {"account": {name: value for name, value in changed.items() if name != "role"}}
    assert rest[2][2] == rest[3][2] == gone


def test_a_deletion_is_told_to_each_who_was_a_member_and_to_nobody_else(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member", "removed", "stranger"))
    seen = told(server, team)[-1][3]
    team.people["owner"].delete(team.path)
    assert sorted((who, type_) for who, type_, _, _ in told(server, team, seen)) == [
        ("member", "account.deleted"),
        ("owner", "account.deleted"),
    ]
    assert all(payload == {"account_id": team.id} for _, _, payload, _ in told(server, team, seen))


def test_a_user_who_goes_is_told_of_as_one_who_leaves(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    seen = told(server, team)[-1][3]
    team.people["member"].delete("/v1/me")
    # The events of whoever goes are deleted with them.
    [(who, type_, payload, _)] = told(server, team, seen)
    gone = {"account_id": team.id, "user_id": str(team.people["member"].id)}
    assert (who, type_, payload) == ("all", "member.removed", gone)


def test_what_is_refused_is_told_to_nobody(server: Server) -> None:
    team = make_team(make_people(server, "owner", "member"))
    seen = told(server, team)[-1][3]
    member, owner = team.people["member"], team.people["owner"]
    member.http.patch(team.path, json={"name": "Mine"})
    member.http.delete(team.path)
    member.http.delete(team.path_of("owner"))
    owner.http.patch(team.path_of("owner"), json={"role": "member"})
    owner.http.delete(team.path_of("owner"))
    owner.http.delete("/v1/me")
    assert told(server, team, seen) == []
