# test_silence.py -- a connection over which nothing comes any more: it is noticed, and nothing waits for it for ever.
import threading
from contextlib import closing

from playwright.sync_api import Page, Request, expect

from support.browsers import Cable, Visit, Visitor, say, settled
from support.llm.scripted_model import ScriptedModel
from support.servers import PASSWORD, Server

CHAT = "POST /v1/chat"
STREAM = "/v1/events/stream"
SILENCE_MS = 26_000  # a little more than a page waits for a heartbeat
HALF = ["Half of it ", "and the rest."]
WHOLE = "".join(HALF)


def begin_answer(visited: Visit, email: str, model: ScriptedModel) -> tuple[Page, threading.Event]:
    """A page at whose answer half has come."""
    gate = threading.Event()
    model.answers = [[HALF[0], gate, HALF[1]]]
    page = visited.tab()
    page.clock.install()
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    say(page, "tell me")
    expect(page.locator(".from-agent")).to_contain_text(HALF[0].strip())
    return page, gate


def test_an_answer_whose_connection_fell_silent_goes_on(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    with closing(Cable(scripted_site)) as cable:
        page, gate = begin_answer(visit(cable.server), scripted_site.register(), model)
        cable.hush(CHAT)
        page.clock.fast_forward(SILENCE_MS)
        gate.set()
        expect(page.locator(".from-agent .markdown").first).to_have_text(WHOLE)
        settled(page)
        expect(page.locator(".message")).to_have_count(2)


def test_an_end_that_the_other_stream_tells_settles_the_answer(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    with closing(Cable(scripted_site)) as cable:
        page, gate = begin_answer(visit(cable.server), scripted_site.register(), model)
        cable.hush(CHAT)
        with page.expect_request("**/v1/runs/*/events"):
            gate.set()
        expect(page.locator(".from-agent .markdown").first).to_have_text(WHOLE)
        settled(page)
        say(page, "and now?")
        expect(page.locator(".from-agent").last).to_contain_text("OK.")
        expect(page.locator(".from-user[data-state=sent]")).to_have_count(2)


def test_an_answer_is_read_from_its_conversation_where_its_stream_gives_nothing(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    """As behind a proxy that keeps streams back."""
    with closing(Cable(scripted_site)) as cable:
        visited = visit(cable.server)
        page, gate = begin_answer(visited, scripted_site.register(), model)
        page.route("**/v1/runs/*/events", lambda route: None)  # never answered
        cable.hush(CHAT)
        gate.set()
        expect(page.locator(".from-agent .markdown").first).to_have_text(WHOLE)
        settled(page)


def test_stop_says_that_it_is_stopping_and_what_has_come_of_it(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    visited = visit(scripted_site)
    visited.expected.append("ERR_")
    page, _ = begin_answer(visited, scripted_site.register(), model)
    page.route("**/cancel", lambda route: route.abort())
    page.get_by_role("button", name="Stop the answer").click()
    notice = page.locator(".toast.error")
    expect(notice).to_contain_text("The answer was not stopped. The server cannot be reached.")
    expect(page.get_by_text("Stopping …")).to_have_count(0)
    page.unroute("**/cancel")
    page.route("**/cancel", lambda route: None)
    notice.get_by_role("button", name="Try again").click()
    expect(page.locator(".from-agent").get_by_text("Stopping …")).to_be_visible()
    page.clock.fast_forward(5_000)
    expect(notice).to_contain_text("The answer was not stopped. The server has not said that it has stopped.")
    page.unroute("**/cancel")
    notice.get_by_role("button", name="Try again").click()
    expect(page.locator(".from-agent")).to_contain_text("You stopped this answer.")
    settled(page)


def test_stop_settles_an_answer_whose_connection_is_silent(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    with closing(Cable(scripted_site)) as cable:
        page, _ = begin_answer(visit(cable.server), scripted_site.register(), model)
        cable.hush(CHAT)
        page.get_by_role("button", name="Stop the answer").click()
        expect(page.locator(".from-agent")).to_contain_text("You stopped this answer.")
        settled(page)


def test_changes_go_on_after_the_user_stream_fell_silent(site: Server, visit: Visitor) -> None:
    email = site.register()
    with closing(Cable(site)) as cable:
        page = visit(cable.server).tab()
        page.clock.install()
        page.get_by_label("Email", exact=True).fill(email)
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        with page.expect_response(f"**{STREAM}"):
            page.get_by_role("button", name="Sign in", exact=True).click()
        expect(page.locator("#tasks-none")).to_be_visible()
        cable.hush(f"GET {STREAM}")
        site.sign_in(email).post("/v1/tasks", title="Made meanwhile")
        page.clock.fast_forward(SILENCE_MS)
        expect(page.locator(".task-title")).to_have_text(["Made meanwhile"])
        expect(page.locator("#connection")).to_be_empty()


def test_a_network_that_goes_and_comes_is_told_at_once_and_every_stream_is_opened_anew(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    visited = visit(scripted_site)
    visited.expected.append("ERR_")
    page, gate = begin_answer(visited, scripted_site.register(), model)
    opened: list[str] = []

    def note(request: Request) -> None:
        if request.url.endswith((STREAM, "/events")):
            opened.append(request.url.rpartition("/")[2])

    visited.context.set_offline(True)
    expect(page.locator("#connection")).to_have_text("No network. Waiting for it …")
    page.on("request", note)
    visited.context.set_offline(False)
    expect(page.locator("#connection")).to_be_empty()
    gate.set()
    expect(page.locator(".from-agent .markdown").first).to_have_text(WHOLE)
    settled(page)
    assert set(opened) == {"stream", "events"}


def test_a_request_that_is_never_answered_fails_in_words(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register())
    page.clock.install()
    page.route("**/v1/tasks", lambda route: None)
    page.get_by_label("New task").fill("Buy milk")
    with page.expect_request("**/v1/tasks"):
        page.get_by_label("New task").press("Enter")
    page.clock.fast_forward(SILENCE_MS)
    # What the page was still asking for says the same.
    expect(page.locator(".toast.error").first).to_have_text("The server cannot be reached.")
    expect(page.get_by_label("New task")).to_have_value("Buy milk")
