# test_conversations.py -- direct and group conversations: begun, listed, renamed, deleted, and by whom.
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_direct, open_group, read_all, say
from support.api.problems import problem_of
from support.servers import Server, ok


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "admin", "member", "other member", "stranger", "removed"))


@pytest.mark.also_on_mariadb
def test_a_group_is_begun_and_all_who_take_part_see_it(team: Team) -> None:
    group_id = open_group(team, "owner", "other member")
    for who, role in {"member": "owner", "owner": "member", "other member": "member"}.items():
        person = team.people[who]
        [listed] = person.get("/v1/conversations")["data"]
        assert listed == person.get(f"/v1/conversations/{group_id}")
        assert (listed["kind"], listed["title"], listed["account_id"]) == ("group", "Cakes", team.id)
        assert (listed["agent_id"], listed["unread_count"], listed["mentioned"]) == (None, 0, False)
        assert (listed["participant_count"], listed["last_message"]) == (3, None)
        roles = {each["user_id"]: each["role"] for each in listed["participants"]}
        assert roles[str(person.id)] == role
    for who in ("stranger", "removed"):
        problem_of(team.people[who].http.get(f"/v1/conversations/{group_id}"), 404)
        assert team.people[who].get("/v1/conversations")["data"] == []


@pytest.mark.also_on_mariadb
def test_two_have_one_direct_conversation_whoever_begins(team: Team) -> None:
    first = open_direct(team, "member", "admin")
    again = team.people["admin"].http.post(
        "/v1/conversations",
        json={"kind": "direct", "account_id": team.id, "participant_ids": [str(team.people["member"].id)]},
    )
    assert (again.status_code, again.json()["id"]) == (200, first)
    assert again.json()["title"] is None
    assert {each["role"] for each in again.json()["participants"]} == {"member"}
    assert open_direct(team, "member", "owner") != first


@pytest.mark.also_on_mariadb
def test_three_who_begin_at_once_get_one_direct_conversation(team: Team) -> None:
    pairs = [("member", "admin"), ("admin", "member"), ("member", "admin")]
    with ThreadPoolExecutor(3) as pool:
        found = list(pool.map(lambda pair: open_direct(team, *pair), pairs))
    assert len(set(found)) == 1
    assert [row["id"] for row in team.people["admin"].get("/v1/conversations")["data"]] == found[:1]


WRONG: list[tuple[dict[str, Any], int]] = [
    ({"kind": "group", "participant_ids": []}, 422),
    ({"kind": "group", "title": " ", "participant_ids": []}, 422),
    ({"kind": "direct", "participant_ids": []}, 422),
    ({"kind": "direct", "participant_ids": ["admin", "owner"]}, 422),
    ({"kind": "direct", "title": "Us", "participant_ids": ["admin"]}, 422),
    ({"kind": "direct", "participant_ids": ["member"]}, 422),
    ({"kind": "group", "title": "Twice", "participant_ids": ["admin", "admin"]}, 422),
    ({"kind": "assistant", "participant_ids": ["admin"]}, 422),
    ({"kind": "group", "title": "Agents", "agent_id": "admin"}, 422),
    ({"kind": "party", "title": "All"}, 422),
    ({"kind": "group", "title": "Away", "participant_ids": ["removed"]}, 404),
    ({"kind": "direct", "participant_ids": ["stranger"]}, 404),
]


@pytest.mark.parametrize(("body", "status"), WRONG)
def test_what_does_not_fit_its_kind_is_refused(team: Team, body: dict[str, Any], status: int) -> None:
    def find_id(who: str) -> str:
        return str(team.people[who].id)

    body = {"account_id": team.id, **body}
    if body.get("participant_ids"):
        body["participant_ids"] = [find_id(who) for who in body["participant_ids"]]
    if body.get("agent_id"):
        body["agent_id"] = find_id(body["agent_id"])
    problem_of(team.people["member"].http.post("/v1/conversations", json=body), status)
    assert team.people["member"].get("/v1/conversations")["data"] == []


def test_a_group_has_a_thousand_participants_at_most(team: Team) -> None:
    body = {"kind": "group", "title": "All", "account_id": team.id, "participant_ids": [team.id] * 1000}
    problem_of(team.people["member"].http.post("/v1/conversations", json=body), 422)


def test_a_group_in_an_account_of_others_is_refused(team: Team) -> None:
    for who in ("stranger", "removed"):
        body = {"kind": "group", "title": "Mine", "account_id": team.id}
        problem_of(team.people[who].http.post("/v1/conversations", json=body), 404)


# Who may change a group: its maker, and the owners and admins of its account, whether they take part or not.
MANAGE = {"member": 200, "owner": 200, "admin": 200, "other member": 403, "stranger": 404, "removed": 404}


@pytest.mark.also_on_mariadb
@pytest.mark.parametrize("who", MANAGE)
def test_a_group_is_changed_by_its_maker_and_those_who_manage_its_account(team: Team, who: str) -> None:
    group_id = open_group(team, "other member")
    person, path = team.people[who], f"/v1/conversations/{group_id}"
    renamed = person.http.patch(path, json={"title": "Bread"})
    assert renamed.status_code == MANAGE[who], renamed.text
    title = team.people["member"].get(path)["title"]
    assert title == ("Bread" if MANAGE[who] == 200 else "Cakes")
    added = person.http.post(f"{path}/participants", json={"user_id": str(team.people["admin"].id)})
    assert added.status_code == {200: 201}.get(MANAGE[who], MANAGE[who]), added.text
    theirs = f"{path}/participants/{team.people['other member'].id}"
    made_owner = person.http.patch(theirs, json={"role": "member"})
    assert made_owner.status_code == MANAGE[who], made_owner.text
    if who != "other member":
        removed = person.http.delete(theirs)
        assert removed.status_code == {200: 204}.get(MANAGE[who], MANAGE[who]), removed.text
    deleted = person.http.delete(path)
    assert deleted.status_code == {200: 204}.get(MANAGE[who], MANAGE[who]), deleted.text
    problem_of(person.http.get(path), 404) if MANAGE[who] != 403 else ok(person.http.get(path))


