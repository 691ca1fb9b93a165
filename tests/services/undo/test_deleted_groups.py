# test_deleted_groups.py -- groups that are deleted or renamed, and who may undo that
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func
from sqlmodel import col

import access
from access import SYSTEM
from db import Transaction
from models import Conversation, Message
from services.housekeeping import Housekeeping
from services.undo.hidden_conversations import EXPIRY, delete_slice, find_expired
from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_direct, open_group, read_all, say
from support.api.problems import problem_of
from support.api.user_streams import find_end, opened, reset, types, until
from support.clock import pass_time
from support.servers import PASSWORD, Person, Server, in_database, ok, serving

pytestmark = pytest.mark.also_on_mariadb


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "admin", "member", "other member"))


def delete(person: Person, group_id: str) -> str:
    """The change that undoes it."""
    person.delete(f"/v1/conversations/{group_id}")
    change_id: str = person.get("/v1/undo")["data"][0]["change_id"]
    return change_id


def test_a_deleted_group_comes_back_for_all_who_took_part(team: Team) -> None:
    member, other, owner = (team.people[who] for who in ("member", "other member", "owner"))
    group_id = open_group(team, "other member", "owner")
    first = say(member, group_id, "Hello")
    other.post(f"/v1/conversations/{group_id}/read", message_id=first["id"])
    say(other, group_id, f"@{'The member'}, hello")
    owner.delete(f"/v1/conversations/{group_id}/participants/{owner.id}")
    path = f"/v1/conversations/{group_id}"
    before = [
        (each.get("/v1/conversations"), each.get(f"{path}/messages"), each.get(f"{path}/participants"))
        for each in (member, other)
    ]
    with opened(other) as stream:
        reset(stream)
        delete(member, group_id)
        problem_of(other.http.get(path), 404)
        [step] = member.post("/v1/undo")["steps"]
        assert (step["noun"], step["action"], step["title"]) == ("conversation", "created", "Cakes")
        told = until(stream, "conversation.created")
        assert types(told) == ["conversation.deleted", "conversation.created"]
        assert told[-1].data["conversation"]["id"] == group_id
        say(member, group_id, "Back")
        assert types(until(stream, "message.created")) == ["message.created"]
    assert read_all(other, group_id)[-1] == "Back"
    assert "change.undone" not in [each["type"] for each in other.get("/v1/changes", after=0)["data"]]
    again = member.get("/v1/undo")["data"][0]["change_id"]
    member.post("/v1/undo", change_id=again)
    problem_of(other.http.get(path), 404)
    member.post("/v1/undo")
    after = [
        (each.get("/v1/conversations"), each.get(f"{path}/messages"), each.get(f"{path}/participants"))
        for each in (member, other)
    ]
    for (_, said, places), (_, said_now, places_now) in zip(before, after, strict=True):
        assert said_now["data"][:-1] == said["data"]
        assert [row["user_id"] for row in places_now["data"]] == [row["user_id"] for row in places["data"]]
    # Who had left before is not there again.
    assert [each["id"] for each in owner.get("/v1/conversations")["data"]] == []


def test_nobody_else_undoes_it_and_who_has_deleted_it_only_while_they_may(team: Team) -> None:
    member, other, owner, admin = (team.people[who] for who in ("member", "other member", "owner", "admin"))
    group_id = open_group(team, "other member")
    change_id = delete(member, group_id)
    for who in (other, owner, admin):
        problem_of(who.http.post("/v1/undo", json={"change_id": change_id}), 404)
        assert who.get("/v1/undo")["data"] == []
    member.post("/v1/undo")
    # An admin who takes no part may delete it, and no more once they are none.
    change_id = delete(admin, group_id)
    ok(owner.http.patch(team.path_of("admin"), json={"role": "member"}))
    refused = problem_of(admin.http.post("/v1/undo", json={"change_id": change_id}), 409)
    assert refused["detail"] == "You may not bring the group back any more, or its account is not there."
    ok(owner.http.patch(team.path_of("admin"), json={"role": "admin"}))
    admin.post("/v1/undo", change_id=change_id)
    assert read_all(other, group_id) == []
    problem_of(admin.http.get(f"/v1/conversations/{group_id}/messages"), 404)


@pytest.mark.parametrize("ended", ["membership", "account"])
def test_who_is_no_member_any_more_brings_nothing_back(team: Team, ended: str) -> None:
    member, owner = team.people["member"], team.people["owner"]
    group_id = open_group(team, "other member")
    change_id = delete(member, group_id)
    owner.delete(team.path_of("member") if ended == "membership" else team.path)
    problem_of(member.http.post("/v1/undo", json={"change_id": change_id}), 409)
    if ended == "membership":
        team.join("member")
        # Who comes back is a new member, without the place that they had.
        problem_of(member.http.post("/v1/undo", json={"change_id": change_id}), 409)


