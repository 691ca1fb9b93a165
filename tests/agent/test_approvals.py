# test_approvals.py -- what an agent asks for first: the question, the one answer, no forgery.
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
import pytest
from sqlmodel import col

import access
from access import Caller
from agent.leases import claim_run
from agent.loop import LeaseLost, RunAwaitsApproval, RunLoop
from clock import rfc3339
from db import Transaction
from errors import Forbidden
from llm.protocol import AgentTurn
from models import Approval, Run
from services import approvals
from storage.dialects import read_clock
from support.api.approvals import calls_of, decide
from support.api.runs import renew_epoch
from support.clock import pass_time
from support.databases.unchecked import open_unchecked
from support.llm.scripted_model import ScriptedModel, call
from support.servers import (
    Event,
    Person,
    Server,
    ok,
    read_events,
    serving,
    settings_for,
    wait_for_end,
)

# What is asked and answered is the same on each engine; where rows are locked, counted or timed, both are tried.
pytestmark = [pytest.mark.engines("sqlite"), pytest.mark.busy]


def with_task(person: Person, title: str = "Buy milk") -> str:
    task_id: str = person.post("/v1/tasks", title=title)["id"]
    return task_id


def request_deletions(
    person: Person, model: ScriptedModel, *task_ids: str, then: str = "So be it."
) -> dict[str, Any]:
    """A chat whose agent wants to delete these tasks, up to where it waits."""
    calls = [call("delete_task", {"task_id": task_id}, f"call_{n}") for n, task_id in enumerate(task_ids, 1)]
    model.answers = [calls, [then]]
    answer: dict[str, Any] = person.chat("tidy up")
    assert answer["status"] == "awaiting_approval"
    return answer


def titles(person: Person) -> list[str]:
    return [task["title"] for task in person.get("/v1/tasks")["data"]]


def go_on(monkeypatch: pytest.MonkeyPatch, passed: timedelta = timedelta(minutes=61)) -> None:
    """For approvals, so much time has gone by."""

    async def later(tx: Transaction) -> datetime:
        return await read_clock(tx) + passed

    monkeypatch.setattr(approvals, "read_clock", later)


# The question and its answer


def test_a_destructive_call_waits_with_its_exact_arguments(carl: Person, model: ScriptedModel) -> None:
    task_id = with_task(carl)
    answer = request_deletions(carl, model, task_id)
    assert answer["message"] is None
    [pending] = answer["pending_approvals"]
    assert (pending["tool_call_id"], pending["name"]) == (f"{answer['run_id']}:1", "delete_task")
    assert pending["arguments"] == {"task_id": task_id}
    run = carl.get(f"/v1/runs/{answer['run_id']}")
    assert (run["status"], run["pending_approvals"]) == ("awaiting_approval", [pending])
    assert titles(carl) == ["Buy milk"]


def test_an_approved_call_is_made_and_the_decision_is_on_record(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    run = ok(decide(carl, answer["run_id"], True))
    assert (run["status"], run["pending_approvals"]) == ("queued", [])
    [made] = calls_of(carl, answer)
    assert made["result"]["title"] == "Buy milk"
    assert made["approval"]["decision"] == "approved"
    assert made["approval"]["requested_at"] < made["approval"]["decided_at"] <= made["finished_at"]
    assert titles(carl) == []


def test_after_a_denial_the_model_is_told_and_goes_on(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl), then="Then it stays.")
    ok(decide(carl, answer["run_id"], False))
    [denied] = calls_of(carl, answer)
    assert (denied["result"], denied["approval"]["decision"]) == (None, "denied")
    told = model.requests[-1].turns[-1]
    assert isinstance(told, AgentTurn)
    assert told.tool_calls[0].error == denied["error"] == approvals.REFUSALS["denied"]
    messages = carl.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    assert messages[-1]["content"] == "Then it stays."
    assert titles(carl) == ["Buy milk"]


