# pages.py -- the console in a real Chromium: how soon it shows itself, and how smoothly it moves.
import asyncio
import json
from dataclasses import dataclass
from statistics import median
from urllib.request import Request, urlopen
from uuid import UUID

from playwright.sync_api import Browser, Page, sync_playwright

from support import browsers
from support.databases.histories import write_long_conversation

PASSWORD = "a long password for benchmarks"
PAGE = 50
# Milliseconds since the navigation began, once so many messages are drawn.
OPENED = """
([count]) => document.querySelectorAll(".message").length >= count
    && new Promise((done) => requestAnimationFrame(() => done(performance.now())))
"""
FIRST_PAINT = """
() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime
"""
# Scrolls back like a finger, until so many messages are there; returns the milliseconds of each frame.
SCROLL_BACK = """
([count]) => new Promise((done) => {
  const box = document.querySelector("#scroller"), frames = [];
  let before = performance.now();
  const step = (at) => {
    frames.push(at - before);
    before = at;
    if (document.querySelectorAll(".message").length >= count) return done(frames);
    box.scrollTop -= 120;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})
"""


@dataclass(frozen=True, slots=True)
class Look:
    """How often the page is looked at, and at how much of it."""

    visits: int
    messages: int
    pages_back: int


FULL = Look(visits=15, messages=5_000, pages_back=10)
QUICK = Look(visits=1, messages=200, pages_back=2)


def register(base_url: str) -> tuple[str, UUID]:
    """A person who signs in with a password: the email and the id."""
    email = "reader@example.com"
    body = json.dumps({"email": email, "password": PASSWORD}).encode()
    request = Request(f"{base_url}/v1/auth/register", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return email, UUID(json.load(answer)["id"])


def first_paint(browser: Browser, base_url: str) -> float:
    """Milliseconds until a profile that has never seen the page shows something of it."""
    context = browser.new_context()
    try:
        page = context.new_page()
        page.goto(base_url)
        painted: float = page.wait_for_function(FIRST_PAINT).json_value()
    finally:
        context.close()
    return painted


def sign_in(browser: Browser, base_url: str, email: str) -> Page:
    page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    page.goto(base_url)
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.get_by_label("Message", exact=True).wait_for()
    return page


def opening(page: Page, address: str) -> float:
    """Milliseconds until the end of a conversation is on the screen, from an empty tab of someone signed in."""
    page.goto("about:blank")
    page.goto(address)
    opened: float = page.wait_for_function(OPENED, arg=[PAGE]).json_value()
    return opened


def measure_pages(url: str, port: int, look: Look) -> list[tuple[str, str]]:
    """Rows for the table; one that says why, where there is no Chromium."""
    if browsers.MISSING:
        return [("console", f"not measured: {browsers.MISSING}")]
    base_url = f"http://127.0.0.1:{port}"
    email, user_id = register(base_url)
    conversation_id = asyncio.run(write_long_conversation(url, user_id, look.messages))
    with sync_playwright() as playwright, browsers.launch(playwright) as browser:
        first_paint(browser, base_url)
        painted = [first_paint(browser, base_url) for _ in range(look.visits)]
        page = sign_in(browser, base_url, email)
        address = f"{base_url}/#/c/{conversation_id}"
        opened = [opening(page, address) for _ in range(look.visits)]
        frames = page.evaluate(SCROLL_BACK, [(look.pages_back + 1) * PAGE])
    many, back = f"console, {look.messages:,} messages", look.pages_back * PAGE
    return [
        ("console: first contentful paint, nothing cached", f"{median(painted):.0f} ms (aim: under 300)"),
        (f"{many}: the last {PAGE} on the screen", f"{median(opened):.0f} ms"),
        (f"{many}: a frame while scrolling back {back}", f"{median(frames):.1f} ms"),
        (f"{many}: slowest of these {len(frames)} frames", f"{max(frames):.1f} ms"),
    ]
