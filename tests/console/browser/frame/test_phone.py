# test_phone.py -- the console as a home on the phone: it opens without the network, and Back goes one step.
import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browsers import Visit, Visitor, expect_signed_in, say, settled
from support.servers import Server

PHONE: dict[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
IS_KEPT = """async () => {
  await navigator.serviceWorker.ready;
  return (await caches.keys()).some((name) => name.startsWith("parley-parts-"));
}"""
MESSAGES = "#messages .message"


def visit_phone(visit: Visitor, site: Server, **options: Any) -> Visit:
    return visit(site, **{**PHONE, **options})


def open_list(page: Page) -> None:
    page.get_by_role("button", name="Show conversations").click()
    expect(page.locator("#sidebar")).to_have_class("sidebar is-open")


def test_without_the_network_the_page_opens_and_what_was_read_is_there(site: Server, visit: Visitor) -> None:
    email = site.register()
    person = site.sign_in(email)
    person.post("/v1/tasks", title="Buy milk")
    conversation = person.chat("hello")["conversation_id"]
    visited = visit_phone(visit, site, service_workers="allow")
    visited.expected.append("ERR_INTERNET_DISCONNECTED")
    page = visited.sign_in(email, f"/#/c/{conversation}")
    expect(page.locator(MESSAGES)).to_have_count(2)
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    assert page.evaluate(IS_KEPT)
    visited.context.set_offline(True)
    page.reload()
    expect(page.locator(MESSAGES)).to_have_count(2)
    expect(page.locator("#connection")).to_contain_text("No network")
    open_list(page)
    expect(page.locator("#conversations li")).to_have_count(1)
    page.get_by_role("button", name="Close the list of conversations").click()
    page.get_by_role("button", name="Show tasks").click()
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    # What happened meanwhile is there once the network is.
    person.post("/v1/tasks", title="Call mom")
    person.chat("and hello again", conversation_id=conversation)
    visited.context.set_offline(False)
    expect(page.locator(".task-title")).to_have_count(2)
    expect(page.locator(MESSAGES)).to_have_count(4)
    expect(page.locator("#connection")).to_have_text("")


def test_what_was_kept_is_read_anew_once_the_network_is_back(site: Server, visit: Visitor) -> None:
    email = site.register()
    person = site.sign_in(email)
    first, second = (person.chat(text)["conversation_id"] for text in ("hello", "show my tasks"))
    visited = visit_phone(visit, site)
    visited.expected.append("ERR_INTERNET_DISCONNECTED")
    page = visited.sign_in(email, f"/#/c/{first}")
    expect(page.locator(MESSAGES)).to_have_count(2)
    page.goto(f"{site.base_url}/#/c/{second}")
    expect(page.locator(MESSAGES).first).to_contain_text("show my tasks")
    person.chat("and hello again", conversation_id=first)  # the page hears of it, and does not read it
    open_list(page)
    expect(page.locator("#conversations li").first).to_contain_text("hello")
    visited.context.set_offline(True)
    page.locator(f"#conversations a[href$='{first}']").click()
    expect(page.locator(MESSAGES)).to_have_count(2)
    visited.context.set_offline(False)
    expect(page.locator(MESSAGES)).to_have_count(4)


def test_what_was_read_is_kept_for_nobody_else(site: Server, visit: Visitor) -> None:
    email = site.register()
    site.sign_in(email).post("/v1/tasks", title="Secret plan")
    visited = visit_phone(visit, site, service_workers="allow")
    page = visited.sign_in(email)
    page.get_by_role("button", name="Show tasks").click()
    expect(page.locator(".task-title")).to_have_text(["Secret plan"])
    page.get_by_role("button", name="Close tasks").click()
    open_list(page)
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Password")).to_be_visible()
    assert page.evaluate("async () => (await caches.match('/v1/me')) === undefined")


def test_back_closes_what_is_open_and_then_leaves_the_conversation(site: Server, visit: Visitor) -> None:
    email = site.register()
    person = site.sign_in(email)
    first, second = (person.chat(text)["conversation_id"] for text in ("hello", "show my tasks"))
    page = visit_phone(visit, site).sign_in(email, f"/#/c/{first}")
    expect(page.locator(MESSAGES)).to_have_count(2)
    here = page.url
    open_list(page)
    page.get_by_role("button", name="settings").click()
    expect(page.locator("#settings")).to_be_visible()
    page.go_back()
    expect(page.locator("#settings")).to_have_count(0)
    expect(page.locator("#sidebar")).to_have_class("sidebar is-open")
    page.go_back()
    expect(page.locator("#sidebar")).to_have_class("sidebar")
    assert page.url == here
    # What was opened and closed by hand, and where one has gone from it, leave nothing behind.
    page.get_by_role("button", name="Show tasks").click()
    page.get_by_role("button", name="Close tasks").click()
    open_list(page)
    page.locator(f"#conversations a[href$='{second}']").click()
    page.wait_for_url(f"**/#/c/{second}")
    page.go_back()
    page.wait_for_url(here)
    page.go_forward()
    page.wait_for_url(f"**/#/c/{second}")


@pytest.mark.parametrize(
    ("options", "key", "sends"),
    [(PHONE, "enter", False), ({}, "send", True)],
    ids=["touch", "keyboard"],
)
def test_enter_starts_a_line_on_a_touch_screen_unless_it_is_chosen_otherwise(
    site: Server, visit: Visitor, options: dict[str, Any], key: str, sends: bool
) -> None:
    page = visit(site, **options).sign_in(site.register())
    box = page.get_by_label("Message", exact=True)
    box.fill("hello")
    box.press("Enter")
    expect(box).to_have_js_property("enterKeyHint", key)
    if sends:
        settled(page)
        expect(page.locator(MESSAGES)).to_have_count(2)
    else:
        expect(box).to_have_value("hello\n")
    page.evaluate("choice => localStorage.setItem('parley.enter', choice)", "line" if sends else "send")
    count = page.locator(MESSAGES).count()
    box.fill("hello")
    box.press("Enter")
    if sends:
        expect(box).to_have_value("hello\n")
        box.press("Control+Enter")
    expect(page.locator(MESSAGES)).to_have_count(count + 2)


def test_the_enter_key_is_chosen_in_the_settings(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register())
    page.get_by_role("button", name="settings").click()
    page.get_by_label("The Enter key in the message box").select_option("Starts a new line")
    page.keyboard.press("Escape")
    box = page.get_by_label("Message", exact=True)
    box.fill("one")
    box.press("Enter")
    expect(box).to_have_value("one\n")
    expect(page.locator("#hint")).to_have_text("Enter starts a new line, Ctrl + Enter sends.")


def test_a_new_conversation_takes_one_tap(site: Server, visit: Visitor) -> None:
    email = site.register()
    conversation = site.sign_in(email).chat("hello")["conversation_id"]
    page = visit_phone(visit, site).sign_in(email, f"/#/c/{conversation}")
    expect(page.locator(MESSAGES)).to_have_count(2)
    page.locator("#new-chat-here").click()
    expect(page.locator("#chat-title")).to_have_text("New conversation")
    say(page, "hello")
    expect(page.locator(MESSAGES)).to_have_count(2)


def test_the_page_can_be_installed(site: Server, visit: Visitor) -> None:
    page = visit(site).tab()
    address = page.locator("link[rel=manifest]").get_attribute("href")
    http = site.client()
    manifest = http.get(str(address))
    assert manifest.headers["content-type"] == "application/manifest+json"
    described = json.loads(manifest.content)
    assert (described["start_url"], described["display"]) == ("/", "standalone")
    for icon in described["icons"]:
        answer = http.get(icon["src"])
        assert (answer.status_code, answer.headers["content-type"]) == (200, icon["type"])
    assert page.locator("meta[name=theme-color]").count() == 2


def test_after_the_first_visit_less_than_three_files_are_asked_for(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    page = visited.sign_in(site.register())
    size = page.evaluate(
        "() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".filter((one) => !one.name.includes('/v1/')).reduce((sum, one) => sum + one.encodedBodySize, 0)"
    )
    assert size < 48 * 1024
    page.reload()
    expect_signed_in(page)
    asked = page.evaluate(
        "() => performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'))"
        ".filter((one) => !one.name.includes('/v1/') && one.transferSize > 0).map((one) => one.name)"
    )
    assert len(asked) < 3, asked
