# test_messages.py -- what people say to each other: in one order, once, with replies, mentions, edits and retractions.
import threading
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from services.participation.speaking import MAX_MENTIONED, find_mentioned
from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_direct, open_group, read_all, say
from support.api.problems import problem_of
from support.servers import Server, ok


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member", "stranger"))


@pytest.mark.also_on_mariadb
def test_what_is_said_is_read_by_all_who_take_part(team: Team) -> None:
    group_id = open_group(team, "owner")
    said = say(team.people["member"], group_id, "Who bakes?", client_id="1")
    assert said["sender"] == {"type": "user", "id": str(team.people["member"].id), "name": "The member"}
    assert (said["role"], said["client_id"], said["tool_calls"], said["run_id"]) == ("user", "1", None, None)
    answer = say(team.people["owner"], group_id, "I do", reply_to_id=said["id"])
    assert answer["reply_to_id"] == said["id"]
    assert "edited_at" not in answer
    for who in ("member", "owner"):
        rows = team.people[who].get(f"/v1/conversations/{group_id}/messages")["data"]
        assert rows == [said, answer]
        assert team.people[who].get(f"/v1/conversations/{group_id}")["last_message"] == answer
    for who in ("other member", "stranger"):
        problem_of(team.people[who].http.get(f"/v1/conversations/{group_id}/messages"), 404)
        path = f"/v1/conversations/{group_id}/messages"
        problem_of(team.people[who].http.post(path, json={"content": "Me too"}), 404)


@pytest.mark.also_on_mariadb
def test_a_message_that_is_sent_again_is_stored_once(server: Server, team: Team) -> None:
    group_id, direct = open_group(team, "owner"), open_direct(team, "member", "owner")
    member = team.people["member"]
    first = say(member, group_id, "Once", client_id="a")
    assert say(member, group_id, "Once", client_id="a") == first
    server.state.shared_conversations._ids.clear()  # as on a worker that has not met it
    assert say(member, group_id, "Once", client_id="a") == first
    path = f"/v1/conversations/{group_id}/messages"
    problem_of(member.http.post(path, json={"content": "Other", "client_id": "a"}), 409)
    elsewhere = f"/v1/conversations/{direct}/messages"
    problem_of(member.http.post(elsewhere, json={"content": "Once", "client_id": "a"}), 409)
    keyed = [
        ok(member.http.post(path, json={"content": "Key"}, headers={"Idempotency-Key": "k"})) for _ in "ab"
    ]
    assert keyed[0] == keyed[1]
    assert say(team.people["owner"], group_id, "Once", client_id="a")["id"] != first["id"]
    assert read_all(member, group_id) == ["Once", "Key", "Once"]


@pytest.mark.also_on_mariadb
def test_many_writers_at_once_are_read_in_one_order(team: Team) -> None:
    group_id = open_group(team, "owner", "other member")
    who = ["member", "owner", "other member"]

    def write(name: str) -> list[str]:
        return [say(team.people[name], group_id, f"{name} {number}")["id"] for number in range(12)]

    with ThreadPoolExecutor(3) as pool:
        written = dict(zip(who, pool.map(write, who), strict=True))
    orders = []
    for name in who:
        rows = team.people[name].get(f"/v1/conversations/{group_id}/messages", limit=100)["data"]
        orders.append([row["id"] for row in rows])
        assert [row["id"] for row in rows if row["sender"]["id"] == str(team.people[name].id)] == written[
            name
        ]
    assert len(orders[0]) == 36
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.also_on_mariadb
def test_pages_of_messages_go_both_ways(team: Team) -> None:
    group_id = open_group(team, "owner")
    member = team.people["member"]
    ids = [say(member, group_id, f"Number {number}")["id"] for number in range(7)]
    path = f"/v1/conversations/{group_id}/messages"

    def read(**query: object) -> list[str]:
        return [row["id"] for row in member.get(path, **query)["data"]]

    assert read(after=ids[4]) == ids[5:]
    assert read(before=ids[3], limit=2) == ids[1:3]
    assert read(before="end", limit=3) == ids[4:]
    page = member.get(path, limit=4)
    assert [row["id"] for row in member.get(path, limit=4, cursor=page["next_cursor"])["data"]] == ids[4:]
    elsewhere = say(member, open_direct(team, "member", "owner"), "Elsewhere")["id"]
    problem_of(member.http.get(path, params={"after": elsewhere}), 422)


