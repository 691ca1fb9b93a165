# test_branches.py -- questions asked in other words, answers given anew, and the way between them in the console.
import threading
from contextlib import closing
from typing import Any

from playwright.sync_api import Page, expect

from llm.protocol import ModelError
from support.browsers import PHONE, Cable, Visitor, check_by_axe, say, settled
from support.llm.scripted_model import ScriptedModel
from support.servers import Person, Server, wait_until


def expect_texts(page: Page, *wanted: str) -> None:
    shown = page.locator(".bubble:visible, .from-agent .markdown:not(:empty)")
    expect(shown).to_have_text(list(wanted))


def read(model: ScriptedModel) -> list[str]:
    return [turn.text for turn in model.requests[-1].turns]


def stored(person: Person) -> list[Any]:
    [conversation] = person.get("/v1/conversations")["data"]
    data: list[Any] = person.get(f"/v1/conversations/{conversation['id']}/messages")["data"]
    return data


def answer_each(model: ScriptedModel, *questions: str) -> None:
    model.answers += [[f"answer {question}"] for question in questions]


def ask_three(page: Page, model: ScriptedModel) -> None:
    """A conversation of six messages."""
    answer_each(model, "1", "2", "3")
    for number in (1, 2, 3):
        say(page, f"question {number}")
        expect(page.locator(".from-agent .markdown", has_text=f"answer {number}")).to_be_visible()
        settled(page)


def rewrite(page: Page, number: int, words: str) -> None:
    page.locator(".from-user").nth(number).hover()
    page.locator(".from-user").nth(number).get_by_role("button", name="Edit and ask again").click()
    page.get_by_label("Your message in other words").fill(words)
    page.get_by_role("button", name="Ask again", exact=True).click()


OLD = ("question 1", "answer 1", "question 2", "answer 2", "question 3", "answer 3")
NEW = ("question 1", "answer 1", "question two", "answer two")


