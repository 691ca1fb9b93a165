# test_answers.py -- an answer on its way: read, stopped, interrupted, approved, tried again.
import threading
from contextlib import closing

from playwright.sync_api import APIResponse, Page, Route, expect

from llm.protocol import ModelError
from support.browsers import Cable, Visitor, say, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Server, wait_until

WORDS = [f"word{number} " for number in range(60)]
WHOLE = "".join(WORDS).strip()


def shows_the_whole_answer(page: Page) -> None:
    """Each word once and in its place; a page that has just been loaded gets the time to read it."""
    expect(page.locator(".from-agent")).to_have_count(1)
    expect(page.locator(".from-agent .markdown").first).to_have_text(WHOLE)


def test_an_answer_comes_as_it_is_written_and_survives_a_reload_in_its_middle(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gates = [threading.Event() for _ in range(2)]
    model.answers = [[*WORDS[:20], gates[0], *WORDS[20:40], gates[1], *WORDS[40:]]]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "tell me much")
    expect(page.locator(".from-agent")).to_contain_text("word19")
    expect(page.locator(".from-agent")).not_to_contain_text("word20")
    page.reload()
    expect(page.locator(".from-agent")).to_contain_text("word19")
    gates[0].set()
    expect(page.locator(".from-agent")).to_contain_text("word39")
    page.reload()
    gates[1].set()
    shows_the_whole_answer(page)
    settled(page)
    expect(page.locator(".message")).to_have_count(2)


def test_a_connection_that_breaks_loses_and_doubles_no_word(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [[*WORDS[:20], gate, *WORDS[20:]]]
    email = scripted_site.register()
    with closing(Cable(scripted_site)) as cable:
        visited = visit(cable.server)
        visited.expected.append("ERR_")
        page = visited.sign_in(email)
        say(page, "tell me much")
        expect(page.locator(".from-agent")).to_contain_text("word19")
        cable.cut()
        scripted_site.sign_in(email).post("/v1/tasks", title="Made meanwhile")
        gate.set()
        expect(page.locator("#connection")).to_have_text("Connection lost. Trying again …")
        expect(page.locator(".task-title")).to_have_count(0)
        cable.mend()
        shows_the_whole_answer(page)
        settled(page)
        expect(page.locator("#connection")).to_be_empty()
        expect(page.locator(".task-title")).to_have_text(["Made meanwhile"])


def test_stop_ends_the_answer_and_keeps_what_was_said(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    model.answers = [["Once upon a time", threading.Event()]]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "tell me a story")
    expect(page.locator(".from-agent")).to_contain_text("Once upon")
    page.get_by_role("button", name="Stop the answer").click()
    settled(page)
    for _ in range(2):
        expect(page.locator(".from-agent")).to_contain_text("Once upon a time")
        expect(page.locator(".from-agent")).to_contain_text("You stopped this answer.")
        page.reload()


def test_a_failed_answer_says_why_and_is_tried_again(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    model.answers = [[ModelError("The model is out of service.", transient=False)], ["Here I am."]]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "are you there?")
    expect(page.locator(".from-agent")).to_contain_text("The model is out of service.")
    page.reload()
    expect(page.locator(".from-agent")).to_contain_text("The model is out of service.")
    page.get_by_role("button", name="Try again").click()
    expect(page.locator(".from-agent").last).to_contain_text("Here I am.")
    settled(page)


def test_a_message_written_while_the_agent_works_waits_in_sight(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["One, ", gate, "done."], ["Two, done."]]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "first")
    expect(page.locator(".from-agent")).to_contain_text("One,")
    say(page, "second")
    queued = page.locator(".from-user").last
    expect(queued).to_have_attribute("data-state", "queued")
    expect(queued).to_contain_text("Queued")
    gate.set()
    settled(page)
    expect(page.locator(".from-agent").last).to_contain_text("Two, done.")
    expect(page.locator(".bubble, .from-agent .markdown:not(:empty)")).to_have_text(
        ["first", "One, done.", "second", "Two, done."]
    )
    page.reload()
    expect(page.locator(".bubble, .from-agent .markdown:not(:empty)")).to_have_text(
        ["first", "One, done.", "second", "Two, done."]
    )


