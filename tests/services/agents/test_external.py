# test_external.py -- external agents: a message waits for a program with a key, which answers in its own time.
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from access import SYSTEM
from agent import leases
from db import Transaction
from services.agents import answers
from settings import ROOT
from support.api.accounts import Team, make_people, make_team
from support.api.bad_input import ON_ONE_ENGINE
from support.api.bots import Bot, add_bot
from support.api.problems import problem_of
from support.api.user_streams import STREAM, find_end, reset, until
from support.servers import Person, Server, in_database, ok, read_events, wait_until

AUDIT = {
    "action": "QUERY",
    "query_attempts": [{"query": "SELEC 1", "error": "syntax"}, {"query": "SELECT 1"}],
    "final_query": "SELECT 1",
    "resolution_note": "Fixed a typo.",
    "error": "Only one row.",
}


@pytest.fixture
def team(server: Server) -> Team:
    return make_team(make_people(server, "owner", "member"))


@pytest.fixture
def bot(server: Server, team: Team) -> Bot:
    return add_bot(server, team)


def begin(person: Person, bot: Bot) -> str:
    """A conversation with the bot; the path of its messages."""
    conversation = person.post("/v1/conversations", agent_id=bot.id)["id"]
    return f"/v1/conversations/{conversation}/messages"


@pytest.mark.also_on_mariadb
def test_a_message_waits_until_the_agent_answers_and_the_answer_tells_how_it_came_about(
    team: Team, bot: Bot
) -> None:
    member = team.people["member"]
    path = begin(member, bot)
    asked = member.post(path, content="How much?", wait=0)
    assert (asked["status"], asked["message"]) == ("queued", None)
    posted = ok(bot.http.post(path, json={"content": "42", "client_id": "first", **AUDIT}))
    assert (posted["status"], posted["run_id"]) == ("completed", asked["run_id"])
    assert posted["user_message"]["id"] == asked["user_message"]["id"]
    message = posted["message"]
    assert message["sender"] == {"type": "agent", "id": bot.id, "name": "Robot"}
    assert (message["agent_id"], message["content"], message["role"]) == (bot.id, "42", "agent")
    assert {name: message[name] for name in AUDIT} == AUDIT
    # Who asked and who answered see the same.
    assert member.get(path)["data"] == ok(bot.http.get(path))["data"] == [asked["user_message"], message]
    assert member.get(f"/v1/runs/{asked['run_id']}")["status"] == "completed"
    with member.http.stream("GET", f"/v1/runs/{asked['run_id']}/events") as answer:
        types = [event.type for event in read_events(answer)]
    assert types == ["run.started", "message.completed", "run.completed"]


@ON_ONE_ENGINE
def test_a_message_without_any_of_that_shows_none_of_it(team: Team, bot: Bot) -> None:
    path = begin(team.people["member"], bot)
    team.people["member"].post(path, content="Hello", wait=0)
    message = ok(bot.http.post(path, json={"content": "Hello"}))["message"]
    assert AUDIT.keys() & message.keys() == set()
    assert AUDIT.keys() & team.people["member"].get(path)["data"][1].keys() == set()


@ON_ONE_ENGINE
def test_messages_are_answered_in_their_order_and_nothing_unasked(team: Team, bot: Bot) -> None:
    member = team.people["member"]
    path = begin(member, bot)
    problem_of(bot.http.post(path, json={"content": "Are you there?"}), 409)
    runs = [member.post(path, content=f"Question {number}", wait=0)["run_id"] for number in (1, 2)]
    answered = [ok(bot.http.post(path, json={"content": f"Answer {number}"})) for number in (1, 2)]
    assert [answer["run_id"] for answer in answered] == runs
    problem_of(bot.http.post(path, json={"content": "And another thing"}), 409)


@pytest.mark.also_on_mariadb
def test_an_answer_that_is_sent_again_is_stored_once(team: Team, bot: Bot) -> None:
    member = team.people["member"]
    path = begin(member, bot)
    member.post(path, content="Question", wait=0)
    body = {"content": "Answer", "client_id": "mine"}
    assert ok(bot.http.post(path, json=body)) == ok(bot.http.post(path, json=body))
    problem_of(bot.http.post(path, json={**body, "content": "Another"}), 409)
    key = {"Idempotency-Key": "key"}
    member.post(path, content="Question", wait=0)
    again = [ok(bot.http.post(path, json={"content": "Answer"}, headers=key)) for _ in range(2)]
    assert again[0] == again[1]
    assert len(member.get(path)["data"]) == 4


