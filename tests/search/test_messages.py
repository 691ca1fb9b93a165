# test_messages.py -- a search finds the messages and tasks that one may read, as they are now, and nothing else.
from typing import Any

import pytest

from support.api.accounts import Team, make_people, make_team
from support.api.doors import make_token
from support.api.groups import open_direct, open_group, say
from support.servers import Person, Server, ok

pytestmark = pytest.mark.also_on_mariadb


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member", "stranger"))


def join_parts(hit: Any) -> str:
    return "".join(part["text"] for part in hit["excerpt"])


def cut(*texts: str) -> list[dict[str, object]]:
    """An excerpt of which every second part is marked."""
    return [{"text": text, "marked": number % 2 == 1} for number, text in enumerate(texts)]


def look_for(person: Person, q: str, **query: object) -> list[str]:
    """The texts of the excerpts."""
    return [join_parts(hit) for hit in person.get("/v1/search", q=q, **query)["data"]]


def test_messages_and_tasks_are_found_newest_first_with_the_hits_marked(team: Team) -> None:
    member = team.people["member"]
    task = member.post("/v1/tasks", title="Bake the Kranz cake")
    group_id = open_group(team, "owner")
    said = say(team.people["owner"], group_id, "Who bakes the Kranz?")
    direct = open_direct(team, "member", "owner")
    answer = say(member, direct, "I bake a kranz, and KRANZ again")
    chat = member.chat("Is a kranz sweet?")
    page = member.get("/v1/search", q="kranz")
    assert page["next_cursor"] is None
    hits = {hit.get("message_id", hit.get("task_id")): hit for hit in page["data"]}
    assert list(hits)[-4:] == [chat["user_message"]["id"], answer["id"], said["id"], task["id"]]
    assert hits[answer["id"]] == {
        "kind": "message",
        "conversation_id": direct,
        "message_id": answer["id"],
        "seq": 1,
        "created_at": answer["created_at"],
        "sender": answer["sender"],
        "excerpt": cut("I bake a ", "kranz", ", and ", "KRANZ", " again"),
    }
    assert hits[task["id"]] == {
        "kind": "task",
        "task_id": task["id"],
        "created_at": task["created_at"],
        "excerpt": cut("Bake the ", "Kranz", " cake"),
    }


def test_all_words_and_phrases_have_to_be_there(team: Team) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    for text in ("buy fresh milk", "buy milk, fresh", "FRESH MILK tomorrow", "100% ✓ a/b c:\\d"):
        say(member, group_id, text)
    assert look_for(member, "milk fresh") == ["FRESH MILK tomorrow", "buy milk, fresh", "buy fresh milk"]
    assert look_for(member, '"fresh milk"') == ["FRESH MILK tomorrow", "buy fresh milk"]
    assert look_for(member, '"fresh milk" BUY') == ["buy fresh milk"]
    assert look_for(member, "mil resh omorr") == ["FRESH MILK tomorrow"]
    for q in ("100%", "✓", "a/b", "c:\\d", '"a/b c"'):
        assert look_for(member, q) == ["100% ✓ a/b c:\\d"], q
    for q in ("milk sour", '"milk fresh"', "10_", "a%b", "fresh*", "& | !", "@milk", "milk:*", "';--"):
        assert look_for(member, q) == [], q


def test_a_short_word_is_looked_for_too(team: Team) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    say(member, group_id, "at 7 we meet")
    assert look_for(member, "7") == look_for(member, "7 at") == look_for(member, "7 meet") == ["at 7 we meet"]


def test_an_edited_message_is_found_by_its_new_text_and_a_retracted_one_not_at_all(team: Team) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    first, second = (say(member, group_id, f"Zwieback {number}") for number in ("one", "two"))
    member.patch(f"/v1/messages/{first['id']}", content="Pretzel one")
    assert look_for(member, "zwieback") == ["Zwieback two"]
    assert look_for(member, "pretzel") == ["Pretzel one"]
    member.patch(f"/v1/messages/{first['id']}", content="Bagel one")
    member.delete(f"/v1/messages/{second['id']}")
    assert look_for(member, "zwieback") == look_for(member, "pretzel") == []
    assert look_for(team.people["owner"], "bagel") == ["Bagel one"]


