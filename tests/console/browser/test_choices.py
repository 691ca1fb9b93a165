# test_choices.py -- the replies that a question of the agent offers: one press answers it.
import pytest
from playwright.sync_api import Locator, Page, expect

from support.browsers import PHONE, Visitor, check_by_axe, say, settled
from support.servers import Person, Server


@pytest.fixture
def ann(site: Server) -> Person:
    person = site.person()
    for title in ("Buy milk", "Buy oat milk"):
        person.post("/v1/tasks", title=title)
    return person


def replies(page: Page) -> Locator:
    return page.get_by_role("group", name="Replies").get_by_role("button")


@pytest.mark.parametrize("viewport", [{"width": 1440, "height": 900}, PHONE], ids=["desktop", "phone"])
def test_one_press_answers_what_the_agent_asks(
    site: Server, visit: Visitor, ann: Person, viewport: dict[str, int]
) -> None:
    page = visit(site, viewport=viewport).sign_in(ann.email)
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
    assert [task["title"] for task in ann.get("/v1/tasks")["data"]] == ["Buy oat milk", "Buy milk"]


def test_other_words_answer_as_well_and_no_old_question_offers_anything(
    site: Server, visit: Visitor, ann: Person
) -> None:
    page = visit(site).sign_in(ann.email)
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
    expect(page.locator(".task-title").first).to_have_text("Dentist appointment")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
