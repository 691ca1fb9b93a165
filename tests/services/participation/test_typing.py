# test_typing.py -- that somebody is typing: who sees it, on which worker, how often, and that nothing is kept.
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID, uuid4

import pytest

from streaming.typing_notes import MAX_RECENT, TypingGate, TypingNote, read_word
from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_direct, open_group, say
from support.api.user_streams import as_on, find_end, opened, reset, until
from support.databases.statement_counts import count_statements
from support.servers import Event, Person, Server, serving


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member", "stranger"))


def tell(person: Person, conversation_id: str) -> int:
    return person.http.post(f"/v1/conversations/{conversation_id}/typing").status_code


@contextmanager
def telling(person: Person, conversation_id: str) -> Iterator[None]:
    """Again and again until the end of the block: the relay of a worker that has just begun may not listen yet."""
    is_over = threading.Event()

    def repeat() -> None:
        while not is_over.wait(0.05):
            tell(person, conversation_id)

    thread = threading.Thread(target=repeat)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def find_notes(seen: list[Event]) -> list[dict[str, Any]]:
    return [event.data for event in seen if event.type == "participant.typing"]


@pytest.mark.also_on_mariadb
def test_the_others_who_take_part_see_who_is_typing_in_front_of_what_is_said_next(team: Team) -> None:
    member, owner, outsider = (team.people[who] for who in ("member", "owner", "other member"))
    group_id, direct_id = open_group(team, "owner"), open_direct(team, "member", "owner")
    with ExitStack() as stack:
        streams = [stack.enter_context(opened(each)) for each in (owner, member, outsider)]
        for stream in streams:
            reset(stream)
        assert [tell(member, group_id), tell(member, direct_id)] == [204, 204]
        told = until(streams[0], "participant.typing") + until(streams[0], "participant.typing")
        assert sorted(find_notes(told), key=str) == sorted(
            ({"conversation_id": id_, "user_id": str(member.id)} for id_ in (group_id, direct_id)), key=str
        )
        assert [event.id for event in told] == [0, 0]  # without `id:`, so that nobody resumes from it
        say(member, group_id, "Hello")
        assert [event.type for event in until(streams[0], "message.created")] == ["message.created"]
        assert [event.type for event in until(streams[1], "message.created")] == ["message.created"]
        outsider.post("/v1/tasks", title="Rest")
        assert [event.type for event in until(streams[2], "task.created")] == ["task.created"]


@pytest.mark.also_on_mariadb
def test_it_is_for_those_who_take_part_and_nobody_who_did(team: Team) -> None:
    member, owner, late = (team.people[who] for who in ("member", "owner", "other member"))
    group_id = open_group(team, "owner", "other member")
    assistant_id = member.post("/v1/conversations", title="Alone")["id"]
    with opened(late) as stream:
        reset(stream)
        member.delete(f"/v1/conversations/{group_id}/participants/{late.id}")
        assert tell(owner, group_id) == 204
        late.post("/v1/tasks", title="Rest")
        seen = [event.type for event in until(stream, "task.created")]
        assert seen == ["participant.removed", "task.created"]
    refused = [(late, group_id), (team.people["stranger"], group_id), (member, assistant_id)]
    assert [tell(*each) for each in refused] == [404, 404, 404]


def test_nothing_is_stored_and_nothing_written(server: Server, team: Team) -> None:
    member = team.people["member"]
    group_id = open_group(team, "owner")
    after = find_end(member)
    with count_statements(server) as statements:
        assert tell(member, group_id) == 204
    assert not [each for each in statements if not each.startswith(("SELECT", "BEGIN", "COMMIT"))]
    assert team.people["owner"].get("/v1/changes", after=after) == {
        "data": [],
        "next_after": after,
        "reset": False,
    }


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_it_comes_to_the_streams_of_other_workers(server: Server, team: Team) -> None:
    member, owner = team.people["member"], team.people["owner"]
    group_id = open_group(team, "owner")
    with serving(server.settings) as elsewhere, opened(as_on(elsewhere, owner)) as stream:
        reset(stream)
        with telling(member, group_id):
            [note] = find_notes(until(stream, "participant.typing"))
    assert note == {"conversation_id": group_id, "user_id": str(member.id)}


def test_a_note_passes_once_a_second_and_those_of_others_pass_beside_it() -> None:
    now = 100.0
    gate = TypingGate(lambda: now)
    note, other = TypingNote(uuid4(), uuid4()), TypingNote(uuid4(), uuid4())
    assert [gate.lets_pass(note), gate.lets_pass(note), gate.lets_pass(other)] == [True, False, True]
    now = 100.9
    assert not gate.lets_pass(note)
    now = 101.0
    assert [gate.lets_pass(note), gate.lets_pass(note)] == [True, False]


def test_a_flood_of_notes_takes_bounded_memory() -> None:
    gate = TypingGate(lambda: 100.0)
    passed = [gate.lets_pass(TypingNote(uuid4(), uuid4())) for _ in range(MAX_RECENT + 5)]
    assert passed == [True] * MAX_RECENT + [False] * 5


def test_a_note_travels_between_workers_as_a_word_that_is_no_id() -> None:
    note = TypingNote(uuid4(), uuid4())
    assert read_word(note.write_word()) == note
    assert read_word(str(uuid4())) is None
    with pytest.raises(ValueError, match="badly formed"):
        UUID(note.write_word())  # what a worker of an older version tries, and lets be
    with pytest.raises(ValueError, match="badly formed"):
        read_word("typing:x")