def test_who_only_manages_a_group_reads_nothing_of_it(team: Team) -> None:
    group_id = open_group(team, "other member")
    say(team.people["member"], group_id, "Between us")
    admin = team.people["admin"]
    seen = admin.get(f"/v1/conversations/{group_id}")
    assert (seen["last_message"], seen["unread_count"], seen["participant_count"]) == (None, 0, 2)
    problem_of(admin.http.get(f"/v1/conversations/{group_id}/messages"), 404)
    problem_of(admin.http.post(f"/v1/conversations/{group_id}/messages", json={"content": "Hi"}), 404)
    assert admin.get("/v1/conversations")["data"] == []
    assert "Between us" not in admin.http.get("/v1/changes", params={"limit": 100}).text


@pytest.mark.also_on_mariadb
def test_a_group_that_all_have_left_is_there_for_those_who_manage_its_account(team: Team) -> None:
    group_id = open_group(team)
    team.people["member"].delete(f"/v1/conversations/{group_id}/participants/{team.people['member'].id}")
    seen = team.people["admin"].get(f"/v1/conversations/{group_id}")
    assert (seen["participants"], seen["participant_count"]) == ([], 0)
    team.people["admin"].delete(f"/v1/conversations/{group_id}")


@pytest.mark.also_on_mariadb
def test_a_direct_conversation_is_nobodys_to_change(team: Team) -> None:
    direct = open_direct(team, "member", "other member")
    path = f"/v1/conversations/{direct}"
    for who, status in {"member": 403, "other member": 403, "owner": 404, "stranger": 404}.items():
        http = team.people[who].http
        problem_of(http.patch(path, json={"title": "Ours"}), status)
        problem_of(http.delete(path), status)
        body = {"user_id": str(team.people["admin"].id)}
        problem_of(http.post(f"{path}/participants", json=body), status)
        problem_of(http.delete(f"{path}/participants/{team.people['member'].id}"), status)
    assert team.people["member"].get(path)["participant_count"] == 2


@pytest.mark.also_on_mariadb
def test_one_who_comes_back_to_the_account_finds_the_direct_conversation_without_its_past(team: Team) -> None:
    direct = open_direct(team, "member", "other member")
    say(team.people["other member"], direct, "Before")
    team.people["owner"].delete(team.path_of("member"))
    problem_of(team.people["member"].http.get(f"/v1/conversations/{direct}"), 404)
    say(team.people["other member"], direct, "Meanwhile")
    team.join("member")
    assert team.people["member"].get("/v1/conversations")["data"] == []
    assert open_direct(team, "member", "other member") == direct
    say(team.people["other member"], direct, "After")
    assert read_all(team.people["member"], direct) == ["After"]
    assert read_all(team.people["other member"], direct) == ["Before", "Meanwhile", "After"]


@pytest.mark.also_on_mariadb
def test_conversations_of_all_kinds_stand_in_one_list_by_their_last_activity(team: Team) -> None:
    member = team.people["member"]
    with_agent = member.post("/v1/conversations", title="Shopping")["id"]
    group_id, direct = open_group(team, "admin"), open_direct(team, "member", "admin")
    more = [member.post("/v1/conversations", title=f"Talk {number}")["id"] for number in range(3)]
    say(team.people["admin"], group_id, "Hello")
    order = [group_id, *reversed(more), direct, with_agent]
    assert [row["id"] for row in member.get("/v1/conversations")["data"]] == order
    for limit in (1, 2, 4):
        pages, cursor = [], None
        while True:
            page = member.get("/v1/conversations", limit=limit, **({"cursor": cursor} if cursor else {}))
            pages += [row["id"] for row in page["data"]]
            if (cursor := page["next_cursor"]) is None:
                break
        assert pages == order
    for filters, found in [
        ({"kind": "group"}, [group_id]),
        ({"kind": "direct"}, [direct]),
        ({"kind": "assistant"}, [*reversed(more), with_agent]),
        ({"account_id": team.id}, [group_id, direct]),
        ({"q": "cak"}, [group_id]),
        ({"q": "talk 1"}, [more[1]]),
    ]:
        assert [row["id"] for row in member.get("/v1/conversations", **filters)["data"]] == found, filters


@pytest.mark.also_on_mariadb
def test_a_deleted_group_is_gone_with_all_that_was_said(team: Team) -> None:
    group_id = open_group(team, "admin")
    say(team.people["admin"], group_id, "Soon gone")
    team.people["member"].delete(f"/v1/conversations/{group_id}")
    for who in ("member", "admin"):
        problem_of(team.people[who].http.get(f"/v1/conversations/{group_id}"), 404)
        problem_of(team.people[who].http.get(f"/v1/conversations/{group_id}/messages"), 404)
        assert "Soon gone" not in team.people[who].http.get("/v1/changes").text
        assert team.people[who].get("/v1/conversations")["data"] == []
