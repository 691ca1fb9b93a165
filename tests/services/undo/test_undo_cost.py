# tests/services/undo/test_undo_cost.py -- what undo adds to each change, how much it takes at once, that it is whole
import threading
from typing import Any

import pytest

from services.undo import undo as undoing
from support.api.runs import begin
from support.databases.statement_counts import count_statements
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, serving, settings_for, wait_for_end, wait_until


@pytest.mark.parametrize("engine_name", ["postgresql"], indirect=True)
def test_a_change_takes_no_more_statements_for_what_undoes_it(new_database: Any, engine_name: str) -> None:
    with serving(settings_for(new_database(engine_name))) as server:
        ann = server.person()
        ann.post("/v1/tasks", title="Before")
        with count_statements(server) as created:
            task = ann.post("/v1/tasks", title="One")
        path = f"/v1/tasks/{task['id']}"
        with count_statements(server) as updated:
            ann.patch(path, title="Two")
        with count_statements(server) as deleted:
            ann.delete(path)
    assert [len(statements) for statements in (created, updated, deleted)] == [1, 5, 6]


def test_more_than_can_be_undone_at_once_is_refused(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    said = ann.chat("add buy milk, call mom and pay rent")
    monkeypatch.setattr(undoing, "MAX_STEPS", 2)
    answer = ann.http.post("/v1/undo", json={"run_id": said["run_id"]})
    assert answer.status_code == 409
    assert answer.json()["detail"] == "These are more than 2 changes at once. Undo them one by one."
    assert len(ann.get("/v1/tasks")["data"]) == 3


@pytest.mark.also_on_mariadb
def test_an_undo_that_ends_half_way_has_done_nothing(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    said = ann.chat("add buy milk and call mom")

    async def fail(*_: Any) -> None:
        raise RuntimeError("the worker ends here")

    with monkeypatch.context() as patch:
        patch.setattr(undoing, "record_undo", fail)
        assert ann.http.post("/v1/undo", json={"run_id": said["run_id"]}).status_code == 500
    assert len(ann.get("/v1/tasks")["data"]) == 2
    assert not any(step["is_undone"] for step in ann.get("/v1/undo")["data"])
    ann.post("/v1/undo", run_id=said["run_id"])
    assert ann.get("/v1/tasks")["data"] == []


@pytest.mark.also_on_mariadb
def test_what_a_run_has_done_so_far_is_undone_while_it_is_at_work(own_database_url: str) -> None:
    model, gate = ScriptedModel(), threading.Event()
    model.answers = [
        [call("add_task", {"title": "One"})],
        [gate, call("add_task", {"title": "Two"})],
        ["Done."],
    ]
    with serving(settings_for(own_database_url), model) as server:
        ann = server.person()
        run_id = begin(ann)
        wait_until(lambda: ann.get("/v1/tasks")["data"])
        ann.post("/v1/undo", run_id=run_id)
        gate.set()
        assert wait_for_end(ann, run_id)["status"] == "completed"
        assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Two"]
        ann.post("/v1/undo", run_id=run_id)
        assert ann.get("/v1/tasks")["data"] == []
