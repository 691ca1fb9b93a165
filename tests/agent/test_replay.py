# test_replay.py -- a stored conversation asked again: what would be different now, and nothing is written.
from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

import cli
from llm.protocol import ModelError
from support.databases.table_rows import count_rows
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok, serving, settings_for, wait_until

# A replay reads messages as every client does; what it makes of them is the same on each engine.
pytestmark = pytest.mark.engines("sqlite")

Replay = Callable[..., Result]


@pytest.fixture
def replay(own_database_url: str, monkeypatch: pytest.MonkeyPatch) -> Replay:
    """`parley replay`, answered by the model that is given or by the offline model."""
    settings = settings_for(own_database_url)
    monkeypatch.setattr("commands.context.get_settings", lambda: settings)

    def run(conversation: str, model: ScriptedModel | None = None) -> Result:
        if model:
            monkeypatch.setattr("commands.replay.open_model", lambda settings: model)
        return CliRunner().invoke(cli.app, ["replay", conversation])

    return run


@pytest.fixture
def offline(own_database_url: str) -> Iterator[Server]:
    with serving(settings_for(own_database_url)) as running:
        yield running


def conversation_of(person: Person) -> str:
    conversation: str = person.get("/v1/conversations")["data"][0]["id"]
    return conversation


@pytest.mark.busy
def test_the_offline_brains_own_conversation_never_differs(
    offline: Server, replay: Replay, own_database_url: str
) -> None:
    ann = offline.person(timezone="Asia/Tokyo")
    conversation = ann.chat("add buy milk tomorrow at 5pm and call mom")["conversation_id"]
    for said in ("what is open?", "I bought the milk", "delete call mom", "undo", "add", "a cake", "hm?"):
        answer = ann.chat(said, conversation_id=conversation)
        for n, pending in enumerate(answer["pending_approvals"]):
            path = f"/v1/runs/{answer['run_id']}/approvals/{pending['tool_call_id']}"
            ok(ann.http.post(path, json={"approve": n % 2 == 0}))
    wait_until(lambda: not ann.get(f"/v1/conversations/{conversation}/runs", active=True)["data"])
    ann.patch("/v1/me", timezone="America/New_York")  # what the record says counts
    before = count_rows(offline)
    done = replay(conversation)
    assert (done.exit_code, "differs" in done.output) == (0, False), done.output
    assert done.output.endswith("8 turns, none of them different.\n")
    assert count_rows(offline) == before


@pytest.mark.busy
def test_a_turn_is_told_with_what_was_stored_and_what_comes_now(
    carl: Person, model: ScriptedModel, replay: Replay
) -> None:
    model.answers = [[call("add_task", {"title": "Milk"})], ["Done."], ["Hello!"]]
    conversation = carl.chat("add milk")["conversation_id"]
    carl.chat("hello", conversation_id=conversation)
    now = ScriptedModel([call("add_task", {"title": "Milk"}, "other id")], ["Added milk."], ["Hello!"])
    done = replay(conversation, now)
    assert done.exit_code == 1
    assert done.output.splitlines() == [
        "  1  differs  add milk",
        "     text  - Done.",
        "     text  + Added milk.",
        "  2  same     hello",
        "2 turns, 1 of them different.",
    ]
    told = now.requests[1].turns[-1]
    assert told.tool_calls[0].result["title"] == "Milk"  # type: ignore[union-attr, index]


@pytest.mark.busy
def test_a_call_without_a_twin_ends_its_turn(carl: Person, model: ScriptedModel, replay: Replay) -> None:
    model.answers = [[call("add_task", {"title": "Milk"})], ["Done."], ["Hello!"]]
    conversation = carl.chat("add milk")["conversation_id"]
    carl.chat("hello", conversation_id=conversation)
    now = ScriptedModel(
        [call("delete_task", {"task_id": "x"}), call("add_task", {"title": "Milk"})], ["Hello!"]
    )
    done = replay(conversation, now)
    assert done.exit_code == 1
    assert done.output.splitlines()[:3] == [
        "  1  differs  add milk",
        '     call  + delete_task {"task_id": "x"}',
        "  2  same     hello",
    ]


def test_a_call_that_is_not_made_any_more_differs(carl: Person, model: ScriptedModel, replay: Replay) -> None:
    model.answers = [[call("add_task", {"title": "Milk"})], ["Done."]]
    conversation = carl.chat("add milk")["conversation_id"]
    done = replay(conversation, ScriptedModel(["Done."]))
    assert done.exit_code == 1
    assert '     call  - add_task {"title": "Milk"}' in done.output.splitlines()


def test_calls_in_another_order_differ(carl: Person, model: ScriptedModel, replay: Replay) -> None:
    a, b = call("add_task", {"title": "A"}, "a"), call("add_task", {"title": "B"}, "b")
    model.answers = [[a, b], ["Done."]]
    conversation = carl.chat("add both")["conversation_id"]
    assert replay(conversation, ScriptedModel([a, b], ["Done."])).exit_code == 0
    done = replay(conversation, ScriptedModel([b, a], ["Done."]))
    assert done.exit_code == 1
    assert "order" in done.output


def test_of_a_failed_run_only_what_there_is_counts(
    carl: Person, model: ScriptedModel, replay: Replay
) -> None:
    model.answers = [["First. ", ModelError("No more.", transient=False)]]
    answer = carl.chat("hello")
    assert answer["status"] == "failed"
    assert replay(answer["conversation_id"], ScriptedModel(["First. Second."])).exit_code == 0
    assert replay(answer["conversation_id"], ScriptedModel(["Another."])).exit_code == 1


def test_of_a_cancelled_run_only_what_there_is_counts(
    carl: Person, model: ScriptedModel, replay: Replay
) -> None:
    task_id = carl.post("/v1/tasks", title="Milk")["id"]
    deletion = call("delete_task", {"task_id": task_id})
    model.answers = [["Well. ", deletion]]
    answer = carl.chat("tidy up")
    carl.post(f"/v1/runs/{answer['run_id']}/cancel")
    now = ScriptedModel(["Well. ", deletion], ["Gone."])
    assert replay(answer["conversation_id"], now).exit_code == 0
    assert len(now.requests) == 1  # what would have come next is not on record


def test_a_model_that_fails_and_a_conversation_that_is_not_there_are_one_line(
    carl: Person, replay: Replay
) -> None:
    conversation = carl.chat("hello")["conversation_id"]
    failing = ScriptedModel([ModelError("No key.", transient=False)])
    done = replay(conversation, failing)
    assert (done.exit_code, done.stderr) == (1, "parley: the model did not answer: No key.\n")
    missing = replay(str(uuid4()))
    assert (missing.exit_code, missing.stderr) == (1, "parley: There is no such conversation.\n")
