# test_connection_limits.py -- what a connection may cost before the app has seen a request, on a real uvicorn.
import json
import re
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from server import bounded_protocol, connection_limits
from support.processes.server_process import forked
from support.servers import KEY, Server, connected, next_answer, serving, settings_for, wait_until
from timings import Timings

ON_ONE_ENGINE = pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True, scope="session")
HEALTH = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
PARSERS = [{"http": "httptools", "loop": "uvloop"}, {"http": "h11", "loop": "asyncio"}]
MIB = 1024 * 1024


@pytest.fixture(params=PARSERS, ids=["httptools", "h11"])
def either(
    request: pytest.FixtureRequest, new_database: Callable[[str], str], timings: Timings
) -> Iterator[Server]:
    """A server with either of uvicorn's parsers."""
    options = {"timeout_keep_alive": 1, **request.param}
    with serving(settings_for(new_database("sqlite")), timings=timings, **options) as running:
        yield running


def rest(raw: socket.socket) -> bytes:
    """Everything until the other side ends."""
    come = b""
    with suppress(ConnectionResetError):
        while piece := raw.recv(65_536):
            come += piece
    return come


def told(base_url: str, *sent: bytes) -> tuple[int, dict[str, Any]]:
    """The status and the problem of the one answer that comes before the connection ends."""
    with connected(base_url) as raw:
        with suppress(ConnectionResetError, BrokenPipeError):
            for piece in sent:
                raw.sendall(piece)
        answer = rest(raw)
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    problem = json.loads(body)
    assert answer.startswith(b"HTTP/1.1 %d " % problem["status"])
    return problem["status"], problem


# Bytes

