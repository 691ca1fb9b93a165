# test_reading.py -- how far participants have read: marks, counts of what is new, and deliveries.
import pytest

from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_group, read_all, say
from support.api.problems import problem_of
from support.servers import Person, Server, ok


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member", "stranger"))


def mark(person: Person, conversation_id: str, message_id: str) -> None:
    answer = person.http.post(f"/v1/conversations/{conversation_id}/read", json={"message_id": message_id})
    assert answer.status_code == 204, answer.text


def count_unread(person: Person, conversation_id: str) -> int:
    count: int = person.get(f"/v1/conversations/{conversation_id}")["unread_count"]
    return count


@pytest.mark.also_on_mariadb
def test_what_is_new_is_counted_until_it_is_read(team: Team) -> None:
    group_id = open_group(team, "owner")
    member, owner = team.people["member"], team.people["owner"]
    ids = [say(member, group_id, f"Number {number}")["id"] for number in range(5)]
    assert (count_unread(owner, group_id), count_unread(member, group_id)) == (5, 0)
    mark(owner, group_id, ids[2])
    assert count_unread(owner, group_id) == 2
    mark(owner, group_id, ids[0])  # a mark never goes back
    assert count_unread(owner, group_id) == 2
    [_, seen] = owner.get(f"/v1/conversations/{group_id}/participants")["data"]
    assert seen["last_read_message_id"] == ids[2]
    say(owner, group_id, "Done")  # who posts has read what was before
    assert count_unread(owner, group_id) == 0
    assert count_unread(member, group_id) == 1
    ok(member.http.delete(f"/v1/messages/{ids[4]}"))
    assert count_unread(owner, group_id) == 0


def test_marks_are_ones_own_and_of_the_conversation(team: Team) -> None:
    group_id, other = open_group(team, "owner"), open_group(team, "owner")
    said, elsewhere = say(team.people["member"], group_id, "Here"), say(team.people["member"], other, "There")
    path = f"/v1/conversations/{group_id}/read"
    problem_of(team.people["owner"].http.post(path, json={"message_id": elsewhere["id"]}), 404)
    for who in ("other member", "stranger"):
        problem_of(team.people[who].http.post(path, json={"message_id": said["id"]}), 404)
        problem_of(team.people[who].http.get(f"/v1/messages/{said['id']}/deliveries"), 404)


@pytest.mark.also_on_mariadb
def test_deliveries_say_who_has_read_a_message_and_when(team: Team) -> None:
    group_id = open_group(team, "owner", "other member")
    member, owner = team.people["member"], team.people["owner"]
    first, second = (say(member, group_id, text)["id"] for text in ("One", "Two"))
    path = f"/v1/messages/{first}/deliveries"
    ids = [str(team.people[who].id) for who in ("owner", "other member")]
    unread = {"is_delivered": False, "delivered_at": None, "is_read": False, "read_at": None}
    assert sorted(member.get(path)["data"], key=str) == sorted(
        [{"user_id": user_id, **unread} for user_id in ids], key=str
    )
    mark(owner, group_id, first)
    rows = {row["user_id"]: row for row in member.get(path)["data"]}
    assert rows[ids[1]] == {"user_id": ids[1], **unread}
    assert rows[ids[0]]["is_read"] is rows[ids[0]]["is_delivered"] is True
    assert rows[ids[0]]["read_at"] == rows[ids[0]]["delivered_at"] is not None
    assert [row["is_read"] for row in member.get(f"/v1/messages/{second}/deliveries")["data"]] == [
        False,
        False,
    ]
    mark(owner, group_id, second)
    assert member.get(path)["data"] == owner.get(path)["data"]
    assert {row["user_id"]: row for row in owner.get(path)["data"]}[ids[0]] == rows[ids[0]]


@pytest.mark.also_on_mariadb
def test_who_joins_later_reads_what_is_said_from_then_on(team: Team) -> None:
    group_id = open_group(team, "owner")
    member, late = team.people["member"], team.people["other member"]
    before = say(member, group_id, "Before")
    member.post(f"/v1/conversations/{group_id}/participants", user_id=str(late.id))
    assert late.get(f"/v1/conversations/{group_id}")["last_message"] is None
    assert count_unread(late, group_id) == 0
    after = say(member, group_id, "After", reply_to_id=before["id"])
    assert read_all(late, group_id) == ["After"]
    assert count_unread(late, group_id) == 1
    for path in (f"/v1/messages/{before['id']}/deliveries",):
        problem_of(late.http.get(path), 404)
    problem_of(late.http.post(f"/v1/conversations/{group_id}/read", json={"message_id": before["id"]}), 404)
    assert str(late.id) not in {
        row["user_id"] for row in member.get(f"/v1/messages/{before['id']}/deliveries")["data"]
    }
    assert str(late.id) in {
        row["user_id"] for row in member.get(f"/v1/messages/{after['id']}/deliveries")["data"]
    }


@pytest.mark.also_on_mariadb
def test_who_leaves_or_is_removed_sees_nothing_more_and_may_come_back(team: Team) -> None:
    group_id = open_group(team, "owner", "other member")
    member = team.people["member"]
    say(member, group_id, "Before")
    path = f"/v1/conversations/{group_id}"
    for who, by in {"owner": "owner", "other member": "member"}.items():
        person = team.people[who]
        team.people[by].delete(f"{path}/participants/{person.id}")
        if who == "owner":  # of the account: may still manage the group, and reads nothing
            assert person.get(path)["last_message"] is None
        else:
            problem_of(person.http.get(path), 404)
        problem_of(person.http.get(f"{path}/messages"), 404)
        assert person.get("/v1/conversations")["data"] == []
        problem_of(team.people[by].http.delete(f"{path}/participants/{person.id}"), 404)
    assert member.get(path)["participant_count"] == 1
    say(member, group_id, "Alone")
    member.post(f"{path}/participants", user_id=str(team.people["owner"].id))
    say(member, group_id, "Welcome back")
    assert read_all(team.people["owner"], group_id) == ["Welcome back"]