def test_the_second_message_of_six_is_edited_and_both_branches_are_there(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    page = visit(scripted_site).sign_in(email)
    ask_three(page, model)
    answer_each(model, "two")
    rewrite(page, 1, "question two")
    expect_texts(page, *NEW)
    settled(page)
    assert read(model) == [*OLD[:2], "question two"]
    person = scripted_site.sign_in(email)
    assert [message["content"] for message in stored(person)] == [*OLD, *NEW[2:]]
    versions = page.get_by_role("group", name="Version 2 of 2")
    expect(versions).to_be_visible()
    page.reload()
    expect_texts(page, *NEW)
    versions.get_by_role("button", name="Earlier version").click()
    expect_texts(page, *OLD)
    expect(
        page.get_by_role("group", name="Version 1 of 2").get_by_role("button", name="Later version")
    ).to_be_focused()
    page.reload()
    expect_texts(page, *OLD)
    answer_each(model, "4")
    say(page, "question 4")
    expect_texts(page, *OLD, "question 4", "answer 4")
    assert read(model) == [*OLD, "question 4"]
    page.get_by_role("button", name="Later version").click()
    expect_texts(page, *NEW)
    check_by_axe(page, "a conversation with branches")


def test_another_tab_shows_the_branch_that_was_chosen(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    visited = visit(scripted_site)
    page = visited.sign_in(scripted_site.register())
    ask_three(page, model)
    other = visited.tab("/" + page.url.partition("/#")[2].join(["#", ""]))
    expect_texts(other, *OLD)
    answer_each(model, "two")
    rewrite(page, 1, "question two")
    expect_texts(other, *NEW)
    other.get_by_role("button", name="Earlier version").click()
    expect_texts(page, *OLD)


def test_an_answer_is_given_anew_twice_and_the_question_stands_once(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    page = visit(scripted_site).sign_in(email)
    model.answers = [["one"], ["two"], ["three"]]
    say(page, "tell me")
    for words in ("one", "two"):
        expect_texts(page, "tell me", words)
        settled(page)
        page.get_by_role("button", name="Answer again").click()
    expect_texts(page, "tell me", "three")
    expect(page.get_by_role("group", name="Version 3 of 3")).to_be_visible()
    person = scripted_site.sign_in(email)
    assert [message["content"] for message in stored(person)] == ["tell me", "one", "two", "three"]
    page.get_by_role("button", name="Earlier version").click()
    expect_texts(page, "tell me", "two")
    say(page, "and then?")
    expect_texts(page, "tell me", "two", "and then?", "OK.")
    assert read(model) == ["tell me", "two", "and then?"]


def test_a_stopped_or_failed_answer_is_tried_again_without_a_second_question(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    page = visit(scripted_site).sign_in(email)
    model.answers = [
        [ModelError("The model is out of service.", transient=False)],
        ["Once upon", threading.Event()],
        ["Here I am."],
    ]
    say(page, "are you there?")
    expect(page.locator(".from-agent")).to_contain_text("The model is out of service.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".from-agent")).to_contain_text("Once upon")
    expect(page.locator(".from-agent")).to_have_count(1)
    page.get_by_role("button", name="Stop the answer").click()
    settled(page)
    expect(page.locator(".from-agent")).to_contain_text("You stopped this answer.")
    page.get_by_role("button", name="Try again").click()
    expect_texts(page, "are you there?", "Here I am.")
    settled(page)
    expect(page.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    person = scripted_site.sign_in(email)
    assert [message["content"] for message in stored(person)] == ["are you there?", "Once upon", "Here I am."]


def test_the_arrow_up_in_an_empty_box_edits_the_last_message_and_escape_leaves_it(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    page = visit(scripted_site).sign_in(scripted_site.register())
    ask_three(page, model)
    page.get_by_label("Message", exact=True).press("ArrowUp")
    box = page.get_by_label("Your message in other words")
    expect(box).to_be_focused()
    expect(box).to_have_value("question 3")
    box.press("Escape")
    expect_texts(page, *OLD)
    page.get_by_label("Message", exact=True).press("ArrowUp")
    box.fill("question three")
    check_by_axe(page, "a message that is being edited")
    answer_each(model, "three")
    box.press("Enter")
    expect_texts(page, *OLD[:4], "question three", "answer three")


def test_while_an_answer_is_written_an_edit_stops_it(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    page = visit(scripted_site, viewport=PHONE).sign_in(scripted_site.register())
    model.answers = [["Well, ", threading.Event()], ["Shorter."]]
    say(page, "tell me much")
    expect(page.locator(".from-agent")).to_contain_text("Well,")
    rewrite(page, 0, "tell me little")
    expect_texts(page, "tell me little", "Shorter.")
    settled(page)
    expect(page.locator(".message")).to_have_count(2)


def test_an_edit_that_cannot_be_sent_waits_and_is_asked_once(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    with closing(Cable(scripted_site)) as cable:
        visited = visit(cable.server)
        visited.expected.append("ERR_")
        page = visited.sign_in(email)
        ask_three(page, model)
        answer_each(model, "two")
        cable.cut()
        rewrite(page, 1, "question two")
        expect(page.locator(".from-user").last).to_contain_text("Waits to be sent.")
        cable.mend()
        expect_texts(page, *NEW)
    person = scripted_site.sign_in(email)
    wait_until(lambda: len(stored(person)) == 8)
    assert len(model.requests) == 4


def test_an_answer_anew_whose_request_was_cut_off_is_given_once(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    visited = visit(scripted_site)
    visited.expected.append("ERR_")
    page = visited.sign_in(email)
    model.answers = [["one"], ["two"]]
    say(page, "tell me")
    expect_texts(page, "tell me", "one")
    settled(page)

    def lose(route: Any) -> None:
        route.fetch()
        route.abort()

    page.route("**/v1/messages/*/runs", lose, times=1)
    page.get_by_role("button", name="Answer again").click()
    page.get_by_role("button", name="Try again").click()
    expect_texts(page, "tell me", "two")
    expect(page.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    assert [message["content"] for message in stored(scripted_site.sign_in(email))] == [
        "tell me",
        "one",
        "two",
    ]
