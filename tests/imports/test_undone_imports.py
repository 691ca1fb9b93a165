# test_undone_imports.py -- one undo takes back an import, as far as nothing was done with its rows since.
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest

from access import SignedInCaller
from db import Database
from errors import ParleyError
from imports.chats import ChatReader
from imports.report import Report
from imports.storing import store_rows
from services.undo import undo_imports
from services.undo.import_rows import ImportId
from support.api.problems import problem_of
from support.servers import Person, Server, serving
from support.transfers.files import grow_chats, talk, to_file, todoist_file
from support.transfers.imports import counts_of, import_file, said_in

pytestmark = pytest.mark.also_on_mariadb

TASKS = todoist_file(
    {"CONTENT": "Buy milk", "PRIORITY": "1", "DATE": "2027-05-03"},
    {"TYPE": "section", "CONTENT": "Work"},
    {"CONTENT": "Call the bank", "DATE": "2027-05-03T10:00:00Z", "DESCRIPTION": "x" * 200},
    {"CONTENT": "Write"},
)
CHATS = to_file(talk("One", "Two"), talk("Three", "Four", conversation_id="c-2", id="c-2", title="Trips"))


def shown(person: Person) -> list[Any]:
    """All that an import makes, as its person sees it."""
    conversations = person.get("/v1/conversations", limit=200)["data"]
    messages = [person.get(f"/v1/conversations/{each['id']}/messages") for each in conversations]
    tasks = person.get("/v1/tasks", limit=200)["data"]
    return [conversations, messages, tasks, person.get("/v1/search", q="three")]


def refuse_undo(person: Person, status: int, change_id: str) -> str:
    detail: str = problem_of(person.http.post("/v1/undo", json={"change_id": change_id}), status)["detail"]
    return detail


@pytest.mark.parametrize("file", [TASKS, CHATS], ids=["tasks", "conversations"])
def test_an_import_is_taken_back_as_one_and_brought_back_again(
    ann: Person, file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_imports, "SLICE", 2)
    ann.post("/v1/tasks", title="Mine")
    nothing = shown(ann)
    report = import_file(ann, file)
    everything = shown(ann)
    assert everything != nothing
    [step, _] = ann.get("/v1/undo")["data"]
    counts = ", ".join(f"{count} {noun}" for noun, count in report["imported"].items() if count)
    assert (step["noun"], step["action"], step["change_id"]) == ("import", "created", report["change_id"])
    assert step["title"] == f"{report['format']}: {counts}"
    after = ann.get("/v1/changes")["next_after"]
    undone = ann.post("/v1/undo")
    assert undone["left"] == []
    assert [(each["noun"], each["action"]) for each in undone["steps"]] == [("import", "deleted")]
    assert shown(ann) == nothing
    told = [event["type"] for event in ann.get("/v1/changes", after=after)["data"]]
    assert set(told[:-1]) == {"import.removed"}
    assert told[-1] == "change.undone"
    ann.post("/v1/undo", change_id=undone["change_id"])
    assert shown(ann) == everything
    ann.post("/v1/undo")
    assert shown(ann) == nothing


def test_what_was_done_with_since_stays_and_is_told_of(ann: Person) -> None:
    chats = import_file(ann, CHATS)["change_id"]
    tasks = import_file(ann, TASKS)["change_id"]
    listed = {task["title"]: task for task in ann.get("/v1/tasks")["data"]}
    ann.patch(f"/v1/tasks/{listed['Write']['id']}", completed=True)
    ann.delete(f"/v1/tasks/{listed['Buy milk']['id']}")
    [cakes] = [each for each in ann.get("/v1/conversations")["data"] if each["title"] == "Cakes"]
    ann.chat("hello", conversation_id=cakes["id"])
    [left] = ann.post("/v1/undo", change_id=tasks)["left"]
    assert (left["what"], left["count"], left["examples"]) == ("tasks", 1, ["Write"])
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Write"]
    [left] = ann.post("/v1/undo", change_id=chats)["left"]
    assert (left["what"], left["examples"]) == ("conversations", ["Cakes"])
    assert len(said_in(ann, "Cakes")) == 4
    assert [each["title"] for each in ann.get("/v1/conversations")["data"]] == ["Cakes"]


def test_an_import_of_which_nothing_is_as_it_was_is_not_undone(ann: Person) -> None:
    change_id = import_file(ann, to_file(talk("One", "Two")))["change_id"]
    [conversation] = ann.get("/v1/conversations")["data"]
    ann.patch(f"/v1/conversations/{conversation['id']}", title="Pies")
    assert refuse_undo(ann, 409, change_id) == "Nothing is left of this to undo."
    assert ann.get("/v1/conversations")["data"][0]["title"] == "Pies"
    ann.post("/v1/undo")  # of the title
    ann.post("/v1/undo", change_id=change_id)
    assert ann.get("/v1/conversations")["data"] == []


def test_messages_that_an_import_has_added_to_an_earlier_one_stay(ann: Person) -> None:
    first = import_file(ann, to_file(talk("One", "Two")))["change_id"]
    second = import_file(ann, to_file(talk("One", "Two", "Three")))["change_id"]
    for change_id in (second, first):
        assert refuse_undo(ann, 409, change_id) == "Nothing is left of this to undo."
    assert len(said_in(ann, "Cakes")) == 3


