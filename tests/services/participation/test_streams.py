# test_streams.py -- what those who take part are told, on streams and pages, and who is told nothing more.
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_direct, open_group, say
from support.api.user_streams import as_on, find_end, opened, reset, until
from support.servers import Event, Person, Server, ok, serving


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member", "stranger"))


def read_changes(person: Person, after: int) -> list[tuple[str, Any]]:
    """The types and the data of what the person sees after this number."""
    found: list[tuple[str, Any]] = []
    while True:
        page = person.get("/v1/changes", after=after, limit=100)
        found += [
            (row["type"], {name: row[name] for name in row if name not in ("type", "seq")})
            for row in page["data"]
        ]
        if not page["data"]:
            return found
        after = page["next_after"]


def select_types(changes: list[tuple[str, Any]]) -> list[str]:
    return [type_ for type_, _ in changes]


@pytest.mark.also_on_mariadb
def test_what_happens_is_told_once_to_all_who_take_part_in_the_same_words(team: Team) -> None:
    member, owner = team.people["member"], team.people["owner"]
    after = find_end(member)
    group_id = open_group(team, "owner")
    said = say(member, group_id, "Hello @The owner")
    member.post(f"/v1/conversations/{group_id}/participants", user_id=str(team.people["other member"].id))
    edited = member.patch(f"/v1/messages/{said['id']}", content="Good day")
    answer = owner.http.post(f"/v1/conversations/{group_id}/read", json={"message_id": said["id"]})
    assert answer.status_code == 204
    renamed = member.patch(f"/v1/conversations/{group_id}", title="Bread")
    seen = read_changes(owner, after)
    assert seen == read_changes(member, after)
    assert select_types(seen) == [
        "conversation.created",
        "message.created",
        "participant.added",
        "message.updated",
        "participant.read",
        "conversation.updated",
    ]
    shared = ("id", "title", "created_at", "updated_at", "kind", "account_id", "agent_id")
    assert seen[0][1]["conversation"].keys() == set(shared)
    assert seen[1][1] == {"message": said, "message_seq": 1}
    assert seen[2][1]["participant"]["user_id"] == str(team.people["other member"].id)
    assert seen[3][1] == {"message": edited, "message_seq": 1}
    read = {"conversation_id": group_id, "user_id": str(owner.id), "message_id": said["id"]}
    assert seen[4][1] == read
    assert seen[5][1]["conversation"] == {name: renamed[name] for name in shared}
    late = read_changes(team.people["other member"], after)
    assert select_types(late) == ["conversation.created", *select_types(seen)[2:]]
    assert read_changes(team.people["stranger"], after) == []


def follow(stack: ExitStack, *people: Person) -> list[Iterator[Event]]:
    streams = [stack.enter_context(opened(person)) for person in people]
    for stream in streams:
        reset(stream)
    return streams


@pytest.mark.also_on_mariadb
def test_an_open_stream_follows_its_person_into_conversations_and_out_of_them(
    server: Server, team: Team
) -> None:
    """On two servers: who is removed hears nothing of what comes after it, on either."""
    member, late = team.people["member"], team.people["other member"]
    group_id = open_group(team, "owner")
    with ExitStack() as stack:
        elsewhere = stack.enter_context(serving(server.settings))
        here, there, stays = follow(stack, late, as_on(elsewhere, late), team.people["owner"])
        say(member, group_id, "Not for the late one")
        path = f"/v1/conversations/{group_id}/participants"
        member.post(path, user_id=str(late.id))
        say(member, group_id, "Welcome")
        member.delete(f"{path}/{late.id}")
        say(member, group_id, "Not any more")
        direct = open_direct(team, "member", "other member")
        say(member, direct, "Sorry")
        for stream in (here, there):
            seen = until(stream, "message.created") + until(stream, "message.created")
            assert [event.type for event in seen] == [
                "conversation.created",
                "participant.added",
                "message.created",
                "participant.removed",
                "conversation.created",
                "message.created",
            ]
            said = [event.data["message"]["content"] for event in seen if event.type == "message.created"]
            assert said == ["Welcome", "Sorry"]
        contents = []
        while "Not any more" not in contents:
            event = until(stays, "message.created")[-1]
            contents.append(event.data["message"]["content"])
        assert contents == ["Not for the late one", "Welcome", "Not any more"]


@pytest.mark.also_on_mariadb
def test_the_end_of_a_membership_ends_every_conversation_of_the_account(team: Team) -> None:
    member, other = team.people["member"], team.people["other member"]
    group_id = open_group(team, "other member")
    after = find_end(member)
    with ExitStack() as stack:
        [stream] = follow(stack, other)
        team.people["owner"].delete(team.path_of("other member"))
        say(member, group_id, "Among ourselves")
        ok(other.http.post("/v1/tasks", json={"title": "Look for work"}))
        seen = until(stream, "task.created")
        assert [event.type for event in seen] == ["member.removed", "task.created"]
    assert select_types(read_changes(other, after)) == ["member.removed", "task.created"]
    assert ("participant.removed", {"conversation_id": group_id, "user_id": str(other.id)}) in read_changes(
        member, after
    )
    assert member.get(f"/v1/conversations/{group_id}")["participant_count"] == 1


@pytest.mark.also_on_mariadb
def test_a_deleted_group_is_told_to_each_who_took_part(team: Team) -> None:
    group_id = open_group(team, "owner")
    member, owner = team.people["member"], team.people["owner"]
    after = find_end(member)
    say(owner, group_id, "Last words")
    member.delete(f"/v1/conversations/{group_id}")
    for person in (member, owner):
        assert read_changes(person, after) == [("conversation.deleted", {"conversation_id": group_id})]
    assert read_changes(team.people["other member"], after) == []
