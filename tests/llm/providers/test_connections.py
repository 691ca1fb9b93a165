# test_connections.py -- connections to a provider: kept, thrown away, timed, and led through proxies.
import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager, suppress
from typing import Any

import pytest

from llm.model_options import ModelOptions
from llm.openai_wire import transport
from llm.openai_wire.endpoint import build_endpoint
from llm.protocol import TextDelta
from llm.provider_errors import BROKEN, LATE
from llm.providers import open_provider_model
from support.llm.providers import KEY, answer_of, asking, error_of, open_model, open_scripted, text_of
from support.llm.scripted_provider import Reply, ScriptedProvider, Status, Text

pytestmark = pytest.mark.anyio
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def event(**delta: Any) -> bytes:
    return f"data: {json.dumps({'choices': [{'index': 0, 'delta': delta}]})}\n\n".encode()


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
DONE = b"data: [DONE]\n\n"


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


async def read_request(reader: asyncio.StreamReader) -> str:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    await reader.readexactly(int(head.lower().partition("content-length: ")[2].partition("\r\n")[0] or 0))
    return head


@asynccontextmanager
async def serving(handle: Handler) -> AsyncIterator[str]:
    """A server of chat completions by hand; yields its base URL."""

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await handle(reader, writer)
        writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    finally:
        server.close()


async def test_a_connection_is_used_again_after_an_answer_and_never_after_half_of_one() -> None:
    opened: list[int] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        opened.append(0)
        while True:
            await read_request(reader)
            opened[-1] += 1
            writer.write(HEAD + chunk(event(content="Hi.")))
            await writer.drain()
            if opened == [2]:
                await reader.read()  # until the client leaves
                return
            writer.write(chunk(DONE))
            await writer.drain()
            await asyncio.sleep(0.02)  # the end of the body comes by itself
            writer.write(b"0\r\n\r\n")

    async with serving(handle) as url:
        model = open_model("m", url)
        assert text_of(await answer_of(model)) == "Hi."
        async with aclosing(model.respond(asking())) as events:  # type: ignore[type-var]
            assert await anext(events) == TextDelta("Hi.")
        assert text_of(await answer_of(model)) == "Hi."
    assert opened == [2, 1]


async def test_a_kept_connection_that_its_server_has_closed_costs_no_failure() -> None:
    requests: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(HEAD + chunk(event(content="Hi.")) + chunk(DONE) + b"0\r\n\r\n")
        await read_request(reader)  # takes a second request, and leaves without an answer

    async with serving(handle) as url:
        model = open_model("m", url)
        for _ in range(2):
            assert text_of(await answer_of(model)) == "Hi."
    assert len(requests) == 2


async def test_a_server_that_leaves_without_an_answer_is_not_asked_twice() -> None:
    requests: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))

    async with serving(handle) as url:
        assert (await error_of(open_model("m", url))).reason == BROKEN
    assert len(requests) == 1


@pytest.mark.parametrize("sign", [b": keep-alive\n\n", b" ", event(content="")])
async def test_every_byte_is_a_sign_of_life(sign: bytes) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(HEAD)
        for _ in range(8):
            await asyncio.sleep(0.2)
            writer.write(chunk(sign))
        writer.write(chunk(b"\n\n" + event(content="At last.") + DONE) + b"0\r\n\r\n")

    async with serving(handle) as url:
        model = open_model("m", url, options=ModelOptions(timeout_seconds=1))
        assert text_of(await answer_of(model)) == "At last."


async def test_a_server_that_keeps_the_stream_open_after_its_end_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("llm.openai_wire.model.REST_SECONDS", 0.2)
    left = asyncio.Event()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        last = {"choices": [{"index": 0, "delta": {"content": "Hi."}, "finish_reason": "stop"}]}
        writer.write(HEAD + chunk(f"data: {json.dumps(last)}\n\n".encode()))
        await reader.read()
        left.set()

    async with serving(handle) as url, asyncio.timeout(5):
        assert text_of(await answer_of(open_model("m", url))) == "Hi."
        await left.wait()


async def test_a_connection_that_does_not_come_about_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    assert transport.CONNECT_SECONDS == 10
    monkeypatch.setattr(transport, "CONNECT_SECONDS", 0.3)
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # more than its queue takes: the next gets no answer
        for client in waiting:
            client.setblocking(False)
            client.connect_ex(full.getsockname())
        error = await error_of(open_model("m", f"http://127.0.0.1:{full.getsockname()[1]}/v1"))
        for client in waiting:
            client.close()
    assert (error.reason, error.transient) == (LATE, True)


