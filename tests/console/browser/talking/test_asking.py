# test_asking.py -- asking feels like talking: a typed yes or no, messages that wait, and the order of cards and words.
import threading
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browsers import PHONE, Visitor, check_by_axe, say, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Person, Server


def last_call(person: Person) -> Any:
    [conversation] = person.get("/v1/conversations")["data"]
    return person.get(f"/v1/conversations/{conversation['id']}/messages")["data"][-1]["tool_calls"][-1]


def said_by_user(person: Person) -> list[str]:
    [conversation] = person.get("/v1/conversations")["data"]
    messages = person.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
    return [message["content"] for message in messages if message["role"] == "user"]


def test_a_typed_yes_answers_the_question_and_stands_as_the_decision(site: Server, visit: Visitor) -> None:
    email = site.register()
    page = visit(site).sign_in(email)
    for words in ("add buy milk", "delete buy milk"):
        say(page, words)
        if words == "add buy milk":
            settled(page)
    question = page.get_by_role("group", name="Delete a task?")
    expect(question).to_contain_text("write yes, no, or what to do instead")
    expect(page.locator("#hint")).to_have_text("What you write answers the question.")
    say(page, "Yes!")
    expect(page.locator(".task-title")).to_have_count(0)
    settled(page)
    expect(page.locator("#hint")).to_contain_text("Enter")
    person = site.sign_in(email)
    assert said_by_user(person) == ["add buy milk", "delete buy milk"]
    approval = last_call(person)["approval"]
    assert (approval["decision"], approval["words"]) == ("approved", "Yes!")
    page.reload()
    card = page.locator(".tool").last
    card.locator("summary").click()
    expect(card).to_contain_text("“Yes!”")


@pytest.mark.parametrize(("typed", "words"), [("no", None), ("Make it two bottles.", "Make it two bottles.")])
def test_anything_but_a_yes_denies_and_other_words_are_for_the_agent(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, typed: str, words: str | None
) -> None:
    email = scripted_site.register()
    person = scripted_site.sign_in(email)
    person.patch("/v1/me", approval="always")
    model.answers = [[call("add_task", {"title": "Milk"})], ["As you like."]]
    page = visit(scripted_site).sign_in(email)
    say(page, "add milk")
    expect(page.get_by_role("group", name="Add a task?")).to_be_visible()
    say(page, typed)
    settled(page)
    for _ in range(2):
        card = page.locator(".tool")
        expect(card.locator(".tool-title")).to_have_text("You said no: not added")
        expect(page.locator(".tool.is-refused")).to_have_count(1)
        assert card.locator(".tool-mark").evaluate("(it) => getComputedStyle(it).color") == page.locator(
            "#hint"
        ).evaluate("(it) => getComputedStyle(it).color")
        expect(page.get_by_label("Message", exact=True)).to_have_value("")
        page.reload()
    assert last_call(person)["approval"].get("words") == words
    told = model.requests[-1].turns[-1].tool_calls[0].error  # type: ignore[union-attr]
    assert ("The person said" in str(told)) == (words is not None)
    assert person.get("/v1/tasks")["data"] == []


@pytest.mark.parametrize(("key", "left"), [("y", []), ("n", ["Milk"])])
def test_y_and_n_answer_the_question_that_has_the_focus(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, key: str, left: list[str]
) -> None:
    email = scripted_site.register()
    person = scripted_site.sign_in(email)
    task = person.post("/v1/tasks", title="Milk")
    model.answers = [[call("delete_task", {"task_id": task["id"]})], ["So be it."]]
    page = visit(scripted_site, viewport=PHONE).sign_in(email)
    say(page, "delete it")
    question = page.get_by_role("group", name="Delete a task?")
    question.focus()
    check_by_axe(page, "a question")
    question.press(key)
    settled(page)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    assert [row["title"] for row in person.get("/v1/tasks")["data"]] == left


def queue_three(page: Page, model: ScriptedModel, gate: threading.Event) -> None:
    model.answers = [[gate, "first answer"], ["third answer"]]
    for number, words in enumerate(("one", "two", "three"), 1):
        say(page, words)
        expect(page.locator(".from-user[data-id]")).to_have_count(number)
    expect(page.locator(".from-user[data-state=queued]")).to_have_count(2)


def test_of_three_in_the_queue_the_second_is_withdrawn_and_two_are_answered(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    page = visit(scripted_site).sign_in(email)
    gate = threading.Event()
    queue_three(page, model, gate)
    second = page.locator(".from-user").nth(1)
    second.get_by_role("button", name="Withdraw").click()
    expect(second).to_contain_text("Withdrawn: it is not answered")
    gate.set()
    expect(page.locator(".from-agent .markdown:not(:empty)")).to_have_text(["first answer", "third answer"])
    settled(page)
    check_by_axe(page, "a message that was withdrawn")
    assert [turn.text for turn in model.requests[-1].turns] == ["one", "first answer", "three"]
    assert len(model.requests) == 2
    page.reload()
    expect(page.locator(".from-user").nth(1)).to_contain_text("Withdrawn: it is not answered")
    expect(page.locator(".from-agent")).to_have_count(2)


def test_a_message_that_waits_is_taken_back_into_the_box_and_stop_leaves_the_others(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    page = visit(scripted_site).sign_in(scripted_site.register())
    gate = threading.Event()
    queue_three(page, model, gate)
    model.answers[:] = [[threading.Event()]]
    third = page.locator(".from-user").nth(2)
    third.get_by_role("button", name="Edit", exact=True).click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("three")
    expect(third).to_contain_text("Withdrawn")
    say(page, "three, please")
    page.get_by_role("button", name="Stop the answer").click()
    expect(page.locator(".from-agent").first).to_contain_text("You stopped this answer.")
    expect(page.locator(".from-user").nth(3)).to_contain_text("Queued")
    expect(page.locator(".from-user").nth(1)).not_to_contain_text("Queued")


def test_words_before_a_call_stand_above_its_card(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    scripted_site.sign_in(email).patch("/v1/me", approval="always")
    gate = threading.Event()
    model.answers = [
        ["Let me look. 🙂", call("list_tasks", {})],
        ["Now I add it.", call("add_task", {"title": "Milk"})],
        [gate, "All done."],
    ]
    page = visit(scripted_site).sign_in(email)
    say(page, "add milk")
    question = page.get_by_role("group", name="Add a task?")
    expect(question).to_be_visible()
    order = """(item) => [...item.querySelectorAll(".markdown, .tool-title, .question-title")]
        .map((one) => one.textContent.trim()).filter(Boolean)"""
    answer = page.locator(".from-agent")
    before = ["Let me look. 🙂", "Looked at the tasks", "Now I add it."]
    assert answer.evaluate(order) == [*before, "Add a task?"]
    question.get_by_role("button", name="Approve").click()
    gate.set()
    settled(page)
    for _ in range(2):
        expect(page.locator(".from-agent .markdown").last).to_have_text("All done.")
        assert answer.evaluate(order) == [*before, "Added a task", "All done."]
        page.reload()
