# test_paths.py -- paths, queries, headers and bytes that mean nothing.


import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from support.api.bad_input import BODIES, ON_ONE_ENGINE, Somebody
from support.api.problems import problem_of
from support.servers import PASSWORD, Person, Server

NOT_UUIDS = [
    *("abc", "1", "-1", "0" * 31, "0" * 33, "%00", "%ff", "%ED%A0%80", "%zz", "%", "null", "*", "%20", "é"),
    *("00000000-0000-0000-0000-00000000000g", "x" * 5_000, "%2e%2e%2fme", "1%20OR%201=1", "{id}"),
]


def paths_with_ids(server: Server) -> list[str]:
    return [
        f"{method.upper()} {path}"
        for path, operations in server.app.openapi()["paths"].items()
        for method in operations
        if "{" in path
    ]


@ON_ONE_ENGINE
@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.busy
def test_an_id_that_is_none_is_refused_on_every_route(server: Server, somebody: Somebody) -> None:
    routes = paths_with_ids(server)
    assert len(routes) > 8
    for route in routes:
        method, path = route.split(" ")
        name = path.partition("{")[2].partition("}")[0]
        for bad in NOT_UUIDS:
            url = f"{server.base_url}{path.replace('{' + name + '}', bad)}"
            answer = somebody.http.request(method, url, json=BODIES.get(route))
            problem = problem_of(answer, 404, 405, 422)
            if answer.status_code == 422:
                assert ["path", name] in [error["loc"] for error in problem["errors"]]
            else:
                assert bad == "%2e%2e%2fme", "only a path that leads elsewhere is not found"


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.engines("sqlite")
def test_a_path_or_a_method_that_is_not_there_is_a_problem_too(somebody: Somebody) -> None:
    for path in ["/v1", "/v1/nothing", "/%00", "/%ff", "/%ED%A0%80", "/%zz", "/v1/" + "x" * 5_000]:
        problem_of(somebody.http.get(path), 404)
    for method, path in [
        ("PUT", "/v1/tasks"),
        ("DELETE", "/v1/tasks"),
        ("PATCH", "/v1/chat"),
        ("TRACE", "/v1/me"),
    ]:
        answer = somebody.http.request(method, path)
        problem_of(answer, 405)
        assert answer.headers["allow"]


