# test_news.py -- hearing of answers and questions while one is elsewhere: marks in the list, the title, one notice.
import re
import threading
from typing import Any

from playwright.sync_api import Page, expect

from support.browsers import Visit, Visitor, check_by_axe, say, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Server, wait_until

# Whether a page is hidden, and what it tells by the system, is the browser's: these stand in for both.
STAND_INS = """
  Object.defineProperty(document, "hidden", { configurable: true, get: () => Boolean(window.isAway) });
  window.goAway = (yes) => { window.isAway = yes; document.dispatchEvent(new Event("visibilitychange")); };
  window.told = [];
  window.Notification = class extends EventTarget {
    static permission = "default";
    static async requestPermission() { return (Notification.permission = "granted"); }
    constructor(title, { body }) { super(); window.told.push([title, body]); window.lastNotice = this; }
    close() {}
  };
"""


def go_away(page: Page, yes: bool = True) -> None:
    page.evaluate("(yes) => window.goAway(yes)", yes)


def read_told(*pages: Page) -> list[Any]:
    return [told for page in pages for told in page.evaluate("window.told")]


def begin(visit: Visitor, server: Server, email: str = "") -> tuple[Visit, Page]:
    visited = visit(server)
    visited.context.add_init_script(STAND_INS)
    return visited, visited.sign_in(email or server.register())


def allow(*pages: Page) -> None:
    for page in pages:
        page.evaluate("""() => {
          Notification.permission = "granted";
          const names = Object.keys(localStorage).map((name) => name.split(".")[1]);
          const owner = names.find((one) => one?.length === 36);
          localStorage.setItem(`parley.${owner}.notices`, "yes");
        }""")


def test_an_answer_elsewhere_is_marked_until_it_is_seen(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "Here it is."]]
    _, page = begin(visit, scripted_site)
    say(page, "think about it")
    item = page.locator("#conversations li")
    expect(item.locator(".badge.works")).to_have_count(1)
    page.get_by_role("button", name="New conversation").click()
    gate.set()
    expect(page).to_have_title("(1) New conversation · Parley")
    expect(item).to_contain_text("has news")
    expect(page.locator('link[rel="icon"]')).to_have_attribute("href", re.compile("icon-news"))
    check_by_axe(page, "an answer that was not seen")
    page.reload()
    expect(page).to_have_title("(1) New conversation · Parley")
    item.locator("a").click()
    expect(page).to_have_title("think about it · Parley")
    expect(item.locator(".badge")).to_have_count(0)


def test_two_tabs_tell_once_and_a_click_opens_the_place(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "# Done\n\nIt took a while."]]
    visited, page = begin(visit, scripted_site)
    say(page, "think about it")
    expect(page.locator("#conversations li")).to_have_count(1)
    other = visited.tab()
    expect(other.locator("#conversations li .badge.works")).to_have_count(1)
    allow(page, other)
    for tab in (page, other):
        go_away(tab)
    gate.set()
    for tab in (page, other):
        expect(tab).to_have_title(re.compile(r"^\(1\) "))
    wait_until(lambda: read_told(page, other))
    page.wait_for_timeout(500)  # a second notice would come as soon
    assert read_told(page, other) == [["think about it", "Done"]]
    [teller] = [tab for tab in (page, other) if read_told(tab)]
    go_away(teller, False)
    teller.evaluate("window.lastNotice.dispatchEvent(new Event('click'))")
    expect(teller.locator(".from-agent")).to_contain_text("It took a while.")
    for tab in (page, other):
        expect(tab).not_to_have_title(re.compile(r"^\(1\) "))


def test_a_question_is_told_of_and_a_tab_that_is_opened_later_shows_that_it_waits(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    email = scripted_site.register()
    task = scripted_site.sign_in(email).post("/v1/tasks", title="Milk")
    model.answers = [[gate, call("delete_task", {"task_id": task["id"]})]]
    visited, page = begin(visit, scripted_site, email)
    say(page, "delete the milk")
    expect(page.locator("#conversations li .badge.works")).to_have_count(1)
    allow(page)
    go_away(page)
    gate.set()
    expect(page).to_have_title(re.compile(r"^\(1\) "))
    wait_until(lambda: read_told(page))
    assert read_told(page) == [["delete the milk", "Delete a task? Milk"]]
    third = visited.tab()
    expect(third.locator("#conversations li")).to_contain_text("waits for your approval")
    third.reload()
    expect(third.locator("#conversations li .badge.asks")).to_have_count(1)


def test_after_a_long_answer_the_page_offers_to_tell_once(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [[gate, "Slow."], ["Quick."]]
    visited = visit(scripted_site)
    visited.context.add_init_script(STAND_INS)
    visited.context.clock.install()
    page = visited.sign_in(scripted_site.register())
    say(page, "think about it")
    expect(page.locator(".message.live")).to_have_count(1)
    expect(page.locator("#conversations li .badge.works")).to_have_count(1)
    go_away(page)
    page.clock.fast_forward(11_000)
    gate.set()
    offer = page.get_by_role("button", name="Tell me when answers are ready")
    expect(offer).to_be_visible()
    go_away(page, False)
    offer.click()
    expect(offer).to_have_count(0)
    assert page.evaluate("Notification.permission") == "granted"
    settled(page)
