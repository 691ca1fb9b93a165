# test_ending_runs.py -- the runs of somebody who is removed from an account or leaves it: cancelled, with a reason.
import threading
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

import access
from access import SYSTEM, Caller
from db import Database
from errors import NotFound
from models import Account
from models.message import ChatCreate
from services import run_endings, run_posting
from services.accounts import rights
from services.accounts.members import NO_MEMBER
from support.api.accounts import Team, join, make_people, make_team
from support.api.bots import add_bot
from support.api.runs import STREAM, begin, followed
from support.api.user_streams import opened, reset, types, until
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok, read_events, serving, settings_for, with_database

pytestmark = pytest.mark.also_on_mariadb


@pytest.fixture
def team(scripted: Server) -> Team:
    return make_team(make_people(scripted, "owner", "member"))


def end_membership(team: Team, how: str, elsewhere: Server) -> None:
    path = team.path_of("member")
    if how == "leaves":
        team.people["member"].delete(path)
    elif how == "removed":
        team.people["owner"].delete(path)
    else:
        token = team.people["owner"].http.headers["Authorization"]
        ok(elsewhere.client(Authorization=token).delete(path))


def list_runs(person: Person, conversation_id: str) -> list[tuple[str, str, str | None]]:
    """The id, the status and the error of each, the oldest first."""
    found = person.get(f"/v1/conversations/{conversation_id}/runs")["data"]
    return [(run["id"], run["status"], run["error"]) for run in reversed(found)]


@pytest.mark.parametrize("how", ["leaves", "removed", "removed on another worker"])
@pytest.mark.busy
def test_a_run_at_work_ends_with_the_membership_and_keeps_what_was_said_until_then(
    scripted: Server, model: ScriptedModel, team: Team, gate: threading.Event, own_database_url: str, how: str
) -> None:
    owner, member = team.people["owner"], team.people["member"]
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Once upon", gate, " a time"]]
    body = {"message": "Tell me", "account_id": team.id}
    with (
        serving(settings_for(own_database_url), ScriptedModel()) as elsewhere,
        opened(member) as stream,
        member.http.stream("POST", "/v1/chat", json=body, headers=STREAM) as answer,
    ):
        reset(stream)
        run_id, events = answer.headers["X-Run-ID"], read_events(answer)
        chat = until(events, "message.delta")[0].data["conversation_id"]
        waiting = member.post(f"/v1/conversations/{chat}/messages", content="And then?", wait=0)["run_id"]
        end_membership(team, how, elsewhere)
        assert "a time" not in str(list(events))
        gate.set()
        told = until(stream, "member.removed")
        assert types(told)[-4:] == ["message.created", "run.cancelled", "run.cancelled", "member.removed"]
        member.post("/v1/tasks", title="At home")
        assert types(until(stream, "task.created")) == ["task.created"]
    join(owner, team.id, member)
    assert list_runs(member, chat) == [(id_, "cancelled", NO_MEMBER) for id_ in (run_id, waiting)]
    said = member.get(f"/v1/conversations/{chat}/messages")["data"]
    assert [message["content"] for message in said] == ["Tell me", "And then?", "Once upon"]
    assert [made["name"] for made in said[-1]["tool_calls"]] == ["add_task"]
    assert len(model.requests) == 2, "the waiting run was begun"


@pytest.mark.parametrize("how", ["leaves", "removed"])
def test_runs_that_wait_for_an_approval_or_an_agent_end_too_and_those_elsewhere_go_on(
    scripted: Server, model: ScriptedModel, team: Team, gate: threading.Event, how: str
) -> None:
    owner, member = team.people["owner"], team.people["member"]
    other = make_team(team.people, "Another")
    bot = add_bot(scripted, team)
    task = member.post("/v1/tasks", title="Buy milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]})]]
    asking = member.chat("delete it", account_id=team.id)
    assert asking["status"] == "awaiting_approval"
    asked = member.chat("Are you there?", agent_id=bot.id, wait=0)
    model.answers = [["At home", gate], ["In the other", gate]]
    at_home, in_other = begin(member), begin(member, account_id=other.id)
    owners = owner.chat("Mine", agent_id=bot.id, wait=0)
    end_membership(team, how, scripted)
    gate.set()
    for run_id in (at_home, in_other):
        assert followed(member, run_id)[-1].type == "run.completed"
    assert owner.get(f"/v1/runs/{owners['run_id']}")["status"] == "queued"
    told: list[Any] = ok(bot.http.get("/v1/changes", params={"after": 0}))["data"]
    assert [each["run"]["id"] for each in told if each["type"] == "run.cancelled"] == [asked["run_id"]]
    join(owner, team.id, member)
    for ended in (asking, asked):
        assert list_runs(member, ended["conversation_id"]) == [(ended["run_id"], "cancelled", NO_MEMBER)]
    assert member.get(f"/v1/tasks/{task['id']}")["title"] == "Buy milk"
    [message] = member.get(f"/v1/conversations/{asking['conversation_id']}/messages")["data"][1:]
    assert message["tool_calls"][0]["approval"]["decision"] == "cancelled"


def test_a_membership_ends_also_where_nothing_can_be_kept_of_its_runs(
    scripted: Server, model: ScriptedModel, team: Team, monkeypatch: pytest.MonkeyPatch, gate: threading.Event
) -> None:
    owner, member = team.people["owner"], team.people["member"]
    model.answers = [["Once upon", gate]]
    run_id = begin(member, account_id=team.id)
    chat = member.get(f"/v1/runs/{run_id}")["conversation_id"]

    async def refuse(*_: Any, **__: Any) -> None:
        raise ValueError("too large")

    monkeypatch.setattr(run_endings, "end_run", refuse)
    owner.delete(team.path_of("member"))
    assert team.roles() == {"owner": "owner"}
    join(owner, team.id, member)
    assert list_runs(member, chat) == [(run_id, "cancelled", run_endings.UNSTORED)]


@pytest.mark.parametrize("engine_name", ["postgresql", "mariadb"], indirect=True)
@pytest.mark.parametrize("where", ["a new conversation", "one that is there"])
def test_nobody_is_removed_while_they_post(scripted: Server, team: Team, where: str) -> None:
    """Or the run would be left behind: who removes them does not see it yet."""
    member = team.people["member"]
    chat = member.post("/v1/conversations", account_id=team.id)["id"]
    place = {"account_id": team.id} if where == "a new conversation" else {"conversation_id": chat}
    account = access.select(SYSTEM, Account).where(col(Account.id) == UUID(team.id))
    caller, url = Caller(member.id, None), scripted.settings.database_url.get_secret_value()

    async def post_and_look(db: Database) -> None:
        async with db.transaction() as tx:
            new = ChatCreate(message="hello", **place)
            await run_posting.add_message(tx, caller, new, 10, uuid4())
            with pytest.raises(DBAPIError):
                async with db.transaction() as other:
                    await other.execute(account.with_for_update(nowait=True))

    with_database(url, post_and_look)
    # Who has waited until the other was done is no member any more.
    member.delete(team.path_of("member"))
    with pytest.raises(NotFound):
        with_database(url, lambda db: db.write(rights.hold_membership, caller, UUID(team.id)))
