# test_later.py -- what the page fetches only when it is wanted: when that is, and what happens if it does not arrive.
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Request, Route, expect

from console.files import FILES
from support.browsers import Cable, Visitor, say, settled
from support.console_files import (
    AGENT,
    ANY_SHEET,
    APPS,
    DATA,
    HIDDEN,
    LATER,
    RENAMED,
    SHELL,
    THERE,
    UNSEEN,
    WEB,
)
from support.servers import Person, Server, wait_until

NOT_FETCHED = "This part of the page could not be fetched."


@pytest.fixture
def ann(site: Server) -> Person:
    person = site.person(display_name="Ann")
    person.post("/v1/tasks", title="Buy milk")
    person.post(f"/v1/accounts/{person.id}/agents", name="Support")
    agent = person.post(f"/v1/accounts/{person.id}/agents", name="Robot", kind="external")
    group = person.post("/v1/conversations", kind="group", title="Friends", participant_ids=[agent["id"]])
    person.post(f"/v1/conversations/{group['id']}/messages", content="Hello")
    return person


def press(selector: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).first.click()


# In this order: the sheet of one is what the next is opened in, or is closed.
def open_receipts(page: Page) -> None:
    page.locator(".from-user").first.hover()
    page.get_by_role("button", name="What to do with your message").first.click()
    page.get_by_role("menuitem", name="Who has read it").click()


def say_to_agent(page: Page, text: str = "hello") -> None:
    page.locator("#new-chat").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "New conversation"
    )  # with its own draft in the box
    say(page, text)
    settled(page)


def write_and_leave(page: Page) -> None:
    page.get_by_label("Message", exact=True).fill("half a sen")
    page.get_by_role("button", name="Sign out", exact=True).click()


def search(page: Page) -> None:
    page.get_by_label("Search conversations and messages").fill("cat")
    expect(page.locator("#hit-list li").first).to_be_visible()
    page.get_by_label("Search conversations and messages").fill("")


def bring_back_and_do(page: Page) -> None:
    page.keyboard.press("Control+z")
    page.locator(".task-check").click()


def drop(page: Page) -> None:
    page.evaluate(
        """() => {
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File(["one"], "one.txt", { type: "text/plain" }));
          document.body.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }"""
    )
    expect(page.get_by_label("Message", exact=True)).not_to_have_value("")
    page.get_by_label("Message", exact=True).fill("")


def take_along(page: Page) -> None:
    page.evaluate("() => { window.print = () => {}; }")
    page.locator("#open-audit").click()
    page.get_by_role("button", name="Print").click()
    expect(page.locator("#audit")).to_have_count(0)


OPENED: dict[str, tuple[Callable[[Page], None], str]] = {
    "a task": (press(".task-text"), "#task-edit"),
    "a task that is picked": (lambda page: page.locator(".task-check").press("x"), "#picked"),
    "a change of a task": (lambda page: page.locator(".task-check").press("Delete"), ".toast"),
    "a task that is done": (bring_back_and_do, "#done"),
    "a new task": (press("#task-title"), "#app"),
    "what was deleted": (press("#open-deleted"), "#deleted"),
    "the audit": (press("#open-audit"), "#audit"),
    "the settings": (press("#open-settings"), "#settings"),
    "the inbox": (press("#open-inbox"), "#inbox"),
    "a new conversation with people": (press("#new-people"), "#begin"),
    "a conversation of people": (press(".conversations a:has([href='#i-group'])"), ".from-user"),
    "a message that is sent": (lambda page: say(page, "Hello again"), ".from-user:nth-child(2)[data-id]"),
    "those who take part": (press("#open-participants"), "#participants"),
    "the receipts of a message": (open_receipts, "#deliveries"),
    "a message to an agent": (say_to_agent, ".from-agent"),
    "a text with Markdown": (lambda page: say_to_agent(page, "help"), ".from-agent .markdown:not(.raw)"),
    "a long message": (lambda page: say_to_agent(page, "a very long line\n" * 60), ".unfold"),
    "a sign-out while something is not sent": (write_and_leave, "#leaving"),
    "a call of a tool": (lambda page: say_to_agent(page, "add feed the cat"), ".tool"),
    "a conversation to take along": (take_along, "#app"),
    "a file that is dropped": (drop, "#app"),
    "a search": (search, "#app"),
    "a shortcut": (
        lambda page: (page.locator("#scroller").focus(), page.keyboard.press("?"))[1],
        "#shortcuts",
    ),
    "the box that finds anything": (lambda page: page.keyboard.press("Control+k"), "#find"),
    "the accounts": (press("#open-accounts"), "#accounts"),
    "an account": (press("[aria-label='Members and agents of Ann']"), "#team"),
    "an agent": (press("[aria-label='Edit Support']"), "#agent"),
}
STAY_OPEN = ("the accounts", "an account")


