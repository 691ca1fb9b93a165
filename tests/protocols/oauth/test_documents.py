# test_documents.py -- metadata documents of clients: fetched from public addresses alone, within bounds.
import asyncio
import gzip
import json
import socket
import ssl
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

from errors import InvalidAppRequest
from identity.oauth import documents
from identity.oauth.addresses import is_public_address
from identity.oauth.documents import ClientDocuments, is_document_url, parse_document
from support.clients.mcp_client import ERAS
from support.clients.oauth_client import CALLBACK, App, Visit, connected_by_oauth, decide
from support.servers import Person, Server
from support.tls import make_certificate

ON_SQLITE = pytest.mark.engines("sqlite")
T = TypeVar("T")
URL = "https://app.example/client.json"
GOOD = {"client_id": URL, "client_name": "An editor", "redirect_uris": [CALLBACK]}


@dataclass
class Site:
    """An app's own https server on this machine; `answer` is what it says, `asked` what it was asked for."""

    url: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    body: bytes = b""
    asked: list[str] = field(default_factory=list)
    wait: threading.Event | None = None

    def describe(self, **more: Any) -> dict[str, Any]:
        return {"client_id": self.url, "client_name": "An editor", "redirect_uris": [CALLBACK], **more}

    def tell(self, **more: Any) -> None:
        self.body = json.dumps(self.describe(**more)).encode()


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    with serve_site(tmp_path, monkeypatch) as made:
        made.tell()
        yield made