@pytest.mark.engines("sqlite", "postgresql")
def test_one_stream_tells_the_whole_story(carl: Person, model: ScriptedModel) -> None:
    task_id = with_task(carl)
    model.answers = [["Wait. ", call("delete_task", {"task_id": task_id})], ["Gone."]]
    headers = {"Accept": "text/event-stream"}
    seen: list[Event] = []
    with carl.http.stream("POST", "/v1/chat", json={"message": "tidy"}, headers=headers) as stream:
        for event in read_events(stream):
            seen.append(event)
            if event.type == "approval.requested":
                assert event.data["id"] == f"{event.data['run_id']}:1"
                assert event.data["arguments"] == {"task_id": task_id}
                ok(decide(carl, event.data["run_id"], True, event.data["id"]))
    kinds = [event.type for event in seen]
    assert [kind for kind in kinds if kind != "message.delta"] == [
        "run.started",
        "tool.call",
        "approval.requested",
        "approval.decided",
        "tool.result",
        "message.completed",
        "run.completed",
    ]
    assert [event.id for event in seen] == list(range(1, len(seen) + 1))
    assert next(e for e in seen if e.type == "approval.decided").data["decision"] == "approved"


def test_calls_of_one_answer_are_asked_for_together_and_the_run_waits_for_all(
    carl: Person, model: ScriptedModel
) -> None:
    answer = request_deletions(carl, model, with_task(carl, "One"), with_task(carl, "Two"))
    ids = [f"{answer['run_id']}:{number}" for number in (1, 2)]
    assert [pending["tool_call_id"] for pending in answer["pending_approvals"]] == ids
    assert ok(decide(carl, answer["run_id"], True, 2))["status"] == "awaiting_approval"
    assert titles(carl) == ["Two", "One"]
    assert ok(decide(carl, answer["run_id"], False, 1))["status"] == "queued"
    first, second = calls_of(carl, answer)
    assert (first["approval"]["decision"], second["approval"]["decision"]) == ("denied", "approved")
    assert titles(carl) == ["One"]


def test_the_offline_brain_deletes_after_a_yes(ann: Person) -> None:
    ann.chat("add buy milk")
    answer = ann.chat("delete buy milk")
    assert answer["status"] == "awaiting_approval"
    [pending] = answer["pending_approvals"]
    ok(decide(ann, answer["run_id"], True, pending["tool_call_id"]))
    wait_for_end(ann, answer["run_id"])
    messages = ann.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    assert messages[-1]["content"] == "Deleted “Buy milk”."
    assert titles(ann) == []


def test_the_offline_brain_says_what_was_not_approved(ann: Person) -> None:
    ann.chat("add buy milk")
    answer = ann.chat("delete buy milk")
    ok(decide(ann, answer["run_id"], False, answer["pending_approvals"][0]["tool_call_id"]))
    wait_for_end(ann, answer["run_id"])
    messages = ann.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    assert (
        messages[-1]["content"]
        == "I could not delete “Buy milk”: This was not approved; nothing was changed."
    )


# What is asked for


def test_with_never_nothing_waits(carl: Person, model: ScriptedModel) -> None:
    carl.patch("/v1/me", approval="never")
    model.answers = [[call("delete_task", {"task_id": with_task(carl)})], ["Gone."]]
    answer = carl.chat("tidy up")
    assert answer["status"] == "completed"
    assert "approval" not in answer["tool_calls"][0]
    assert titles(carl) == []


def test_with_always_whatever_changes_something_waits_and_a_look_does_not(
    carl: Person, model: ScriptedModel
) -> None:
    carl.patch("/v1/me", approval="always")
    model.answers = [[call("list_tasks", {}, "look"), call("add_task", {"title": "Rest"}, "add")], ["OK."]]
    answer = carl.chat("plan")
    assert [pending["tool_call_id"] for pending in answer["pending_approvals"]] == [f"{answer['run_id']}:2"]
    ok(decide(carl, answer["run_id"], True, 2))
    look, added = calls_of(carl, answer)
    assert ("approval" in look, "approval" in added) == (False, True)


