# test_small_things.py -- what one stumbles over in the first minutes: notices, the first visit, hours, colours, room.
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from support.browsers import Visitor, say, settled
from support.servers import Server, serving, settings_for

SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}


def refuse(route: Route) -> None:
    route.abort()


def overlap(*locators: Locator) -> bool:
    first, second = (locator.bounding_box() for locator in locators)
    assert first is not None
    assert second is not None
    is_above = first["y"] + first["height"] <= second["y"] or second["y"] + second["height"] <= first["y"]
    is_beside = first["x"] + first["width"] <= second["x"] or second["x"] + second["width"] <= first["x"]
    return not (is_above or is_beside)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_notice_covers_no_words_that_are_written_and_stands_there_once(
    site: Server, visit: Visitor, size: dict[str, int]
) -> None:
    visited = visit(site, viewport=size)
    visited.expected.append("ERR_")
    page = visited.sign_in(site.register())
    page.route("**/v1/tasks", refuse)
    if size["width"] < 800:
        page.get_by_role("button", name="Show tasks").click()
    for _ in range(2):
        page.get_by_label("New task").fill("Buy milk")
        page.get_by_label("New task").press("Enter")
        expect(page.locator(".toast.error")).to_have_text("The server cannot be reached.")
        expect(page.get_by_label("New task")).to_have_value("Buy milk")
    expect(page.locator(".toast")).to_have_count(1)
    written = page.get_by_label("New task") if size["width"] < 800 else page.locator("#composer")
    assert not overlap(page.locator(".toast"), written)


def test_the_box_has_the_height_of_its_words_when_the_window_gets_narrow(
    site: Server, visit: Visitor
) -> None:
    page = visit(site, viewport={"width": 1440, "height": 900}).sign_in(site.register())
    page.get_by_label("Message", exact=True).fill("word " * 40)
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function(
        """() => {
          const box = document.querySelector("#composer-text");
          return box.clientWidth < 390 && box.scrollHeight <= box.clientHeight;
        }"""
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_leave_edges_and_what_is_chosen_in_sight(
    site: Server, visit: Visitor, scheme: str
) -> None:
    email = site.register()
    conversation = site.sign_in(email).chat("hello")["conversation_id"]
    visited = visit(site, forced_colors="active", color_scheme=scheme)
    page = visited.sign_in(email, f"/#/c/{conversation}")
    for edged in (".bubble", "#new-chat"):
        expect(page.locator(edged).first).to_have_css("border-top-style", "solid")
    colours = page.locator("[data-show]").evaluate_all(
        "all => all.map((one) => getComputedStyle(one).backgroundColor)"
    )
    assert colours[0] != colours[1] == colours[2]
    page.get_by_label("Message", exact=True).focus()
    expect(page.locator("#composer")).to_have_css("outline-style", "solid")


def test_at_400_percent_three_tasks_are_in_sight(site: Server, visit: Visitor) -> None:
    email = site.register()
    ann = site.sign_in(email)
    for title in ("One", "Two", "Three"):
        ann.post("/v1/tasks", title=title)
    page = visit(site, viewport={"width": 320, "height": 256}).sign_in(email)
    page.get_by_role("button", name="Show tasks").click()
    expect(page.locator(".task-title")).to_have_count(3)
    room = page.locator("#task-scroll").bounding_box()
    rows = [row.bounding_box() for row in page.locator(".task").all()]
    assert room is not None
    seen = [row for row in rows if row and row["y"] + row["height"] <= room["y"] + room["height"] + 1]
    assert len(seen) >= 2


def test_ones_own_words_are_announced_as_ones_own_before_and_after_a_reload(
    site: Server, visit: Visitor
) -> None:
    page = visit(site).sign_in(site.register(display_name="Bob"))
    say(page, "hello")
    expect(page.locator(".from-agent .foot time")).to_have_count(1)
    settled(page)
    for _ in range(2):
        expect(page.locator(".from-user .sr").first).to_have_text("You said:")
        page.reload()


@pytest.mark.parametrize(
    ("locale", "pattern"), [("en-US", r"^\d{1,2}:\d\d\s[AP]M$"), ("de-DE", r"^\d\d:\d\d$")]
)
def test_hours_are_written_as_the_locale_writes_them(
    site: Server, visit: Visitor, locale: str, pattern: str
) -> None:
    email = site.register()
    conversation = site.sign_in(email).chat("hello")["conversation_id"]
    page = visit(site, locale=locale).sign_in(email, f"/#/c/{conversation}")
    time = page.locator(".from-user time")
    expect(time).to_have_text(re.compile(pattern))
    assert locale != "en-US" or not time.inner_text().startswith("0")


@pytest.fixture
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(settings_for(f"sqlite:///{tmp_path_factory.mktemp('empty') / 'parley.db'}")) as server:
        yield server


def test_the_first_one_at_a_server_is_asked_to_create_an_account(empty_site: Server, visit: Visitor) -> None:
    page: Page = visit(empty_site).tab()
    expect(page.get_by_role("heading", name="Create your account")).to_be_visible()
    expect(page.get_by_label("Name (optional)")).to_be_focused()
    empty_site.register()
    page.reload()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_a_browser_without_javascript_shows_a_sentence(site: Server, visit: Visitor) -> None:
    page = visit(site, java_script_enabled=False).tab()
    expect(page.get_by_text("Parley's page needs JavaScript.")).to_be_visible()


def test_a_wrong_current_password_is_called_wrong_however_short_it_is(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    visited.expected.append("status of 422")
    page = visited.sign_in(site.register())
    page.locator("#open-settings").click()
    page.get_by_label("Current password").fill("bad")
    page.get_by_label("New password").fill("another correct horse")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#password-now-error")).to_have_text("The current password is wrong.")
    page.get_by_label("New password").fill("12345678")
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#password-new-error")).to_contain_text("tried first")
