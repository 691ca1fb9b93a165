# test_undo.py -- what is done to tasks and conversations is done at once, and can be taken back, whoever did it.
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browsers import Visitor, say, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, wait_until

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


@pytest.fixture
def ann(site: Server) -> Person:
    return site.person()


def tasks(person: Person) -> list[tuple[str, bool]]:
    return [(task["title"], task["completed"]) for task in person.get("/v1/tasks")["data"]]


def conversations(person: Person) -> list[str]:
    return [one["title"] for one in person.get("/v1/conversations")["data"]]


def shown(page: Page) -> Locator:
    return page.locator(".task-title")


def notice(page: Page) -> Locator:
    return page.locator(".toast")


def press_undo(page: Page) -> None:
    notice(page).get_by_role("button", name="Undo").click()


def press_keys(page: Page) -> None:
    page.keyboard.press("Control+z")


UNDO = pytest.mark.parametrize("undo", [press_undo, press_keys], ids=["notice", "keyboard"])


@UNDO
def test_tasks_that_were_done_changed_and_deleted_are_as_before(
    site: Server, visit: Visitor, ann: Person, undo: Callable[[Page], None]
) -> None:
    for title in ("Write report", "Buy milk"):
        ann.post("/v1/tasks", title=title)
    before = ann.get("/v1/tasks")["data"]
    page = visit(site, viewport=DESK).sign_in(ann.email)
    page.get_by_role("checkbox", name="Done: Buy milk").click()
    expect(shown(page)).to_have_text(["Write report"])
    expect(notice(page)).to_contain_text("Done: Buy milk")
    assert tasks(ann) == [("Buy milk", True), ("Write report", False)]
    undo(page)
    expect(shown(page)).to_have_text(["Write report", "Buy milk"])
    expect(notice(page)).to_contain_text("“Buy milk” is as it was before")
    assert tasks(ann) == [("Buy milk", False), ("Write report", False)]
    page.get_by_role("button", name="Delete “Write report”").click()
    expect(shown(page)).to_have_text(["Buy milk"])
    expect(notice(page)).to_contain_text("Deleted “Write report”")
    assert tasks(ann) == [("Buy milk", False)]
    undo(page)
    expect(shown(page)).to_have_text(["Write report", "Buy milk"])
    expect(page.locator(".task-text", has_text="Write report")).to_be_focused()
    page.locator(".task-text", has_text="Write report").click()
    page.get_by_label("Title", exact=True).fill("Write the report")
    page.get_by_role("button", name="Save").click()
    expect(shown(page)).to_have_text(["Write the report", "Buy milk"])
    undo(page)
    expect(shown(page)).to_have_text(["Write report", "Buy milk"])
    after = ann.get("/v1/tasks")["data"]
    assert [{**task, "updated_at": ""} for task in after] == [{**task, "updated_at": ""} for task in before]


def test_changes_are_taken_back_one_after_the_other_and_done_again(
    site: Server, visit: Visitor, ann: Person
) -> None:
    for title in ("One", "Two", "Three"):
        ann.post("/v1/tasks", title=title)
    page = visit(site).sign_in(ann.email)
    for title in ("One", "Two", "Three"):
        page.get_by_role("button", name=f"Delete “{title}”").click()
        expect(notice(page)).to_have_text(f"Deleted “{title}”Undo")
    assert tasks(ann) == []
    for _ in range(3):
        page.keyboard.press("Control+z")
    expect(shown(page)).to_have_text(["One", "Two", "Three"])
    page.get_by_role("button", name="Redo").click()
    expect(shown(page)).to_have_text(["Two", "Three"])
    page.keyboard.press("Control+z")
    expect(shown(page)).to_have_text(["One", "Two", "Three"])
    page.keyboard.press("Control+z")
    assert len(tasks(ann)) == 3


def test_the_keys_take_back_nothing_while_a_text_is_edited(site: Server, visit: Visitor, ann: Person) -> None:
    ann.post("/v1/tasks", title="One")
    page = visit(site).sign_in(ann.email)
    page.get_by_role("button", name="Delete “One”").click()
    expect(notice(page)).to_be_visible()
    box = page.get_by_label("Message", exact=True)
    box.press_sequentially("hello")
    page.keyboard.press("Control+z")
    expect(box).to_have_value("")
    # The box is empty by that: it is the text that was taken back.
    page.keyboard.press("Control+z")
    expect(shown(page)).to_have_count(0)
    page.locator("#task-scroll").focus()
    box.focus()
    page.keyboard.press("Control+z")
    expect(shown(page)).to_have_text(["One"])


