# test_branches.py -- a conversation with branches comes back with them: what follows what, and what stands for what.
from typing import Any

import pytest

from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server
from support.transfers.imports import import_file


def ask(person: Person, conversation: str, content: str, **body: Any) -> Any:
    return person.post(f"/v1/conversations/{conversation}/messages", content=content, **body)


def show(person: Person, conversation: str, message: Any) -> None:
    path = f"/v1/conversations/{conversation}/branch"
    person.http.post(path, json={"message_id": message["id"]}).raise_for_status()


def list_texts(person: Person, conversation: str, **params: Any) -> list[str]:
    page = person.get(f"/v1/conversations/{conversation}/messages", **params)
    return [message["content"] for message in page["data"]]


@pytest.mark.also_on_mariadb
def test_branches_of_an_export_are_there_for_whoever_imports_it(
    scripted: Server, carl: Person, model: ScriptedModel
) -> None:
    """Every text is another one, so that each branch is told by its texts."""
    model.answers = [[f"a{number}"] for number in range(1, 8)]
    talk = carl.post("/v1/conversations", title="A tree")["id"]
    first = ask(carl, talk, "q1")
    second = ask(carl, talk, "q2")
    ask(carl, talk, "Q2", replaces_id=second["user_message"]["id"])  # a3
    carl.post(f"/v1/messages/{first['message']['id']}/runs")  # a4
    ask(carl, talk, "q5")
    show(carl, talk, second["message"])
    ask(carl, talk, "q6")
    ask(carl, talk, "Q1", replaces_id=first["user_message"]["id"])  # a7
    branches = {
        text: (show(carl, talk, message), list_texts(carl, talk, branch="shown"))[1]
        for message in carl.get(f"/v1/conversations/{talk}/messages")["data"]
        for text in [message["content"]]
    }
    assert branches["a6"] == ["q1", "a1", "q2", "a2", "q6", "a6"]
    assert branches["a3"] == ["q1", "a1", "Q2", "a3"]
    assert branches["a4"] == ["q1", "a4", "q5", "a5"]
    assert branches["a7"] == ["Q1", "a7"]

    dora = scripted.person()
    file = carl.http.get("/v1/me/export").content
    assert import_file(dora, file)["imported"]["messages"] == 13
    [copy] = [row["id"] for row in dora.get("/v1/conversations")["data"]]
    for message in dora.get(f"/v1/conversations/{copy}/messages")["data"]:
        show(dora, copy, message)
        if message["content"] not in ("q1", "q2"):  # which of several ways on is taken may be another one
            assert list_texts(dora, copy, branch="shown") == branches[message["content"]], message["content"]
        ids = [
            row.get("version_ids")
            for row in dora.get(f"/v1/conversations/{copy}/messages", branch="shown")["data"]
        ]
        assert [len(versions) for versions in ids if versions] != []
    show(dora, copy, dora.get(f"/v1/conversations/{copy}/messages")["data"][-1])
    ask(dora, copy, "and?")
    assert [turn.text for turn in model.requests[-1].turns] == ["Q1", "a7", "and?"]
    assert import_file(dora, file)["imported"]["messages"] == 0
    again = dora.get(f"/v1/conversations/{copy}/messages")["data"][1]
    dora.post(f"/v1/messages/{again['id']}/runs")
    assert [turn.text for turn in model.requests[-1].turns] == ["q1"]
    assert list_texts(dora, copy, branch="shown") == ["q1", "OK."]
