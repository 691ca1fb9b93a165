# test_cursors.py -- cursors that no list gave, or another one.

import base64
import json
from typing import Any
from uuid import uuid4

import pytest

from support.api.bad_input import Somebody, encode_base64url
from support.api.problems import problem_of
from support.servers import Server

MOMENT, ID = "2026-01-01T00:00:00.000000Z", str(uuid4())
BAD_CURSORS: list[Any] = [
    *(None, True, 5, "tasks", [], {}, {"tasks": 1, "a": 2, "b": 3}, b"", b"[", b"\xff\xfe", b"[" * 300),
    *(["tasks"], ["tasks", MOMENT], ["tasks", MOMENT, ID, ID], ["other", MOMENT, ID], [None, MOMENT, ID]),
    *(["tasks", MOMENT, value] for value in (None, 5, 5.5, True, [], {}, "", "x", ID[:-1], "\ud800", [ID])),
    *(
        ["tasks", value, ID]
        for value in (None, 5, 5.5, True, [], {}, "", "x", "2026", "2026-01-01T00:00:00", "\0")
    ),
    ["tasks", "0001-01-01T00:00:00+23:59", ID],
    ["tasks", "9999-12-31T23:59:59-23:59", ID],
    ["tasks", "2026-02-30T00:00:00Z", ID],
]
BAD_NUMBERS: list[Any] = [
    *(None, [], {}, "", "x", "1.5", "-", "9" * 30, 10**30, 2**31, 1.5, True, float("inf"), float("nan")),
    *("١", " 1", "1_0", "\0"),
]


@pytest.mark.busy
def test_a_cursor_that_no_list_gave_is_refused(somebody: Somebody) -> None:
    cursors = [encode_base64url(value) for value in BAD_CURSORS]
    cursors += ["=", "====", "A", "!", "é", "\u200b", "a b", "+/+/", "x" * 500]
    for name in ("tasks", "conversations"):
        for cursor in cursors:
            problem = problem_of(somebody.http.get(f"/v1/{name}", params={"cursor": cursor}), 422)
            assert problem["errors"][0]["loc"] == ["query", "cursor"]
    path = f"/v1/conversations/{somebody.ids['conversation_id']}/messages"
    given = somebody.person.get(path, limit=1)["next_cursor"]
    name, number = json.loads(base64.urlsafe_b64decode(given + "=="))
    assert somebody.http.get(path, params={"cursor": encode_base64url([name, number])}).status_code == 200
    for value in BAD_NUMBERS:
        problem_of(somebody.http.get(path, params={"cursor": encode_base64url([name, value])}), 422)


@pytest.mark.busy
def test_the_cursor_of_another_list_or_another_conversation_is_refused(server: Server) -> None:
    person = server.person()
    for number in range(3):
        person.post("/v1/tasks", title=f"Task {number}")
        person.post("/v1/conversations", title=f"Conversation {number}")
    first, second = (person.chat("hello")["conversation_id"] for _ in range(2))
    lists = ["/v1/tasks", "/v1/conversations", f"/v1/conversations/{first}/messages"]
    cursors = {path: person.get(path, limit=1)["next_cursor"] for path in lists}
    assert None not in cursors.values()
    for path in [*lists, f"/v1/conversations/{second}/messages"]:
        for source, cursor in cursors.items():
            answer = person.http.get(path, params={"cursor": cursor})
            if path == source:
                assert answer.status_code == 200
            else:
                problem_of(answer, 422)
    messages = f"/v1/conversations/{first}/messages"
    problem_of(person.http.get(messages, params={"cursor": cursors[messages], "before": "end"}), 422)


@pytest.mark.busy
def test_a_cursor_with_one_changed_letter_is_refused_or_leads_to_ones_own_rows(server: Server) -> None:
    person = server.person()
    own = {person.post("/v1/tasks", title=f"Task {number}")["id"] for number in range(3)}
    cursor = person.get("/v1/tasks", limit=1)["next_cursor"]
    for place in range(0, len(cursor), 3):
        for letter in "A_9":
            changed = cursor[:place] + letter + cursor[place + 1 :]
            answer = person.http.get("/v1/tasks", params={"cursor": changed})
            if answer.status_code == 200:
                assert {task["id"] for task in answer.json()["data"]} <= own
            else:
                problem_of(answer, 422)
