# test_bodies.py -- JSON bodies: every field refuses what it does not mean, and nothing is half-stored.


import json
from typing import Any

import pytest
from starlette.requests import Request

from server.body_limits import MAX_BODY_BYTES, MAX_VALUES
from support.api.bad_input import (
    BODIES,
    FILE_TYPE,
    FILES,
    FOR_STRANGERS,
    FORMS,
    ON_ONE_ENGINE,
    Somebody,
    post,
)
from support.api.problems import MARK, problem_of
from support.servers import Person, Server, connected, next_answer

BLANK = ["", " ", "\t", "\n", "\u200b", " \u200b\t\u00a0", "\u2028", "\ufeff"]
UNSTORABLE = ["a\0b", "\0", "a\ud800b", "\udfff"]
NO_TEXT = [5, 1.5, True, [], ["x"], {}, {"x": 1}]
# Without a body these ask for the same thing, and do it.
WITHOUT_BODY = {
    "DELETE /v1/me",
    "POST /v1/chats/{account_id}/{agent_id}",
    "POST /v1/undo",
    "POST /v1/messages/{message_id}/runs",
}
NEEDED = [route for route in BODIES if route not in WITHOUT_BODY]
TITLE = [*BLANK, "x" * 256, "ü" * 256, *UNSTORABLE, *NO_TEXT, None]
MESSAGE = [*BLANK, "x" * 32_001, *UNSTORABLE, *NO_TEXT, None]
NAME = ["", "x" * 65, "a b", "é", "a\n", "a\0", *NO_TEXT]
NO_FLAG = ["", "true", "yes", 0, 1, 1.5, [], {}]
BUSY = ["", "wait", "Queue", "queue\0", *NO_TEXT, None]
PASSWORDS = [
    *("x" * 7, "ü" * 7, "", "x" * 1_025, MARK + "\0", MARK + "\ud800", None),
    *(10**20, [MARK] * 8, {MARK: MARK}),
]
# One that is there already is wrong if it is short, and no more.
CURRENT_PASSWORDS = [one for one in PASSWORDS if one not in ("x" * 7, "ü" * 7)]
EMAILS = [
    *("", " ", "x", "@", "a@", "@b.example", "a b@c.example", "a@b", "a@b..example", "a@-b.example"),
    *("a@" + "b" * 300 + ".example", "a@b.example\n.c", "a\u200bb@c.example"),
    *(*UNSTORABLE, "a\0@b.example", "a\ud800@b.example", *NO_TEXT, None),
]
ACCOUNT_NAMES = [*BLANK, "x" * 101, "ü" * 101, *UNSTORABLE, *NO_TEXT, None]
# An agent becomes one in another way.
ROLES = ["", "Owner", "owner ", "agent", "boss", "owner\0", "ówner", *NO_TEXT, None]
PLACES = ["", "Owner", "owner ", "admin", "agent", "owner\0", *NO_TEXT, None]
UUIDS = ["", "x", "0" * 31, "0" * 33, "\ud800", "\0", 5, [], {}, True]
DEEP: dict[str, Any] = {}
for _ in range(30):
    DEEP = {"a": DEEP}