def test_a_file_that_comes_again_after_the_undo_makes_its_rows_again(ann: Person) -> None:
    import_file(ann, CHATS)
    tasks = import_file(ann, TASKS)
    before = shown(ann)
    undos = [ann.post("/v1/undo", change_id=step["change_id"]) for step in ann.get("/v1/undo")["data"]]
    report = import_file(ann, CHATS)
    assert counts_of(report)[0][1] == 2
    assert counts_of(import_file(ann, TASKS))[0] == counts_of(tasks)[0]
    now = shown(ann)
    assert sorted(each["title"] for each in now[0]) == sorted(each["title"] for each in before[0])
    assert sorted(map(str, now[1])) == sorted(map(str, before[1]))
    for undo in undos:
        # What they have taken away is there again.
        assert refuse_undo(ann, 409, undo["change_id"]) == "Nothing is left of this to undo."
    assert shown(ann) == now
    ann.post("/v1/undo", change_id=report["change_id"])
    assert ann.get("/v1/conversations")["data"] == []


def test_another_persons_import_is_not_there(server: Server, ann: Person) -> None:
    change_id = import_file(ann, CHATS)["change_id"]
    refuse_undo(server.person(), 404, change_id)
    token = ann.post("/v1/me/tokens", name="Tasks", scopes=["tasks:write"])["token"]
    program = server.client(Authorization=f"Bearer {token}")
    problem_of(program.post("/v1/undo", json={"change_id": change_id}), 403)
    problem_of(program.post("/v1/undo"), 409)
    assert len(ann.get("/v1/conversations")["data"]) == 2


def test_of_two_undos_at_once_on_two_workers_one_is_done(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_imports, "SLICE", 2)
    change_id = import_file(ann, b"".join(grow_chats(9, 2, "Word")))["change_id"]
    with serving(server.settings) as second, ThreadPoolExecutor() as pool:
        clients = [ann.http, second.client(Authorization=ann.http.headers["Authorization"])]
        answers = list(pool.map(lambda http: http.post("/v1/undo", json={"change_id": change_id}), clients))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert ann.get("/v1/conversations")["data"] == []
    assert len(ann.get("/v1/undo")["data"]) == 2


def test_an_undo_that_was_cut_off_goes_on_when_it_is_asked_for_again(
    ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_imports, "SLICE", 2)
    change_id = import_file(ann, b"".join(grow_chats(6, 2, "Word")))["change_id"]
    everything, write, calls = shown(ann), Database.write, []

    async def die(db: Database, work: Any, *args: Any, **more: Any) -> Any:
        if work is undo_imports.move_slice:
            calls.append(work)
            if len(calls) == 2:
                raise ParleyError("killed")
        return await write(db, work, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", die)
        assert refuse_undo(ann, 400, change_id) == "killed"
    assert len(ann.get("/v1/conversations")["data"]) == 4
    assert not ann.get("/v1/undo")["data"][0]["is_undone"]
    undone = ann.post("/v1/undo", change_id=change_id)
    assert ann.get("/v1/conversations")["data"] == []
    ann.post("/v1/undo", change_id=undone["change_id"])
    assert shown(ann) == everything


def test_an_import_that_is_at_work_is_taken_back_and_makes_nothing_more(server: Server, ann: Person) -> None:
    [session] = ann.get("/v1/me/sessions")["data"]
    caller = SignedInCaller(ann.id, UUID(session["id"]))
    rows = list(ChatReader(Report("chatgpt")).feed(CHATS))
    imported, store = ImportId(UUID(int=7), "chatgpt"), server.state.db.write
    for part in (rows[:2], rows[2:3]):
        server.run(store(store_rows, caller, imported, part))
    ann.post("/v1/undo")
    assert ann.get("/v1/conversations")["data"] == []
    with pytest.raises(ParleyError) as refused:
        server.run(store(store_rows, caller, imported, rows[3:]))
    assert (refused.value.status, ann.get("/v1/conversations")["data"]) == (409, [])


def test_a_pass_that_missed_what_an_import_has_made_meanwhile_is_followed_by_another(
    server: Server, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(undo_imports, "SLICE", 2)
    [session] = ann.get("/v1/me/sessions")["data"]
    caller = SignedInCaller(ann.id, UUID(session["id"]))
    rows = list(ChatReader(Report("chatgpt")).feed(b"".join(grow_chats(9, 1, "Word"))))
    imported, write, slices = ImportId(UUID(int=8), "chatgpt"), Database.write, []
    server.run(server.state.db.write(store_rows, caller, imported, rows[:8]))

    async def go_on(db: Database, work: Any, *args: Any, **more: Any) -> Any:
        if work is undo_imports.move_slice:
            slices.append(work)
            if len(slices) == 3:  # the pass is at its end
                await write(db, store_rows, caller, imported, rows[8:])
        return await write(db, work, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", go_on)
        ann.post("/v1/undo")
    assert len(slices) > 3
    assert ann.get("/v1/conversations")["data"] == []


def test_the_undo_of_a_repeated_request_is_done_once(ann: Person) -> None:
    import_file(ann, CHATS)
    key = {"Idempotency-Key": "once"}
    answers = [ann.http.post("/v1/undo", json={}, headers=key).json() for _ in range(2)]
    assert json.dumps(answers[0]) == json.dumps(answers[1])
    assert ann.get("/v1/conversations")["data"] == []
