# test_apps.py -- what programs ask a person at an address of the console: to be let in, and to approve.
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Page, Route, expect

from support.browsers import PHONE, Visitor, check_by_axe, expect_signed_in
from support.clients.mcp_client import post_call, token_of
from support.clients.oauth_client import CALLBACK, App, call_mcp, open_app, read_answer, register
from support.servers import PASSWORD, Server

EVIL = "Evil \u202eapp <script>alert(1)</script>"


def address_of(app: App, **changes: Any) -> str:
    return "/oauth/authorize?" + urlencode(app.ask(**changes))


def catch_answer(page: Page) -> list[str]:
    """The app, which listens on the person's machine: where it was sent people to."""
    caught: list[str] = []

    def answer(route: Route) -> None:
        caught.append(route.request.url)
        route.fulfill(body="You may close this page.", content_type="text/plain")

    page.route(f"{CALLBACK}**", answer)
    return caught


@pytest.fixture
def shots() -> Path | None:
    """Where pictures go of what is shown; nowhere unless SHOTS names a folder."""
    folder = os.environ.get("SHOTS")
    return Path(folder) if folder else None


def shoot(page: Page, shots: Path | None, name: str) -> None:
    if shots is not None:
        page.screenshot(path=shots / f"{name}.png")


def test_who_is_not_signed_in_signs_in_first_and_comes_back_to_the_question(
    site: Server, visit: Visitor
) -> None:
    email, app = site.register(display_name="Ann"), open_app(site, name="My editor")
    visited = visit(site)
    visited.expected.append(CALLBACK)
    page = visited.tab(address_of(app))
    caught = catch_answer(page)
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    question = page.get_by_role("dialog", name="Let an app in?")
    expect(question).to_contain_text(f"My editor wants to work with Parley for {email}.")
    expect(question.locator("#consent-redirect")).to_have_text("127.0.0.1:33418")
    question.get_by_label("Change things for you").uncheck()
    question.get_by_role("button", name="Let it in").click()
    page.wait_for_url(f"{CALLBACK}?code=**")
    answer = read_answer(caught[0])
    assert answer["state"] == "of-this-app"
    tokens = app.exchange(answer["code"]).json()
    assert tokens["scope"] == "read"
    assert call_mcp(site, tokens["access_token"]).status_code == 200


def test_a_person_says_no(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    visited.expected.append(CALLBACK)
    page = visited.sign_in(site.register(), address_of(open_app(site)))
    caught = catch_answer(page)
    page.get_by_role("button", name="Do not").click()
    page.wait_for_url(f"{CALLBACK}?error=access_denied**")
    assert len(caught) == 1


def test_a_closed_question_sends_nobody_anywhere(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register(), address_of(open_app(site)))
    caught = catch_answer(page)
    page.get_by_role("button", name="Close without an answer").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect_signed_in(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert caught == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", ["desk", "phone"])
def test_the_questions_are_for_everybody(
    site: Server, visit: Visitor, shots: Path | None, scheme: Any, size: str
) -> None:
    screen = PHONE if size == "phone" else {"width": 1440, "height": 900}
    email = site.register(display_name="Ann")
    ann = site.sign_in(email)
    ann.patch("/v1/me", approval="always")
    app = App(site, register(site, name=EVIL).json()["client_id"])
    visited = visit(site, color_scheme=scheme, viewport=screen)
    page = visited.sign_in(email, address_of(app))
    question = page.get_by_role("dialog", name="Let an app in?")
    expect(question.get_by_role("button", name="Let it in")).to_be_enabled()
    expect(question).to_contain_text("<script>alert(1)</script>")
    check_by_axe(page, f"consent, {scheme}, {size}")
    shoot(page, shots, f"consent-{scheme}-{size}")
    for box in question.get_by_role("checkbox").all():
        box.uncheck()
    expect(question.get_by_role("button", name="Let it in")).to_be_disabled()
    waits = post_call(site, [("Authorization", f"Bearer {token_of(ann)}")]).json()["result"][
        "structuredContent"
    ]
    page = visited.tab(waits["approve_at"].removeprefix(site.base_url))
    asked = page.get_by_role("dialog", name="A program asks")
    expect(asked).to_contain_text("Add a task?")
    expect(asked).to_contain_text("Mine")
    check_by_axe(page, f"approval, {scheme}, {size}")
    shoot(page, shots, f"approval-{scheme}-{size}")


def test_a_wrong_request_says_so_and_leads_back_only_where_that_is_safe(site: Server, visit: Visitor) -> None:
    app, visited = open_app(site), visit(site)
    visited.expected += ["status of 422"]
    page = visited.sign_in(site.register(), address_of(app, resource="https://elsewhere.example/mcp"))
    expect(page.get_by_role("alert")).to_have_text("The app asks for access to another server.")
    href = page.get_by_role("link", name="Go back to the app").get_attribute("href")
    assert href is not None
    assert href.startswith(f"{CALLBACK}?error=invalid_target")
    page = visited.tab(address_of(app, redirect_uri="https://evil.example/"))
    expect(page.get_by_role("alert")).to_contain_text("not one of its own")
    expect(page.get_by_role("link", name="Go back to the app")).to_have_count(0)


def test_a_call_is_approved_at_the_address_that_the_program_was_given(site: Server, visit: Visitor) -> None:
    email = site.register()
    ann = site.sign_in(email)
    ann.patch("/v1/me", approval="always")
    token = token_of(ann)
    waits = post_call(site, [("Authorization", f"Bearer {token}")]).json()["result"]["structuredContent"]
    visited = visit(site)
    page = visited.sign_in(email, waits["approve_at"].removeprefix(site.base_url))
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("dialog")).to_contain_text("Approved.")
    expect(page.locator(".task-title")).to_have_text(["Mine"])
    page = visited.tab(waits["approve_at"].removeprefix(site.base_url))
    expect(page.get_by_role("dialog")).to_contain_text("It was decided on")


def test_anothers_call_and_a_wrong_address_have_nothing_to_decide(site: Server, visit: Visitor) -> None:
    ann, visited = site.sign_in(site.register()), visit(site)
    ann.patch("/v1/me", approval="always")
    waits = post_call(site, [("Authorization", f"Bearer {token_of(ann)}")]).json()["result"][
        "structuredContent"
    ]
    visited.expected += ["status of 404", "status of 422"]
    page = visited.sign_in(site.register(), waits["approve_at"].removeprefix(site.base_url))
    expect(page.get_by_role("alert")).to_have_text("There is nothing to decide at this address.")
    page = visited.tab("/#approve/nonsense/x")
    expect(page.get_by_role("alert")).to_have_text("There is nothing to decide at this address.")


def test_apps_are_listed_in_the_settings_and_revoked_there(site: Server, visit: Visitor) -> None:
    email = site.register()
    app = open_app(site, name="My editor")
    tokens = app.connect(site.sign_in(email))
    page = visit(site).sign_in(email)
    page.get_by_role("button", name="settings").click()
    row = page.locator("#tokens li")
    expect(row).to_contain_text("My editor")
    row.get_by_role("button").click()
    row.get_by_role("button").click()
    expect(row).to_have_count(0)
    assert call_mcp(site, tokens["access_token"]).status_code == 401
