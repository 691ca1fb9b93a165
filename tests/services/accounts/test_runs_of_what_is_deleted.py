# test_runs_of_what_is_deleted.py -- runs end with the account, the agent, the user or the conversation they belong to.
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlmodel import col

from db import Transaction
from models import Run
from support.api.accounts import Team, make_people, make_team
from support.api.bots import Bot, add_bot
from support.api.runs import STREAM, begin, followed
from support.llm.scripted_model import ScriptedModel, call
from support.servers import (
    PASSWORD,
    Event,
    Person,
    Server,
    in_database,
    ok,
    read_events,
    serving,
    settings_for,
    wait_until,
)

pytestmark = pytest.mark.also_on_mariadb


@pytest.fixture
def team(scripted: Server) -> Team:
    return make_team(make_people(scripted, "owner", "member"))


def read_states(server: Server, *run_ids: str) -> set[tuple[Any, ...]]:
    """What is stored of these runs, whoever may see them: the status, whether it ended, until when a worker has it."""

    async def read(tx: Transaction) -> set[tuple[Any, ...]]:
        found = select(Run).where(col(Run.id).in_([UUID(run_id) for run_id in run_ids]))
        rows = (await tx.execute(found)).scalars()
        return {(row.status, row.finished_at is not None, row.lease_expires_at) for row in rows}

    return in_database(server, read)


CANCELLED = {("cancelled", True, None)}


def is_idle(server: Server) -> bool:
    return not server.state.worker._running


def delete_it(what: str, team: Team, bot: Bot, server: Server) -> None:
    owner, member = team.people["owner"], team.people["member"]
    if what == "the user":
        ok(member.http.request("DELETE", "/v1/me", json={"current_password": PASSWORD}))
        return
    token = owner.http.headers["Authorization"]
    ok(server.client(Authorization=token).delete(bot.path if what == "the agent" else team.path))


def follow_one_at_work(stack: ExitStack, person: Person, **body: Any) -> tuple[str, Iterator[Event]]:
    """A run whose model says no more, and its stream."""
    answer = stack.enter_context(
        person.http.stream("POST", "/v1/chat", json={"message": "Tell me", **body}, headers=STREAM)
    )
    assert answer.status_code == 200, answer.read()
    events = read_events(answer)
    for event in events:
        if event.type == "message.delta":
            return answer.headers["X-Run-ID"], events
    raise AssertionError("the run has ended")


@pytest.mark.parametrize("where", ["here", "on another worker"])
@pytest.mark.usefixtures("keep_rows")
@pytest.mark.busy
def test_the_runs_of_a_deleted_account_are_cancelled_and_those_elsewhere_go_on(
    scripted: Server,
    model: ScriptedModel,
    team: Team,
    gate: threading.Event,
    own_database_url: str,
    where: str,
) -> None:
    member = team.people["member"]
    bot = add_bot(scripted, team)
    task = member.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]})]]
    asking = member.chat("delete it", account_id=team.id)
    assert asking["status"] == "awaiting_approval"
    asked = member.chat("Are you there?", agent_id=bot.id, wait=0)
    model.answers = [["At home", gate], ["Once upon", gate]]
    at_home = begin(member)
    with serving(settings_for(own_database_url), ScriptedModel()) as elsewhere, ExitStack() as stack:
        at_work, events = follow_one_at_work(stack, member, account_id=team.id)
        chat = member.get(f"/v1/runs/{at_work}")["conversation_id"]
        waiting = member.post(f"/v1/conversations/{chat}/messages", content="And then?", wait=0)
        delete_it("the account", team, bot, scripted if where == "here" else elsewhere)
        assert [event.type for event in events] == []
        here = (at_work, waiting["run_id"], asking["run_id"], asked["run_id"])
        assert read_states(scripted, *here) == CANCELLED
        approval = f"/v1/runs/{asking['run_id']}/approvals/{asking['pending_approvals'][0]['tool_call_id']}"
        assert member.http.post(approval, json={"approve": True}).status_code == 404
        gate.set()
        assert followed(member, at_home)[-1].type == "run.completed"
        wait_until(lambda: is_idle(scripted))
    assert read_states(scripted, *here) == CANCELLED
    assert member.get(f"/v1/tasks/{task['id']}")["title"] == "Buy milk"
    assert len(model.requests) == 3, "the waiting run was begun"


@pytest.mark.parametrize("what", ["the account", "the agent", "the user"])
@pytest.mark.usefixtures("keep_rows")
def test_what_is_deleted_leaves_no_run_at_work_or_waiting(
    scripted: Server, model: ScriptedModel, team: Team, gate: threading.Event, what: str
) -> None:
    """Nor does a worker go on with one: whoever may still post has all of their places."""
    owner, member = team.people["owner"], team.people["member"]
    bot = add_bot(scripted, team)
    hosted = owner.post(f"{team.path}/agents", name="Clerk")["id"]
    model.answers = [["Once upon", gate]]
    with ExitStack() as stack:
        at_work, _ = follow_one_at_work(stack, member, agent_id=hosted)
        many = range(scripted.settings.runs_per_user - 1)
        asked = [member.chat("Are you there?", agent_id=bot.id, wait=0)["run_id"] for _ in many]
        refused = member.http.post("/v1/chat", json={"message": "One more"})
        assert refused.status_code == 429
        others = owner.chat("Mine", agent_id=bot.id, wait=0)["run_id"]
        delete_it(what, team, bot, scripted)
        assert read_states(scripted, *asked) == CANCELLED
        if what == "the user":
            assert read_states(scripted, others) == {("queued", False, None)}
        else:
            assert read_states(scripted, others) == CANCELLED
        if what == "the agent":
            gate.set()
            assert followed(member, at_work)[-1].type == "run.completed"
        else:
            wait_until(lambda: is_idle(scripted))
            assert read_states(scripted, at_work) == CANCELLED
    if what != "the user":
        model.answers = [["At home"]]
        assert member.chat("Hello")["status"] == "completed"


@pytest.mark.parametrize("path", ["/v1/conversations/{id}", "/v1/chats/{account_id}/{agent_id}/{id}"])
def test_a_deleted_conversation_takes_its_runs_along(
    scripted: Server, model: ScriptedModel, carl: Person, gate: threading.Event, path: str
) -> None:
    model.answers = [["Once upon", gate]]
    with ExitStack() as stack:
        run_id, events = follow_one_at_work(stack, carl)
        conversation = carl.get(f"/v1/conversations/{carl.get(f'/v1/runs/{run_id}')['conversation_id']}")
        carl.delete(path.format_map(conversation))
        assert [event.type for event in events] == []
        wait_until(lambda: is_idle(scripted))
    assert read_states(scripted, run_id) == set()


def test_a_call_that_awaits_an_approval_is_never_made_once_its_conversation_is_deleted(
    scripted: Server, model: ScriptedModel, carl: Person
) -> None:
    task = carl.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]})]]
    asking = carl.chat("delete it")
    carl.delete(f"/v1/conversations/{asking['conversation_id']}")
    approval = f"/v1/runs/{asking['run_id']}/approvals/{asking['pending_approvals'][0]['tool_call_id']}"
    assert carl.http.post(approval, json={"approve": True}).status_code == 404
    assert carl.get(f"/v1/tasks/{task['id']}")["title"] == "Buy milk"
    assert read_states(scripted, asking["run_id"]) == set()