def test_nobody_finds_what_they_may_not_read(team: Team) -> None:
    member, other = team.people["member"], team.people["other member"]
    group_id = open_group(team, "owner")
    say(member, group_id, "Nougat before")
    member.chat("Nougat for me")
    member.post("/v1/tasks", title="Nougat to buy")
    path = f"/v1/conversations/{group_id}/participants"
    assert look_for(other, "nougat") == []
    member.post(path, user_id=str(other.id))
    say(member, group_id, "Nougat since")
    assert look_for(other, "nougat") == ["Nougat since"]
    assert {"Nougat since", "Nougat before", "Nougat for me", "Nougat to buy"} <= set(
        look_for(member, "nougat")
    )
    assert look_for(team.people["owner"], "nougat") == ["Nougat since", "Nougat before"]
    assert look_for(team.people["stranger"], "nougat") == []
    other.delete(f"{path}/{other.id}")
    assert look_for(other, "nougat") == []
    team.people["owner"].delete(team.path_of("member"))
    assert "Nougat since" not in look_for(member, "nougat")
    assert "Nougat for me" in look_for(member, "nougat")


def test_what_is_deleted_is_not_found(team: Team) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    say(member, group_id, "Marzipan")
    conversation_id = member.chat("Marzipan, please")["conversation_id"]
    member.delete(f"/v1/conversations/{conversation_id}")
    member.delete(f"/v1/conversations/{group_id}")
    assert look_for(member, "marzipan") == []


def test_what_somebody_said_who_has_left_is_found_without_their_name(team: Team) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    say(member, group_id, "Stollen forever")
    member.delete("/v1/me")
    [hit] = team.people["owner"].get("/v1/search", q="stollen")["data"]
    assert join_parts(hit) == "Stollen forever"
    assert hit["sender"] == {"type": "user", "id": str(member.id), "name": None}
    assert look_for(team.people["owner"], '"The member"') == []


def test_pages_follow_each_other_through_messages_and_tasks(team: Team) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    expected = []
    for number in range(5):
        say(member, group_id, f"Muffin {number}")
        member.post("/v1/tasks", title=f"Muffin task {number}")
        expected += [f"Muffin {number}", f"Muffin task {number}"]
    for limit in (1, 3, 10):
        found: list[str] = []
        query: dict[str, Any] = {"q": "muffin", "limit": limit}
        while True:
            page = member.get("/v1/search", **query)
            assert len(page["data"]) == limit or page["next_cursor"] is None
            found += map(join_parts, page["data"])
            if page["next_cursor"] is None:
                break
            query["cursor"] = page["next_cursor"]
        assert found == expected[::-1]


def test_an_api_token_finds_what_its_scopes_let_it_read(server: Server, team: Team) -> None:
    member, group_id = team.people["member"], open_group(team, "owner")
    say(member, group_id, "Brezel said")
    member.post("/v1/tasks", title="Brezel to do")
    expected = {
        "read": ["Brezel to do", "Brezel said"],
        "chat": ["Brezel said"],
        "tasks:read": ["Brezel to do"],
    }
    for scope, texts in expected.items():
        program = server.client(Authorization=f"Bearer {make_token(member, scope)}")
        page = ok(program.get("/v1/search", params={"q": "brezel"}))
        assert [join_parts(hit) for hit in page["data"]] == texts, scope


def test_an_agent_finds_what_is_said_where_it_takes_part(server: Server, team: Team) -> None:
    owner = team.people["owner"]
    agents = f"{team.path}/agents"
    agent_id = owner.post(agents, name="Robot", kind="external")["id"]
    key = owner.post(f"{agents}/{agent_id}/tokens", name="Key", scopes=["read", "write"])["token"]
    robot = server.client(Authorization=f"Bearer {key}")
    group_id = open_group(team, "owner")
    say(owner, group_id, "Lebkuchen before")
    owner.post(f"/v1/conversations/{group_id}/participants", user_id=agent_id)
    say(owner, group_id, "Lebkuchen since")
    page = ok(robot.get("/v1/search", params={"q": "lebkuchen"}))
    assert [join_parts(hit) for hit in page["data"]] == ["Lebkuchen since"]


def test_what_an_external_agent_answers_is_found_by_who_asked(server: Server, team: Team) -> None:
    owner, member = team.people["owner"], team.people["member"]
    agents = f"{team.path}/agents"
    agent_id = owner.post(agents, name="Robot", kind="external")["id"]
    key = owner.post(f"{agents}/{agent_id}/tokens", name="Key", scopes=["chat"])["token"]
    chat_id = member.post(f"/v1/chats/{team.id}/{agent_id}")["id"]
    path = f"/v1/conversations/{chat_id}/messages"
    member.post(path, content="How much?", wait=0)
    robot = server.client(Authorization=f"Bearer {key}")
    ok(robot.post(path, json={"content": "Quarkkuchen for two"}))
    [hit] = member.get("/v1/search", q="quarkkuchen")["data"]
    assert hit["sender"] == {"type": "agent", "id": agent_id, "name": "Robot"}
    owner.delete(f"{agents}/{agent_id}")
    assert look_for(member, "quarkkuchen") == []
