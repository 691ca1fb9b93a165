# test_ending_runs.py -- runs in groups whose asker or agent goes: they end, and what is said stays.
import threading
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select
from sqlmodel import col

from db import Transaction
from models import Approval, Message, Run, RunEvent
from models.run import ACTIVE_STATUSES
from services.accounts.members import NO_MEMBER
from services.agents.agents import AGENT_DELETED
from services.participation.participants import NOT_HERE
from support.api.accounts import Team, make_people, make_team
from support.api.asking import add_hosted, list_runs, open_group_with, read_messages, wait_for_status
from support.api.bots import add_bot
from support.api.groups import say
from support.api.user_streams import find_end
from support.llm.scripted_model import ScriptedModel, call
from support.servers import PASSWORD, Server, in_database, wait_until

pytestmark = pytest.mark.also_on_mariadb
ADD = [call("add_task", {"title": "Eggs"})]


@pytest.fixture
def team(scripted: Server) -> Team:
    return make_team(make_people(scripted, "owner", "member", "other member"))


def begin_all(
    team: Team, server: Server, model: ScriptedModel, gate: threading.Event
) -> tuple[str, str, str]:
    """A group with a run of the member's that is at work, one that awaits approval and one of a program; and a run of
    the owner's.
    """
    clerk, baker, robot = add_hosted(team), add_hosted(team, "Baker"), add_bot(server, team).id
    group_id = open_group_with(team, clerk, baker, robot)
    member, owner = team.people["member"], team.people["owner"]
    model.answers = [["Once upon", gate, " a time"]]
    say(member, group_id, "@Clerk tell")
    wait_until(lambda: len(model.requests) == 1)
    model.answers = [ADD]
    say(member, group_id, "@Baker add")
    wait_for_status(member, group_id, "running", "awaiting_approval")
    say(member, group_id, "@Clerk and then?")
    say(member, group_id, "@Robot hello")
    say(owner, group_id, "@Robot hello")
    wait_for_status(owner, group_id, "running", "awaiting_approval", "queued", "queued", "queued")
    return group_id, clerk, robot


@pytest.mark.parametrize("how", ["leaves the group", "removed from it", "removed from the account", "goes"])
@pytest.mark.busy
def test_the_runs_of_who_goes_end_and_others_go_on(
    scripted: Server, model: ScriptedModel, team: Team, gate: threading.Event, how: str
) -> None:
    group_id, _, _ = begin_all(team, scripted, model, gate)
    member, owner = team.people["member"], team.people["owner"]
    after, path = find_end(owner), f"/v1/conversations/{group_id}/participants/{member.id}"
    if how == "leaves the group":
        member.delete(path)
    elif how == "removed from it":
        owner.delete(path)
    elif how == "removed from the account":
        owner.delete(team.path_of("member"))
    else:
        body = {"current_password": PASSWORD}
        assert member.http.request("DELETE", "/v1/me", json=body).status_code == 204
    gate.set()
    if how != "goes":  # then the rows of the runs go, too
        wait_for_status(owner, group_id, *["cancelled"] * 4, "queued")
    told = owner.get("/v1/changes", after=after)["data"]
    assert [row["type"] for row in told].count("run.cancelled") == 4
    said = [message["content"] for message in read_messages(owner, group_id)]
    questions = ["@Clerk tell", "@Baker add", "@Clerk and then?", "@Robot hello", "@Robot hello"]
    assert said[:5] == questions
    assert "a time" not in str(said)
    reasons = in_database(scripted, lambda tx: find_errors(tx, group_id))
    assert set(reasons) <= {NOT_HERE, NO_MEMBER}
    if how != "goes":
        assert said[5:] == ["Once upon", ""]  # and the call that was not made


async def find_errors(tx: Transaction, group_id: str) -> list[str]:
    ended = select(col(Run.error)).where(
        col(Run.conversation_id) == UUID(group_id), col(Run.status) == "cancelled"
    )
    return [error for error in (await tx.execute(ended)).scalars() if error]