TOKENS: dict[str, list[Any]] = {
    "name": [*BLANK, "x" * 101, *UNSTORABLE, *NO_TEXT, None],
    "expires_in_days": [0, -1, 3_651, 10**20, 1.5, "90", "", True, [], {}],
    "scopes": [
        *(
            [],
            ["write"],
            ["write", "tasks:read"],
            ["read", "read"],
            ["read", "admin"],
            ["READ"],
            ["read "],
        ),
        *(
            ["read write"],
            ["tasks:*"],
            ["tasks:read", "tasks:read"],
            [""],
            ["chat\0"],
            ["chat\n"],
            [None],
        ),
        *([["read"]], ["read"] * 9_000, "read", {}, 5, None),
    ],
    "current_password": CURRENT_PASSWORDS,
}
WAITS = [-1, 61, 10**20, 1.5, "5", True, [], {}]
AUDIT: dict[str, list[Any]] = {
    "action": ["", "x" * 51, *UNSTORABLE, *NO_TEXT],
    "query_attempts": [
        *([{}], [{"query": ""}], [{"query": "x", "more": 1}], ["x"], [None], "x", {}, 5),
        *(
            [{"query": "x"}] * 51,
            [{"query": "x" * 10_001}],
            [{"query": "a\0"}],
            [{"query": "x", "error": ""}],
        ),
    ],
    "final_query": ["", "x" * 10_001, *UNSTORABLE, *NO_TEXT],
    "resolution_note": ["", "x" * 4_001, *UNSTORABLE, *NO_TEXT],
    "error": ["", "x" * 4_001, *UNSTORABLE, *NO_TEXT],
}
SAID: dict[str, list[Any]] = {
    "content": MESSAGE,
    "client_id": NAME,
    "replaces_id": UUIDS,
    "on_busy": BUSY,
    "wait": WAITS,
    "stream": NO_FLAG,
    **AUDIT,
}
TALK: dict[str, list[Any]] = {
    "message": MESSAGE,
    "client_id": NAME,
    "replaces_id": UUIDS,
    "on_busy": BUSY,
    "wait": WAITS,
    "stream": NO_FLAG,
    "conversation_id": UUIDS,
    "account_id": UUIDS,
    "agent_id": UUIDS,
}
GIVEN: dict[str, list[Any]] = {
    "name": ACCOUNT_NAMES,
    "description": [*BLANK, "x" * 1_001, *UNSTORABLE, *NO_TEXT],
    "instructions": [*BLANK, "x" * 8_001, *UNSTORABLE, *NO_TEXT],
    "model": ["", "x" * 201, "gpt-of-others", *UNSTORABLE, *NO_TEXT],
    "tools": [["rm"], ["add_task", "add_task"], [""], [5], [None], ["a\0"], ["x"] * 101, "add_task", {}, 5],
}
MOMENTS = [
    *("", "x", "2026-06-03", "17:00", "2026-02-30T17:00:00Z", "2026-06-03T25:00", "2026-06-03T17:00Z"),
    *("2026-06-03T17:00+99:00", "1969-12-31T00:00:00Z", "3000-01-01T00:00:00Z", "9999-12-31T23:59:59-23:59"),
    *("0001-01-01T00:00", "2999-12-31T23:59:59-12:00", *UNSTORABLE, *NO_TEXT),
]
PLAN: dict[str, list[Any]] = {
    "due_on": [
        *(
            "",
            "x",
            "2026-02-30",
            "2026-6-3",
            "2026-06-03T00:00:00Z",
            "1969-12-31",
            "3000-01-01",
            "9999-12-31",
        ),
        *(0, 86_400, *UNSTORABLE, *NO_TEXT),
    ],
    "due_at": MOMENTS,
    "due_timezone": [
        "",
        "Nowhere/Else",
        "Europe",
        "../UTC",
        "x" * 65,
        "Europe/Berlin\0",
        *UNSTORABLE,
        *NO_TEXT,
    ],
    "repeats": [
        *(
            "",
            " ",
            "daily",
            "FREQ=SECONDLY",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;INTERVAL=9999",
            "FREQ=DAILY;X=1",
        ),
        *("FREQ=DAILY;UNTIL=99990101", "FREQ=DAILY;" * 20, "FREQ=DAILY;BYHOUR=1", "x" * 10_000),
        *(*UNSTORABLE, *NO_TEXT),
    ],
    "reminder_at": MOMENTS,
    "priority": ["", "None", "urgent", "high ", *UNSTORABLE, *NO_TEXT, None],
    "position": ["1", "", 1e16, -1e16, 10**400, float("inf"), float("nan"), True, [], {}],
    "list": [*BLANK, "x" * 101, "ü" * 101, *UNSTORABLE, *NO_TEXT],
}
LANGUAGES = [
    "",
    "d",
    "deutsch",
    "de_DE",
    "de-",
    "de-DE-1996",
    "x-klingon",
    "дe",
    "de\0",
    *UNSTORABLE,
    *NO_TEXT,
]
# What each field refuses. Lists that end in None: null is refused as well.
FIELDS: dict[str, dict[str, list[Any]]] = {
    "POST /v1/auth/register": {
        "email": EMAILS,
        "password": PASSWORDS,
        "display_name": [*BLANK, "x" * 101, *UNSTORABLE, *NO_TEXT],
        "timezone": [
            *(
                "",
                "Nowhere/Else",
                "Europe",
                "../UTC",
                "/etc/localtime",
                "Europe/Berlin\0",
                "x" * 65,
                "UTC ",
                "é",
            ),
            *(*UNSTORABLE, *NO_TEXT, None),
        ],
        "language": LANGUAGES,
    },
    "POST /v1/runs/{run_id}/approvals/{tool_call_id}": {
        "approve": [0, 1, "true", "yes", 1.5, [], {}, None],
        "words": [*BLANK, "x" * 32_001, *UNSTORABLE, *NO_TEXT],
        "digest": ["", "x" * 64, "0" * 63, "0" * 65, *UNSTORABLE, *NO_TEXT],
    },
    "POST /v1/auth/token": {"email": [*NO_TEXT, None], "password": [*NO_TEXT, None]},
    "POST /v1/auth/refresh": {"refresh_token": [*NO_TEXT, None]},
    "PATCH /v1/me": {
        "display_name": [*BLANK, "x" * 101, *UNSTORABLE, *NO_TEXT],
        "timezone": ["", "Nowhere/Else", "Europe", *UNSTORABLE, *NO_TEXT, None],
        "language": LANGUAGES,
        "approval": ["", "sometimes", "Always", *NO_TEXT, None],
        "email": EMAILS,
        "new_password": PASSWORDS,
        "current_password": CURRENT_PASSWORDS,
    },
    "DELETE /v1/me": {"current_password": CURRENT_PASSWORDS},
    "POST /v1/me/tokens": TOKENS,
    "POST /v1/web/session": {"email": [*NO_TEXT, None], "password": [*NO_TEXT, None]},
    "POST /v1/render": {
        "text": ["x" * 50_001, *NO_TEXT, None],
        "texts": ["x", [5], [None], ["x"] * 201, ["x" * 25_000, "y" * 25_001], {}, 5, None],
    },
    "POST /v1/tasks": {
        "title": TITLE,
        "description": ["x" * 10_001, *UNSTORABLE, *NO_TEXT],
        "completed": ["true", "yes", 1, 0, "", [], {}, None],
        **PLAN,
    },
    "POST /v1/tasks/parse": {
        "lines": [
            *([], ["x" * 501], ["x"] * 51, ["x" * 500] * 11, "x", 5, {}, True, None),
            *([value] for value in [*UNSTORABLE, *NO_TEXT, None]),
        ]
    },
    "PATCH /v1/tasks/{task_id}": {
        "title": TITLE,
        "description": ["x" * 10_001, *UNSTORABLE, *NO_TEXT],
        "completed": ["true", "yes", 1, 0, "", [], {}, None],
        **{**PLAN, "position": [*PLAN["position"], None]},
    },
    "POST /v1/undo": {"change_id": UUIDS, "run_id": UUIDS},
    "POST /v1/conversations": {
        "kind": ["", "Group", "group ", "party", "group\0", *NO_TEXT, None],
        "title": TITLE[:-1],
        "account_id": UUIDS,
        "agent_id": UUIDS,
        "participant_ids": [*([value] for value in UUIDS), ["0" * 32] * 1_000, "0" * 32, 5, {}, True],
    },
    "PATCH /v1/conversations/{conversation_id}": {"title": TITLE[:-1]},
    "POST /v1/conversations/{conversation_id}/participants": {"user_id": [*UUIDS, None], "role": PLACES},
    "PATCH /v1/conversations/{conversation_id}/participants/{user_id}": {"role": PLACES},
    "POST /v1/conversations/{conversation_id}/read": {"message_id": [*UUIDS, None]},
    "POST /v1/conversations/{conversation_id}/branch": {"message_id": [*UUIDS, None]},
    "POST /v1/messages/{message_id}/runs": {"on_busy": [*BUSY, "queue"], "wait": WAITS, "stream": NO_FLAG},
    "PATCH /v1/messages/{message_id}": {"content": MESSAGE},
    "POST /v1/conversations/{conversation_id}/messages": {**SAID, "reply_to_id": UUIDS},
    "POST /v1/chats/{account_id}/{agent_id}": {"title": TITLE[:-1]},
    "POST /v1/chats/{account_id}/{agent_id}/{chat_id}/messages": SAID,
    "POST /v1/conversations/{conversation_id}/messages/stream": SAID,
    "POST /v1/chat": TALK,
    "POST /v1/chat/stream": TALK,
    "POST /v1/accounts": {"name": ACCOUNT_NAMES},
    "PATCH /v1/accounts/{account_id}": {"name": ACCOUNT_NAMES},
    "PATCH /v1/accounts/{account_id}/members/{user_id}": {"role": ROLES},
    "POST /v1/accounts/{account_id}/invitations": {"email": EMAILS, "role": ROLES},
    "POST /v1/accounts/{account_id}/agents": {
        **GIVEN,
        "kind": ["", "Hosted", "hosted ", "robot", "hosted\0", *NO_TEXT, None],
    },
    "PATCH /v1/accounts/{account_id}/agents/{agent_id}": GIVEN,
    "POST /v1/accounts/{account_id}/agents/{agent_id}/tokens": TOKENS,
    "POST /v1/invitations/accept": {"token": ["", "x" * 201, *NO_TEXT, None]},
    "POST /v1/events": {
        "type": [
            *("", " ", "Chat.message", "chat message", "chat\n", "chat/message", "é", "x" * 41, *UNSTORABLE),
            *(
                "task.deleted",
                "message.created",
                "run.x",
                "conversation.x",
                "participant.x",
                "account.x",
                "agent.x",
            ),
            *("approval.x", "event.posted", "tool.x", "invitation.x", "member.x", "reset", "task", "task."),
            *(*NO_TEXT, None),
        ],
        "severity": ["", "Info", "fatal", "info\0", *NO_TEXT, None],
        "payload": [
            *("x", 5, 1.5, True, [], ["x"], None, DEEP, {"a": [DEEP]}, {"a": {"b": "\0"}}, {"a\0b": 1}),
            *({"a": ["\ud800"]}, {"\udfff": 1}, {"a": float("nan")}, {"a": [float("inf")]}),
            *(
                {"a": "x" * (64 * 1024 - 7)},
                {"a": "ü" * (32 * 1024)},
                {"a": [1e300] * 220},
                {"a": [1e-300] * 220},
            ),
        ],
        "recipient_id": UUIDS,
        "account_id": UUIDS,
    },
    "POST /v1/events/read": {
        "event_ids": [[], *([value] for value in UUIDS), ["0" * 32] * 101, "0" * 32, 5, {}, True, None],
    },
}