def test_a_notice_stays_eight_seconds_and_as_long_as_one_is_at_it(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ann.post("/v1/tasks", title="One")
    page = visit(site).sign_in(ann.email)
    expect(shown(page)).to_have_count(1)
    page.clock.install()
    page.get_by_role("button", name="Delete “One”").click()
    expect(notice(page)).to_be_visible()
    page.clock.run_for(7_500)
    expect(notice(page)).to_be_visible()
    notice(page).hover()
    page.clock.run_for(60_000)
    expect(notice(page)).to_be_visible()
    notice(page).get_by_role("button").focus()
    page.mouse.move(5, 5)
    page.clock.run_for(60_000)
    expect(notice(page)).to_be_visible()
    page.get_by_label("Message", exact=True).focus()
    page.clock.run_for(8_100)
    expect(notice(page)).to_have_count(0)


def test_what_was_changed_since_is_said_instead(site: Server, visit: Visitor, ann: Person) -> None:
    task = ann.post("/v1/tasks", title="One")
    visited = visit(site)
    visited.expected.append("status of 409")
    page = visited.sign_in(ann.email)
    page.get_by_role("checkbox", name="Done: One").click()
    expect(notice(page)).to_be_visible()
    ann.patch(f"/v1/tasks/{task['id']}", title="Two")
    press_undo(page)
    expect(page.locator(".toast")).to_have_text("“One” was changed after that.")


def is_still(before: list[Any], now: list[Any]) -> list[Any] | None:
    return now if before == now else None


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_deleted_conversation_is_back_where_one_was(
    site: Server, visit: Visitor, ann: Person, size: dict[str, int]
) -> None:
    ids = {title: ann.post("/v1/conversations", title=title)["id"] for title in ("Other", "Long")}
    for n in range(30):
        ann.post(f"/v1/conversations/{ids['Long']}/messages", content=f"Message {n}\n" + "and so on\n" * 5)
    before = ann.get(f"/v1/conversations/{ids['Long']}/messages", limit=200)["data"]
    page = visit(site, viewport=size).sign_in(ann.email, f"/#/c/{ids['Long']}")
    expect(page.locator(".message")).to_have_count(50)
    scroller = page.locator("#scroller")
    scroller.evaluate("(box) => box.scrollBy(0, -2500)")
    expect(page.locator("#jump")).to_be_visible()
    at_top = """(box) => {
      const top = box.getBoundingClientRect().top;
      const item = [...box.querySelectorAll('.message')].find((one) => one.getBoundingClientRect().bottom > top);
      return [item.dataset.id, Math.round(item.getBoundingClientRect().top - top)];
    }"""
    expect(page.locator("#older")).to_be_hidden()
    there = wait_until(lambda: is_still(scroller.evaluate(at_top), scroller.evaluate(at_top)))
    url = page.url
    if size is PHONE:
        page.get_by_role("button", name="Show conversations").click()
    page.locator("#conversations li", has_text="Long").hover()
    page.get_by_role("button", name="Delete “Long”").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New conversation")
    expect(notice(page)).to_contain_text("Deleted “Long”")
    assert conversations(ann) == ["Other"]
    page.keyboard.press("Control+z")
    expect(page.get_by_role("heading", level=1)).to_have_text("Long")
    expect(page.locator(f"[data-id='{there[0]}']")).to_be_visible()
    assert page.url == url
    message, top = wait_until(lambda: is_still(scroller.evaluate(at_top), scroller.evaluate(at_top)))
    assert message == there[0]
    assert abs(top - there[1]) <= 1  # a box scrolls by whole pixels
    assert ann.get(f"/v1/conversations/{ids['Long']}/messages", limit=200)["data"] == before
    expect(page.locator(".conversation-title")).to_have_text(["Long", "Other"])


def test_a_title_is_taken_back_and_another_conversation_stays_open(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ids = {title: ann.post("/v1/conversations", title=title)["id"] for title in ("One", "Two")}
    page = visit(site).sign_in(ann.email, f"/#/c/{ids['Two']}")
    item = page.locator("#conversations li", has_text="One")
    item.hover()
    page.get_by_role("button", name="Rename “One”").click()
    page.locator(".rename").fill("Three")
    page.keyboard.press("Enter")
    expect(notice(page)).to_contain_text("Renamed to “Three”")
    press_undo(page)
    expect(page.locator(".conversation-title")).to_have_text(["One", "Two"])
    item.hover()
    page.get_by_role("button", name="Delete “One”").click()
    expect(notice(page)).to_contain_text("Deleted “One”")
    assert conversations(ann) == ["Two"]
    press_undo(page)
    expect(page.locator(".conversation-title")).to_have_text(["One", "Two"])
    expect(page.get_by_role("heading", level=1)).to_have_text("Two")
    expect(page.locator("#conversations a", has_text="One")).to_be_focused()


# What agents do


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_the_agent_did_is_undone_on_its_card(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, size: dict[str, int]
) -> None:
    ann = scripted_site.person()
    ann.patch("/v1/me", approval="never")
    kept = ann.post("/v1/tasks", title="Call mom")
    model.answers = [
        [
            call("add_task", {"title": "Buy milk"}, "a"),
            call("complete_task", {"task_id": kept["id"]}, "b"),
            call("list_tasks", {}, "c"),
        ],
        ["Done."],
    ]
    visited = visit(scripted_site, viewport=size)
    page = visited.sign_in(ann.email)
    say(page, "milk, and mom is called")
    settled(page)
    cards = page.locator(".tool")
    expect(cards).to_have_count(3)
    undo = cards.get_by_role("button", name="Undo")
    expect(undo).to_have_count(2)
    undo.nth(1).press("Enter")
    expect(cards.nth(1)).to_contain_text("Undone")
    expect(cards.nth(1).locator("summary")).to_be_focused()
    assert tasks(ann) == [("Buy milk", False), ("Call mom", False)]
    # The rest of the answer by the keyboard.
    page.locator("#scroller").focus()
    page.keyboard.press("Control+z")
    expect(cards.nth(0)).to_contain_text("Undone")
    assert tasks(ann) == [("Call mom", False)]
    page.reload()
    expect(cards.filter(has_text="Undone")).to_have_count(2)
    expect(undo).to_have_count(0)


def test_a_call_that_was_undone_in_the_chat_says_so(site: Server, visit: Visitor, ann: Person) -> None:
    ann.patch("/v1/me", approval="never")
    page = visit(site).sign_in(ann.email)
    say(page, "add buy milk")
    settled(page)
    expect(page.locator(".tool").get_by_role("button", name="Undo")).to_be_visible()
    say(page, "undo")
    settled(page)
    expect(page.locator(".tool").first).to_contain_text("Undone")
    expect(page.locator(".tool").get_by_role("button", name="Undo")).to_have_count(0)


# Recently deleted


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_what_was_deleted_lately_is_listed_and_restored(
    site: Server, visit: Visitor, ann: Person, size: dict[str, int]
) -> None:
    task = ann.post("/v1/tasks", title="Buy <b>milk")
    conversation = ann.chat("hello")["conversation_id"]
    for n in range(51):
        ann.delete(f"/v1/tasks/{ann.post('/v1/tasks', title=f'Old {n}')['id']}")
    ann.delete(f"/v1/tasks/{task['id']}")
    ann.delete(f"/v1/conversations/{conversation}")
    page = visit(site, viewport=size).sign_in(ann.email)
    if size is PHONE:
        page.get_by_role("button", name="Show tasks").click()
    page.get_by_role("button", name="Recently deleted").click()
    items = page.locator("#deleted-list li")
    expect(items).to_have_count(50)
    expect(items.nth(0)).to_contain_text("Conversation: hello")
    expect(items.nth(1)).to_contain_text("Task: Buy <b>milk")
    page.get_by_role("button", name="Show older").click()
    expect(items).to_have_count(53)
    page.get_by_role("button", name="Restore “hello”").click()
    expect(items).to_have_count(52)
    page.get_by_role("button", name="Restore “Buy <b>milk”").press("Enter")
    expect(items).to_have_count(51)
    expect(page.get_by_role("button", name="Restore “Old 50”")).to_be_focused()
    assert ann.get("/v1/tasks")["data"] == [task]
    assert len(ann.get(f"/v1/conversations/{conversation}/messages")["data"]) == 2
    page.keyboard.press("Escape")
    expect(shown(page)).to_have_text(["Buy <b>milk"])
    expect(page.locator(".conversation-title")).to_have_text(["hello"])


def test_who_has_deleted_nothing_is_told_so(site: Server, visit: Visitor, ann: Person) -> None:
    page = visit(site).sign_in(ann.email)
    page.get_by_role("button", name="Recently deleted").click()
    expect(page.get_by_text("Nothing was deleted.")).to_be_visible()