@contextmanager
def serve_site(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            if made.wait is not None:
                made.wait.wait(15)
            self.send_response(made.status)
            for name, value in {"Content-Length": str(len(made.body)), **made.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(made.body)

        def log_message(self, *_: Any) -> None:
            """Nothing: what is asked stands in `asked`."""

    certificate = make_certificate(folder, "app.localhost")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setattr(
        documents, "open_ssl_context", lambda: ssl.create_default_context(cafile=str(certificate))
    )
    made = Site(f"https://app.localhost:{server.server_port}/client.json")
    answer_names(monkeypatch, {"app.localhost": "127.0.0.1"})
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer_names(monkeypatch: pytest.MonkeyPatch, addresses: dict[str, str]) -> list[str]:
    """What a resolver says; which names were asked for."""
    asked: list[str] = []

    async def resolve(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        asked.append(host)
        address = addresses[host]
        kind = socket.AF_INET6 if ":" in address else socket.AF_INET
        return [{"hostname": host, "host": address, "port": port, "family": kind, "proto": 6, "flags": 0}]

    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", resolve)
    return asked


@pytest.fixture
def trusting(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that takes this machine for the internet."""
    monkeypatch.setattr(server.state.client_documents, "is_allowed", lambda address: address == "127.0.0.1")
    return server


def fetch(url: str, allowed: bool = True) -> documents.ClientDocument | None:
    fetcher = ClientDocuments((lambda _: True) if allowed else is_public_address)
    return run_to_its_end(fetcher._fetch(url))


def run_to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Its connections, too, get the turns of the loop that they need to be closed."""

    async def settle() -> T:
        try:
            return await work
        finally:
            for _ in range(200):
                await asyncio.sleep(0)

    return asyncio.run(settle())


@ON_SQLITE
@pytest.mark.anyio
@pytest.mark.busy
async def test_the_official_client_comes_in_by_a_document(trusting: Server, ann: Person, site: Site) -> None:
    async with connected_by_oauth(trusting, Visit(ann), ERAS[0], document_url=site.url) as client:
        assert (await client.list_tools()).tools
    [token] = ann.get("/v1/me/tokens")["data"]
    assert (token["client_id"], token["name"]) == (site.url, "An editor")
    assert site.asked == ["/client.json"]  # once: it is kept


@ON_SQLITE
def test_the_host_of_the_document_is_shown(trusting: Server, ann: Person, site: Site) -> None:
    shown = ann.post("/v1/web/consent", **App(trusting, site.url).ask())
    assert site.url.startswith(f"https://{shown['client_host']}/")
    assert decide(ann, App(trusting, site.url).ask()).startswith(CALLBACK)


@ON_SQLITE
def test_an_address_of_this_machine_is_not_fetched(server: Server, ann: Person, site: Site) -> None:
    answer = ann.http.post("/v1/web/consent", json=App(server, site.url).ask())
    assert (answer.status_code, answer.json()["detail"]) == (422, documents.UNFETCHED)
    assert site.asked == []


@ON_SQLITE
def test_only_the_documents_own_redirects_count(trusting: Server, ann: Person, site: Site) -> None:
    app = App(trusting, site.url, "https://evil.example/callback")
    answer = ann.http.post("/v1/web/consent", json=app.ask())
    assert answer.status_code == 422
    assert "redirect_to" not in answer.json()


def test_a_good_document_is_read(site: Site) -> None:
    found = fetch(site.url)
    assert found is not None
    assert (found.name, found.redirect_uris) == ("An editor", (CALLBACK,))


@pytest.mark.parametrize("status", [201, 204, 301, 302, 307, 308, 404, 500])
def test_a_redirect_or_another_status_is_no_document(site: Site, status: int) -> None:
    site.status = status
    site.headers = {**site.headers, "Location": "/client2.json"}
    assert fetch(site.url) is None
    assert site.asked == ["/client.json"]


def test_a_long_document_is_not_read_to_its_end(site: Site) -> None:
    site.tell(padding="x" * 5_200)
    assert fetch(site.url) is None
    site.headers = {**site.headers, "Content-Length": str(10**9)}
    assert fetch(site.url) is None


def test_a_compressed_document_is_not_unpacked(site: Site) -> None:
    site.body = gzip.compress(site.body)
    site.headers = {**site.headers, "Content-Encoding": "gzip"}
    assert fetch(site.url) is None


@ON_SQLITE
def test_a_slow_site_is_given_up(trusting: Server, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.wait = threading.Event()
    monkeypatch.setattr(documents, "SECONDS", 0.2)
    try:
        assert trusting.run(trusting.state.client_documents._fetch(site.url)) is None
    finally:
        site.wait.set()


def test_another_content_type_is_no_document(site: Site) -> None:
    site.headers = {"Content-Type": "text/html"}
    assert fetch(site.url) is None
    site.headers = {"Content-Type": "application/cimd+json; charset=utf-8"}
    assert fetch(site.url) is not None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b"[" * 4_000,
        b'{"client_id": 1}',
        json.dumps({**GOOD, "client_id": URL + "/"}).encode(),
        json.dumps({**GOOD, "redirect_uris": []}).encode(),
        json.dumps({**GOOD, "redirect_uris": "https://a.example/"}).encode(),
        json.dumps({**GOOD, "redirect_uris": [1, {}, "javascript://x"]}).encode(),
        json.dumps({**GOOD, "token_endpoint_auth_method": "private_key_jwt"}).encode(),
        json.dumps({**GOOD, "token_endpoint_auth_method": ["none"]}).encode(),
    ],
)
def test_a_document_that_does_not_hold_is_none(site: Site, body: bytes) -> None:
    site.body = body.replace(URL.encode(), site.url.encode())
    assert fetch(site.url) is None


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("  An\n editor\t", "An editor"),
        ("An\u202eeditor\u200b", "Aneditor"),
        ("\u200b \u3164", "app.example"),
        (None, "app.example"),
        (5, "app.example"),
        ("x" * 500, "x" * 100),
    ],
)
def test_a_name_is_one_line_that_can_be_seen(name: Any, shown: str) -> None:
    found = parse_document(URL, json.dumps({**GOOD, "client_name": name}).encode(), 30)
    assert found is not None
    assert found.name == shown


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1"),
        *("0.0.0.0", "255.255.255.255", "224.0.0.1", "240.0.0.1", "192.0.2.1", "198.18.0.1", "192.0.0.1"),
        *(
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "::127.0.0.1",
            "fe80::1",
            "fe80::1%eth0",
            "fc00::1",
        ),
        *("fd12::1", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1", "2001:0:7f00:1::1"),
        *("2001:db8::1", "100::1", "fec0::1", "nonsense", "", "127.1", "2130706433"),
    ],
)
def test_an_address_that_is_not_of_the_internet_is_refused(address: str) -> None:
    assert not is_public_address(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.216.34", "2606:4700::1111", "2a00:1450:4001::200e"])
def test_an_address_of_the_internet_is_allowed(address: str) -> None:
    assert is_public_address(address)


@pytest.mark.parametrize(
    "url",
    [
        *(
            "http://app.example/client.json",
            "https://app.example",
            "https://app.example/",
            "https://localhost/x",
        ),
        *(
            "https://127.0.0.1/x",
            "https://[::1]/x",
            "https://2130706433/x",
            "https://127.1/x",
            "https://0x7f.1/x",
        ),
        *(
            "https://user@app.example/x",
            "https://app.example/a/../x",
            "https://app.example/x#y",
            "https://a b/x",
        ),
        *("https://app.example\\@127.0.0.1/x", "https:///x", "https://app.example:99999/x", "file:///x"),
        "https://app.example/" + "x" * 500,
    ],
)
def test_an_address_that_is_none_of_an_app_is_refused(url: str) -> None:
    assert not is_document_url(url) or "0x7f" in url  # a name to a resolver, whose answer is looked at


@pytest.mark.parametrize("answer", ["127.0.0.1", "::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1"])
def test_a_name_that_leads_to_a_private_address_is_not_connected_to(
    monkeypatch: pytest.MonkeyPatch, site: Site, answer: str
) -> None:
    """By what it is resolved to at that moment: whatever it was resolved to before, or is later."""
    asked = answer_names(monkeypatch, {"app.localhost": answer})
    assert fetch(site.url, allowed=False) is None
    assert site.asked == []
    assert asked == ["app.localhost"]


def test_failures_and_documents_are_kept_for_a_while(site: Site) -> None:
    fetcher = ClientDocuments(lambda _: True)

    async def ask_twice() -> None:
        site.status = 500
        for _ in range(2):
            with pytest.raises(InvalidAppRequest):
                await fetcher.get_document(site.url)
        fetcher._known.clear()
        site.status = 200
        for _ in range(2):
            await fetcher.get_document(site.url)

    run_to_its_end(ask_twice())
    assert len(site.asked) == 2


@pytest.mark.parametrize(
    ("control", "age"),
    [("max-age=60", 60), ("public, max-age=999999", 86_400), ("max-age=1", 30), ("no-store", 30), ("", 300)],
)
def test_a_document_counts_as_long_as_its_server_says_within_bounds(
    site: Site, control: str, age: int
) -> None:
    site.headers = {**site.headers, "Cache-Control": control}
    found = fetch(site.url)
    assert found is not None
    assert found.age == age