QUERIES = {
    "/v1/tasks": [
        *("limit=0", "limit=-1", "limit=201", "limit=x", "limit=", "limit=1.5", "limit=1e2", "limit=NaN"),
        *("limit=" + "9" * 30, "limit=" + "9" * 5_000, "limit=%00", "limit=%ED%A0%80", "limit=null"),
        *("completed=maybe", "completed=", "completed=2", "completed=null", "completed=%00"),
        *("q=%00", "q=a%00b", "q=" + "x" * 201, "cursor=", "cursor=x", "cursor=" + "x" * 501, "cursor=%00"),
    ],
    "/v1/search": [
        *("q=", "q=%00", "q=a%00b", "q=" + "x" * 201, "q=%20", "q=%22%22", "q=%22%20%22", "q=%09%0A"),
        *("q=a%20b%20c%20d%20e%20f%20g%20h%20i", "q=%22", "limit=0&q=x", "limit=51&q=x", "limit=x&q=x"),
        *("cursor=&q=x", "cursor=x&q=x", "cursor=" + "x" * 501 + "&q=x", "cursor=%00&q=x"),
    ],
    "/v1/tool-calls": [
        *("limit=0", "limit=201", "limit=100000", "limit=x", "cursor=x", "cursor=" + "x" * 501),
        *("name=%00", "name=" + "x" * 101, "conversation_id=x", "conversation_id=", "run_id=1", "run_id=%00"),
        *("error=maybe", "error=", "error=null", "error=2"),
        *("from=x", "from=", "from=1700000000", "from=2026-01-01", "from=2026-01-01T00:00:00", "from=%00"),
        *("from=2026-02-30T00:00:00Z", "from=2026-01-01T25:00:00Z", "from=2026-01-01T00:00:00%2B25:00"),
        *("from=0001-01-01T00:00:00%2B23:59", "to=9999-12-31T23:59:59-23:59", "to=now", "to=" + "9" * 5_000),
        *("from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z", "from=٢٠٢٦-01-01T00:00:00Z"),
    ],
    "/v1/me/usage": [
        *("from=x", "from=", "from=1700000000", "from=2026-02-30", "from=2026-01-01T00:00:00Z", "from=%00"),
        *("from=0001-01-01", "to=9999-12-31", "from=1969-12-31", "to=x", "from=٢٠٢٦-01-01"),
        *("from=2026-01-02&to=2026-01-01", "from=2025-01-01&to=2026-01-02", "from=2999-12-31"),
    ],
    "/v1/events": [
        *("limit=0", "limit=201", "limit=x", "cursor=", "cursor=x", "recipient_id=x", "recipient_id="),
        *("severity=fatal", "severity=", "severity=Info", "severity=info%00", "unread=maybe", "unread="),
        *("type=", "type=%00", "type=Chat", "type=a%20b", "type=" + "x" * 41, "type=%ED%A0%80"),
    ],
    "/v1/accounts": ["limit=0", "limit=201", "limit=x", "cursor=", "cursor=x", "cursor=%ff"],
    "/v1/accounts/{account_id}/members": ["limit=0", "limit=201", "limit=x", "cursor=", "cursor=x"],
    "/v1/accounts/{account_id}/invitations": ["limit=0", "limit=201", "limit=x", "cursor=", "cursor=x"],
    "/v1/conversations": [
        "limit=0",
        "limit=201",
        "limit=x",
        "cursor=",
        "cursor=x",
        "cursor=%ff",
        "cursor=%ED%A0%80",
    ],
    "/v1/conversations/{conversation_id}/messages": [
        *("limit=0", "limit=201", "before=x", "before=", "before=END", "after=x", "after=end", "after=%00"),
        *("before=end&after={task_id}", "before={task_id}", "after={conversation_id}", "cursor=x"),
    ],
}


@pytest.mark.parametrize("path", QUERIES)
@pytest.mark.engines("postgresql")
def test_a_query_that_means_nothing_is_refused(server: Server, somebody: Somebody, path: str) -> None:
    for query in QUERIES[path]:
        name = query.partition("=")[0]
        url = f"{server.base_url}{path}?{query}".format(**somebody.ids)
        problem = problem_of(somebody.http.get(url), 422)
        assert problem["errors"][0]["loc"][:2] == ["query", name], f"{query:.60}: {problem}"


def test_a_query_that_is_not_text_finds_nothing(server: Server, somebody: Somebody) -> None:
    for query in ["q=%ED%A0%80", "q=%ff", "q=%zz", "q=%", "q=%F0%9F%92%A9", "q=%25", "q=_", "q='", "q=%5C"]:
        answer = somebody.http.get(f"{server.base_url}/v1/tasks?{query}")
        assert (answer.status_code, answer.json()["data"]) == (200, []), query


