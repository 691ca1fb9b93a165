# test_plain_http.py -- the console at a name of a local network, without https and Web Locks.
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from support.browsers import Visit, Visitor, expect_signed_in, say, settled
from support.servers import Server

STREAM = "/v1/events/stream"
REFRESH = "**/v1/web/session/refresh"


@pytest.fixture
def lan(site: Server, visit: Visitor) -> Iterator[Visit]:
    """A visit to the same server by another name, for which the browser has no special trust."""
    port = urlsplit(site.base_url).port
    visited = visit(replace(site, base_url=f"http://lan.test:{port}"))
    visited.expected += ["Cross-Origin-Opener-Policy header has been ignored"]
    return visited


def test_the_console_works_without_https_on_every_visit(site: Server, lan: Visit) -> None:
    email = site.register()
    page = lan.sign_in(email)
    assert page.evaluate("[isSecureContext, typeof navigator.locks, typeof crypto.randomUUID]") == [
        False,
        "undefined",
        "undefined",
    ]
    say(page, "add buy milk")
    settled(page)
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    page.get_by_role("button", name="Copy the message").first.click()
    for _ in range(2):
        page.reload()
        expect_signed_in(page)
        expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    site.sign_in(email).post("/v1/tasks", title="Made elsewhere")
    expect(page.locator(".task-title")).to_have_text(["Buy milk", "Made elsewhere"])


def test_tabs_without_https_share_one_stream_and_another_takes_over(site: Server, lan: Visit) -> None:
    streams: list[Page] = []

    def note(request: Request) -> None:
        if request.url.endswith(STREAM):
            streams.append(request.frame.page)

    lan.context.on("request", note)
    email = site.register()
    tabs = [lan.sign_in(email), lan.tab(), lan.tab()]
    api = site.sign_in(email)
    for page in tabs:
        expect_signed_in(page)
    api.post("/v1/tasks", title="Seen by all")
    for page in tabs:
        expect(page.locator(".task-title")).to_have_text(["Seen by all"])
    assert streams == [tabs[0]]
    tabs[0].close()
    api.post("/v1/tasks", title="Seen by the rest")
    for page in tabs[1:]:
        expect(page.locator(".task-title")).to_have_text(["Seen by all", "Seen by the rest"])
    assert len(streams) == 2


def test_tabs_without_https_renew_one_after_the_other(site: Server, lan: Visit) -> None:
    tabs = [lan.sign_in(site.register()), lan.tab(), lan.tab()]
    for page in tabs:
        expect_signed_in(page)
    renew_one_after_the_other(lan, tabs)


def test_tabs_renew_one_after_the_other_and_tell_no_other_page_a_token(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    tabs = [visited.sign_in(site.register()), visited.tab(), visited.tab()]
    listener = visited.tab("/docs")
    listener.evaluate(
        "() => { window.heard = []; window.channel = new BroadcastChannel('parley.session');"
        " channel.onmessage = (event) => heard.push(JSON.stringify(event.data)); }"
    )
    for page in tabs:
        expect_signed_in(page)
    renew_one_after_the_other(visited, tabs)
    page = tabs[0]
    page.get_by_role("button", name="Sign out").first.click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    assert listener.evaluate("heard") == ['{"kind":"out"}']


def renew_one_after_the_other(visited: Visit, tabs: list[Page]) -> None:
    """Refuses a token in every tab: no two of them may be using the cookie at one time."""
    held: list[Route] = []
    cookies: list[str] = []

    def hold(route: Route) -> None:
        cookies.append(route.request.all_headers()["cookie"])
        held.append(route)

    def refuse_once(route: Route) -> None:
        route.fulfill(status=401, json={"detail": "The access token has expired."})
        route.request.frame.page.unroute("**/v1/tasks")

    visited.expected += ["status of 401"]
    visited.context.route(REFRESH, hold)
    for page in tabs:
        page.route("**/v1/tasks", refuse_once)
        page.get_by_label("New task").fill("One more")
        with page.expect_response(lambda answer: answer.status == 401):
            page.get_by_label("New task").press("Enter")
    for count in range(1, len(tabs) + 1):
        while len(held) < count:
            tabs[0].wait_for_timeout(20)
        assert len(held) == count
        held[-1].continue_()
    for page in tabs:
        expect(page.locator(".task-title")).to_have_text(["One more"] * len(tabs))
    assert len(set(cookies)) == len(tabs)
