# test_outages.py -- the database goes away while a tool changes rows: the change is made, and made once.
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import text

from access import Caller
from agent import loop
from agent.context import AgentContext
from agent.tool_calls import execute_call
from db import Transaction
from errors import DatabaseBusy
from models.recorded_call import LoggedCall
from support.api.runs import followed
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, serving, settings_for
from timings import Timings


def check_one_task(person: Person) -> None:
    answer = person.chat("hello")
    assert answer["status"] == "completed"
    assert [made["error"] for made in answer["tool_calls"]] == [None]
    assert [task["title"] for task in person.get("/v1/tasks")["data"]] == ["Buy milk"]
    events = followed(person, answer["run_id"])
    assert [event.id for event in events] == list(range(1, len(events) + 1))
    assert [event.type for event in events].count("tool.result") == 1


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_call_whose_connection_is_lost_again_and_again_is_made_in_the_end(
    new_database: Any, engine_name: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[str] = []

    async def lose_connection(tx: Transaction, caller: Caller, made: LoggedCall) -> Any:
        outcome = await execute_call(tx, caller, made)
        tries.append(made["name"])
        if len(tries) <= 3:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return outcome

    monkeypatch.setattr(loop, "execute_call", lose_connection)
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
    with serving(settings_for(new_database(engine_name)), model, Timings()) as server:
        check_one_task(server.person())
    assert len(tries) == 4


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_tool_that_loses_its_connection_is_no_failure_of_the_tool(
    new_database: Any, engine_name: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tools import tasks as task_tools

    create_task = task_tools.tasks.create_task
    tries: list[str] = []

    async def lose_connection(tx: Transaction, caller: Caller, new: Any) -> Any:
        tries.append(new.title)
        if len(tries) == 1:
            await tx.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return await create_task(tx, caller, new)

    monkeypatch.setattr(task_tools.tasks, "create_task", lose_connection)
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
    with serving(settings_for(new_database(engine_name)), model, Timings()) as server:
        check_one_task(server.person())
    assert len(tries) == 2


@pytest.mark.also_on_mariadb
def test_a_call_whose_commit_nobody_heard_of_is_not_made_again(
    new_database: Any, engine_name: str, model: ScriptedModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = AgentContext.write
    unheard: list[str] = []

    async def lose_answer(context: AgentContext, work: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        done = await write(context, work, *args)
        if work.__name__ == "make_call" and not unheard:
            unheard.append(work.__name__)
            raise DatabaseBusy("away") from ConnectionResetError()
        return done

    monkeypatch.setattr(AgentContext, "write", lose_answer)
    model.answers = [[call("add_task", {"title": "Buy milk"})], ["Done."]]
    with serving(settings_for(new_database(engine_name)), model, Timings()) as server:
        check_one_task(server.person())
    assert unheard == ["make_call"]
