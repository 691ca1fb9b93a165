# test_approvals.py -- what the agent asks: approvals of calls, and questions with replies that one press sends.
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from support.browsers import PHONE, Visitor, check_by_axe, say, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server, ok


def shows(place: Locator, **fields: str) -> None:
    """What stands beside each name, as it is read out."""
    expect(place.locator(".asked dt")).to_have_text(list(fields))
    expect(place.locator(".asked dd")).to_have_text(list(fields.values()))


def find_question(page: Page, name: str) -> Locator:
    question = page.get_by_role("group", name=name)
    expect(question).to_be_visible()
    return question


def test_a_change_shows_the_old_words_beside_the_new(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register(display_name="Ann")
    ann = scripted_site.sign_in(email)
    ann.patch("/v1/me", approval="always")
    task = ann.post("/v1/tasks", title="Tax papers", description="In the blue folder")
    change = {"task_id": task["id"], "title": "Old papers", "description": None}
    model.answers = [
        [call("update_task", change, "one"), call("complete_task", {"task_id": task["id"]}, "two")],
        ["Done."],
    ]
    page = visit(scripted_site).sign_in(email)
    say(page, "tidy up")
    for _ in range(2):
        question = find_question(page, "Change a task?")
        expect(question.locator(".question-gist")).to_have_text("Tax papers")
        title, details = "now Tax papers→then Old papers", "now In the blue folder→then none"
        shows(question, Title=title, Details=details)
        shows(find_question(page, "Complete a task?"), State="now open→then done")
        page.reload()
    find_question(page, "Complete a task?").get_by_role("button", name="Deny").click()
    find_question(page, "Change a task?").get_by_role("button", name="Approve").click()
    settled(page)
    page.reload()
    card = page.locator(".tool").first
    card.locator("summary").click()
    expect(card).to_contain_text("Approved at")
    shows(card, Title=title, Details=details)


def test_a_task_that_became_another_meanwhile_is_asked_for_anew(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    ann = scripted_site.sign_in(email)
    task = ann.post("/v1/tasks", title="Spam", description="Buy now")
    model.answers = [[call("delete_task", {"task_id": task["id"]})], ["That was it."]]
    page = visit(scripted_site).sign_in(email)
    say(page, "delete the spam")
    question = find_question(page, "Delete a task?")
    expect(question.locator(".question-gist")).to_have_text("Spam")
    ann.patch(f"/v1/tasks/{task['id']}", title="Tax papers", description=None)
    page.reload()
    question = find_question(page, "Delete a task?")
    expect(question.locator(".question-gist")).to_have_text("Spam")  # as it was asked, not as it is by now
    shows(question, Details="Buy now")
    question.get_by_role("button", name="Approve").click()
    expect(question.locator(".question-gist")).to_have_text("Tax papers")
    expect(question).to_contain_text("It has changed since you answered")
    shows(question)
    assert [kept["title"] for kept in ann.get("/v1/tasks")["data"]] == ["Tax papers"]
    question.get_by_role("button", name="Approve").click()
    settled(page)
    expect(page.locator(".task-title")).to_have_count(0)
    assert ann.get("/v1/tasks")["data"] == []


def test_a_yes_to_a_question_that_was_another_is_not_taken_for_this_one(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    """One page is behind: its network stands still while the question is answered and asked anew elsewhere."""
    email = scripted_site.register()
    ann = scripted_site.sign_in(email)
    task = ann.post("/v1/tasks", title="Spam")
    model.answers = [[call("delete_task", {"task_id": task["id"]})], ["That was it."]]
    visited = visit(scripted_site)
    visited.expected.append("409")
    page = visited.sign_in(email)
    sent: list[Any] = []

    def late(route: Any) -> None:
        """Another device has said yes before, and the task had changed."""
        if not sent:
            sent.append(route.request.post_data_json)
            run_id = route.request.url.partition("/v1/runs/")[2].partition("/")[0]
            ann.patch(f"/v1/tasks/{task['id']}", title="Tax papers")
            ok(ann.http.post(f"/v1/runs/{run_id}/approvals/{run_id}:1", json={"approve": True}))
            expect(page.locator(".question-gist")).to_have_text("Tax papers")
        route.continue_()

    page.route("**/approvals/*", late)
    say(page, "delete the spam")
    question = find_question(page, "Delete a task?")
    with page.expect_response("**/approvals/*") as answer:
        question.get_by_role("button", name="Approve").click()
    assert answer.value.status == 409
    expect(page.get_by_role("button", name="Approve")).to_be_enabled()
    assert sent[0].keys() == {"approve", "digest"}
    assert [kept["title"] for kept in ann.get("/v1/tasks")["data"]] == ["Tax papers"]


def test_what_a_program_says_bears_its_name(site: Server, visit: Visitor) -> None:
    email = site.register(display_name="Ann")
    ann = site.sign_in(email)
    made = ann.post("/v1/me/tokens", name="Claude on my laptop", scopes=["read", "write"])
    params = {"name": "add_task", "arguments": {"title": "Buy milk"}}
    headers = {"Authorization": f"Bearer {made['token']}", "Accept": "application/json, text/event-stream"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    ok(site.client(**headers).post("/mcp", json=body))
    ann.delete(f"/v1/me/tokens/{made['id']}")
    page = visit(site).sign_in(email)
    page.get_by_role("link", name="Claude on my laptop").click()
    expect(page.locator(".from-user .sayer")).to_have_text("Claude on my laptop (a program) said:")
    expect(page.locator(".from-user")).not_to_contain_text("Ann")
    page.get_by_role("button", name="Audit").click()
    expect(page.locator("#timeline")).to_contain_text("Claude on my laptop (a program) wrote")


# The replies that a question offers


@pytest.fixture
def buyer(site: Server) -> Person:
    person = site.person()
    for title in ("Buy milk", "Buy oat milk"):
        person.post("/v1/tasks", title=title)
    return person


def replies(page: Page) -> Locator:
    return page.get_by_role("group", name="Replies").get_by_role("button")


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_one_press_answers_what_the_agent_asks(
    site: Server, visit: Visitor, buyer: Person, viewport: dict[str, int]
) -> None:
    page = visit(site, viewport=viewport).sign_in(buyer.email)
    say(page, "delete the buy")
    settled(page)
    expect(replies(page)).to_have_text(["1. Buy oat milk", "2. Buy milk"])
    page.reload()  # as the conversation is read anew
    expect(replies(page)).to_have_count(2)
    check_by_axe(page, "a question with its replies")
    page.get_by_label("Message", exact=True).fill("half a thought")
    page.get_by_role("button", name="2. Buy milk").click()
    expect(replies(page)).to_have_count(0)
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    expect(page.locator(".from-user .bubble")).to_have_text(["delete the buy", "2. Buy milk"])
    expect(page.get_by_label("Message", exact=True)).to_have_value("half a thought")
    assert [task["title"] for task in buyer.get("/v1/tasks")["data"]] == ["Buy oat milk", "Buy milk"]


def test_other_words_answer_as_well_and_no_old_question_offers_anything(
    site: Server, visit: Visitor, buyer: Person
) -> None:
    page = visit(site).sign_in(buyer.email)
    say(page, "dentist appointment")
    settled(page)
    expect(replies(page)).to_have_text(["Yes", "No"])
    say(page, "how many tasks do I have?")
    expect(page.locator(".from-agent")).to_have_count(2)
    settled(page)
    expect(replies(page)).to_have_count(0)
    say(page, "dentist appointment")
    settled(page)
    replies(page).first.focus()
    page.keyboard.press("Enter")
    settled(page)
    expect(page.locator(".task-title", has_text="Dentist appointment")).to_have_count(1)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
