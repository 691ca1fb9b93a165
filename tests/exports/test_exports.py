# test_exports.py -- an export has all that is a person's and that they may read, and nothing else.
import json
from collections import Counter
from contextlib import AsyncExitStack
from typing import Any
from uuid import UUID

import pytest

from access import SignedInCaller
from clock import utc_now
from exports import conversations, parts
from exports import lines as lines_of_exports
from exports.lines import export_lines
from identity import sessions
from settings import VERSION
from support.api.accounts import Team, make_people, make_team
from support.api.groups import open_direct, open_group, say
from support.api.isolation import with_everything
from support.api.problems import problem_of
from support.servers import PASSWORD, Person, Server, ok
from support.transfers.exports import export, pick
from timings import Timings

pytestmark = pytest.mark.also_on_mariadb


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member", "other member"))


def caller_of(person: Person) -> SignedInCaller:
    [session] = person.get("/v1/me/sessions")["data"]
    return SignedInCaller(person.id, UUID(session["id"]))


def test_an_export_has_what_the_lists_show(server: Server) -> None:
    partner = server.person()
    theirs = with_everything(server.person(display_name="Ann"), partner=partner)
    ann = theirs.person
    lines = export(ann)
    listed = {
        "user": [ann.get("/v1/me")],
        "token": ann.get("/v1/me/tokens")["data"],
        "account": ann.get("/v1/accounts")["data"],
        "task": ann.get("/v1/tasks")["data"],
        "event": ann.get("/v1/events")["data"],
    }
    for type_, items in listed.items():
        assert pick(lines, type_) == items != [], type_
    [session] = pick(lines, "session")
    assert session["current"]
    shown = {each["id"]: each for each in ann.get("/v1/conversations")["data"]}
    assert {each["id"]: each for each in pick(lines, "conversation")} == shown
    for id_ in shown:
        for path, type_ in (("messages", "message"), ("runs", "run")):
            here = ann.get(f"/v1/conversations/{id_}/{path}")["data"]
            found = [each for each in pick(lines, type_) if each["conversation_id"] == id_]
            assert found == here, path
    assert any(message["tool_calls"] for message in pick(lines, "message"))
    made = ann.get(f"/v1/accounts/{theirs.ids['<account>']}/agents")["data"][
        1:
    ]  # the built-in one is everybody's
    assert pick(lines, "agent") == made != []
    assert [each["user_id"] for each in pick(lines, "participant")] == [str(ann.id)]


def test_the_first_line_says_what_it_is_and_the_last_how_much_there_was(ann: Person) -> None:
    ann.post("/v1/tasks", title="Buy milk")
    answer = ann.http.get("/v1/me/export")
    assert answer.headers["content-type"] == "application/x-ndjson"
    today = f"{utc_now():%Y-%m-%d}"
    assert answer.headers["content-disposition"] == f'attachment; filename="parley-{today}.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    header = lines[0]["header"]
    assert header["exported_at"].startswith(today)
    expected = {"format": "parley", "version": 1, "parley": VERSION, "user_id": str(ann.id)}
    assert {**header, **expected} == header
    counts = Counter(line["type"] for line in lines[1:-1])
    footer = lines[-1]["footer"]
    assert {type_: n for type_, n in footer["counts"].items() if n} == counts
    assert footer["lines"] == len(lines) - 2


def test_no_secret_is_in_an_export(ann: Person) -> None:
    token = ann.post("/v1/me/tokens", name="A program", scopes=["read"])["token"]
    text = ann.http.get("/v1/me/export").text
    assert "A program" in text
    for secret in (
        token,
        PASSWORD,
        ann.tokens["refresh_token"],
        ann.tokens["access_token"],
        "argon2",
        "hash",
    ):
        assert secret not in text