@pytest.mark.also_on_mariadb
def test_a_message_is_edited_and_retracted_by_who_said_it(team: Team) -> None:
    group_id = open_group(team, "owner")
    member, owner = team.people["member"], team.people["owner"]
    said = say(member, group_id, "At three")
    path = f"/v1/messages/{said['id']}"
    edited = member.patch(path, content="At four")
    assert edited == {**said, "content": "At four", "edited_at": edited["edited_at"]}
    again = member.patch(path, content="At five")
    assert again["edited_at"] >= edited["edited_at"]
    assert owner.get(f"/v1/conversations/{group_id}/messages")["data"] == [again]
    problem_of(owner.http.patch(path, json={"content": "Never"}), 403)
    problem_of(owner.http.delete(path), 403)
    for who in ("other member", "stranger"):
        problem_of(team.people[who].http.patch(path, json={"content": "Never"}), 404)
        problem_of(team.people[who].http.delete(path), 404)
    retracted = ok(member.http.delete(path))
    assert retracted == {**said, "content": "", "retracted_at": retracted["retracted_at"]}
    assert ok(member.http.delete(path)) == retracted
    problem_of(member.http.patch(path, json={"content": "After all"}), 409)
    assert owner.get(f"/v1/conversations/{group_id}/messages")["data"] == [retracted]
    assert owner.get(f"/v1/conversations/{group_id}")["last_message"] == retracted


def test_what_is_said_to_an_agent_stays_as_it_is(team: Team) -> None:
    member = team.people["member"]
    said = member.chat("add buy milk")["user_message"]
    problem_of(member.http.patch(f"/v1/messages/{said['id']}", json={"content": "Other"}), 403)
    reply = {"content": "And?", "reply_to_id": said["id"]}
    problem_of(member.http.post(f"/v1/conversations/{said['conversation_id']}/messages", json=reply), 422)
    problem_of(member.http.delete(f"/v1/messages/{said['id']}"), 403)
    problem_of(team.people["owner"].http.delete(f"/v1/messages/{said['id']}"), 404)
    assert member.get(f"/v1/messages/{said['id']}/deliveries")["data"] == []


def test_among_people_there_are_no_runs_and_no_tool_calls(team: Team) -> None:
    group_id = open_group(team, "owner")
    for path in (f"/v1/conversations/{group_id}/runs", f"/v1/tool-calls?conversation_id={group_id}"):
        assert team.people["member"].get(path)["data"] == []
        problem_of(team.people["other member"].http.get(path), 404)


def test_edits_at_once_become_versions_one_after_the_other(team: Team) -> None:
    group_id = open_group(team, "owner")
    member = team.people["member"]
    path = f"/v1/messages/{say(member, group_id, 'At three')['id']}"
    barrier = threading.Barrier(4)

    def edit(number: int) -> str:
        barrier.wait()
        content: str = member.patch(path, content=f"At {number}")["content"]
        return content

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(edit, range(4))) == [f"At {number}" for number in range(4)]


def test_an_answer_to_a_message_of_elsewhere_is_refused(team: Team) -> None:
    group_id, other = open_group(team, "owner"), open_group(team, "owner")
    member = team.people["member"]
    said = say(member, other, "Here")
    for reply_to_id in (said["id"], str(uuid4())):
        body = {"content": "There", "reply_to_id": reply_to_id}
        problem_of(member.http.post(f"/v1/conversations/{group_id}/messages", json=body), 422)


@pytest.mark.also_on_mariadb
def test_who_is_mentioned_sees_it_until_they_have_read(team: Team) -> None:
    group_id = open_group(team, "owner", "other member")
    said = say(team.people["member"], group_id, "Is @the OWNER there?")
    path = f"/v1/conversations/{group_id}"
    assert team.people["owner"].get(path)["mentioned"] is True
    assert team.people["other member"].get(path)["mentioned"] is False
    team.people["owner"].http.post(f"{path}/read", json={"message_id": said["id"]})
    assert team.people["owner"].get(path)["mentioned"] is False


ANN, BEN, BENNY = uuid4(), uuid4(), uuid4()
NAMED = [(ANN, "Ann"), (BEN, "Ben"), (BENNY, "Ben Nevis"), (uuid4(), None), (uuid4(), "")]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("@Ann and @ben", [ANN, BEN]),
        ("@Ben Nevis, come", [BENNY]),
        ("(@ann)", [ANN]),
        ("mail ann@ann.example", []),
        ("@Anna", []),
        ("@ Ann", []),
        ("@@Ann", [ANN]),
        ("Ann", []),
        ("@ann @ANN", [ANN]),
    ],
)
def test_a_name_behind_a_sign_is_a_mention(content: str, found: list[object]) -> None:
    assert find_mentioned(content, NAMED) == found


def test_fifty_are_mentioned_at_most() -> None:
    named = [(uuid4(), f"Name {number:03}") for number in range(80)]
    content = " ".join(f"@{name}" for _, name in named)
    assert find_mentioned(content, named) == [user_id for user_id, _ in named[:MAX_MENTIONED]]