@pytest.mark.engines("sqlite")
def test_every_route_that_takes_a_body_and_each_of_its_fields_is_in_the_tables(server: Server) -> None:
    schema = server.app.openapi()
    shapes = schema["components"]["schemas"]
    described: dict[str, set[str]] = {}
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            for kind, content in operation.get("requestBody", {}).get("content", {}).items():
                route = f"{method.upper()} {path}"
                if kind == FILE_TYPE:
                    assert route in FILES
                elif kind == "application/json":
                    described[route] = shapes[content["schema"]["$ref"].rpartition("/")[2]][
                        "properties"
                    ].keys()
                else:
                    assert route in FORMS
    assert described == {route: fields.keys() for route, fields in FIELDS.items()}
    assert BODIES.keys() == FIELDS.keys()


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.engines("postgresql")
def test_a_field_refuses_what_it_does_not_mean(somebody: Somebody) -> None:
    fields = [(route, name) for route in BODIES for name in FIELDS[route]]
    for route, name in fields:
        for value in FIELDS[route][name]:
            answer = post(somebody, route, {**BODIES[route], name: value})
            problem = problem_of(answer, 422)
            places = [error["loc"][:2] for error in problem["errors"]]
            sent = f"{route} {name}={value!r:.50}"
            assert ["body", name] in places, f"{sent}: {places}"
            assert {tuple(place) for place in places} == {("body", name)}, f"{sent}: {places}"
            if isinstance(value, str) and len(value) > 6:
                assert value not in answer.text, sent


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_an_unknown_field_is_refused_and_a_needed_one_missed(somebody: Somebody) -> None:
    for route in BODIES:
        for name in [
            "unknown",
            "id",
            "user_id",
            "created_at",
            "",
            " ",
            "\0",
            "\ud800",
            "é",
            "x" * (15_000 if route in FOR_STRANGERS else 20_000),
            "__class__",
        ]:
            problem = problem_of(post(somebody, route, {**BODIES[route], name: MARK}), 422)
            assert problem["errors"][0]["loc"][0] == "body", route
            assert len(json.dumps(problem)) < 1_500, route
        problem_of(post(somebody, route, {**BODIES[route], **{str(number): 1 for number in range(900)}}), 422)
        if route.startswith("POST") and route not in ("POST /v1/conversations", *WITHOUT_BODY):
            problem = problem_of(post(somebody, route, {}), 422)
            assert {error["loc"][1] for error in problem["errors"]} == BODIES[route].keys(), route


