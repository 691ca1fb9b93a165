# test_run_cost.py -- what a run costs in statements, on PostgreSQL: each one counts for every answer of everybody.
from typing import Any

import pytest

from agent.leases import claim_run
from support.api.runs import STREAM, begin, followed
from support.databases.statement_counts import count_statements
from support.llm.scripted_model import ScriptedModel, call
from support.servers import read_events, serving, settings_for
from timings import Timings

# No poll of a worker claims a run in between.
QUIET = Timings(poll=60.0, worker_poll=60.0)


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_an_answer_with_a_tool_call_takes_few_statements(
    new_database: Any, engine_name: str, model: ScriptedModel
) -> None:
    with serving(settings_for(new_database(engine_name)), model) as server:
        person = server.person()
        model.answers = [[call("add_task", {"title": "Buy milk"})], [f"word{n} " for n in range(40)]]
        chat = person.http.stream("POST", "/v1/chat", json={"message": "hello"}, headers=STREAM)
        with count_statements(server) as statements, chat as answer:
            events = list(read_events(answer))
        assert events[-1].type == "run.completed"
    heads = [" ".join(statement.split())[:60] for statement in statements]
    # The message with its run; five of the tool, the lines of its log and its event included; text, if a batch is
    # faster than the model; the end, which finds the next run too.
    assert len(heads) <= 8, heads
    assert not any("password_hash" in statement for statement in statements), "whole rows of users"


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_conversation_of_many_messages_costs_an_answer_no_more_statements(
    new_database: Any, engine_name: str, model: ScriptedModel
) -> None:
    with serving(settings_for(new_database(engine_name)), model) as server:
        person = server.person()
        conversation = person.post("/v1/conversations")["id"]
        counts = []
        for _ in range(3):
            with count_statements(server) as statements:
                followed(person, begin(person, conversation_id=conversation))
            # A page of the history: the questions, each with its answer.
            pages = [text for text in statements if "LEFT OUTER JOIN messages" in text and "LIMIT" in text]
            counts.append(len(pages))
            for _ in range(10):
                followed(person, begin(person, conversation_id=conversation))
        assert counts == [1, 1, 1]


@pytest.mark.also_on_mariadb
@pytest.mark.busy
def test_a_message_is_stored_and_its_run_claimed_in_one_transaction(
    new_database: Any, engine_name: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    claims: list[Any] = []

    async def claim(tx: Any, context: Any, run_id: Any, may_take: Any) -> Any:
        claims.append(run_id)
        return await claim_run(tx, context, run_id, may_take)

    monkeypatch.setattr("agent.worker.claim_run", claim)
    with serving(settings_for(new_database(engine_name)), model, QUIET) as server:
        person = server.person()
        answer = person.chat("hello")
        for on_busy in ("queue", "interrupt", "reject"):
            person.chat("hello", conversation_id=answer["conversation_id"], on_busy=on_busy)
        assert claims == []
        events = followed(person, answer["run_id"])
        assert events[0].type == "run.started"
        assert [event.id for event in events] == list(range(1, len(events) + 1))
