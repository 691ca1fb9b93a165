# test_reference.py -- the pages that describe the API: they work, and load nothing from elsewhere.
from playwright.sync_api import expect

from support.browsers import Visitor
from support.servers import PASSWORD, Server


def test_the_docs_let_one_sign_in_and_try_a_request(site: Server, visit: Visitor) -> None:
    email = site.register()
    page = visit(site).tab("/docs")
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("username").fill(email)
    page.get_by_label("password").fill(PASSWORD)
    page.get_by_role("button", name="Apply given OAuth2 credentials").click()
    expect(page.get_by_text("Authorized", exact=True)).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).first.click()
    operation = page.locator("#operations-me-get_me")
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response .microlight").first).to_contain_text(email)


def test_the_description_can_be_read_and_searched(site: Server, visit: Visitor) -> None:
    page = visit(site).tab("/redoc")
    expect(page.get_by_role("heading", name="Parley", exact=False).first).to_be_visible()
    # Styled: the menu stands beside the text.
    expect(page.locator(".menu-content")).to_have_css("position", "sticky")
    page.get_by_placeholder("Search...").fill("conversations")
    expect(page.locator("[data-role='search:results']")).to_contain_text("conversation")
