# test_inboxes.py -- what is posted for another, or for all members of an account: who gets it, who sees it, who may.
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete

import access
from access import SYSTEM
from db import Transaction
from models import Account, AccountMember, User
from support.api.accounts import WHO, Team, join, make_people, make_team
from support.api.problems import problem_of
from support.servers import Person, Server, in_database

pytestmark = pytest.mark.also_on_mariadb
EVENTS = "/v1/events"


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, *WHO))


def post(person: Person, **fields: Any) -> dict[str, Any]:
    event: dict[str, Any] = person.post(EVENTS, type="chat.message", payload={"content": "Hello"}, **fields)
    return event


def ids(person: Person, **filters: Any) -> list[str]:
    return [event["id"] for event in person.get(EVENTS, **filters)["data"]]


def refused(person: Person, status: int, **fields: Any) -> dict[str, Any]:
    body = {"type": "chat.message", "payload": {}, **fields}
    return problem_of(person.http.post(EVENTS, json=body), status)


def make_agent(server: Server, account_id: str) -> Person:
    """A member in the role of agents, who signs in."""
    agent = server.person()

    async def add(tx: Transaction) -> None:
        await access.get_row(tx, SYSTEM, Account, UUID(account_id))
        access.add_row(tx, SYSTEM, AccountMember(account_id=UUID(account_id), user_id=agent.id, role="agent"))

    in_database(server, add)
    return agent


def test_the_inbox_of_an_agent_is_also_that_of_its_owners_and_admins(server: Server, team: Team) -> None:
    agent = make_agent(server, team.id)
    member = team.people["member"]
    from_member = post(member, recipient_id=str(agent.id))["id"]
    from_owner = post(team.people["owner"], recipient_id=str(agent.id))["id"]
    for who in ("owner", "admin"):
        assert ids(team.people[who], recipient_id=str(agent.id)) == [from_owner, from_member]
    assert ids(member, recipient_id=str(agent.id)) == [from_member]
    assert ids(agent) == [from_owner, from_member]
    for who in ("stranger", "removed"):
        problem_of(team.people[who].http.get(EVENTS, params={"recipient_id": str(agent.id)}), 404)
    assert ids(team.people["owner"]) == []
    broadcast = post(agent, account_id=team.id)["id"]
    assert ids(member) == [broadcast]


def test_an_event_for_one_member_is_in_their_inbox_alone(server: Server, team: Team) -> None:
    owner, admin, member = (team.people[who] for who in ("owner", "admin", "member"))
    event = post(member, recipient_id=str(admin.id))
    assert event["sender"] == {"type": "user", "id": str(member.id), "name": "The member"}
    assert (event["recipient_id"], event["account_id"]) == (str(admin.id), team.id)
    assert admin.get(EVENTS)["data"] == admin.get(EVENTS, recipient_id=str(admin.id))["data"] == [event]
    assert ids(owner) == ids(member) == ids(team.people["stranger"]) == []
    # Of another's inbox one sees what one has sent there, and nobody else does.
    assert ids(member, recipient_id=str(admin.id)) == [event["id"]]
    assert ids(owner, recipient_id=str(admin.id)) == []
    problem_of(team.people["stranger"].http.get(EVENTS, params={"recipient_id": str(admin.id)}), 404)
    problem_of(member.http.post(f"{EVENTS}/read", json={"event_ids": [event["id"]]}), 404)


def test_a_broadcast_reaches_who_is_a_member_then_and_each_reads_it_for_themselves(
    server: Server, team: Team
) -> None:
    owner, admin, member = (team.people[who] for who in ("owner", "admin", "member"))
    before = post(owner, account_id=team.id)
    late = server.person()
    join(owner, team.id, late)
    event = post(admin, account_id=team.id)
    assert (event["recipient_id"], event["account_id"]) == (None, team.id)
    assert [ids(person) for person in (owner, admin, member)] == [[event["id"], before["id"]]] * 3
    assert ids(late) == [event["id"]]
    assert ids(team.people["removed"]) == ids(team.people["stranger"]) == []
    member.post(f"{EVENTS}/read", event_ids=[event["id"]])
    assert ids(member, unread=True) == [before["id"]]
    assert ids(owner, unread=True) == [event["id"], before["id"]]
    problem_of(late.http.post(f"{EVENTS}/read", json={"event_ids": [before["id"]]}), 404)
    owner.delete(team.path_of("member"))
    assert ids(member) == []


def test_each_right_to_post_and_nobody_tells_who_there_is(team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    for who in ("owner", "admin"):
        assert post(team.people[who], account_id=team.id)["account_id"] == team.id
        assert post(team.people[who], recipient_id=str(member.id))["account_id"] == team.id
    refused(member, 403, account_id=team.id)
    assert post(member, recipient_id=str(owner.id), account_id=team.id)["account_id"] == team.id
    for who in ("stranger", "removed"):
        outsider = team.people[who]
        for fields in ({"account_id": team.id}, {"recipient_id": str(owner.id)}):
            unknown = refused(outsider, 404, **dict.fromkeys(fields, str(uuid4())))
            assert refused(outsider, 404, **fields) == unknown
        # A member is nobody where they are no member.
        refused(owner, 404, recipient_id=str(outsider.id))
        refused(owner, 404, recipient_id=str(outsider.id), account_id=team.id)


def test_with_several_accounts_in_common_one_has_to_be_named(team: Team) -> None:
    owner, admin = team.people["owner"], team.people["admin"]
    second = owner.post("/v1/accounts", name="Second")["id"]
    join(owner, second, admin)
    problem = refused(admin, 422, recipient_id=str(owner.id))
    assert problem["errors"][0]["loc"] == ["body", "account_id"]
    assert all(id_ in problem["detail"] + problem["errors"][0]["msg"] for id_ in (team.id, second))
    for id_ in (team.id, second):
        assert post(admin, recipient_id=str(owner.id), account_id=id_)["account_id"] == id_
    assert post(admin, recipient_id=str(admin.id))["account_id"] == str(admin.id)


def test_pages_of_several_audiences_are_one_list(team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    made = [
        post(owner, **fields)["id"]
        for _ in range(3)
        for fields in ({"account_id": team.id}, {"recipient_id": str(member.id)})
    ] + [post(member)["id"]]
    for limit in (1, 2, 3, 50):
        seen: list[str] = []
        cursor: dict[str, str] = {}
        while True:
            page = member.get(EVENTS, limit=limit, **cursor)
            seen += [event["id"] for event in page["data"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert seen == made[::-1]


def test_a_record_goes_with_its_recipient_and_with_its_account_by_sql(server: Server, team: Team) -> None:
    owner, admin, member = (team.people[who] for who in ("owner", "admin", "member"))
    post(owner, recipient_id=str(member.id))
    kept = post(owner, recipient_id=str(admin.id))
    broadcast = post(owner, account_id=team.id)

    async def take(tx: Transaction, table: type[User | Account], id_: object) -> None:
        seen = access.visible_condition(SYSTEM, table)
        await tx.execute(delete(table).where(seen, table.id == id_))  # type: ignore[arg-type]

    in_database(server, lambda tx: take(tx, User, member.id))
    assert ids(admin) == [broadcast["id"], kept["id"]]
    in_database(server, lambda tx: take(tx, Account, UUID(team.id)))
    assert ids(admin) == ids(admin, recipient_id=str(admin.id)) == []
