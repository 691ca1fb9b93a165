# test_long_conversation.py -- 5,000 messages: opened at their end, read backwards a page at a time.
import asyncio
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from playwright.sync_api import Page, Request, Route, expect

from support.browsers import Visitor, say, settled
from support.databases.histories import write_long_conversation
from support.servers import Server

MESSAGES = 5_000
PAGE = 50


def long_conversation(site: Server, user_id: UUID) -> UUID:
    # In a thread: this one belongs to Playwright's event loop.
    with ThreadPoolExecutor(1) as thread:
        work = write_long_conversation(site.settings.database_url.get_secret_value(), user_id, MESSAGES)
        return thread.submit(asyncio.run, work).result()


def drawn(page: Page) -> None:
    """Until the screen shows what the page is."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def settle(page: Page) -> None:
    """Until all that is on the screen or near it is rendered: it may be taller or shorter than the plain text."""
    drawn(page)
    page.wait_for_function(
        r"""() => {
          const { top, bottom } = document.querySelector("#scroller").getBoundingClientRect();
          return ![...document.querySelectorAll("#scroller .raw")].some((box) => {
            const place = box.getBoundingClientRect();
            const isNear = place.bottom > top - 1000 && place.top < bottom + 1000;
            return isNear && /[\n*_`#[\]<>|~\\&:]/.test(box.text);
          });
        }"""
    )
    drawn(page)


def in_the_middle(page: Page) -> str:
    """The id of the message in the middle of the screen."""
    id_: str = page.locator("#scroller").evaluate(
        """(box) => {
          const { top, height } = box.getBoundingClientRect();
          const y = top + height / 2;
          return [...box.querySelectorAll(".message")].find((one) => one.getBoundingClientRect().bottom > y).dataset.id;
        }"""
    )
    return id_


def top_of(page: Page, message_id: str) -> float:
    """Where a message's words stand on the screen, in pixels."""
    top: float = page.evaluate(
        "(id) => document.querySelector(`[data-id='${id}'] :is(.bubble, .markdown)`).getBoundingClientRect().top",
        message_id,
    )
    return top


def test_a_conversation_of_5000_messages_opens_at_its_end_and_scrolls_back_in_place(
    site: Server, visit: Visitor
) -> None:
    ann = site.person()
    conversation_id = long_conversation(site, ann.id)
    visited = visit(site)
    pages: list[dict[str, list[str]]] = []

    def note(request: Request) -> None:
        address = urlsplit(request.url)
        if request.method == "GET" and address.path.endswith("/messages"):
            pages.append(parse_qs(address.query))

    visited.context.on("request", note)
    page = visited.sign_in(ann.email, f"/#/c/{conversation_id}")
    messages = page.locator(".message")
    expect(messages).to_have_count(PAGE)
    expect(messages.last).to_be_in_viewport()
    expect(messages.last).to_contain_text(f"thought {MESSAGES}")
    assert (
        page.locator("#scroller").evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 2
    )
    assert not any("cursor" in one for one in pages)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/messages?*cursor=*", hold)
    for read in range(2, 6):
        page.locator("#scroller").evaluate("box => { box.scrollTop = 300 }")
        expect(page.get_by_text("Loading older messages …")).to_be_visible()
        settle(page)
        looked_at = in_the_middle(page)
        before = top_of(page, looked_at)
        held.pop().continue_()
        expect(messages).to_have_count(read * PAGE)
        settle(page)
        assert abs(top_of(page, looked_at) - before) <= 2
    assert {tuple(one["limit"]) for one in pages} == {(str(PAGE),)}
    assert len([one for one in pages if "cursor" in one]) == 4
    said = messages.evaluate_all("all => all.map((one) => Number(/hought (\\d+)/.exec(one.textContent)[1]))")
    assert said == list(range(MESSAGES - 5 * PAGE + 1, MESSAGES + 1))
    # An answer that comes while one reads further up pushes nobody away; a button leads to it.
    page.locator("#scroller").evaluate("box => { box.scrollTop = 2000 }")
    jump = page.get_by_role("button", name="Latest")
    expect(jump).to_be_visible()
    site.sign_in(ann.email).chat("add buy milk", conversation_id=str(conversation_id))
    expect(messages).to_have_count(5 * PAGE + 2)
    expect(messages.last).not_to_be_in_viewport()
    jump.click()
    expect(messages.last).to_be_in_viewport()
    expect(jump).to_be_hidden()
    say(page, "add call mom")
    settled(page)
    expect(messages.last).to_be_in_viewport()
