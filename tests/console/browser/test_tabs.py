# test_tabs.py -- several tabs of one browser: in step, on one shared stream.
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from playwright.sync_api import Page, Request, Route, expect

from support.browsers import Visitor, expect_signed_in, say, settled
from support.llm.scripted_model import ScriptedModel
from support.servers import Server

STREAM = "/v1/events/stream"
SECTIONS = 4  # of the open tasks, each of which is a list


def test_what_the_agent_changes_moves_in_every_tab(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    first = visited.sign_in(site.register())
    second = visited.tab()
    expect_signed_in(second)
    say(first, "add buy milk and call mom")
    for page in (first, second):
        expect(page.locator(".task-title")).to_have_text(["Buy milk", "Call mom"])
        expect(page.locator("#conversations a")).to_have_count(1)
    second.locator("#conversations a").click()
    expect(second.locator(".from-agent")).to_contain_text("Added 2 tasks:")
    say(second, "I bought the milk")
    settled(second)
    settled(first)
    expect(first.locator(".bubble")).to_have_text(["add buy milk and call mom", "I bought the milk"])
    expect(first.locator(".from-agent")).to_have_count(2)
    expect(first.locator(".task-title")).to_have_text(["Call mom"])
    first.get_by_role("checkbox", name="Done: Call mom").click()
    expect(second.locator(".task-title")).to_have_count(0)
    expect(second.get_by_role("img", name="2 tasks done in the last 28 days")).to_be_visible()


def test_a_posted_event_disturbs_no_tab_and_what_follows_is_shown(site: Server, visit: Visitor) -> None:
    """`visit` fails on any error that the pages log."""
    person = site.person()
    page = visit(site).sign_in(person.email)
    with page.expect_response(lambda answer: STREAM in answer.url):
        page.reload()
    person.post("/v1/events", type="chat.message", payload={"task": {"id": 1}, "content": "<b>Hello"})
    person.post("/v1/tasks", title="After it")
    expect(page.locator(".task-title")).to_have_text(["After it"])
    expect(page.locator("body")).not_to_contain_text("Hello")


def test_a_start_reads_each_list_once_and_misses_nothing_until_its_stream_is_open(
    site: Server, visit: Visitor
) -> None:
    person = site.person()
    id_ = person.chat("add buy milk")["conversation_id"]
    page = visit(site).sign_in(person.email, f"/#/c/{id_}")
    expect(page.locator(".message")).to_have_count(2)
    reads: Counter[str] = Counter()
    page.on("request", lambda request: reads.update([urlsplit(request.url).path]))

    def change_first(route: Route) -> None:
        expect(page.locator(".task-title")).to_have_text(["Buy milk"])
        expect(page.locator(".message")).to_have_count(2)
        person.post("/v1/tasks", title="Made meanwhile")
        route.continue_()

    page.route(f"**{STREAM}", change_first)
    page.reload()
    expect(page.locator(".task-title")).to_have_text(["Buy milk", "Made meanwhile"])
    person.post("/v1/tasks", title="Made afterwards")
    expect(page.locator(".task-title")).to_have_text(["Buy milk", "Made meanwhile", "Made afterwards"])
    lists = ("/v1/tasks", "/v1/conversations", "/v1/accounts", f"/v1/conversations/{id_}/messages")
    assert {path: reads[path] for path in lists} == {**dict.fromkeys(lists, 1), "/v1/tasks": SECTIONS}


def test_a_tab_reads_its_lists_again_when_another_leads_from_further_on(site: Server, visit: Visitor) -> None:
    person = site.person()
    visited = visit(site)
    visited.expected.append("ERR_FAILED")
    visited.context.route(f"**{STREAM}", lambda route: route.abort())
    page = visited.sign_in(person.email)
    expect(page.get_by_text("Nothing to do. Add a task, or tell Parley.")).to_be_visible()
    reads: Counter[str] = Counter()
    page.on("request", lambda request: reads.update([urlsplit(request.url).path]))
    person.post("/v1/tasks", title="Never told of")
    position = person.get("/v1/changes")["next_after"]
    visited.tab("/docs").evaluate(
        "([name, ...positions]) => { const channel = new BroadcastChannel(name);"
        " for (const after of positions) channel.postMessage({ type: 'connection', data: true, after }); }",
        [f"parley.events.{person.get('/v1/me')['id']}", "0", str(position), str(position)],
    )
    expect(page.locator(".task-title")).to_have_text(["Never told of"])
    assert reads["/v1/tasks"] == 1 + SECTIONS  # first whether there is any task


def test_an_answer_at_work_is_read_in_both_tabs(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [["Half of it ", gate, "and the rest."]]
    visited = visit(scripted_site)
    first = visited.sign_in(scripted_site.register())
    say(first, "hello")
    expect(first.locator(".from-agent")).to_contain_text("Half of it")
    second = visited.tab(first.url.removeprefix(scripted_site.base_url))
    expect(second.locator(".from-agent")).to_contain_text("Half of it")
    gate.set()
    for page in (first, second):
        settled(page)
        expect(page.locator(".from-agent .markdown")).to_have_text("Half of it and the rest.")
        expect(page.locator(".message")).to_have_count(2)


def test_all_tabs_share_one_stream_and_another_takes_over_when_its_tab_closes(
    site: Server, visit: Visitor
) -> None:
    visited = visit(site)
    streams: list[Page] = []

    def note(request: Request) -> None:
        if request.url.endswith(STREAM):
            streams.append(request.frame.page)

    visited.context.on("request", note)
    email = site.register()
    tabs = [visited.sign_in(email), *(visited.tab() for _ in range(6))]
    for page in tabs:
        expect_signed_in(page)
    api = site.sign_in(email)
    api.post("/v1/tasks", title="Seen by all")
    for page in tabs:
        expect(page.locator(".task-title")).to_have_text(["Seen by all"])
    assert streams == [tabs[0]]
    tabs[0].close()
    api.post("/v1/tasks", title="Seen by the rest")
    for page in tabs[1:]:
        expect(page.locator(".task-title")).to_have_text(["Seen by all", "Seen by the rest"])
    assert len(streams) == 2
    assert streams[1] in tabs[1:]


def test_tabs_that_renew_at_once_stay_signed_in(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    tabs = [visited.sign_in(site.register()), visited.tab(), visited.tab()]
    for page in tabs:
        expect_signed_in(page)
        page.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=20))
    for page in tabs:
        page.get_by_label("New task").fill("One more")
        page.get_by_label("New task").press("Enter")
    for page in tabs:
        expect(page.locator(".task-title")).to_have_text(["One more"] * 3)