def test_who_has_left_the_account_meanwhile_is_not_there_again(server: Server, team: Team) -> None:
    member, other, owner = (team.people[who] for who in ("member", "other member", "owner"))
    group_id = open_group(team, "other member", "owner")
    say(other, group_id, "I was here")
    delete(member, group_id)
    ok(other.http.request("DELETE", "/v1/me", json={"current_password": PASSWORD}))
    server.run(Housekeeping(server.state.db, 30).delete_user(other.id))
    member.post("/v1/undo")
    [kept] = owner.get(f"/v1/conversations/{group_id}/messages")["data"]
    assert (kept["content"], kept["sender"]["name"]) == ("I was here", None)
    places = owner.get(f"/v1/conversations/{group_id}/participants")["data"]
    assert [row["user_id"] for row in places] == [str(member.id), str(owner.id)]


def test_of_two_undos_at_once_on_two_workers_one_is_done(server: Server, team: Team) -> None:
    member, other = team.people["member"], team.people["other member"]
    group_id = open_group(team, "other member")
    change_id = delete(member, group_id)
    with serving(server.settings) as second, ThreadPoolExecutor() as pool:
        before = find_end(other)
        clients = [member.http, second.client(Authorization=member.http.headers["Authorization"])]
        answers = pool.map(lambda http: http.post("/v1/undo", json={"change_id": change_id}), clients)
        assert sorted(answer.status_code for answer in answers) == [200, 409]
    came = [each["type"] for each in other.get("/v1/changes", after=before)["data"]]
    assert came.count("conversation.created") == 1
    assert read_all(other, group_id) == []


def test_a_new_title_of_a_group_is_undone_by_who_gave_it_while_they_may(team: Team) -> None:
    member, other, owner = (team.people[who] for who in ("member", "other member", "owner"))
    group_id = open_group(team, "other member", "owner")
    path = f"/v1/conversations/{group_id}"
    owner.patch(path, title="Pies")
    problem_of(other.http.post("/v1/undo"), 409)
    with opened(other) as stream:
        reset(stream)
        owner.post("/v1/undo")
        [event] = until(stream, "conversation.updated")
        assert event.data["conversation"]["title"] == "Cakes"
    owner.patch(path, title="Tarts")
    member.patch(path, title="Buns")
    assert "changed after that" in problem_of(owner.http.post("/v1/undo"), 409)["detail"]
    change_id = member.get("/v1/undo")["data"][0]["change_id"]
    ok(owner.http.patch(f"{path}/participants/{member.id}", json={"role": "member"}))
    problem_of(member.http.post("/v1/undo", json={"change_id": change_id}), 409)
    assert member.get(path)["title"] == "Buns"


def test_a_direct_conversation_is_deleted_by_nobody(team: Team) -> None:
    direct = open_direct(team, "member", "other member")
    for who in ("member", "other member"):
        problem_of(team.people[who].http.delete(f"/v1/conversations/{direct}"), 403)
    problem_of(team.people["owner"].http.delete(f"/v1/conversations/{direct}"), 404)


def test_after_thirty_days_it_is_gone_for_good_a_slice_at_a_time(
    server: Server, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = team.people["member"]
    group_id = open_group(team, "other member")
    for number in range(5):
        say(member, group_id, f"Word {number}")
    delete(member, group_id)

    async def count(tx: Transaction) -> tuple[int, int]:
        found = []
        for table, column in ((Message, Message.conversation_id), (Conversation, Conversation.id)):
            rows = access.select(SYSTEM, table, func.count()).where(col(column) == UUID(group_id))
            found.append((await tx.execute(rows)).scalar_one())
        return found[0], found[1]

    async def take_slice(tx: Transaction) -> bool:
        expired = await find_expired(tx, SYSTEM)
        return UUID(group_id) in expired and await delete_slice(tx, SYSTEM, UUID(group_id), limit=2)

    assert in_database(server, take_slice) is False
    assert in_database(server, count) == (5, 1)
    pass_time(monkeypatch, seconds=(EXPIRY - timedelta(minutes=30)).total_seconds())
    assert in_database(server, take_slice) is False
    pass_time(monkeypatch, seconds=EXPIRY.total_seconds() + 60)
    left: list[Any] = []
    while in_database(server, take_slice):
        left.append(in_database(server, count))
    assert left == [(3, 1), (1, 1), (0, 0)]
