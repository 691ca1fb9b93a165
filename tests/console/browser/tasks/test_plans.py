# test_plans.py -- what the page shows of due dates, priorities and lists, and of a reminder that is due.
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from services.planning import reminders
from support.browsers import Visitor
from support.clock import pass_time
from support.servers import PASSWORD, Person, Server

# What the page asks of the browser's notices, in place of the browser's own.
NOTICES = """
window.notices = [];
window.Notification = class {
  static permission = '%s';
  static requestPermission() { window.notices.push('asked'); }
  constructor(title, { body, tag }) { window.notices.push([title, body, tag]); }
};
"""

NO_TOKYO = """
const { DateTimeFormat } = Intl;
Intl.DateTimeFormat = function (locale, options) {
  if (options?.timeZone === 'Asia/Tokyo') throw new RangeError('Invalid time zone');
  return new DateTimeFormat(locale, options);
};
"""


def sign_in_at(page: Page, email: str) -> None:
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()


@pytest.fixture
def ann(site: Server) -> Person:
    return site.person()


def plan_of(page: Page, title: str) -> str:
    return page.locator(".task", has_text=title).locator(".task-description").inner_text()


def test_a_task_shows_when_it_is_due_its_priority_and_its_list(
    site: Server, visit: Visitor, ann: Person
) -> None:
    today = date.today()
    ann.post("/v1/tasks", title="Plain")
    ann.post("/v1/tasks", title="Milk", due_on=str(today), priority="high", list="Shopping <b>\u202e")
    ann.post("/v1/tasks", title="Rent", due_on=str(today + timedelta(1)), repeats="FREQ=MONTHLY")
    ann.post("/v1/tasks", title="Late", due_on="2020-06-03")
    ann.post("/v1/tasks", title="Call", due_at=datetime(2293, 6, 1, 17, tzinfo=UTC).isoformat())
    page = visit(site, timezone_id="UTC").sign_in(ann.email)
    expect(page.get_by_text("Due today · high priority · Shopping <b>")).to_be_visible()
    assert "\u202e" not in plan_of(page, "Milk")
    assert plan_of(page, "Rent") == "Due tomorrow · repeats"
    assert plan_of(page, "Call") == "Due 1 June 2293, 17:00"
    expect(page.locator(".task .danger-text", has_text="Due 3 June 2020")).to_be_visible()
    expect(page.locator(".task .danger-text", has_text="Due")).to_have_count(1)
    expect(page.locator(".task", has_text="Plain").locator(".task-description")).to_have_count(0)


def test_what_is_due_is_overdue_once_its_time_has_come(site: Server, visit: Visitor, ann: Person) -> None:
    now = datetime.now(UTC)
    zone = f"Etc/GMT{now.hour - 12:+d}"  # where it is about noon
    ann.patch("/v1/me", timezone=zone)
    ann.post("/v1/tasks", title="Call", due_at=(now + timedelta(minutes=2)).isoformat())
    ann.post("/v1/tasks", title="Milk", due_on=str(now.astimezone(ZoneInfo(zone)).date() + timedelta(1)))
    page = visit(site).tab()
    page.clock.install()
    sign_in_at(page, ann.email)
    overdue, upcoming = (
        page.locator(f"[data-section={name}] .task-title") for name in ("overdue", "upcoming")
    )
    expect(page.locator(".task-title", has_text="Call")).to_be_visible()
    expect(overdue).to_have_count(0)
    page.clock.run_for(180_000)
    expect(overdue).to_have_text(["Call"])
    expect(upcoming).to_have_text(["Milk"])
    page.clock.fast_forward("24:00:00")
    expect(upcoming).to_have_count(0)
    expect(page.locator("[data-section=today] .task-title")).to_have_text(["Milk"])


def test_a_zone_that_the_browser_does_not_know_hides_no_task(
    site: Server, visit: Visitor, ann: Person
) -> None:
    ann.patch("/v1/me", timezone="Asia/Tokyo")
    ann.post("/v1/tasks", title="Call", due_at="2293-06-01T17:00:00Z")
    visited = visit(site, timezone_id="UTC")
    visited.context.add_init_script(NO_TOKYO)
    page = visited.sign_in(ann.email)
    expect(page.get_by_text("Due 1 June 2293, 17:00")).to_be_visible()


@pytest.mark.parametrize(
    ("permission", "asks", "notices"), [("granted", 0, 1), ("default", 1, 0), ("denied", 0, 0)]
)
def test_a_reminder_is_shown_in_the_page_and_beside_it_where_that_is_allowed(
    site: Server,
    visit: Visitor,
    ann: Person,
    monkeypatch: pytest.MonkeyPatch,
    permission: str,
    asks: int,
    notices: int,
) -> None:
    monkeypatch.setattr(reminders, "REMINDER_SECONDS", 0.05)
    moment = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    task = ann.post("/v1/tasks", title="Call <i>mom</i>", reminder_at=moment)
    visited = visit(site)
    visited.context.add_init_script(NOTICES % permission)
    page = visited.sign_in(ann.email)
    expect(page.locator(".task-title")).to_have_text(["Call <i>mom</i>"])
    pass_time(monkeypatch, minutes=3)
    notice = page.locator(".toast", has_text="Reminder: Call <i>mom</i>")
    expect(notice).to_be_visible()
    button = page.get_by_role("button", name="Notify me outside the page, too")
    expect(button).to_have_count(asks)
    if asks:
        button.click()
    expected = [["Reminder", "Call <i>mom</i>", f"{task['id']} {task['reminder_at']}"]] * notices
    assert page.evaluate("window.notices") == [*expected, *["asked"] * asks]
