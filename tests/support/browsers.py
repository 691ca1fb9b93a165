# support/browsers.py -- a real Chromium that uses the console, and what no visit may lead to.
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Locator,
    Page,
    Playwright,
    Request,
    expect,
)

from support.servers import PASSWORD, Server

# The shell is the same browser without what is around a page, which takes a quarter of the processor time.
CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium") or "/usr/bin/chromium"
MISSING = None if Path(CHROMIUM).exists() else "no chromium on this machine"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # A name of a local network: a page there has no https, and with it none of what browsers keep for such pages.
    "--host-resolver-rules=MAP lan.test 127.0.0.1",
]
TIMEOUT_MS = 10_000
BLOCKED_WORKER = "Service Worker registration blocked by Playwright"
expect.set_options(timeout=TIMEOUT_MS)


def launch(playwright: Playwright) -> Browser:
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


@dataclass
class Visit:
    """One browser profile at one server; its tabs share cookies, locks and channels.

    `expected` are pieces of console messages that a test provokes: a refused password, a network that is cut.
    """

    server: Server
    context: BrowserContext
    problems: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and message.text != BLOCKED_WORKER:
            self.problems.append(f"console: {message.text}")

    def asked(self, request: Request) -> None:
        host = urlsplit(request.url)
        if host.scheme not in ("blob", "data") and host.netloc != urlsplit(self.server.base_url).netloc:
            self.problems.append(f"a request to another host: {request.url}")

    def tab(self, path: str = "/") -> Page:
        page = self.context.new_page()
        page.on("console", self.heard)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("request", self.asked)
        page.goto(self.server.base_url + path)
        return page

    def sign_in(self, email: str, path: str = "/") -> Page:
        page = self.tab(path)
        page.get_by_label("Email", exact=True).fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect_signed_in(page)
        return page

    def unexpected(self) -> list[str]:
        return [problem for problem in self.problems if not any(piece in problem for piece in self.expected)]


@contextmanager
def visiting(browser: Browser, server: Server, **options: Any) -> Iterator[Visit]:
    """A fresh profile; at the end of the block nothing may have gone wrong in its console.

    It has no service workers, unless `service_workers` says so: what they fetch cannot be cut off by a test.
    """
    usual = {"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", "service_workers": "block"}
    context = browser.new_context(**{**usual, **options})
    context.set_default_timeout(TIMEOUT_MS)
    visit = Visit(server, context)
    try:
        yield visit
        assert visit.unexpected() == [], visit.unexpected()
    finally:
        context.close()


def expect_signed_in(page: Page) -> None:
    expect(page.get_by_label("Message", exact=True)).to_be_visible()


def say(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)
    page.get_by_role("button", name="Send", exact=True).click()


def titles_of(page: Page, section: str) -> Locator:
    """Of the tasks in a section of the list."""
    return page.locator(f"[data-section={section}] .task-title")


def settled(page: Page) -> None:
    """Until no answer is at work."""
    expect(page.locator(".message.live")).to_have_count(0)
    expect(page.get_by_role("button", name="Stop the answer")).to_be_hidden()


PHONE = {"width": 390, "height": 844}


def check_by_axe(page: Page, view: str) -> None:
    """The view breaks none of axe's rules, once it stands still."""
    page.evaluate("Promise.allSettled(document.getAnimations().map((one) => one.finished))")
    found = Axe().run(page).response["violations"]
    said = [
        f"{one['id']}: {node['html'][:120]} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]
    assert said == [], f"{view}: {said}"


class Cable:
    """A line to a server that can be cut, with all its connections, and mended; single connections can fall silent."""

    def __init__(self, server: Server) -> None:
        there = urlsplit(server.base_url)
        self._there = (str(there.hostname), int(there.port or 80))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: set[socket.socket] = set()
        self._silent: set[socket.socket] = set()
        self._requests: dict[bytes, set[socket.socket]] = {}
        self.is_cut = False
        self.server = replace(server, base_url=f"http://127.0.0.1:{self._listener.getsockname()[1]}")
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return  # closed for good
            if self.is_cut:
                near.close()
                continue
            far = socket.create_connection(self._there)
            self._open |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink, near), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, near: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if source is near:
                    self._note(data, near)
                if near not in self._silent:
                    sink.sendall(data)
        if near in self._silent:
            return  # neither side learns that the other has gone
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _note(self, data: bytes, near: socket.socket) -> None:
        """A connection is at its last request, whose line is `METHOD /path HTTP/1.1`."""
        words = data.split(b"\r\n", 1)[0].split(b" ")
        if len(words) == 3 and words[2].startswith(b"HTTP/"):
            for others in self._requests.values():
                others.discard(near)
            self._requests.setdefault(b" ".join(words[:2]), set()).add(near)

    def hush(self, request: str) -> None:
        """From now on nothing comes any more over the connections whose last request begins so: `POST /v1/chat`."""
        found = [
            near
            for line, ends in self._requests.items()
            if line.startswith(request.encode())
            for near in ends
        ]
        assert found, f"nothing is open for {request}: {sorted(self._requests)}"
        self._silent.update(found)

    def cut(self) -> None:
        self.is_cut = True
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.cut()
        self._listener.close()
        for end in self._open:
            end.close()


Visitor = Callable[..., Visit]
