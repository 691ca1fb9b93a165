# test_keys.py -- the page by keyboard: the box that finds anything, the shortcuts, and lists with one stop.
import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.browsers import Visitor, check_by_axe, say, settled
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server

PHONE = {"width": 390, "height": 844}


@pytest.fixture
def ann(site: Server) -> Person:
    return site.person()


def begin(person: Person, *titles: str) -> list[str]:
    return [person.post("/v1/conversations", title=title)["id"] for title in titles]


def heading(page: Page, title: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(title)


# Anything is found


@pytest.mark.busy
def test_one_message_among_200_conversations_is_found_by_enter(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ids = begin(ann, *(f"Conversation {n}" for n in range(200)))
    for n in range(60):
        ann.chat("hello" if n != 20 else "add feed the zebra", conversation_id=ids[77])
    ann.delete(f"/v1/tasks/{ann.get('/v1/tasks')['data'][0]['id']}")
    page = visit(site).sign_in(ann.email)
    page.get_by_label("Message", exact=True).press("Control+k")
    field = page.get_by_role("combobox", name="Find anything")
    expect(field).to_be_focused()
    field.press_sequentially("zebra")
    expect(page.get_by_role("option").first).to_contain_text("zebra")
    expect(page.get_by_role("option").first.locator("mark")).to_have_text("zebra")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    heading(page, "Conversation 77")
    place = page.locator(".is-place")
    expect(place).to_contain_text("zebra")
    expect(place).to_be_in_viewport()
    expect(place).to_be_focused()
    expect(page.locator("dialog")).to_have_count(0)


def test_enter_that_comes_before_what_is_found_opens_it_then(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ann.post("/v1/tasks", title="Feed the zebra")
    page = visit(site).sign_in(ann.email)
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.insert_text("zebra")
    page.keyboard.press("Enter")
    expect(page.locator("#edit-title")).to_have_value("Feed the zebra")


def test_back_leads_to_where_one_was_before_something_was_found(
    site: Server, visit: Visitor, ann: Person
) -> None:
    first, *_ = begin(ann, "First", "Second", "Third")
    page = visit(site).sign_in(ann.email, f"/#/c/{first}")
    heading(page, "First")
    page.get_by_role("link", name="Second").click()
    heading(page, "Second")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("Third")
    page.get_by_role("option", name="Third").click()
    heading(page, "Third")
    for title in ("Second", "First"):
        page.go_back()
        heading(page, title)


def test_the_box_finds_actions_titles_and_tasks_by_arrow_keys(
    site: Server, visit: Visitor, ann: Person
) -> None:
    begin(ann, "The theme of the party", "Other")
    ann.post("/v1/tasks", title="Choose a theme")
    page = visit(site).sign_in(ann.email)
    expect(page.locator("#conversations li")).to_have_count(2)
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    expect(page.get_by_role("option", name="Settings")).to_be_visible()
    check_by_axe(page, "the box that finds anything")
    field.fill("theme")
    options = page.get_by_role("option")
    expect(options).to_have_count(3)
    expect(options.nth(0)).to_contain_text("Change the theme")
    expect(options.nth(1)).to_contain_text("The theme of the party")
    expect(options.nth(2)).to_contain_text("Choose a theme")
    expect(page.locator("mark")).to_have_text(["theme"] * 3)
    check_by_axe(page, "what the box has found")
    field.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    field.press("Enter")
    heading(page, "The theme of the party")
    page.keyboard.press("Control+k")
    field.fill("theme")
    expect(options).to_have_count(3)
    field.press("ArrowUp")
    field.press("Enter")
    expect(page.locator("#edit-title")).to_have_value("Choose a theme")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    page.keyboard.press("Control+k")
    field.fill("no such thing")
    expect(page.get_by_text("Nothing found.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)


def test_the_search_box_leads_to_what_it_found_by_enter(site: Server, visit: Visitor, ann: Person) -> None:
    [id_] = begin(ann, "Animals")
    begin(ann, "Other", "Another")
    ann.chat("add feed the zebra", conversation_id=id_)
    page = visit(site).sign_in(ann.email)
    search = page.get_by_label("Search conversations and messages")
    search.press_sequentially("zebra")
    search.press("Enter")
    expect(page.locator("#hit-list :focus")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Home")
    page.locator("#hit-list a").last.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".is-place")).to_contain_text("feed the zebra")
    search.fill("Anim")
    search.press("Enter")
    expect(page.locator("#conversations a").first).to_be_focused()


def test_hits_that_could_not_be_loaded_are_tried_again(site: Server, visit: Visitor, ann: Person) -> None:
    ann.post("/v1/tasks", title="Feed the zebra")
    visited = visit(site)
    visited.expected.append("ERR_")
    page = visited.sign_in(ann.email)
    page.route("**/v1/search?**", lambda route: route.abort())
    page.get_by_label("Search conversations and messages").fill("zebra")
    hits = page.locator("#hits")
    expect(hits).to_contain_text("could not be loaded")
    check_by_axe(page, "hits that could not be loaded")
    page.keyboard.press("Control+k")
    page.get_by_role("combobox").fill("zebra")
    expect(page.locator("#find")).to_contain_text("could not be loaded")
    page.unroute("**/v1/search?**")
    page.locator("#find").get_by_role("button", name="Try again").click()
    expect(page.get_by_role("option")).to_have_count(1)
    page.keyboard.press("Escape")
    if hits.get_by_role("button", name="Try again").count():
        hits.get_by_role("button", name="Try again").click()
    expect(page.locator("#hit-list li")).to_have_count(1)
    expect(hits).not_to_contain_text("could not be loaded")


# Shortcuts


def leave_fields(page: Page) -> None:
    page.locator("#scroller").focus()


def test_every_shortcut_of_the_list_does_what_it_says(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    ann = scripted_site.person()
    begin(ann, "One", "Two", "Three")
    model.answers = [["Here it is:\n\n```\nprint(1)\n```\n"]]
    visited = visit(scripted_site)
    visited.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visited.sign_in(ann.email)
    expect(page.locator("#conversations li")).to_have_count(3)

    def press(keys: str) -> None:
        leave_fields(page)
        page.keyboard.press(keys)

    def copied(text: str) -> None:
        expect(page.locator("#announcer")).to_have_text("Copied")
        page.evaluate("document.getElementById('announcer').textContent = ''")
        assert page.evaluate("navigator.clipboard.readText()") == text

    press("?")
    expect(page.locator("#shortcuts kbd").first).to_have_text("Ctrl + K")
    shown = page.locator("#shortcuts dl").first.locator("kbd").all_inner_texts()
    assert shown == ["Ctrl + K", "O", "/", "M", "Esc", "C", "Shift + C", "J", "K", "T", "D", "?"]
    check_by_axe(page, "the shortcuts")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    press("j")
    heading(page, "Three")
    press("j")
    heading(page, "Two")
    press("k")
    heading(page, "Three")
    press("/")
    expect(page.get_by_label("Search conversations and messages")).to_be_focused()
    press("m")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    press("t")
    expect(page.get_by_label("New task")).to_be_focused()
    press("c")
    expect(page.locator(".toast")).to_have_text("There is no answer to copy.")
    press("d")
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    press("o")
    heading(page, "New conversation")
    say(page, "print one")
    settled(page)
    expect(page.locator(".code-head")).to_be_visible()
    press("c")
    copied("Here it is:\n\n```\nprint(1)\n```\n")
    press("Shift+C")
    copied("print(1)\n")


def test_escape_stops_the_answer_unless_something_is_written(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    page = visit(scripted_site).sign_in(scripted_site.register())
    model.answers = [["slow", threading.Event()]]
    say(page, "go on")
    stop = page.get_by_role("button", name="Stop the answer")
    expect(stop).to_be_visible()
    box = page.get_by_label("Message", exact=True)
    box.fill("and then")
    box.press("Escape")
    expect(box).to_have_value("and then")
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(stop).to_be_visible()
    box.fill("")
    box.press("Escape")
    settled(page)


def test_no_shortcut_fires_while_one_types(site: Server, visit: Visitor, ann: Person) -> None:
    begin(ann, "One", "Two")
    page = visit(site).sign_in(ann.email)
    expect(page.locator("#conversations li")).to_have_count(2)
    keys = "?o/mcCjktd"
    for label in ("Message", "New task", "Search conversations and messages", "Filter tasks"):
        field = page.get_by_label(label, exact=True)
        field.press_sequentially(keys)
        expect(field).to_have_value(keys)
        expect(field).to_be_focused()
        field.fill("")
    page.locator("#open-settings").click()
    expect(page.locator("#settings")).to_be_visible()
    page.locator("#settings .sheet-body").focus()
    page.keyboard.type(keys)
    page.keyboard.press("Control+k")
    expect(page.locator("dialog")).to_have_count(1)
    heading(page, "New conversation")
    assert page.locator("html").get_attribute("data-theme") == "auto"


def test_on_a_phone_a_shortcut_opens_the_list_that_it_leads_to(
    site: Server, visit: Visitor, ann: Person
) -> None:
    page = visit(site, viewport=PHONE).sign_in(ann.email)
    leave_fields(page)
    page.keyboard.press("t")
    expect(page.get_by_label("New task")).to_be_focused()
    expect(page.get_by_label("New task")).to_be_in_viewport()
    page.keyboard.press("Escape")
    expect(page.locator(".is-open")).to_have_count(0)
    leave_fields(page)
    page.keyboard.press("/")
    expect(page.get_by_label("Search conversations and messages")).to_be_focused()


def test_the_list_of_conversations_has_one_stop_and_arrow_keys_lead_on(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ids = begin(ann, "One", "Two", "Three")
    page = visit(site).sign_in(ann.email, f"/#/c/{ids[1]}")
    expect(page.locator("#conversations li")).to_have_count(3)
    assert page.locator("#conversations [tabindex='0']").count() == 1
    page.get_by_label("Search conversations and messages").focus()
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_contain_text("Two")  # the open one
    steps: list[tuple[str, Callable[[], None]]] = [
        ("ArrowUp", lambda: expect(focused).to_contain_text("Three")),
        ("End", lambda: expect(focused).to_contain_text("One")),
        ("ArrowRight", lambda: expect(focused).to_have_attribute("aria-label", "Rename “One”")),
        ("ArrowUp", lambda: expect(focused).to_contain_text("Two")),
        ("ArrowRight", lambda: expect(focused).to_have_attribute("aria-label", "Rename “Two”")),
        ("ArrowLeft", lambda: expect(focused).to_contain_text("Two")),
    ]
    for key, look in steps:
        page.keyboard.press(key)
        look()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    heading(page, "Three")
    page.locator("#conversations :focus, #conversations a").first.focus()
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('#conversations')")
