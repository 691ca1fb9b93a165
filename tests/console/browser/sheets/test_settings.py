# test_settings.py -- what a person changes about themselves.
from datetime import timedelta

import pytest
from playwright.sync_api import APIResponse, Page, Route, expect

from identity import confirmation
from support.browsers import Visitor, say, settled
from support.servers import PASSWORD, Server

NEW_PASSWORD = "another correct horse"


def open_settings(page: Page) -> None:
    page.locator("#open-settings").click()
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()


def test_the_profile_is_saved_and_errors_stand_beside_their_fields(site: Server, visit: Visitor) -> None:
    email = site.register()
    visited = visit(site)
    visited.expected.append("status of 422")
    page = visited.sign_in(email)
    open_settings(page)
    page.get_by_label("Name", exact=True).fill("Ann")
    page.get_by_label("Time zone").fill("Moon/Base")
    page.locator("#profile").get_by_role("button", name="Save").click()
    expect(page.locator("#profile-zone-error")).to_be_visible()
    expect(page.get_by_label("Time zone")).to_be_focused()
    page.get_by_label("Time zone").fill("Europe/Berlin")
    page.get_by_role("radio", name="Always").check()
    page.locator("#profile").get_by_role("button", name="Save").click()
    expect(page.locator("#profile .saved")).to_have_text("Saved.")
    page.keyboard.press("Escape")
    expect(page.locator("#account-name")).to_have_text("Ann")
    me = site.sign_in(email).get("/v1/me")
    assert (me["display_name"], me["timezone"], me["approval"]) == ("Ann", "Europe/Berlin", "always")
    # From now on the agent asks before it adds.
    say(page, "add buy milk")
    question = page.get_by_role("group", name="Add a task?")
    expect(question).to_contain_text("Buy milk")
    expect(page.locator(".task-title")).to_have_count(0)
    question.get_by_role("button", name="Approve").click()
    settled(page)
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])


def test_a_button_that_rests_while_it_saves_has_the_focus_again(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register())
    open_settings(page)
    save = page.locator("#profile").get_by_role("button", name="Save")
    save.press("Enter")
    expect(page.locator("#profile .saved")).to_have_text("Saved.")
    expect(save).to_be_focused()


def test_a_new_password_signs_out_everywhere_else(site: Server, visit: Visitor) -> None:
    email = site.register()
    here, there = visit(site), visit(site)
    here.expected += ["status of 401", "status of 403", "status of 422"]
    there.expected.append("status of 401")
    other = there.sign_in(email)
    page = here.sign_in(email)
    open_settings(page)
    expect(page.locator("#sessions li")).to_have_count(2)
    form = page.locator("#password")
    page.get_by_label("Current password").fill("not the password")
    page.get_by_label("New password").fill(NEW_PASSWORD)
    form.get_by_role("button", name="Change password").click()
    expect(page.locator("#password-now-error")).to_be_visible()
    page.get_by_label("Current password").fill(PASSWORD)
    form.get_by_role("button", name="Change password").click()
    expect(form.locator(".saved")).to_have_text("Changed. All other sign-ins have ended.")
    expect(page.locator("#sessions li")).to_have_count(1)
    expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()
    site.sign_in(email, NEW_PASSWORD)


