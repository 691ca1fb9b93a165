# test_sign_in.py -- sign up, sign in, stay, sign out.
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from support.browsers import Visitor, expect_signed_in, say, settled
from support.servers import PASSWORD, Server

UNAUTHORIZED = "status of 401"


def fill(page: Page, email: str, password: str = PASSWORD) -> None:
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(password)


def test_from_signing_up_to_the_first_answer(site: Server, visit: Visitor) -> None:
    site.register()  # the first one at a server is asked to create an account
    site.register()  # whoever is the first at a server is asked for nothing else
    page = visit(site, timezone_id="Europe/Berlin").tab()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Name (optional)").fill("Ann")
    fill(page, "ann@example.com")
    page.get_by_role("button", name="Create account").click()
    expect_signed_in(page)
    expect(page.get_by_text("The offline model answers here.")).to_be_visible()
    expect(page.locator("#examples button")).to_have_count(3)
    page.get_by_role("button", name="Add buy milk tomorrow and call mom").click()
    settled(page)
    expect(page.locator(".from-agent")).to_contain_text("Added 2 tasks:")
    expect(page.locator(".from-agent ol li")).to_have_count(2)
    expect(page.locator(".tool")).to_have_count(2)
    expect(page.locator(".task-title")).to_have_text(["Buy milk", "Call mom"])
    expect(page.locator("#conversations a")).to_have_count(1)
    expect(page.get_by_role("heading", level=1)).to_have_text("Add buy milk tomorrow and call mom")
    assert site.sign_in("ann@example.com").get("/v1/me")["timezone"] == "Europe/Berlin"
    card = page.locator(".tool").first
    card.locator("summary").click()
    for piece in ("Arguments", '"title": "Buy milk"', "Result", " ms"):
        expect(card).to_contain_text(piece)
    card.locator("summary").click()
    expect(card.locator("dl")).to_be_hidden()


def test_the_session_survives_a_reload_and_ends_with_signing_out(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    # What was under way when the person signed out is refused, or broken off.
    visited.expected += ["Failed to load resource", "AbortError", "signal is aborted"]
    page = visited.sign_in(site.register())
    page.reload()
    expect_signed_in(page)
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


def test_no_script_can_read_the_refresh_token(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    page = visited.sign_in(site.register())
    [cookie] = visited.context.cookies(site.base_url + "/v1/web/session")
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("parley_refresh", True, "Strict")
    kept = page.evaluate("JSON.stringify([document.cookie, {...localStorage}, {...sessionStorage}])")
    assert cookie["value"] not in kept
    assert "eyJ" not in kept  # nor any access token


def test_an_access_token_that_has_run_out_is_renewed_unnoticed(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register())
    page.clock.set_system_time(datetime.now(UTC) + timedelta(minutes=20))
    say(page, "add water the plants")
    settled(page)
    expect(page.locator(".from-agent")).to_contain_text("Water the plants")


def test_errors_stand_in_words_beside_their_fields(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    visited.expected += [UNAUTHORIZED, "status of 409", "status of 422"]
    site.register()
    page = visited.tab()
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator('[data-field="email"] .field-error').first).to_have_text("Enter your email.")
    email = page.get_by_label("Email", exact=True)
    expect(email).to_be_focused()
    expect(email).to_have_attribute("aria-describedby", "sign-in-email-error")
    fill(page, site.register(), "not the password")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator("#sign-in-password-error")).to_have_text("The email or the password is wrong.")
    page.get_by_role("button", name="Create an account").click()
    fill(page, "somebody@example.com", "short")
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#sign-in-password-error")).to_have_text("At least 8 characters.")
    fill(page, site.register())
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#sign-in-email-error")).to_have_text("This email is taken.")
    fill(page, "a@-b.example")
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#sign-in-email-error")).to_be_visible()


@pytest.mark.parametrize("way", ["in the other tab", "from elsewhere"])
def test_a_session_that_ends_leads_back_to_the_door(site: Server, visit: Visitor, way: str) -> None:
    visited = visit(site)
    visited.expected.append(UNAUTHORIZED)
    email = site.register()
    page = visited.sign_in(email)
    if way == "in the other tab":
        other = visited.tab()
        expect_signed_in(other)
        other.get_by_role("button", name="Sign out", exact=True).click()
    else:
        ann = site.sign_in(email)
        for session in ann.get("/v1/me/sessions")["data"]:
            if not session["current"]:
                ann.delete(f"/v1/me/sessions/{session['id']}")
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    expect(page.locator("#sign-in-note")).to_have_text(
        "You signed out in another tab."
        if way == "in the other tab"
        else "Your session has ended. Sign in again."
    )
