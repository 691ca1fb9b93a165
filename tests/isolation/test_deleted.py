# test_deleted.py -- a deleted conversation that may come back is to every route as if it had never been.
import json

import pytest

from services.undo import kept_parts
from support.api.isolation import ROUTES, Theirs, of_nothing, send, with_everything
from support.api.problems import problem_of
from support.servers import Person, Server

HIDDEN = {"<conversation>", "<message>", "<run>", "<chat>", "<group>"} | {
    f"<{noun} {part}>" for noun in ("chat", "group") for part in ("message", "run")
}
WORD = "hedgehogs"


def everything(owner: Theirs, partner: Person) -> list[object]:
    """What both see of it, whatever has been done on the way."""
    chat = "/v1/chats/{<account>}/{<agent>}/{<chat>}/messages"
    for name, id_ in owner.ids.items():
        chat = chat.replace(f"{{{name}}}", id_)
    shown = [*owner.everything()[1:6], owner.person.get(chat), owner.person.get("/v1/me/usage")]
    group = owner.ids["<group>"]
    for person in (owner.person, partner):
        shown += [
            person.get("/v1/conversations"),
            person.get("/v1/search", q=WORD),
            person.get("/v1/tool-calls"),
            person.get(f"/v1/conversations/{group}/messages"),
            person.get(f"/v1/conversations/{group}/runs"),
        ]
    shown.append(owner.person.get(f"/v1/messages/{owner.ids['<group message>']}/deliveries"))
    return shown


@pytest.mark.also_on_mariadb
def test_what_is_deleted_and_may_come_back_looks_like_what_does_not_exist(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_parts, "MAX_ROWS", 0)  # everything is too long to be copied
    partner = server.person()
    owner = with_everything(server.person(), WORD, partner)
    person, places = owner.person, ("<conversation>", "<chat>", "<group>")
    before = everything(owner, partner)
    for place in places:
        person.delete(f"/v1/conversations/{owner.ids[place]}")
    left = [each["id"] for each in person.get("/v1/conversations")["data"]]
    assert not {owner.ids[place] for place in places} & set(left)
    for each in (person, partner):
        assert {hit["kind"] for hit in each.get("/v1/search", q=WORD)["data"]} <= {"task"}
        problem_of(each.http.get(f"/v1/conversations/{owner.ids['<group>']}"), 404)
    assert "add_task" not in json.dumps(person.get("/v1/tool-calls"))
    tried = 0
    for route, way in ROUTES.items():
        for attempt in way if isinstance(way, list) else []:
            words = set(json.dumps([attempt.path, attempt.query, attempt.body]).split('"'))
            # A client_id stays that of its message; what a run has done to tasks can be undone without it.
            if not words & HIDDEN or "<client id>" in words or "/undo" in route or "<own" in str(words):
                continue
            nothing = {**owner.ids, **{name: id_ for name, id_ in of_nothing().items() if name in HIDDEN}}
            gone, missing = (send(person.http, route, attempt, ids) for ids in (owner.ids, nothing))
            assert gone.status_code == missing.status_code == 404, (route, attempt, gone.text, missing.text)
            assert gone.json()["detail"] == missing.json()["detail"], route
            tried += 1
    assert tried > 30
    for _ in places:
        person.post("/v1/undo", change_id=person.get("/v1/undo")["data"][2]["change_id"])
    assert everything(owner, partner) == before
