# test_team_streams.py -- what happens in conversations of a team, on the open streams of everybody around it.
from collections.abc import Iterator
from contextlib import ExitStack
from uuid import UUID

import pytest

from isolation.team_world import WHO, TeamWorld, make_team_world
from support.api.groups import say
from support.api.user_streams import opened, reset, types, until
from support.servers import Event, Person, Server, ok

IN_GROUP = [
    "message.created",
    "message.updated",
    "message.updated",
    "participant.read",
    "conversation.updated",
    "participant.added",
]
TO_AGENT = ["message.created", "run.queued"]
# In the order in which it happens below.
TOLD = {
    "maker": [*IN_GROUP, "message.created"],
    "member": [*IN_GROUP, "message.created", *TO_AGENT],
    "agent": [*IN_GROUP, *TO_AGENT],
}


def act_in_all(world: TeamWorld) -> None:
    """Something of each kind, in the group, between two, and in the chat with the agent."""
    people, group = world.team.people, world.ids["<group>"]
    said = say(people["member"], group, "Hello")
    people["member"].patch(f"/v1/messages/{said['id']}", content="Hello, then")
    people["member"].delete(f"/v1/messages/{said['id']}")
    path = f"/v1/conversations/{group}"
    ok(people["maker"].http.post(f"{path}/read", json={"message_id": said["id"]}))
    people["maker"].patch(path, title="Rye")
    people["maker"].post(f"{path}/participants", user_id=world.ids["<other>"])
    say(people["maker"], world.ids["<direct>"], "Hello")
    people["member"].post(f"/v1/conversations/{world.ids['<chat>']}/messages", content="Hello", wait=0)


def read_to_end(person: Person, stream: Iterator[Event]) -> list[str]:
    """The types of what has come, up to something of one's own."""
    person.post("/v1/tasks", title="The end")
    return types(until(stream, "task.created"))[:-1]


@pytest.mark.busy
def test_an_open_stream_shows_what_happens_to_those_alone_who_take_part(server: Server) -> None:
    """Who took part, who was a member and who manages the team get nothing of it."""
    world = make_team_world(server)
    everybody = world.team.people | {"agent": Person(UUID(world.bot.id), "", world.bot.http, {})}
    with ExitStack() as stack:
        streams = {who: stack.enter_context(opened(everybody[who])) for who in WHO}
        for stream in streams.values():
            reset(stream)
        act_in_all(world)
        told = {who: read_to_end(everybody[who], stream) for who, stream in streams.items()}
    assert told == {who: TOLD.get(who, []) for who in WHO}


@pytest.mark.busy
def test_an_open_stream_of_a_run_shows_nothing_more_once_its_person_is_no_member(server: Server) -> None:
    """Nor once a person comes back to it, with the number of the last event."""
    world = make_team_world(server)
    member, path = world.team.people["member"], f"/v1/runs/{world.ids['<run>']}/events"
    with member.http.stream("GET", path) as answer:
        assert answer.status_code == 200
        lines = answer.iter_lines()
        assert "event: run.queued" in lines
        world.team.people["owner"].delete(world.team.path_of("member"))
        assert [line for line in lines if line.startswith("event: ")] == []
    refused = member.http.get(path, headers={"Last-Event-ID": "0"})
    assert refused.status_code == 404
