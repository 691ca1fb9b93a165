# test_panes.py -- every part of the page says how it is, and mends itself; and where the page is stands in its address.
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, Route, expect

from support.browsers import PHONE, Cable, Visit, Visitor, check_by_axe, expect_signed_in
from support.servers import PASSWORD, Person, Server

UNREACHABLE = "could not be loaded. The server cannot be reached."
SIZES = [{"width": 1440, "height": 900}, PHONE]


@pytest.fixture
def ann(site: Server) -> Person:
    person = site.person(display_name="Ann")
    person.post("/v1/tasks", title="Buy milk")
    return person


def begin(person: Person) -> str:
    """A conversation with an answer."""
    id_: str = person.chat("hello")["conversation_id"]
    return id_


def test_a_conversation_opened_without_a_network_comes_with_it(
    site: Server, visit: Visitor, ann: Person
) -> None:
    begin(ann)
    visited = visit(site)
    visited.expected.append("ERR_")
    page = visited.sign_in(ann.email)
    expect(page.locator("#conversations a")).to_have_count(1)
    visited.context.set_offline(True)
    page.locator("#conversations a").click()
    note = page.locator("#messages-note")
    expect(note).to_contain_text(f"The messages {UNREACHABLE}")
    expect(page.locator("#chat-title")).to_have_text("hello")
    note.get_by_role("button", name="Try again").click()
    expect(note.get_by_role("button", name="Try again")).to_be_focused()
    expect(note).to_contain_text(UNREACHABLE)
    visited.context.set_offline(False)
    expect(page.locator(".message")).to_have_count(2)
    expect(note).to_be_hidden()
    # By the server's return as well as by the network's.
    with closing(Cable(site)) as cable:
        visited = visit(cable.server)
        visited.expected.append("ERR_")
        page = visited.sign_in(ann.email)
        expect(page.locator("#conversations a")).to_have_count(1)
        cable.cut()
        page.locator("#conversations a").click()
        expect(page.locator("#messages-note")).to_contain_text(UNREACHABLE)
        cable.mend()
        expect(page.locator(".message")).to_have_count(2)