@pytest.mark.parametrize(
    "value", ["x", "-1", "1.5", "0x1", "9" * 10, "9" * 21, "9" * 5_000, "1,2", b"\xd9\xa3", b"\xff"]
)
@pytest.mark.engines("postgresql")
def test_a_place_in_a_stream_that_it_did_not_give_is_refused(somebody: Somebody, value: str | bytes) -> None:
    path = f"/v1/runs/{somebody.ids['run_id']}/events"
    problem = problem_of(somebody.http.get(path, headers={"Last-Event-ID": value}), 422)
    assert problem["errors"][0]["loc"] == ["header", "Last-Event-ID"]


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    "accept", ["", "x", ";;,,;", "text/html", "*/*;q=x", "a" * 5_000, b"\xff\xfe", "text/*", "*/*"]
)
def test_an_accept_header_that_asks_for_nothing_we_have_gets_json(ann: Person, accept: str | bytes) -> None:
    answer = ann.http.post("/v1/chat", json={"message": "hello"}, headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("text/event-stream", "text/event-stream"),
        ("TEXT/Event-Stream; charset=utf-8", "text/event-stream"),
        ("text/event-stream, application/json", "text/event-stream"),
        ("application/json, text/event-stream", "application/json"),
        ("text/event-stream;q=0", "application/json"),
        ("text/event-stream;q=0, application/json", "application/json"),
        ("text/event-stream;q=0.0, */*", "application/json"),
        ("text/event-stream;q=0.1, application/json", "application/json"),
        ("application/json;q=0.5, text/event-stream;q=0.501", "text/event-stream"),
        ("text/event-stream;q=2, application/json;q=0.001", "application/json"),
    ],
)
def test_the_accept_header_says_how_an_answer_comes(ann: Person, accept: str, kind: str) -> None:
    answer = ann.http.post("/v1/chat", json={"message": "hello"}, headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind


@ON_ONE_ENGINE
def test_a_stream_is_had_without_a_header_too(ann: Person) -> None:
    conversation_id = ann.chat("hello")["conversation_id"]
    said, path = {"content": "hello"}, f"/v1/conversations/{conversation_id}/messages"
    streams = [
        ann.http.post("/v1/chat", json={"message": "hello", "stream": True}),
        ann.http.post("/v1/chat/stream", json={"message": "hello"}),
        ann.http.post(path, json={**said, "stream": True}),
        ann.http.post(f"{path}/stream", json=said),
    ]
    for answer in streams:
        assert (answer.status_code, answer.headers["content-type"]) == (
            200,
            "text/event-stream; charset=utf-8",
        )
        assert answer.text.rstrip().rpartition("event: ")[2].startswith("run.completed")
    plain = ann.http.post(path, json={**said, "stream": False}, headers={"Accept": "text/event-stream"})
    assert plain.json()["status"] == "completed"


@contextmanager
def wire(server: Server) -> Iterator[socket.socket]:
    host, _, port = server.base_url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        yield connection


@ON_ONE_ENGINE
@pytest.mark.parametrize(
    "line",
    [
        b"GET /v1/tasks/\xff HTTP/1.1",
        b"GET /v1/tasks?q=\xff HTTP/1.1",
        b"GET /v1/tasks?q=\xed\xa0\x80 HTTP/1.1",
        b"GET /v1/tasks?limit=%zz%00 HTTP/1.1",
        b"GET v1/tasks HTTP/1.1",
        b"GET * HTTP/1.1",
        b"\0\0\0\0",
        b"GET /v1/tasks HTTP/1.1\r\nUser-Agent: a\0b",
        b"GET /v1/tasks HTTP/1.1\r\nAuthorization: Bearer \0",
        b"POST /v1/chat HTTP/1.1\r\nContent-Length: -1",
        b"POST /v1/chat HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2",
        b"POST /v1/chat HTTP/1.1\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nxyz",
    ],
)
def test_bytes_that_no_client_would_send_get_an_answer_that_is_no_error_of_ours(
    server: Server, line: bytes
) -> None:
    with wire(server) as connection:
        connection.sendall(line + b"\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = connection.recv(65_536)
    assert answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:200]
    assert server.client().get("/healthz").status_code == 200


def test_a_sign_in_with_any_user_agent_is_kept_as_far_as_it_can_be(server: Server) -> None:
    email = server.register()
    for agent in (b"\xff\xfe", b"x" * 10_000, b"\xc3\xa9", b""):
        data = {"username": email, "password": PASSWORD}
        answer = server.client().post("/v1/auth/token", data=data, headers={"User-Agent": agent})
        assert answer.status_code == 200