async def test_a_proxy_of_the_environment_is_used_with_its_password(
    provider: ScriptedProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", f"http://me:p%40ss@127.0.0.1:{provider.port}")
    provider.script.append(Text("Yes."))
    assert text_of(await answer_of(open_model("m", "http://model.example/v1"))) == "Yes."
    (request,) = provider.requests
    assert request.path == "http://model.example/v1/chat/completions"
    assert request.headers["proxy-authorization"] == f"Basic {base64.b64encode(b'me:p@ss').decode()}"


async def test_https_goes_through_a_tunnel(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).decode().partition("\r\n")[0])
        writer.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

    async with serving(handle) as url:
        monkeypatch.setenv("all_proxy", url.removesuffix("/v1"))
        error = await error_of(open_model("m", "https://model.example/v1"))
    assert asked == ["CONNECT model.example:443 HTTP/1.1"]
    assert (error.reason, error.transient) == (BROKEN, True)


def test_no_proxy_names_the_exceptions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "localhost,.example")
    assert build_endpoint("http://localhost:1/v1", "", {}).proxy is None
    assert build_endpoint("http://model.example/v1", "", {}).proxy is None
    assert build_endpoint("http://model.test/v1", "", {}).proxy == "http://127.0.0.1:9"


def test_a_proxy_of_another_kind_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("all_proxy", "socks5://me:secret@127.0.0.1:9")
    with pytest.raises(ValueError, match="no HTTP proxy") as caught:
        open_provider_model("m", "http://model.example/v1", None)
    assert "secret" not in str(caught.value)


async def test_a_redirect_is_told_and_not_followed(provider: ScriptedProvider) -> None:
    provider.script.append(Reply("", 308, {"Location": "https://elsewhere.example/v1"}))
    error = await error_of(open_scripted(provider))
    assert not error.transient
    assert "https://elsewhere.example/v1" in error.cause
    assert len(provider.requests) == 1


async def test_extra_headers_and_fields_are_sent_and_their_secrets_stay_out_of_the_log(
    provider: ScriptedProvider,
) -> None:
    said = f"no: team-secret-1 and body-secret-1 and {KEY}"
    provider.script += [Text("Yes."), Status(500, error={"message": said})]
    model = open_scripted(
        provider,
        extra_headers={"X-Team": "team-secret-1", "user-agent": "Mine"},
        extra_body={"temperature": 0.5, "stream_options": None, "provider": {"token": "body-secret-1"}},
    )
    await answer_of(model)
    (sent,) = provider.requests
    assert (sent.headers["x-team"], sent.headers["user-agent"]) == ("team-secret-1", "Mine")
    assert (sent.body["temperature"], sent.body["provider"]) == (0.5, {"token": "body-secret-1"})
    assert "stream_options" not in sent.body
    cause = (await error_of(model)).cause
    assert "no: " in cause
    for secret in ("team-secret-1", "body-secret-1", KEY):
        assert secret not in cause
        assert secret not in repr(ModelOptions(extra_headers={"X-Team": secret}, extra_body={"a": secret}))


@pytest.mark.parametrize(
    ("base_url", "url", "key_header"),
    [
        ("http://localhost:11434/v1/", "http://localhost:11434/v1/chat/completions", "Authorization"),
        ("http://h/v1/chat/completions", "http://h/v1/chat/completions", "Authorization"),
        ("http://h", "http://h/chat/completions", "Authorization"),
        (
            "https://x.openai.azure.com/openai/deployments/gpt-4o?api-version=2024-10-21",
            "https://x.openai.azure.com/openai/deployments/gpt-4o/chat/completions?api-version=2024-10-21",
            "api-key",
        ),
        (
            "https://x.openai.azure.com/openai/v1",
            "https://x.openai.azure.com/openai/v1/chat/completions",
            "api-key",
        ),
        (
            "https://gw.example/x?api-version=1",
            "https://gw.example/x/chat/completions?api-version=1",
            "api-key",
        ),
    ],
)
def test_the_address_keeps_its_query_and_azure_gets_its_own_header(
    base_url: str, url: str, key_header: str
) -> None:
    endpoint = build_endpoint(base_url, KEY, {})
    assert endpoint.url == url
    assert [name for name, value in endpoint.headers.items() if KEY in value] == [key_header]
    assert KEY not in repr(endpoint)