def test_a_sign_in_elsewhere_is_seen_and_ended(site: Server, visit: Visitor) -> None:
    email = site.register()
    here, there = visit(site), visit(site)
    there.expected.append("status of 401")
    other = there.sign_in(email)
    page = here.sign_in(email)
    open_settings(page)
    expect(page.locator("#sessions")).to_contain_text("this one")
    page.get_by_role("button", name="Sign out Chrome on Linux").click()
    expect(page.locator("#sessions li")).to_have_count(1)
    expect(other.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_what_a_stolen_session_must_not_do_asks_for_the_password(
    site: Server, visit: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(confirmation, "RECENT_SIGN_IN", timedelta(0))
    email = site.register()
    visited = visit(site)
    visited.expected += ["status of 401", "status of 403", "status of 422"]
    page = visited.sign_in(email)
    open_settings(page)
    question = page.get_by_role("dialog", name="Is it you?")
    password = page.get_by_label("Your password")
    page.get_by_role("radio", name="Never").check()
    save = page.locator("#profile").get_by_role("button", name="Save")
    save.click()
    expect(password).to_be_focused()
    page.keyboard.press("Escape")
    expect(question).to_be_hidden()
    expect(page.locator("#profile .saved")).to_have_text("")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    save.click()
    password.fill("not the password")
    page.keyboard.press("Enter")
    expect(page.locator("#confirm-password-error")).to_have_text("The current password is wrong.")
    password.fill(PASSWORD)
    question.get_by_role("button", name="Go on").click()
    expect(page.locator("#profile .saved")).to_have_text("Saved.")
    assert site.sign_in(email).get("/v1/me")["approval"] == "never"
    save.click()  # what is so already is not asked for again
    expect(question).to_be_hidden()
    page.get_by_label("Type your email to confirm").fill(email)
    page.get_by_role("button", name="Delete my account").click()
    password.fill(PASSWORD)
    question.get_by_role("button", name="Go on").click()
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_theme_follows_the_system_until_one_is_chosen(site: Server, visit: Visitor, scheme: str) -> None:
    visited = visit(site, color_scheme=scheme)
    page = visited.sign_in(site.register())

    def ground() -> str:
        colour: str = page.evaluate("getComputedStyle(document.body).backgroundColor")
        return colour

    system = ground()
    page.get_by_role("button", name="Theme: as the system").click()
    light = ground()
    page.get_by_role("button", name="Theme: light").click()
    dark = ground()
    assert light != dark
    assert system == {"light": light, "dark": dark}[scheme]
    page.reload()
    expect(page.get_by_role("button", name="Theme: dark")).to_be_visible()
    assert ground() == dark


def test_an_account_is_deleted_once_its_email_is_typed(site: Server, visit: Visitor) -> None:
    email = site.register()
    visited = visit(site)
    visited.expected += ["status of 401"]
    page = visited.sign_in(email)
    open_settings(page)
    page.get_by_label("Type your email to confirm").fill("somebody@example.com")
    page.get_by_role("button", name="Delete my account").click()
    expect(page.locator("#goodbye-email-error")).to_have_text("This is not the email of this account.")
    page.get_by_label("Type your email to confirm").fill(email)
    page.get_by_role("button", name="Delete my account").click()
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()
    answer = site.client().post("/v1/auth/token", data={"username": email, "password": PASSWORD})
    assert answer.status_code == 401


def test_what_was_on_its_way_takes_no_reason_away_from_a_session_that_has_ended(
    site: Server, visit: Visitor
) -> None:
    """The streams of a deleted account end, and ask for a new token, while the answer is still on its way."""
    email = site.register()
    visited = visit(site)
    visited.expected += ["status of 401"]
    page = visited.sign_in(email)
    answers: list[tuple[Route, APIResponse]] = []
    refreshes: list[Route] = []

    def hold(route: Route) -> None:
        refreshes.append(route)

    page.route("**/v1/me", lambda route: hold_deletion(route, answers))
    page.route("**/v1/web/session/refresh", hold)
    open_settings(page)
    page.get_by_label("Type your email to confirm").fill(email)
    with page.expect_request("**/v1/web/session/refresh"):
        page.get_by_role("button", name="Delete my account").click()
    [(deletion, answer)] = answers
    deletion.fulfill(response=answer)
    expect(page.get_by_text("Your account is deleted.")).to_be_visible()
    with page.expect_response("**/v1/web/session/refresh"):
        refreshes[0].continue_()
    page.evaluate("new Promise((resolve) => setTimeout(resolve))")
    expect(page.get_by_text("Your account is deleted.")).to_be_visible(timeout=1)


def hold_deletion(route: Route, answers: list[tuple[Route, APIResponse]]) -> None:
    """Let the server answer, and keep the answer back."""
    if route.request.method == "DELETE":
        answers.append((route, route.fetch()))
    else:
        route.continue_()