@pytest.mark.also_on_mariadb
def test_two_answers_at_once_to_one_question_are_one_answer_and_one_conflict(team: Team, bot: Bot) -> None:
    path = begin(team.people["member"], bot)
    team.people["member"].post(path, content="Question", wait=0)
    found: list[int] = []

    def post(number: int) -> None:
        found.append(bot.http.post(path, json={"content": f"Answer {number}"}).status_code)

    threads = [threading.Thread(target=post, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [201, 409]
    assert len(team.people["member"].get(path)["data"]) == 2


@ON_ONE_ENGINE
def test_both_sides_hear_of_it_on_their_streams(team: Team, bot: Bot) -> None:
    member = team.people["member"]
    after = find_end(member)
    path = begin(member, bot)
    with bot.http.stream("GET", STREAM) as theirs, member.http.stream("GET", STREAM) as own:
        program, person = read_events(theirs), read_events(own)
        reset(program), reset(person)
        asked = member.post(path, content="Question", wait=0)
        heard = until(program, "run.queued")
        assert [event.type for event in heard] == ["message.created", "run.queued"]
        assert heard[0].data["message"] == asked["user_message"]
        posted = ok(bot.http.post(path, json={"content": "Answer", **AUDIT}))
        for stream in (program, person):
            seen = until(stream, "run.completed")
            said = [event.data["message"] for event in seen if event.type == "message.created"]
            assert said[-1] == posted["message"]
        cancelled = member.post(path, content="Never mind", wait=0)["run_id"]
        member.post(f"/v1/runs/{cancelled}/cancel")
        assert until(program, "run.cancelled")[-1].data["run"]["id"] == cancelled
    changes = ok(bot.http.get("/v1/changes", params={"after": after}))
    assert {"message.created", "run.queued"} <= {change["type"] for change in changes["data"]}
    problem_of(bot.http.post(path, json={"content": "Too late"}), 409)


@ON_ONE_ENGINE
def test_a_request_waits_for_the_answer_as_long_as_it_says(team: Team, bot: Bot) -> None:
    member = team.people["member"]
    path = begin(member, bot)
    answers_: list[dict[str, object]] = []
    waiting = threading.Thread(target=lambda: answers_.append(member.post(path, content="Question")))
    waiting.start()
    wait_until(lambda: ok(bot.http.get(path))["data"])
    ok(bot.http.post(path, json={"content": "Answer"}))
    waiting.join()
    assert [(answer["status"], answer["message"]["content"]) for answer in answers_] == [  # type: ignore[index]
        ("completed", "Answer")
    ]


@ON_ONE_ENGINE
def test_a_stream_stays_open_until_the_answer(team: Team, bot: Bot) -> None:
    member = team.people["member"]
    path = begin(member, bot)
    accept = {"Accept": "text/event-stream"}
    with member.http.stream("POST", path, json={"content": "Question"}, headers=accept) as answer:
        events = read_events(answer)
        assert next(events).type == "run.queued"
        ok(bot.http.post(path, json={"content": "Answer"}))
        assert [event.type for event in events] == ["run.started", "message.completed", "run.completed"]


@ON_ONE_ENGINE
def test_nobody_else_answers_or_tells_of_queries(server: Server, team: Team, bot: Bot) -> None:
    member = team.people["member"]
    path = begin(member, bot)
    member.post(path, content="Question", wait=0)
    other = add_bot(server, team, "Other")
    problem_of(other.http.post(path, json={"content": "Mine"}), 404)
    problem_of(other.http.get(path), 404)
    problem_of(team.people["owner"].http.post(path, json={"content": "Mine"}), 404)
    for name, value in AUDIT.items():
        problem_of(member.http.post(path, json={"content": "Hello", name: value}), 403)
    reader = add_bot(server, team, "Reader", scopes=("read",))
    problem_of(reader.http.post(begin(member, reader), json={"content": "Mine"}), 403)
    assert len(member.get(path)["data"]) == 1


@ON_ONE_ENGINE
def test_an_agent_begins_nothing_and_sees_its_own_conversations_alone(team: Team, bot: Bot) -> None:
    member = team.people["member"]
    at_home = member.chat("hello")["conversation_id"]
    path = begin(member, bot)
    problem_of(bot.http.post("/v1/chat", json={"message": "hello"}), 403)
    problem_of(bot.http.post("/v1/conversations", json={"title": "Mine"}), 403)
    problem_of(bot.http.get(f"/v1/conversations/{at_home}"), 404)
    listed = ok(bot.http.get("/v1/conversations"))["data"]
    assert [f"/v1/conversations/{row['id']}/messages" for row in listed] == [path]
    chats = f"/v1/chats/{team.id}/{bot.id}"
    assert [row["id"] for row in ok(bot.http.get(chats))["data"]] == [listed[0]["id"]]


@ON_ONE_ENGINE
def test_no_worker_takes_what_an_external_agent_answers(server: Server, team: Team, bot: Bot) -> None:
    member = team.people["member"]
    run = member.post(begin(member, bot), content="Question", wait=0)["run_id"]
    context = server.state.worker.context

    async def look(tx: Transaction) -> tuple[object, list[UUID], list[UUID]]:
        first, _ = await leases.find_first_runs(tx, member.id)
        waiting = await leases.find_waiting_runs(tx, context, leases.NO_ID, (), 1_000)
        return await leases.claim_run(tx, context, UUID(run)), first, waiting.run_ids

    lease, first, waiting = in_database(server, look)
    assert lease is None
    assert UUID(run) not in [*first, *waiting]
    assert member.get(f"/v1/runs/{run}")["status"] == "queued"


@pytest.mark.also_on_mariadb
def test_a_question_that_nobody_answers_fails_after_a_day(
    server: Server, team: Team, bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    member = team.people["member"]
    path = begin(member, bot)
    late, fresh = (member.post(path, content="Question", wait=0)["run_id"] for _ in range(2))
    start = find_end(member)
    assert in_database(server, lambda tx: answers.find_late_runs(tx, SYSTEM)) == []
    monkeypatch.setattr(answers, "ANSWER_HOURS", 0)  # the time at which a run was made never changes
    found = in_database(server, lambda tx: answers.find_late_runs(tx, SYSTEM))
    assert {UUID(late), UUID(fresh)} <= set(found)
    in_database(server, lambda tx: answers.end_late_run(tx, SYSTEM, UUID(late)))
    ended = member.get(f"/v1/runs/{late}")
    assert (ended["status"], ended["error"]) == ("failed", answers.NO_ANSWER)
    told = [change["type"] for change in member.get("/v1/changes", after=start)["data"]]
    assert told == ["run.failed"]
    in_database(server, lambda tx: answers.end_late_run(tx, SYSTEM, UUID(late)))  # as another worker would
    assert ok(bot.http.post(path, json={"content": "Answer"}))["run_id"] == fresh


@contextmanager
def running(server: Server, bot: Bot) -> Iterator["subprocess.Popen[str]"]:
    """The example of specs/, as a process."""
    key = bot.http.headers["Authorization"].removeprefix("Bearer ")
    environment = {**os.environ, "PARLEY_URL": server.base_url, "PARLEY_KEY": key}
    command = [sys.executable, str(ROOT / "specs/examples/agent.py")]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@ON_ONE_ENGINE
@pytest.mark.busy
def test_the_example_agent_answers_what_waits_and_what_comes(server: Server, team: Team, bot: Bot) -> None:
    assert len((ROOT / "specs/examples/agent.py").read_text().splitlines()) <= 50
    owner, member = team.people["owner"], team.people["member"]
    path, other = begin(member, bot), begin(owner, bot)
    member.post(path, content="Answered", wait=0)
    ok(bot.http.post(path, json={"content": "By another process"}))
    member.post(f"/v1/runs/{member.post(path, content='Cancelled', wait=0)['run_id']}/cancel")
    for person, chat, question in ((member, path, "One"), (member, path, "Two"), (owner, other, "Three")):
        person.post(chat, content=question, wait=0)
    with running(server, bot) as process:
        assert process.stdout is not None
        # The conversation that was written to last comes first.
        waited = list(iter(process.stdout.readline, "listening\n"))
        assert waited == [f"201 You said: {number}\n" for number in ("Three", "One", "Two")]
        answer = member.post(path, content="Hello")
        assert (answer["status"], answer["message"]["content"]) == ("completed", "You said: Hello")
        assert answer["message"]["action"] == "ECHO"
        assert process.stdout.readline() == "201 You said: Hello\n"
    said = [message["content"] for message in member.get(path)["data"] if message["role"] == "agent"]
    assert said == ["By another process", *(f"You said: {word}" for word in ("One", "Two", "Hello"))]
    assert owner.get(other)["data"][-1]["content"] == "You said: Three"