TOO_MUCH = {
    "headers": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"a: b\r\n" * (MIB // 6)),
    "one header": (b"GET /healthz HTTP/1.1\r\nHost: x\r\nA: ", b"x" * MIB),
    "a header's name": (b"GET /healthz HTTP/1.1\r\nHost: x\r\n", b"x" * MIB),
    "request line": (b"GET /", b"x" * MIB),
    "trailers": (
        # What is no JSON would be refused before its trailers come.
        b"POST /v1/auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n0\r\n",
        b"a: b\r\n" * (MIB // 6),
    ),
    "blank lines": (b"\r\n" * (MIB // 2),),
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_a_head_without_an_end_is_refused(either: Server, what: str) -> None:
    status, problem = told(either.base_url, *TOO_MUCH[what])
    assert status in ({400} if what == "blank lines" else {414, 431}) | {431}
    assert problem["title"] in ("Request Header Fields Too Large", "URI Too Long", "Bad Request")
    wait_until(lambda: not either.app.state.gate.open)


@ON_ONE_ENGINE
def test_a_long_request_line_is_told_from_long_headers(server: Server) -> None:
    assert told(server.base_url, *TOO_MUCH["request line"])[0] == 414
    assert told(server.base_url, *TOO_MUCH["headers"])[0] == 431


@ON_ONE_ENGINE
def test_headers_up_to_the_limit_are_read(server: Server) -> None:
    for fields in (
        [b"X: " + b"x" * 60_000],
        [b"X-%d: x" % n for n in range(bounded_protocol.MAX_FIELDS - 1)],
    ):
        lines = b"\r\n".join([b"GET /healthz HTTP/1.1", b"Host: x", *fields])
        with connected(server.base_url, lines + b"\r\n\r\n" + HEALTH[:20]) as raw:
            assert next_answer(raw)[0] == 200
            raw.sendall(HEALTH[20:])
            assert next_answer(raw)[0] == 200


@ON_ONE_ENGINE
def test_a_request_with_too_many_headers_that_comes_at_once_does_not_reach_the_app(server: Server) -> None:
    fields = b"a: b\r\n" * (bounded_protocol.MAX_FIELDS + 1)
    assert told(server.base_url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n" + fields + b"\r\n")[0] == 431


def test_a_body_in_small_chunks_is_no_head(either: Server) -> None:
    """Its framing weighs more than it does."""
    body = b"".join(b"1\r\n%c\r\n" % byte for byte in b'{"refresh_token": "%s"}' % (b"x" * 15_000))
    head = b"POST /v1/auth/refresh HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with connected(either.base_url, head + b"Transfer-Encoding: chunked\r\n\r\n", body, b"0\r\n\r\n") as raw:
        assert next_answer(raw)[0] in (401, 422)
        raw.sendall(HEALTH)
        assert next_answer(raw)[0] == 200


@pytest.mark.parametrize("options", [["--http", "httptools"], ["--http", "h11", "--loop", "asyncio"]])
def test_twenty_megabytes_of_headers_cost_no_memory(tmp_path: Path, options: list[str]) -> None:
    with forked(tmp_path, *options, **database(tmp_path)) as process:
        process.ready()

        def attack() -> None:
            for _ in range(3):
                with (
                    connected(process.base_url, b"GET /healthz HTTP/1.1\r\nHost: x\r\n") as raw,
                    suppress(ConnectionResetError, BrokenPipeError),
                ):
                    for _ in range(20):
                        raw.sendall(b"a:b\r\n" * (MIB // 5))

        attack()  # what the first time costs, it costs once
        resident(process.process.pid)  # the start took more than what is left of it
        before = resident(process.process.pid)
        attack()
        assert resident(process.process.pid) - before < 2 * MIB


def database(folder: Path, **settings: str) -> dict[str, str]:
    return {"DATABASE_URL": f"sqlite:///{folder / 'parley.db'}", "SECRET_KEY": KEY, **settings}


def resident(pid: int) -> int:
    """The most memory that the process has had in use since this was asked last."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return int(found[1]) * 1024


# Seconds


HURRIED = pytest.mark.parametrize(
    "timings",
    [Timings(request_head=0.2, request_body=0.2, unread_answer=0.2, linger=0.2, connection_sweep=0.02)],
    ids=["hurried"],
)
HALF_A_BODY = (
    b"POST /v1/auth/refresh HTTP/1.1\r\nHost: x\r\n"
    b"Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"
)


@HURRIED
@pytest.mark.parametrize("half", [HEALTH[:-2], HALF_A_BODY], ids=["head", "body"])
def test_a_request_that_does_not_go_on_is_ended(either: Server, half: bytes) -> None:
    assert told(either.base_url, half)[0] == 408
    with connected(either.base_url, HEALTH) as raw:
        assert next_answer(raw)[0] == 200
        raw.sendall(half)
        assert rest(raw).startswith(b"HTTP/1.1 408 ")


@HURRIED
@pytest.mark.parametrize("said", [b"", b"\r\n"], ids=["nothing", "a blank line"])
def test_a_connection_without_a_request_is_ended(either: Server, said: bytes) -> None:
    with connected(either.base_url, said) as raw:
        rest(raw)
    with connected(either.base_url, HEALTH) as raw:
        assert next_answer(raw)[0] == 200
        raw.sendall(said)
        rest(raw)


@HURRIED
def test_a_body_that_drips_is_ended_and_one_that_flows_is_not(
    either: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    drops, end = 0, b""
    with connected(either.base_url, HALF_A_BODY) as raw, suppress(ConnectionResetError, BrokenPipeError):
        raw.settimeout(0.02)
        while drops < 1_000 and not end:
            drops += 1
            raw.sendall(b" ")
            with suppress(TimeoutError):
                end = raw.recv(100)
    assert end.startswith(b"HTTP/1.1 408 ")
    monkeypatch.setattr(bounded_protocol, "BODY_STEP_BYTES", 1)
    with connected(either.base_url, HALF_A_BODY) as raw:
        raw.settimeout(0.02)
        for _ in range(20):
            raw.sendall(b" ")
            with pytest.raises(TimeoutError):
                raw.recv(100)


@HURRIED
@pytest.mark.busy
def test_an_answer_that_nobody_reads_is_thrown_away(either: Server) -> None:
    gate = either.app.state.gate
    with connected(either.base_url, receives=4_096) as raw:
        [connection] = wait_until(lambda: list(gate.open))
        connection.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4_096)
        raw.sendall(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_until(lambda: connection.unsent)
        wait_until(lambda: not gate.open)
        assert not rest(raw).endswith(b"}")


# How many


def test_connections_are_counted_by_address(new_database: Callable[[str], str]) -> None:
    settings = settings_for(new_database("sqlite"), max_connections_per_address=3)
    with serving(settings) as server:
        with (
            connected(server.base_url, HEALTH) as first,
            connected(server.base_url),
            connected(server.base_url),
        ):
            assert next_answer(first)[0] == 200
            assert told(server.base_url)[0] == 503
        wait_until(lambda: not server.app.state.gate.open)
        assert not server.app.state.gate.by_network
        with connected(server.base_url, HEALTH) as again:
            assert next_answer(again)[0] == 200


@pytest.mark.parametrize(("most", "refused"), [(5_000, False), (10, True)])
def test_a_proxy_s_connections_are_counted_only_in_all(
    new_database: Callable[[str], str], most: int, refused: bool
) -> None:
    settings = settings_for(
        new_database("sqlite"),
        max_connections=most,
        max_connections_per_address=3,
        trusted_proxies=["127.0.0.1"],
    )
    with serving(settings) as server:
        waiting = [connected(server.base_url) for _ in range(10)]
        for one in waiting:
            one.__enter__()
        try:
            wait_until(lambda: len(server.app.state.gate.open) == 10)
            if refused:
                assert told(server.base_url)[0] == 503
            else:
                with connected(server.base_url, HEALTH) as another:
                    assert next_answer(another)[0] == 200
        finally:
            for one in waiting:
                one.__exit__(None, None, None)


def test_no_more_connections_are_kept_than_the_system_allows_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection_limits, "read_file_limit", lambda: 1_024)
    assert (
        connection_limits.ConnectionLimits(5_000, 500, [], str, Timings()).limit
        == 1_024 - connection_limits.RESERVED_FILES
    )
    assert connection_limits.ConnectionLimits(100, 500, [], str, Timings()).limit == 100


# One request after the other


def test_requests_that_do_not_wait_for_an_answer_get_the_first_one(either: Server) -> None:
    with connected(either.base_url, HEALTH * 10_000) as raw:
        assert rest(raw).count(b"HTTP/1.1 200 OK") == 1


def test_a_reader_who_leaves_is_missed_whatever_they_sent_after_their_request(either: Server) -> None:
    token = either.person().http.headers["Authorization"]
    stream = f"GET /v1/events/stream HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n\r\n".encode()
    watch = either.state.open_streams
    for behind in (HEALTH, HEALTH[:9], b"\r\n"):
        with connected(either.base_url, stream + behind) as raw:
            assert raw.recv(100).startswith(b"HTTP/1.1 200 ")
            raw.sendall(behind)
            wait_until(lambda: any(watch._of_credentials.values()))
        wait_until(lambda: not any(watch._of_credentials.values()))


def test_a_wish_for_websockets_is_no_way_past_the_bounds(either: Server) -> None:
    asked = b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    with connected(
        either.base_url, asked + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n\r\n"
    ) as raw:
        assert next_answer(raw)[0] == 200
    wait_until(lambda: not either.app.state.gate.open)


def test_what_is_no_http_is_told_so(either: Server) -> None:
    assert told(either.base_url, b"HELLO\r\n\r\n")[0] == 400


# The end of the server


# What was answered before, and what came of the next request.
HALVES = [(b"", b""), (b"", HEALTH[:-2]), (b"", HALF_A_BODY), (HEALTH, b""), (HEALTH, HALF_A_BODY)]


@contextmanager
def half_way(base_url: str) -> Iterator[None]:
    """People who have stopped in the middle of a request, or between two."""
    with ExitStack() as held:
        for whole, half in HALVES * 4:
            raw = held.enter_context(connected(base_url, whole))
            if whole:
                assert next_answer(raw)[0] == 200
            raw.sendall(half)
        yield


@pytest.mark.parametrize("parser", PARSERS, ids=["httptools", "h11"])
def test_nobody_who_stops_half_way_holds_up_the_end(
    new_database: Callable[[str], str], parser: dict[str, Any]
) -> None:
    options = {"timeout_graceful_shutdown": None, "timeout_keep_alive": 60, **parser}
    with ExitStack() as held, serving(settings_for(new_database("sqlite")), **options) as server:
        held.enter_context(half_way(server.base_url))
        wait_until(lambda: len(server.app.state.gate.open) == len(HALVES) * 4)
        wait_until(lambda: sum(connection.in_body for connection in server.app.state.gate.open) == 8)


@pytest.mark.slow
def test_every_worker_has_the_bounds_and_ends_on_a_signal(tmp_path: Path) -> None:
    with forked(tmp_path, "--workers", "2", **database(tmp_path)) as process:
        process.ready()
        wait_until(lambda: process.said().count("Application startup complete") == 2, 60)
        with half_way(process.base_url):
            assert {told(process.base_url, *TOO_MUCH["headers"])[0] for _ in range(6)} == {431}
            process.process.send_signal(signal.SIGTERM)
            process.process.wait(timeout=15)
        assert "Traceback" not in process.said()
        assert "ERROR" not in process.said()
