# test_inbox.py -- posted events in the page: how many are unread, what they say, and that they are read then.
from playwright.sync_api import Route, expect

from support.browsers import Visitor
from support.servers import Server

UNREAD = "**/v1/events?unread=*"
HOSTILE = '"><img src=x onerror="window.hit=1"><script>window.hit=1</script>'


def test_events_are_counted_shown_and_marked_as_read(site: Server, visit: Visitor) -> None:
    email = site.register(display_name="Ann")
    ann = site.sign_in(email)
    for number in range(2):
        ann.post("/v1/events", type="note", payload={"text": f"Remember {number}"}, recipient_id=str(ann.id))
    page = visit(site).sign_in(email)
    expect(page.get_by_role("button", name="Inbox, 2 unread events")).to_be_visible()
    ann.post("/v1/events", type="alarm", severity="error", payload={"text": HOSTILE, "tries": [1, 2]})
    expect(page.locator("#inbox-count")).to_have_text("3")
    page.locator("#open-inbox").click()
    events = page.locator("#events li")
    expect(events).to_have_count(3)
    expect(events.first).to_contain_text("Ann")
    expect(events.first).to_contain_text("to everybody in the account")
    expect(events.first).to_contain_text(HOSTILE)
    expect(events.first.locator(".severity")).to_have_text("error")
    expect(events.nth(2)).to_contain_text("Remember 0")
    expect(page.locator("#inbox-count")).to_be_hidden()
    assert page.evaluate("window.hit") is None
    assert ann.get("/v1/events", unread=True)["data"] == []
    # One that comes while it is open stands there, and is read.
    ann.post("/v1/events", type="note", payload={}, recipient_id=str(ann.id))
    expect(events).to_have_count(4)
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Inbox", exact=True)).to_be_visible()
    page.locator("#open-inbox").click()
    expect(page.locator("#events .is-new")).to_have_count(0)


def test_an_event_is_counted_that_comes_before_an_older_answer(site: Server, visit: Visitor) -> None:
    email = site.register()
    ann = site.sign_in(email)
    page = visit(site).sign_in(email)
    page.goto("about:blank")
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(UNREAD, hold)
    with page.expect_request(UNREAD):
        page.goto(site.base_url, wait_until="commit")
    ann.post("/v1/events", type="note", payload={}, recipient_id=str(ann.id))
    expect(page.locator("#inbox-count")).to_have_text("1")
    [route] = held
    with page.expect_response(UNREAD):
        route.fulfill(json={"data": [], "next_cursor": None})
    page.evaluate("new Promise((done) => setTimeout(() => requestAnimationFrame(done)))")
    expect(page.locator("#inbox-count")).to_have_text("1")


def test_what_is_read_counts_in_no_tab_and_on_no_device(site: Server, visit: Visitor) -> None:
    email = site.register(display_name="Ann")
    ann = site.sign_in(email)
    for number in range(3):
        ann.post("/v1/events", type="note", payload={"number": number}, recipient_id=str(ann.id))
    here = visit(site)
    page, elsewhere = here.sign_in(email), visit(site).sign_in(email)
    other_tab = here.tab()
    others = (other_tab, elsewhere)
    for other in others:
        expect(other.locator("#inbox-count")).to_have_text("3")
    page.locator("#open-inbox").click()
    for other in others:
        expect(other.locator("#inbox-count")).to_be_hidden()
    ann.post("/v1/events", type="note", payload={}, recipient_id=str(ann.id))
    expect(page.locator("#events li")).to_have_count(4)
    for other in others:
        expect(other.get_by_role("button", name="Inbox", exact=True)).to_be_visible()


def test_more_than_are_counted_are_counted_anew_when_some_are_read(site: Server, visit: Visitor) -> None:
    email = site.register()
    ann = site.sign_in(email)
    for number in range(101):
        ann.post("/v1/events", type="note", payload={"number": number}, recipient_id=str(ann.id))
    page = visit(site).sign_in(email)
    expect(page.locator("#inbox-count")).to_have_text("99+")
    newest = ann.get("/v1/events", limit=2)["data"]
    ann.post("/v1/events/read", event_ids=[event["id"] for event in newest])
    expect(page.locator("#inbox-count")).to_have_text("99")


def test_older_events_are_fetched_when_they_are_wanted(site: Server, visit: Visitor) -> None:
    email = site.register()
    ann = site.sign_in(email)
    for number in range(35):
        ann.post("/v1/events", type="note", payload={"number": str(number)}, recipient_id=str(ann.id))
    page = visit(site).sign_in(email)
    page.locator("#open-inbox").click()
    expect(page.locator("#events li")).to_have_count(30)
    page.get_by_role("button", name="Show older").click()
    expect(page.locator("#events li")).to_have_count(35)
    expect(page.get_by_role("button", name="Show older")).to_be_hidden()


def test_an_empty_inbox_says_what_will_stand_there(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register())
    expect(page.get_by_role("button", name="Inbox", exact=True)).to_be_visible()
    page.locator("#open-inbox").click()
    expect(page.locator("#events-none")).to_be_visible()