def test_messages_sent_faster_than_the_network_are_stored_in_their_order(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    model.answers = [[f"Answer {number}."] for number in range(3)]
    held: list[Route] = []
    page = visit(scripted_site).sign_in(scripted_site.register())
    page.route("**/v1/chat", lambda route: held.append(route))  # noqa: PLW0108 - Playwright marks it
    words = ["the first", "the second", "the third"]
    for text in words:
        say(page, text)
    expect(page.locator(".from-user")).to_have_count(3)
    expect(page.locator(".from-user[data-state=sending]")).to_have_count(3)
    for route in held:
        route.continue_()
    alternating = [text for n, word in enumerate(words) for text in (word, f"Answer {n}.")]
    said = page.locator(".bubble, .from-agent .markdown:not(:empty)")
    expect(said).to_have_text(alternating)
    settled(page)
    expect(page.locator(".from-user[data-state=sent]")).to_have_count(3)
    expect(page.locator("[data-new-day]")).to_have_count(1)
    page.reload()
    expect(said).to_have_text(alternating)


def test_what_is_written_while_a_conversation_is_loaded_stands_in_its_place(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["The first answer."], ["The second ", gate, "answer."]]
    email = scripted_site.register()
    id_ = scripted_site.sign_in(email).chat("the first")["conversation_id"]
    page = visit(scripted_site).sign_in(email)
    held: list[tuple[Route, APIResponse]] = []

    def keep(route: Route) -> None:
        held.append((route, route.fetch()))

    page.route("**/messages?*", keep)
    page.locator("#conversations a").click()
    wait_until(lambda: page.evaluate("true") and held != [])
    say(page, "the second")
    expect(page.locator(".from-agent.live")).to_contain_text("The second")
    [(route, before)] = held
    route.fulfill(response=before)
    page.unroute("**/messages?*")
    said = page.locator(".bubble, .markdown")
    expect(page.locator(".bubble")).to_have_text(["the first", "the second"])
    expect(page.get_by_role("button", name="Stop the answer")).to_be_visible()
    gate.set()
    settled(page)
    for _ in range(2):
        expect(said).to_have_text(["the first", "The first answer.", "the second", "The second answer."])
        page.reload()
    assert id_ in page.url


def script_deletions(server: Server, model: ScriptedModel, email: str, *titles: str) -> None:
    ann = server.sign_in(email)
    ids = [ann.post("/v1/tasks", title=title)["id"] for title in titles]
    calls = [call("delete_task", {"task_id": id_}, f"call-{n}") for n, id_ in enumerate(ids)]
    model.answers = [[*calls], ["That was it."]]


def test_an_approved_call_runs_and_its_card_tells_so(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    script_deletions(scripted_site, model, email, "Old task")
    page = visit(scripted_site).sign_in(email)
    say(page, "delete it")
    question = page.get_by_role("group", name="Delete a task?")
    expect(question).to_contain_text("Old task")
    page.reload()
    expect(question).to_contain_text("Old task")
    expect(page.locator(".task-title")).to_have_text(["Old task"])
    question.get_by_role("button", name="Approve").click()
    settled(page)
    expect(page.locator(".task-title")).to_have_count(0)
    expect(page.locator(".from-agent")).to_contain_text("That was it.")
    card = page.locator(".tool")
    card.locator("summary").click()
    expect(card).to_contain_text("Deleted a task")
    expect(card).to_contain_text("Approved at")


def test_a_denied_call_does_not_run(scripted_site: Server, visit: Visitor, model: ScriptedModel) -> None:
    email = scripted_site.register()
    script_deletions(scripted_site, model, email, "Dear task")
    page = visit(scripted_site).sign_in(email)
    say(page, "delete it")
    page.get_by_role("button", name="Deny").click()
    settled(page)
    expect(page.locator(".task-title")).to_have_text(["Dear task"])
    expect(page.locator(".tool")).to_have_count(1)
    expect(page.locator(".tool.is-refused")).to_have_count(1)
    page.reload()
    page.locator(".tool summary").click()
    expect(page.locator(".tool")).to_contain_text("Denied at")


def test_several_questions_have_one_button_for_all(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register()
    script_deletions(scripted_site, model, email, "One", "Two", "Three")
    page = visit(scripted_site).sign_in(email)
    say(page, "delete them")
    expect(page.get_by_role("group", name="Delete a task?")).to_have_count(3)
    page.get_by_role("button", name="Approve all 3").click()
    settled(page)
    expect(page.locator(".task-title")).to_have_count(0)
    wait_until(lambda: len(model.requests) == 2)