def test_a_call_that_cannot_be_made_is_not_asked_for(carl: Person, model: ScriptedModel) -> None:
    model.answers = [[call("delete_task", {"task_id": "the milk"})], ["Which one?"]]
    answer = carl.chat("delete the milk")
    assert answer["status"] == "completed"
    assert answer["tool_calls"][0]["error"].startswith("Wrong arguments for delete_task")


@pytest.mark.parametrize(("count", "status"), [(10, "completed"), (11, "awaiting_approval")])
def test_more_than_ten_changes_in_one_answer_wait(
    carl: Person, model: ScriptedModel, count: int, status: str
) -> None:
    model.answers = [[call("add_task", {"title": f"Task {n}"}, f"call_{n}") for n in range(count)], ["OK."]]
    answer = carl.chat("many")
    assert answer["status"] == status
    assert len(answer["pending_approvals"]) == (count if status == "awaiting_approval" else 0)
    assert len(titles(carl)) == (0 if status == "awaiting_approval" else count)


@pytest.mark.engines("sqlite", "postgresql")
def test_many_changes_in_many_answers_wait_as_well(carl: Person, model: ScriptedModel) -> None:
    def six(name: str) -> list[Any]:
        return [call("add_task", {"title": name}, f"{name}_{n}") for n in range(6)]

    model.answers = [six("a"), six("b"), ["OK."]]
    answer = carl.chat("many")
    assert answer["status"] == "awaiting_approval"
    assert len(answer["pending_approvals"]) == 6
    assert titles(carl) == ["a"] * 6


# One answer, from the right person, in time


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_the_first_decision_counts(carl: Person, model: ScriptedModel, first: bool, second: bool) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    ok(decide(carl, answer["run_id"], first))
    assert decide(carl, answer["run_id"], second).status_code == 409
    wait_for_end(carl, answer["run_id"])
    assert decide(carl, answer["run_id"], second).status_code == 409
    assert titles(carl) == ([] if first else ["Buy milk"])