NOT_JSON = {
    "nothing": b"",
    "half an object": b'{"title": "x"',
    "a trailing comma": b'{"title": "x",}',
    "single quotes": b"{'title': 'x'}",
    "words": b"hello " + MARK.encode(),
    "a raw NUL": b'{"title": "a\0b"}',
    "a raw line break": b'{"title": "a\nb"}',
    "text that is not UTF-8": b'{"title": "\xff' + MARK.encode() + b'"}',
    "half a surrogate pair in UTF-8": b'{"title": "\xed\xa0\x80"}',
    "half an escape": b'{"title": "\\u12"}',
    "deep lists": b"[" * 9_000,
    "deep objects": b'{"a":' * 3_000,
    "deep and closed": b'{"title":' + b"[" * 5_000 + b"]" * 5_000 + b"}",
    "a number with 5000 digits": b'{"title": ' + b"9" * 5_000 + b"}",
    "two documents": b'{"title": "x"} {"title": "y"}',
    "null": b"null",
    "a list": b'[{"title": "x"}]',
    "a text": b'"title"',
    "a number": b"1e400",
    "NaN": b"NaN",
    "true": b"true",
}


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_that_is_no_json_object_is_refused(somebody: Somebody) -> None:
    for route in NEEDED:
        for name, body in NOT_JSON.items():
            problem = problem_of(post(somebody, route, body), 400, 422)
            assert "Traceback" not in str(problem), (route, name)


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_numbers_beyond_all_numbers_are_refused(somebody: Somebody) -> None:
    for route in BODIES:
        for name in BODIES[route]:
            for number in (b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1e999", b"9" * 400):
                problem_of(post(somebody, route, b'{"%s": %s}' % (name.encode(), number)), 422)


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_of_another_kind_is_refused(somebody: Somebody) -> None:
    for route in BODIES:
        good = json.dumps(BODIES[route]).encode()
        for kind in [
            "text/plain",
            "application/xml",
            "application/x-www-form-urlencoded",
            "multipart/form-data",
            "x",
            "",
        ]:
            # A form without a boundary cannot be read, where a form is read.
            problem_of(
                post(somebody, route, good, **{"Content-Type": kind}), 415, 422, *[400] * (route in FORMS)
            )


# Each of 250 KB at least, and none too large for those who are signed in.
BULK = {
    "deep lists": b"[" * 250_000,
    "deep objects": b'{"a":' * 50_000,
    "deep and closed": b'{"title":' + b"[" * 125_000 + b"]" * 125_000 + b"}",
    "lists": b'{"title":[' + b"[]," * 300_000 + b"[]]}",
    "texts": b'{"title":[' + b'"",' * 300_000 + b'""]}',
    "unknown fields": json.dumps({f"a{number}": 1 for number in range(60_000)}).encode(),
    "unknown fields further down": json.dumps({"title": {f"a{n}": "x" * 250 for n in range(1_001)}}).encode(),
    "numbers after a text with every mark": json.dumps({"title": '\\",[{' * 9, "b": [1] * 90_000}).encode(),
}


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_a_body_of_very_many_values_is_refused_before_it_is_understood(
    somebody: Somebody, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which a model would make of it costs a hundred times what it costs to send."""
    monkeypatch.setattr(Request, "json", None)
    for route in BODIES:
        for name, body in BULK.items():
            assert 250_000 <= len(body) <= MAX_BODY_BYTES, name
            problem = problem_of(post(somebody, route, body), 413)
            most = "16 KiB" if route in FOR_STRANGERS else "values"
            assert most in problem["detail"], (route, name)


@pytest.mark.engines("postgresql")
def test_marks_in_a_text_are_no_values(ann: Person) -> None:
    for text in (",[{" * 10_000, '",' * 15_000, '\\,"' * 10_000, ":" * 30_000, "\\" * 30_001):
        assert ann.post("/v1/render", text=text)["html"]
    assert len(json.dumps({"text": '",' * 15_000})) > 2 * MAX_VALUES


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
def test_who_is_not_signed_in_is_told_so_before_they_have_sent_a_body(somebody: Somebody) -> None:
    """And the next request on the same connection is understood."""
    body = BULK["lists"]
    kind = f"Host: x\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
    for route in [route for route in BODIES if route not in FOR_STRANGERS]:
        head = f"{route.split(' ')[0]} {somebody.path(route)} HTTP/1.1\r\n{kind}\r\n\r\n"
        with connected(str(somebody.http.base_url), head.encode()) as raw:
            assert next_answer(raw)[0] == 401, route
            raw.sendall(body + b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
            assert next_answer(raw) == (200, b'{"status":"ok"}'), route