def test_lists_and_sheets_that_fail_say_so_and_come_at_another_try(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here = begin(ann)
    visited = visit(site)
    visited.expected.append("ERR_")
    page = visited.tab(f"/#/c/{here}")
    page.clock.install()
    failing = [
        "**/v1/conversations?*",
        "**/v1/accounts?*",
        "**/v1/tasks?*",
        "**/v1/events?*",
        "**/messages?*",
        "**/v1/me/sessions",
    ]

    def abort(route: Route) -> None:
        route.abort()

    for path in failing:
        page.route(path, abort)
    page.get_by_label("Email", exact=True).fill(ann.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    for id_, what in [
        ("conversations-none", "Your conversations"),
        ("tasks-none", "Your tasks"),
        ("messages-note", "The messages"),
        ("inbox-note", "The inbox"),
    ]:
        expect(page.locator(f"#{id_}")).to_contain_text(f"{what} {UNREACHABLE}")
    page.locator("#open-settings").click()
    sheet = page.get_by_role("dialog", name="Settings")
    expect(sheet.get_by_role("status").first).to_contain_text(f"This {UNREACHABLE}")
    page.clock.pause_at(datetime.now(UTC) + timedelta(minutes=1))  # nothing is tried again by itself
    for path in failing:
        page.unroute(path, abort)
    sheet.get_by_role("button", name="Try again").click()
    expect(sheet.locator("#sessions li").first).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#tasks-none").get_by_role("button", name="Try again").click()
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    page.clock.fast_forward(30_000)  # the others by themselves
    expect(page.locator("#conversations a")).to_have_count(1)
    expect(page.locator(".message")).to_have_count(2)
    for id_ in ("conversations-none", "tasks-none", "messages-note", "inbox-note"):
        expect(page.locator(f"#{id_}")).to_be_hidden()


def test_what_takes_long_says_that_it_is_loading(site: Server, visit: Visitor, ann: Person) -> None:
    here = begin(ann)
    page = visit(site).sign_in(ann.email)
    expect(page.locator("#conversations a")).to_have_count(1)
    held: list[Route] = []
    page.route("**/messages?*", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    page.clock.install()
    with page.expect_request("**/messages?*"):
        page.locator("#conversations a").click()
    expect(page.locator("#messages-note")).to_be_hidden()
    page.clock.fast_forward(500)
    expect(page.locator("#messages-note")).to_have_text("Loading …")
    held[0].continue_()
    expect(page.locator(".message")).to_have_count(2)
    expect(page.locator("#messages-note")).to_be_hidden()
    assert page.url.endswith(here)


def open_while_starting(visited: Visit, ann: Person) -> Page:
    """A page of somebody signed in whose server answers every renewal with 503."""
    visited.expected.append("status of 503")
    visited.sign_in(ann.email).close()
    visited.context.route(
        "**/v1/web/session/refresh",
        lambda route: route.fulfill(status=503, json={"detail": "The server is starting."}),
    )
    page = visited.context.new_page()
    page.clock.install()
    page.goto(visited.server.base_url)
    return page


def test_a_server_that_takes_its_time_to_start_is_waited_for(
    site: Server, visit: Visitor, ann: Person
) -> None:
    visited = visit(site)
    page = open_while_starting(visited, ann)
    expect(page.locator("#start .brand")).to_be_visible()
    for _ in range(3):
        expect(page.locator("#start-note")).to_contain_text(
            "Parley could not be loaded. The server is starting."
        )
        with page.expect_response("**/v1/web/session/refresh"):
            page.clock.fast_forward(30_000)
    visited.context.unroute("**/v1/web/session/refresh")
    page.clock.fast_forward(30_000)
    expect_signed_in(page)
    expect(page.locator("#start")).to_be_hidden()


def test_the_sign_in_page_knows_the_server_once_it_answers(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    visited.expected.append("status of 503")
    page = visited.context.new_page()
    page.clock.install()
    page.route("**/v1/web/config", lambda route: route.fulfill(status=503, json={"detail": "Starting."}))
    page.goto(site.base_url)
    expect(page.locator("#sign-in-state")).to_contain_text(
        "The state of this server could not be loaded. Starting."
    )
    page.unroute("**/v1/web/config")
    with page.expect_response("**/v1/web/config"):
        page.clock.fast_forward(2_500)
    expect(page.locator("#sign-in-state")).to_be_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES, ids=["desk", "phone"])
def test_axe_finds_nothing_where_something_has_failed(
    site: Server, visit: Visitor, ann: Person, scheme: str, size: dict[str, int]
) -> None:
    here = begin(ann)
    visited = visit(site, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page = open_while_starting(visited, ann)
    expect(page.locator("#start-note")).to_be_visible()
    check_by_axe(page, "the start page")
    visited.expected.append("ERR_")
    for path in (
        "**/v1/conversations?*",
        "**/v1/accounts?*",
        "**/v1/tasks?*",
        "**/v1/events?*",
        "**/messages?*",
    ):
        page.route(path, lambda route: route.abort())
    visited.context.unroute("**/v1/web/session/refresh")
    page.goto(f"{site.base_url}/#/c/{here}")
    page.get_by_role("button", name="Try again").first.click()
    expect(page.locator("#messages-note")).to_contain_text(UNREACHABLE)
    check_by_axe(page, "a page of which nothing came")
    if size["width"] < 800:
        page.get_by_role("button", name="Show conversations").click()
        expect(page.locator("#conversations-none")).to_be_visible()
        check_by_axe(page, "the conversations, which did not come")


# Addresses


def test_the_skip_link_leads_to_the_box_of_the_same_conversation(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here = begin(ann)
    page = visit(site).sign_in(ann.email, f"/#/c/{here}")
    expect(page.locator(".message")).to_have_count(2)
    page.locator("#skip").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    assert page.url.endswith(f"/#/c/{here}")
    expect(page.get_by_role("heading", level=1)).to_have_text("hello")
    expect(page.locator(".message")).to_have_count(2)
    # Whatever else stands behind a # is no address: it leads nowhere.
    page.evaluate("location.hash = 'composer-text'")
    page.locator("#theme").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("hello")
    expect(page.locator(".message")).to_have_count(2)


def test_links_of_earlier_versions_lead_to_their_conversation(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here = begin(ann)
    page = visit(site).sign_in(ann.email, f"/#{here}")
    expect(page.locator(".message")).to_have_count(2)
    assert page.url.endswith(f"/#/c/{here}")
    page.locator("#new-chat").click()
    expect(page.locator("#welcome")).to_be_visible()
    assert page.url.endswith("/#/")
    page.evaluate("(id) => (location.hash = id)", here)
    expect(page.locator(".message")).to_have_count(2)
    page.go_back()
    expect(page.locator("#welcome")).to_be_visible()