def test_each_file_is_fetched_at_the_first_visit_or_when_what_it_is_for_is_opened(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ann.post("/v1/conversations", title="Shopping")
    visited = visit(site)
    fetched: set[str] = set()

    def note(request: Request) -> None:
        path = urlsplit(request.url).path
        if path.startswith(WEB):
            fetched.add(path.removeprefix(f"{WEB}/"))

    visited.context.on("request", note)
    page = visited.sign_in(ann.email)
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    there = {name for name, when in LATER.items() if when == THERE}
    assert fetched - SHELL == FILES.keys() - LATER.keys() - {"index.html"} - SHELL | there
    fetched.clear()
    page.get_by_role("link", name="Shopping").click()
    expect(page.locator("#open-audit")).to_be_visible()
    page.evaluate(f"import('{WEB}/scripts/chat/branches.js').then(() => null)")  # with what that imports
    assert fetched == {name for name, when in LATER.items() if when == AGENT}
    expected = {name for name, when in LATER.items() if when == ANY_SHEET}
    for what, (open_it, sheet) in OPENED.items():
        fetched.clear()
        open_it(page)
        expect(page.locator(sheet)).to_be_visible()
        assert fetched - SHELL == expected | {name for name, when in LATER.items() if when == what}, what
        expected = set()
        if what not in STAY_OPEN and page.locator("dialog").count():
            page.keyboard.press("Escape")
            expect(page.locator(sheet)).to_have_count(0)
    # These have tests of their own: test_data.py, test_news.py, test_lists.py and those of apps.
    elsewhere = {DATA, HIDDEN, UNSEEN, RENAMED, APPS}
    assert set(LATER.values()) == {AGENT, ANY_SHEET, THERE, *elsewhere, *OPENED}


def expect_notice_above_all(page: Page, text: str) -> None:
    """A notice that is seen, and that a click would reach: no sheet is over it, or makes it inert."""
    notice = page.locator(".toast.error", has_text=text).last
    expect(notice).to_be_visible()
    reached = """(box) => {
      const { left, top, width, height } = box.getBoundingClientRect();
      return box.contains(document.elementFromPoint(left + width / 2, top + height / 2));
    }"""
    wait_until(lambda: notice.evaluate(reached))  # it arrives from above, and others may make room for it


def test_what_does_not_arrive_is_said_and_comes_at_the_second_try(
    site: Server, visit: Visitor, ann: Person
) -> None:
    with closing(Cable(site)) as cable:
        visited = visit(cable.server)
        visited.expected.append("ERR_")
        page = visited.sign_in(ann.email)
        expect(page.locator(".task-title")).to_have_text(["Buy milk"])
        cable.cut()
        page.locator("#open-accounts").click()
        expect_notice_above_all(page, NOT_FETCHED)
        expect(page.locator("dialog")).to_have_count(0)
        cable.mend()
        page.locator("#open-accounts").click()
        expect(page.locator("#accounts")).to_be_visible()
        page.get_by_role("button", name="Members and agents of Ann").click()
        edit = page.get_by_role("button", name="Edit Support")
        expect(edit).to_be_visible()
        # In a sheet, too.
        cable.cut()
        edit.click()
        expect_notice_above_all(page, NOT_FETCHED)
        cable.mend()
        edit.click()
        expect(page.locator("#agent")).to_be_visible()


def test_a_sheet_never_opens_without_its_styles(site: Server, visit: Visitor, ann: Person) -> None:
    visited = visit(site)
    visited.expected.append("ERR_")
    page = visited.sign_in(ann.email)
    page.route("**/sheets.css", lambda route: route.abort())
    page.locator("#open-settings").click()
    expect_notice_above_all(page, NOT_FETCHED)
    expect(page.locator("dialog")).to_have_count(0)
    page.unroute("**/sheets.css")
    page.locator("#open-settings").click()
    expect(page.locator("#settings")).to_be_visible()
    assert page.locator("#settings").evaluate("(box) => getComputedStyle(box).borderRadius") == "18px"


@contextmanager
def held_back(page: Page, name: str) -> Iterator[None]:
    """A module that is asked for in the block, and arrives at its end."""
    held: list[Route] = []

    def keep(route: Route) -> None:
        held.append(route)

    page.route(f"**/{name}", keep)
    yield
    wait_until(lambda: page.evaluate("true") and held != [])
    held[0].continue_()
    # Whatever waited for it before has gone on by then.
    page.evaluate("(path) => import(path).then(() => null)", f"{WEB}/scripts/{name}")


def test_two_presses_open_one_sheet_and_the_last_one_counts(
    site: Server, visit: Visitor, ann: Person
) -> None:
    page = visit(site).sign_in(ann.email)
    with held_back(page, "account/settings.js"):
        page.locator("#open-settings").dblclick()
    expect(page.locator("#settings")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    with held_back(page, "team/event_list.js"):
        page.locator("#open-inbox").click()
        page.locator("#open-accounts").click()
        expect(page.locator("#accounts")).to_be_visible()
    expect(page.locator("dialog")).to_have_count(1)


COUNT_OPENED = """() => {
  const { showModal } = HTMLDialogElement.prototype;
  window.opened = 0;
  HTMLDialogElement.prototype.showModal = function () {
    window.opened += 1;
    showModal.call(this);
  };
}"""


def test_nothing_opens_over_the_page_of_somebody_who_has_gone(
    site: Server, visit: Visitor, ann: Person
) -> None:
    visited = visit(site)
    visited.expected.append("status of 401")  # what the page was still asking for
    page = visited.sign_in(ann.email)
    with held_back(page, "account/settings.js"):
        page.locator("#open-settings").click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
        page.evaluate(COUNT_OPENED)
    assert page.evaluate("window.opened") == 0