@pytest.mark.parametrize("how", ["removed", "deleted"])
def test_the_runs_of_an_agent_that_goes_end_whoever_has_asked(
    scripted: Server, model: ScriptedModel, team: Team, gate: threading.Event, how: str
) -> None:
    group_id, clerk, robot = begin_all(team, scripted, model, gate)
    owner = team.people["owner"]
    for agent_id in (clerk, robot):
        if how == "removed":
            team.people["member"].delete(f"/v1/conversations/{group_id}/participants/{agent_id}")
        else:
            owner.delete(f"{team.path}/agents/{agent_id}")
    gate.set()
    runs = wait_for_status(
        team.people["member"],
        group_id,
        "cancelled",
        "awaiting_approval",
        "cancelled",
        "cancelled",
        "cancelled",
    )
    assert runs[0]["error"] == (NOT_HERE if how == "removed" else AGENT_DELETED)
    assert {run["agent_id"] for run in runs} >= {clerk, robot}
    answer = next(each for each in read_messages(owner, group_id) if each["role"] == "agent")
    assert (answer["content"], answer["agent_id"]) == ("Once upon", clerk)
    assert answer["sender"]["name"] == ("Clerk" if how == "removed" else None)
    asked = say(owner, group_id, "@Clerk are you there?")
    assert len(list_runs(owner, group_id)) == 5
    assert read_messages(owner, group_id)[-1] == asked


def test_nothing_of_a_deleted_group_goes_on(
    scripted: Server, model: ScriptedModel, team: Team, gate: threading.Event
) -> None:
    group_id, _, _ = begin_all(team, scripted, model, gate)
    member = team.people["member"]
    member.delete(f"/v1/conversations/{group_id}")
    gate.set()
    assert member.http.get(f"/v1/conversations/{group_id}/runs").status_code == 404

    async def count(tx: Transaction) -> int:
        left = select(func.count()).select_from(Run).where(col(Run.conversation_id) == UUID(group_id))
        return (await tx.execute(left.where(col(Run.status).in_(ACTIVE_STATUSES)))).scalar_one()

    assert in_database(scripted, count) == 0
    assert member.chat("hello")["status"] == "completed"


def test_what_an_agent_has_answered_stays_when_who_asked_goes_and_the_log_of_it_goes(
    scripted: Server, model: ScriptedModel, team: Team
) -> None:
    group_id = open_group_with(team, add_hosted(team))
    member, owner = team.people["member"], team.people["owner"]
    member.post("/v1/tasks", title="Private")
    model.answers = [[call("list_tasks", {})], ["You have one."]]
    say(member, group_id, "@Clerk what have I?")
    [run] = wait_for_status(member, group_id, "completed")
    before = read_messages(owner, group_id)
    assert member.http.request("DELETE", "/v1/me", json={"current_password": PASSWORD}).status_code == 204
    after = read_messages(owner, group_id)
    assert after[1] == before[1]
    assert (after[0]["content"], after[0]["sender"]["name"]) == ("@Clerk what have I?", None)

    async def count(tx: Transaction) -> list[int]:
        run_id = UUID(run["id"])
        left: list[Any] = [
            (RunEvent, col(RunEvent.run_id)),
            (Approval, col(Approval.run_id)),
            (Message, col(Message.run_id)),
        ]
        return [
            (await tx.execute(select(func.count()).select_from(table).where(column == run_id))).scalar_one()
            for table, column in left
        ]

    assert in_database(scripted, count) == [0, 0, 1]


def test_who_takes_back_what_they_said_takes_back_the_answers_to_it(team: Team, model: ScriptedModel) -> None:
    group_id = open_group_with(team, add_hosted(team))
    member, owner = team.people["member"], team.people["owner"]
    model.answers = [["You have a secret."]]
    say(member, group_id, "@Clerk what have I?")
    wait_for_status(member, group_id, "completed")
    say(owner, group_id, "@Clerk hello")
    wait_for_status(owner, group_id, "completed", "completed")
    body = {"current_password": PASSWORD}
    assert member.http.request("DELETE", "/v1/me?messages=retract", json=body).status_code == 204
    assert sorted(message["content"] for message in read_messages(owner, group_id)) == [
        "",
        "",
        "@Clerk hello",
        "OK.",
    ]