def test_lists_of_many_pages_are_whole_and_in_order(team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MESSAGES", 2)
    monkeypatch.setattr(parts, "ITEMS", 2)
    monkeypatch.setattr(conversations, "CONVERSATIONS", 2)
    member = team.people["member"]
    group_id = open_group(team, "owner")
    said = [say(member, group_id, f"Word {number}")["content"] for number in range(5)]
    titles = [member.post("/v1/conversations", title=f"Chat {number}")["title"] for number in range(5)]
    todo = [member.post("/v1/tasks", title=f"Task {number}")["title"] for number in range(5)]
    lines = export(member)
    assert [each["content"] for each in pick(lines, "message")] == said
    assert [each["title"] for each in pick(lines, "task")] == todo[::-1]
    assert [each["title"] for each in pick(lines, "conversation")] == [*titles[::-1], "Cakes"]


def test_of_people_only_what_was_said_since_one_takes_part_is_there(team: Team) -> None:
    member, other = team.people["member"], team.people["other member"]
    group_id = open_group(team, "owner")
    say(member, group_id, "Before")
    member.post(f"/v1/conversations/{group_id}/participants", user_id=str(other.id))
    said = say(member, group_id, "After")
    say(other, open_direct(team, "owner", "other member"), "Between us")
    other.post(f"/v1/conversations/{group_id}/read", message_id=said["id"])
    lines = export(other)
    assert {each["content"] for each in pick(lines, "message")} == {"After", "Between us"}
    marks = {each["conversation_id"]: each["last_read_message_id"] for each in pick(lines, "participant")}
    assert marks[group_id] == said["id"]
    assert "Between us" not in json.dumps(export(member))
    member.delete(f"/v1/conversations/{group_id}/participants/{other.id}")
    assert "After" not in json.dumps(export(other))


def test_who_has_left_parley_has_no_name_in_it(team: Team) -> None:
    member, other = team.people["member"], team.people["other member"]
    other.patch("/v1/me", display_name="Otto the Other")
    group_id = open_group(team, "other member")
    say(other, group_id, "I was here")
    assert "Otto the Other" in json.dumps(export(member))
    ok(other.http.request("DELETE", "/v1/me", json={"current_password": PASSWORD}))
    lines = export(member)
    assert "Otto the Other" not in json.dumps(lines)
    [message] = pick(lines, "message")
    assert message["sender"]["name"] is None


def test_a_session_that_ends_meanwhile_gets_nothing_more(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines_of_exports, "CHECK_SECONDS", 0)
    ann.post("/v1/tasks", title="Not for a thief")
    caller = caller_of(ann)

    async def read_and_revoke() -> list[Any]:
        lines = export_lines(server.state.db, caller)
        come = [await anext(lines), await anext(lines)]
        await server.state.db.write(sessions.revoke_session, caller, caller.session_id)
        return [json.loads(line) for line in [*come, *[each async for each in lines]]]

    come = server.run(read_and_revoke())
    assert [line["type"] for line in come] == ["header", "user", "problem"]
    assert come[-1]["problem"]["status"] == 401


def test_a_conversation_that_is_written_to_meanwhile_is_not_passed_over(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its activity moves it to the front of lists."""
    monkeypatch.setattr(conversations, "CONVERSATIONS", 1)
    oldest, _, _ = [ann.post("/v1/conversations", title=f"Chat {number}")["id"] for number in range(3)]
    caller = caller_of(ann)

    async def read_until(type_: str, lines: Any) -> list[bytes]:
        come = []
        async for text in lines:
            come.append(text)
            if text.startswith(b'{"type":"%b"' % type_.encode()):
                break
        return come

    lines = export_lines(server.state.db, caller)
    come = server.run(read_until("conversation", lines))
    ann.chat("hello", conversation_id=oldest)
    come += server.run(read_until("footer", lines))
    titles = [
        each["title"] for each in pick([json.loads(x) for t in come for x in t.splitlines()], "conversation")
    ]
    assert titles == ["Chat 2", "Chat 1", "Chat 0"]


@pytest.mark.parametrize("timings", [Timings(search_wait=0.01)])
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_a_person_has_one_export_at_a_time_and_a_server_few(scripted: Server, carl: Person) -> None:
    slots = scripted.state.transfer_slots
    others = [caller_of(each) for each in scripted.people([{}] * 4)]

    async def hold(*callers: SignedInCaller) -> AsyncExitStack:
        held = AsyncExitStack()
        for caller in callers:
            await held.enter_async_context(slots.hold(caller, "export"))
        return held

    for callers in ([caller_of(carl)], others):
        held = scripted.run(hold(*callers))
        refused = carl.http.get("/v1/me/export")
        problem_of(refused, 429)
        assert refused.headers["retry-after"]
        scripted.run(held.aclose())
        assert export(carl)[-1]["type"] == "footer"


@pytest.mark.engines("sqlite")
def test_head_starts_no_export(ann: Person) -> None:
    answer = ann.http.head("/v1/me/export")
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == "application/x-ndjson"
