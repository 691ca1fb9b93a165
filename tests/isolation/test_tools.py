# test_tools.py -- no tool reaches another's row, and no model can be talked into it.

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

from access import Caller
from db import Transaction
from llm.protocol import ModelRequest, TextDelta, ToolCall
from support.api.isolation import Theirs, of_nothing, with_everything
from support.servers import Person, Server, in_database, serving, settings_for
from tools.registry import TOOLS, ToolError, call_tool

TOOL_ATTEMPTS: dict[str, list[dict[str, Any]]] = {
    "add_task": [],  # names no row
    "list_tasks": [],
    "complete_task": [{"task_id": "<task>"}],
    "update_task": [{"task_id": "<task>", "title": "Mine now"}],
    "delete_task": [{"task_id": "<task>"}],
    "undo": [{"change_id": "<change>"}, {"run_id": "<run>"}],
}


def test_every_tool_is_in_the_table_and_those_that_take_ids_are_tried() -> None:
    assert TOOLS.keys() == TOOL_ATTEMPTS.keys()
    for name, attempts in TOOL_ATTEMPTS.items():
        ids = {
            part
            for part, kind in TOOLS[name].parameters()["properties"].items()
            if "uuid" in json.dumps(kind)
        }
        assert ids <= {part for arguments in attempts for part in arguments}, name


@pytest.mark.parametrize(
    ("name", "pattern"), [(name, pattern) for name, attempts in TOOL_ATTEMPTS.items() for pattern in attempts]
)
@pytest.mark.busy
def test_a_tool_answers_the_same_for_anothers_row_and_for_none(
    server: Server, theirs: Theirs, intruder: Theirs, name: str, pattern: dict[str, Any]
) -> None:
    before = theirs.everything()

    def called(person: Person, ids: dict[str, str]) -> str:
        arguments = {part: ids.get(value, value) for part, value in pattern.items()}

        async def work(tx: Transaction) -> str:
            try:
                return str(await call_tool(tx, Caller(person.id, None), name, arguments))
            except ToolError as error:
                return f"refused: {error}"

        return in_database(server, work)

    forbidden = called(intruder.person, theirs.ids)
    noun = "change" if name == "undo" else "task"
    assert forbidden == called(intruder.person, of_nothing()) == f"refused: There is no such {noun}."
    assert theirs.everything() == before
    own = with_everything(server.person())
    assert not called(own.person, own.ids).startswith("refused")


@pytest.mark.busy
def test_the_tool_that_lists_shows_the_callers_tasks_only(
    server: Server, theirs: Theirs, intruder: Theirs
) -> None:
    async def work(tx: Transaction) -> dict[str, Any]:
        return await call_tool(tx, Caller(intruder.person.id, None), "list_tasks", {"limit": 200})

    shown = in_database(server, work)["tasks"]
    assert {task["id"] for task in shown} == {task["id"] for task in intruder.person.get("/v1/tasks")["data"]}


class Obedient:
    """A model that calls whatever tool the message names: as bad as a model can be."""

    name = "obedient"

    async def respond(self, request: ModelRequest) -> Any:
        last = request.turns[-1]
        text = getattr(last, "text", "")
        if getattr(last, "tool_calls", ()) or not text.startswith("{"):
            yield TextDelta("Done.")
        else:
            wanted = json.loads(text)
            yield ToolCall("call_1", wanted["name"], wanted["arguments"])


@pytest.fixture(scope="module")
def obedient(server: Server) -> Iterator[Server]:
    settings = settings_for(server.settings.database_url.get_secret_value())
    with serving(settings, Obedient()) as running:
        yield running


@pytest.mark.engines("sqlite")
@pytest.mark.busy
def test_a_model_cannot_be_talked_into_touching_anothers_task(obedient: Server) -> None:
    victim = obedient.person()
    task = victim.post("/v1/tasks", title="A secret plan")
    liar = obedient.person()
    liar.patch("/v1/me", approval="never")
    for name in ("complete_task", "update_task", "delete_task"):
        for task_id in (task["id"], str(uuid4())):
            arguments = {"task_id": task_id, **({"title": "Mine now"} if name == "update_task" else {})}
            answer = liar.chat(json.dumps({"name": name, "arguments": arguments}))
            [call] = answer["tool_calls"]
            assert (call["name"], call["result"], call["error"]) == (name, None, "There is no such task.")
    named = {"name": "add_task", "arguments": {"title": "For you", "user_id": str(victim.id)}}
    [call] = liar.chat(json.dumps(named))["tool_calls"]
    assert call["error"].startswith("Wrong arguments for add_task: user_id")
    assert victim.get("/v1/tasks")["data"] == [task]
