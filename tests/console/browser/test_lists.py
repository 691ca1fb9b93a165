# test_lists.py -- the lists beside the chat, by hand: conversations, tasks, the audit, what is copied.
import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from support.browsers import Visitor, say, settled
from support.servers import Person, Server, ok, wait_until


@pytest.fixture
def ann(site: Server) -> Person:
    return site.person()


def titles(page: Page) -> list[str]:
    """Of the conversations, as they stand."""
    return page.locator(".conversation-title").all_inner_texts()


def stored_titles(person: Person) -> list[str]:
    return [one["title"] for one in person.get("/v1/conversations")["data"]]


# Conversations


def test_the_newest_conversation_stands_first_and_search_finds_by_title(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ids = {
        title: ann.post("/v1/conversations", title=title)["id"] for title in ("Garden", "Holiday", "House")
    }
    page = visit(site).sign_in(ann.email)
    found = page.locator(".conversation-title")
    expect(found).to_have_text(["House", "Holiday", "Garden"])
    ann.chat("add buy seeds", conversation_id=ids["Garden"])
    expect(found).to_have_text(["Garden", "House", "Holiday"])
    search = page.get_by_label("Search conversations")
    search.fill("ho")
    expect(found).to_have_text(["House", "Holiday"])
    search.fill("nowhere")
    expect(page.get_by_text("No conversation has such a title.")).to_be_visible()
    search.fill("")
    expect(found).to_have_count(3)


def test_a_conversation_gets_its_name_also_when_the_list_brings_it_before_its_event(
    site: Server, visit: Visitor, ann: Person
) -> None:
    visitor = visit(site)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    visitor.context.route("**/v1/events/stream", lambda _: None)  # its answer does not begin: no event comes
    visitor.context.route("**/v1/conversations?limit=50", hold)
    page = visitor.sign_in(ann.email)
    say(page, "how much?")
    settled(page)
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Conversation")
    for route in held:
        route.continue_()
    expect(page.locator(".conversation-title")).to_have_text(["how much?"])
    expect(heading).to_have_text("how much?")


def test_a_conversation_is_renamed_in_its_place(site: Server, visit: Visitor, ann: Person) -> None:
    conversation = ann.post("/v1/conversations", title="Old name")
    page = visit(site).sign_in(ann.email, f"/#/c/{conversation['id']}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Old name")
    item = page.locator("#conversations li").first
    for key, name in (("Escape", "Old name"), ("Enter", "New name")):
        item.hover()
        page.get_by_role("button", name="Rename “Old name”").click()
        item.get_by_label("Title", exact=True).fill("New name")
        page.keyboard.press(key)
        expect(page.locator(".conversation-title")).to_have_text([name])
        expect(page.get_by_role("heading", level=1)).to_have_text(name)
    wait_until(lambda: stored_titles(ann) == ["New name"])
    expect(page).to_have_title("New name · Parley")


# Tasks


def test_tasks_are_added_edited_done_and_deleted_by_hand(site: Server, visit: Visitor, ann: Person) -> None:
    visited = visit(site)
    visited.expected.append("status of 422")
    page = visited.sign_in(ann.email)
    expect(page.get_by_text("Nothing to do. Add a task, or tell Parley.")).to_be_visible()
    for title in ("Write report", "Buy milk"):
        page.get_by_label("New task").fill(title)
        page.get_by_label("New task").press("Enter")
    shown = page.locator(".task-title")
    expect(shown).to_have_text(["Write report", "Buy milk"])
    page.get_by_role("button", name="Write report").first.click()
    page.get_by_label("Title", exact=True).fill(" ")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#edit-title-error")).to_be_visible()
    page.get_by_label("Title", exact=True).fill("Write the report")
    page.get_by_label("Details").fill("With figures")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#task-edit")).to_be_hidden()
    expect(shown).to_have_text(["Write the report", "Buy milk"])
    expect(page.locator(".task-description")).to_have_text(["With figures"])
    page.get_by_role("checkbox", name="Done: Buy milk").click()
    expect(shown).to_have_text(["Write the report"])
    page.get_by_role("button", name="Delete “Write the report”").click()
    expect(shown).to_have_count(0)
    page.reload()
    page.get_by_role("button", name="All", exact=True).click()
    expect(shown).to_have_text(["Buy milk"])
    kept = ann.get("/v1/tasks")["data"]
    assert [(task["title"], task["completed"]) for task in kept] == [("Buy milk", True)]


def test_a_task_that_the_server_refuses_stays_in_the_box(site: Server, visit: Visitor, ann: Person) -> None:
    visited = visit(site)
    visited.expected.append("ERR_")
    page = visited.sign_in(ann.email)
    page.route(
        "**/v1/tasks", lambda route: route.abort() if route.request.method == "POST" else route.fallback()
    )
    page.get_by_label("New task").fill("Keep me")
    page.get_by_label("New task").press("Enter")
    expect(page.locator(".toast.error")).to_contain_text("The server cannot be reached.")
    expect(page.get_by_label("New task")).to_have_value("Keep me")
    expect(page.locator(".task-title")).to_have_count(0)


def test_the_task_list_is_filtered_read_on_and_counted(site: Server, visit: Visitor, ann: Person) -> None:
    ids = [ann.post("/v1/tasks", title=f"Task {n:02}")["id"] for n in range(60)]
    for id_ in ids[:3]:
        ann.patch(f"/v1/tasks/{id_}", completed=True)
    page = visit(site).sign_in(ann.email)
    shown = page.locator(".task-title")
    expect(shown).to_have_count(50)
    page.get_by_role("button", name="Show more").click()
    expect(shown).to_have_count(57)
    expect(page.get_by_role("button", name="Show more")).to_be_hidden()
    page.get_by_label("Filter tasks").fill("task 1")
    expect(shown).to_have_text([f"Task {n}" for n in range(10, 20)])
    page.get_by_label("Filter tasks").fill("nothing like it")
    expect(page.get_by_text("Nothing fits.")).to_be_visible()
    page.get_by_label("Filter tasks").fill("")
    page.get_by_role("button", name="Done", exact=True).click()
    expect(shown).to_have_text(["Task 02", "Task 01", "Task 00"])
    picture = page.locator("#done-picture svg")
    expect(page.get_by_role("img", name="3 tasks done in the last 28 days: 3 today")).to_be_visible()
    expect(picture.locator("rect")).to_have_count(28)
    expect(picture.locator(".today title")).to_contain_text("3 tasks")
    expect(page.locator("#done-caption")).to_contain_text("3 in 4 weeks")


# The audit, and what is copied


def test_the_audit_tells_what_happened_and_is_downloaded_as_json(
    site: Server, visit: Visitor, ann: Person, tmp_path: Path
) -> None:
    id_ = ann.chat("add buy milk")["conversation_id"]
    page = visit(site).sign_in(ann.email, f"/#/c/{id_}")
    say(page, "delete buy milk")
    page.get_by_role("button", name="Approve").click()
    settled(page)
    page.get_by_role("button", name="Audit of this conversation").click()
    moments = page.locator(".moment-title")
    for piece in (
        "You wrote", "Run started", "add_task called", "add_task returned after",
        "Approval asked for delete_task", "Approved: delete_task", "delete_task returned", "Run completed after",
    ):  # fmt: skip
        expect(moments.filter(has_text=piece).first).to_be_visible()
    times = page.locator(".moment time").evaluate_all("all => all.map((one) => one.dateTime)")
    assert times == sorted(times)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download JSON").click()
    assert coming.value.suggested_filename == f"parley-{id_}.json"
    coming.value.save_as(tmp_path / "audit.json")
    record = json.loads((tmp_path / "audit.json").read_text())
    assert record["conversation"]["id"] == id_
    assert record["messages"] == ann.get(f"/v1/conversations/{id_}/messages")["data"]
    assert record["runs"] == ann.get(f"/v1/conversations/{id_}/runs")["data"]


def test_a_message_and_a_block_of_code_are_copied_as_they_were_written(
    site: Server, visit: Visitor, ann: Person
) -> None:
    conversation = ann.chat("add buy milk")
    visited = visit(site)
    visited.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visited.sign_in(ann.email, f"/#/c/{conversation['conversation_id']}")
    answer = ok(ann.http.get(f"/v1/conversations/{conversation['conversation_id']}/messages"))["data"][1]
    for message, text in ((".from-user", "add buy milk"), (".from-agent", answer["content"])):
        page.locator(message).hover()
        page.locator(message).get_by_role("button", name="Copy the message").click()
        expect(page.locator("#announcer")).to_have_text("Copied")
        assert page.evaluate("navigator.clipboard.readText()") == text
