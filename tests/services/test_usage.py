# tests/services/test_usage.py -- runs and tokens by day and model.
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import col

import access
from db import Transaction
from llm.protocol import AnswerEnd, ModelError
from models import Run
from support.api.accounts import make_people, make_team
from support.api.asking import add_hosted, open_group_with, wait_for_status
from support.api.groups import say
from support.api.problems import problem_of
from support.clients.mcp_client import called, token_of
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, in_database

TODAY = datetime.now(UTC).date()


def move_run(server: Server, run_id: str, moment: datetime, **changes: Any) -> None:
    """A copy of the run that was asked for at another moment, whose row nothing else belongs to."""

    async def copy(tx: Transaction) -> None:
        run = await access.get_row(tx, access.SYSTEM, Run, UUID(run_id))
        values = {name: value for name, value in run.model_dump().items() if name != "id"}
        newest = access.select(access.SYSTEM, Run, col(Run.trigger_seq)).where(
            col(Run.conversation_id) == run.conversation_id
        )
        seqs = (await tx.execute(newest)).scalars().all()
        tx.add(Run(**{**values, "created_at": moment, "trigger_seq": max(seqs) + 1000, **changes}))

    in_database(server, copy)


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_tokens_are_summed_by_day_and_model(scripted: Server, carl: Person, model: ScriptedModel) -> None:
    model.answers = [
        [call("add_task", {"title": "Buy milk"}), AnswerEnd(input_tokens=100, output_tokens=10)],
        ["OK.", AnswerEnd(input_tokens=120, output_tokens=5)],
        ["OK.", AnswerEnd(input_tokens=7, output_tokens=3)],
        [AnswerEnd(input_tokens=1, output_tokens=1)],
        [ModelError("The model is ill.", transient=False)],
    ]
    run = carl.chat("one")["run_id"]
    other = scripted.person()
    other.chat("two")
    now = {"date": str(TODAY), "model": "scripted", "cost": None}
    assert carl.get("/v1/me/usage")["data"] == [{**now, "runs": 1, "input_tokens": 220, "output_tokens": 15}]
    assert other.get("/v1/me/usage")["data"] == [{**now, "runs": 1, "input_tokens": 7, "output_tokens": 3}]
    carl.chat("three")
    assert carl.chat("four")["status"] == "failed"
    assert carl.get("/v1/me/usage")["data"] == [{**now, "runs": 3, "input_tokens": 221, "output_tokens": 16}]
    noon = datetime.now(UTC).replace(hour=12)
    for days, changes in (
        (29, {"model": "other"}),
        (30, {}),
        (1, {"model": None}),
        (0, {"input_tokens": 2**31 - 1}),
    ):
        for _ in range(2):
            move_run(scripted, run, noon - timedelta(days=days), **changes)
    seen = carl.get("/v1/me/usage")["data"]
    assert [(day["date"], day["model"], day["runs"], day["input_tokens"]) for day in seen] == [
        (str(TODAY - timedelta(days=29)), "other", 2, 440),
        (str(TODAY - timedelta(days=1)), None, 2, 440),
        (str(TODAY), "scripted", 5, 221 + 2 * (2**31 - 1)),
    ]
    chosen = {"from": str(TODAY - timedelta(days=30)), "to": str(TODAY - timedelta(days=30))}
    [day] = carl.get("/v1/me/usage", **chosen)["data"]
    assert (day["date"], day["runs"]) == (chosen["from"], 2)
    assert len(carl.get("/v1/me/usage", **{"from": str(TODAY - timedelta(days=365))})["data"]) == 4


@pytest.mark.parametrize("left", ["participants", "members"])
def test_what_was_used_where_one_has_left_stays_in_the_sum(
    scripted: Server, model: ScriptedModel, left: str
) -> None:
    model.answers = [["OK.", AnswerEnd(input_tokens=7, output_tokens=3)]]
    team = make_team(make_people(scripted, "owner", "member", "other member"))
    group_id, member = open_group_with(team, add_hosted(team)), team.people["member"]
    say(member, group_id, "@Clerk hello")
    wait_for_status(member, group_id, "completed")
    used = member.get("/v1/me/usage")["data"]
    assert [(day["runs"], day["input_tokens"]) for day in used] == [(1, 7)]
    place = f"conversations/{group_id}" if left == "participants" else f"accounts/{team.id}"
    member.delete(f"/v1/{place}/{left}/{member.id}")
    problem_of(member.http.get(f"/v1/conversations/{group_id}"), 404)
    assert member.get("/v1/me/usage")["data"] == used
    assert team.people["owner"].get("/v1/me/usage")["data"] == []


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_days_are_those_of_the_persons_time_zone(server: Server, ann: Person) -> None:
    """Also where a zone is off by a quarter of an hour, and on the days that have 23 and 25 hours."""
    run = ann.chat("hello")["run_id"]
    for zone, before, after in (
        ("Asia/Kathmandu", "2026-03-01T18:14:59.999999Z", "2026-03-01T18:15:00Z"),
        ("Europe/Berlin", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"),
        ("Europe/Berlin", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"),
        ("America/Los_Angeles", "2026-06-02T06:59:59Z", "2026-06-02T07:00:00Z"),
    ):
        ann.patch("/v1/me", timezone=zone)
        for moment in (before, after):
            move_run(server, run, datetime.fromisoformat(moment))
        days = sorted({date.fromisoformat(moment[:10]) for moment in (before, after)})
        span = {"from": str(days[0] - timedelta(days=1)), "to": str(days[-1] + timedelta(days=1))}
        seen = ann.get("/v1/me/usage", **span)["data"]
        assert [day["runs"] for day in seen] == [1, 1], zone
        first, second = (date.fromisoformat(day["date"]) for day in seen)
        assert second - first == timedelta(days=1)
        assert ann.get("/v1/me/usage", **{"from": str(second), "to": str(second)})["data"] == seen[1:]
        whole = ann.get("/v1/me/usage", **{"from": "2026-01-01", "to": "2026-12-31"})["data"]
        assert [day for day in whole if day in seen] == seen, zone


@pytest.mark.anyio
@pytest.mark.engines("sqlite")
async def test_calls_over_mcp_ask_no_model_and_count_as_no_usage(server: Server, ann: Person) -> None:
    await called(server, token_of(ann), "2026-07-28", "list_tasks", limit=5)
    assert ann.get("/v1/me/usage")["data"] == []