@pytest.mark.engines("sqlite", "postgresql")
def test_of_two_decisions_at_once_one_counts(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    with ThreadPoolExecutor(8) as pool:
        said = list(
            pool.map(lambda n: (n % 2 == 0, decide(carl, answer["run_id"], n % 2 == 0).status_code), range(8))
        )
    [(approved, _)] = [one for one in said if one[1] == 200]
    assert {status for _, status in said} == {200, 409}
    wait_for_end(carl, answer["run_id"])
    assert titles(carl) == ([] if approved else ["Buy milk"])


def test_another_person_cannot_decide_nor_learn_of_it(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    stranger = scripted.person()
    theirs, nothing = (
        decide(stranger, answer["run_id"], True),
        decide(stranger, answer["run_id"], True, 9),
    )
    assert theirs.status_code == nothing.status_code == 404
    assert theirs.json() == nothing.json()
    assert carl.get(f"/v1/runs/{answer['run_id']}")["status"] == "awaiting_approval"


def test_a_call_that_was_never_asked_for_cannot_be_decided(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    assert decide(carl, answer["run_id"], True, 2).status_code == 404


@pytest.mark.parametrize(
    "more", [{"arguments": {"task_id": "x"}}, {"name": "add_task"}, {"expires_at": "2099-01-01T00:00:00Z"}]
)
def test_a_decision_carries_nothing_but_yes_or_no(
    carl: Person, model: ScriptedModel, more: dict[str, Any]
) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    assert decide(carl, answer["run_id"], True, **more).status_code == 422
    assert carl.get(f"/v1/runs/{answer['run_id']}")["status"] == "awaiting_approval"


def test_who_acts_without_a_session_cannot_decide(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    """An agent acts for its person without one, and so does a program with a token."""
    answer = request_deletions(carl, model, with_task(carl))

    async def try_it() -> None:
        db = open_unchecked(scripted.settings.database_url.get_secret_value())
        try:
            with pytest.raises(Forbidden):
                await db.write(
                    approvals.decide_approval,
                    Caller(carl.id, None),
                    answer["run_id"],
                    f"{answer['run_id']}:1",
                    True,
                )
        finally:
            await db.close()

    anyio.run(try_it)
    assert carl.get(f"/v1/runs/{answer['run_id']}")["status"] == "awaiting_approval"


def test_who_signed_out_cannot_decide(scripted: Server, carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    again = scripted.sign_in(carl.email)
    ok(carl.http.post("/v1/auth/logout"))
    assert decide(carl, answer["run_id"], True).status_code == 401
    ok(decide(again, answer["run_id"], False))


@pytest.mark.engines("sqlite", "postgresql")
def test_no_answer_in_time_is_a_no(
    carl: Person, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    go_on(monkeypatch)
    [expired] = calls_of(carl, answer)
    assert (expired["error"], expired["approval"]["decision"]) == (approvals.REFUSALS["expired"], "expired")
    assert decide(carl, answer["run_id"], True).status_code == 409
    assert titles(carl) == ["Buy milk"]


@pytest.mark.engines("sqlite", "postgresql")
def test_a_yes_that_comes_too_late_is_refused_also_before_anybody_noticed(
    scripted: Server,
    carl: Person,
    model: ScriptedModel,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = request_deletions(carl, model, with_task(carl))

    async def nobody_looks() -> None:
        return None

    monkeypatch.setattr(scripted.state.worker, "expire_approvals", nobody_looks)
    go_on(monkeypatch)
    assert decide(carl, answer["run_id"], True).status_code == 409
    assert titles(carl) == ["Buy milk"]


def test_after_a_cancel_the_call_is_not_made(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    run = carl.post(f"/v1/runs/{answer['run_id']}/cancel")
    assert (run["status"], run["pending_approvals"]) == ("cancelled", [])
    assert decide(carl, answer["run_id"], True).status_code == 409
    [left] = calls_of(carl, answer)
    assert (left["result"], left["approval"]["decision"]) == (None, "cancelled")
    assert titles(carl) == ["Buy milk"]


# Around it


def test_a_message_behind_a_question_waits_and_says_so(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    model.answers += [["And hello."]]
    behind = carl.chat("hello", conversation_id=answer["conversation_id"])
    assert (behind["status"], behind["message"]) == ("queued", None)
    ok(decide(carl, answer["run_id"], False))
    assert wait_for_end(carl, behind["run_id"])["status"] == "completed"


def test_an_interrupt_ends_the_question(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    model.answers = [["Never mind."]]
    chat = carl.chat("leave it", conversation_id=answer["conversation_id"], on_busy="interrupt")
    assert chat["status"] == "completed"
    assert carl.get(f"/v1/runs/{answer['run_id']}")["status"] == "cancelled"
    assert titles(carl) == ["Buy milk"]


@pytest.mark.engines("sqlite", "postgresql")
def test_a_question_outlives_its_server_and_any_other_takes_the_answer(
    own_database_url: str, model: ScriptedModel
) -> None:
    with serving(settings_for(own_database_url), model) as first:
        person = first.person()
        answer = request_deletions(person, model, with_task(person))
    with serving(settings_for(own_database_url), model) as second:
        again = second.sign_in(person.email)
        assert len(again.get(f"/v1/runs/{answer['run_id']}")["pending_approvals"]) == 1
        ok(decide(again, answer["run_id"], True))
        assert calls_of(again, answer)[0]["approval"]["decision"] == "approved"
        assert titles(again) == []


@pytest.mark.engines("sqlite", "postgresql")
def test_a_worker_that_lost_its_run_cannot_ask(own_database_url: str, model: ScriptedModel) -> None:
    """Paused before the question, and taken over meanwhile: only the new worker's question counts."""
    with serving(settings_for(own_database_url), model) as server:
        person = server.person()
        task_id = with_task(person)
        state = server.state
        state.worker._stopping = True  # it takes up no run any more
        headers = {"Accept": "text/event-stream"}
        with person.http.stream("POST", "/v1/chat", json={"message": "tidy"}, headers=headers) as stream:
            run_id = stream.headers["X-Run-ID"]
        model.answers = [[call("delete_task", {"task_id": task_id})]] * 2

        async def both() -> None:
            db = open_unchecked(own_database_url)
            assistant = type(state.worker.context)(db, state.notifier, model, state.worker.context.limits)
            try:
                claim = await db.write(claim_run, assistant, UUID(run_id))
                assert claim is not None
                old = RunLoop(assistant, claim)
                await db.write(raise_epoch, UUID(run_id))
                new = RunLoop(assistant, renew_epoch(claim, claim.epoch + 1))
                with pytest.raises(RunAwaitsApproval):
                    await new.work()
                with pytest.raises(LeaseLost):
                    await old.work()
                rows = await db.read(all_approvals, UUID(run_id))
                assert [row.tool_call_id for row in rows] == [f"{run_id}:1"]
            finally:
                await db.close()

        anyio.run(both)


async def raise_epoch(tx: Transaction, run_id: UUID) -> None:
    run = await access.find_row(tx, access.SYSTEM, Run, col(Run.id) == run_id, lock=True)
    assert run is not None
    run.epoch += 1


async def all_approvals(tx: Transaction, run_id: UUID) -> list[Approval]:
    statement = access.select(access.SYSTEM, Approval).where(col(Approval.run_id) == run_id)
    return list((await tx.execute(statement)).scalars())


@pytest.mark.engines("sqlite", "postgresql")
def test_waiting_for_a_yes_is_not_part_of_the_runs_time(
    own_database_url: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(settings_for(own_database_url, run_seconds=30, access_token_minutes=60), model) as server:
        person = server.person()
        answer = request_deletions(person, model, with_task(person))
        go_on(monkeypatch, timedelta(minutes=25))
        pass_time(monkeypatch, minutes=25)
        ok(decide(person, answer["run_id"], True))
        assert wait_for_end(person, answer["run_id"])["status"] == "completed"


# The runs of a conversation


@pytest.mark.engines("sqlite", "postgresql")
def test_the_runs_of_a_conversation_are_listed_newest_first(carl: Person, model: ScriptedModel) -> None:
    first = carl.chat("hello")
    conversation = first["conversation_id"]
    second = asked_in(carl, model, conversation, with_task(carl))
    path = f"/v1/conversations/{conversation}/runs"
    listed = carl.get(path)["data"]
    assert [run["id"] for run in listed] == [second["run_id"], first["run_id"]]
    assert listed[0] == carl.get(f"/v1/runs/{second['run_id']}")
    assert [run["id"] for run in carl.get(path, active=True)["data"]] == [second["run_id"]]
    assert [run["id"] for run in carl.get(path, active=False)["data"]] == [first["run_id"]]
    page = carl.get(path, limit=1)
    assert [run["id"] for run in page["data"]] == [second["run_id"]]
    rest = carl.get(path, limit=1, cursor=page["next_cursor"])
    assert ([run["id"] for run in rest["data"]], rest["next_cursor"]) == ([first["run_id"]], None)


def asked_in(person: Person, model: ScriptedModel, conversation: str, task_id: str) -> dict[str, Any]:
    model.answers = [[call("delete_task", {"task_id": task_id})], ["OK."]]
    answer: dict[str, Any] = person.chat("tidy up", conversation_id=conversation)
    return answer


def test_a_message_says_which_run_it_belongs_to(carl: Person, model: ScriptedModel) -> None:
    answer = carl.chat("hello")
    assert answer["user_message"]["run_id"] == answer["message"]["run_id"] == answer["run_id"]
    listed = carl.get(f"/v1/conversations/{answer['conversation_id']}/messages")["data"]
    assert listed == [answer["user_message"], answer["message"]]


def test_times_in_a_call_are_rendered_like_all_others(carl: Person, model: ScriptedModel) -> None:
    answer = request_deletions(carl, model, with_task(carl))
    ok(decide(carl, answer["run_id"], True))
    [made] = calls_of(carl, answer)
    for name in ("requested_at", "decided_at"):
        assert rfc3339(datetime.fromisoformat(made["approval"][name])) == made["approval"][name]
