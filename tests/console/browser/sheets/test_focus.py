# test_focus.py -- a control that somebody is at stays theirs while events draw its list anew.
from playwright.sync_api import Page, expect

from support.api.accounts import join
from support.browsers import Visitor
from support.servers import Person, Server


def open_account(page: Page, name: str) -> None:
    page.locator("#open-accounts").click()
    page.get_by_role("button", name=f"Members and agents of {name}").click()
    expect(page.locator("#team")).to_be_visible()


def make_team(site: Server) -> tuple[Person, Person, str]:
    """An owner, Ben and their team's path."""
    ann, ben = site.person(display_name="Ann"), site.person(display_name="Ben")
    team = ann.post("/v1/accounts", name="Bakery")["id"]
    join(ann, team, ben)
    return ann, ben, f"/v1/accounts/{team}"


def test_the_control_of_a_row_that_has_changed_has_the_focus_again(site: Server, visit: Visitor) -> None:
    ann, ben, path = make_team(site)
    agent = ann.post(f"{path}/agents", name="Support")
    page = visit(site).sign_in(ann.email)
    open_account(page, "Bakery")
    role = page.get_by_label("Role of Ben")
    role.focus()
    ann.patch(f"{path}/members/{ben.id}", role="admin")
    expect(role).to_have_value("admin")
    expect(role).to_be_focused()
    edit = page.get_by_role("button", name="Edit Support")
    edit.focus()
    ann.patch(f"{path}/agents/{agent['id']}", description="Answers customers")
    expect(page.locator("#agents")).to_contain_text("Answers customers")
    expect(edit).to_be_focused()


def test_a_row_that_has_not_changed_stays_as_somebody_left_it(site: Server, visit: Visitor) -> None:
    ann, _, path = make_team(site)
    page = visit(site).sign_in(ann.email)
    open_account(page, "Bakery")
    page.get_by_role("button", name="Remove Ben").click()
    ann.post(f"{path}/agents", name="Support")
    expect(page.locator("#agents li")).to_have_count(2)
    sure = page.get_by_role("button", name="Remove Ben: press again to do it")
    expect(sure).to_be_focused()
    sure.click()
    expect(page.locator("#members li")).to_have_count(1)


def test_where_the_row_goes_its_list_has_the_focus(site: Server, visit: Visitor) -> None:
    ann, ben, path = make_team(site)
    page = visit(site).sign_in(ann.email)
    open_account(page, "Bakery")
    page.get_by_label("Role of Ben").focus()
    ann.delete(f"{path}/members/{ben.id}")
    expect(page.locator("#members li")).to_have_count(1)
    expect(page.locator("#team .sheet-body")).to_be_focused()


def test_the_lists_of_the_frame_keep_it_too(site: Server, visit: Visitor) -> None:
    ann, _, path = make_team(site)
    task = ann.post("/v1/tasks", title="Buy milk")
    conversation = ann.post("/v1/conversations", title="Shopping")
    ann.post("/v1/conversations", title="Trip")
    page = visit(site).sign_in(ann.email)
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    done = page.locator(".task-check")
    done.focus()
    ann.patch(f"/v1/tasks/{task['id']}", title="Buy oat milk")
    expect(page.locator(".task-title")).to_have_text(["Buy oat milk"])
    expect(done).to_be_focused()
    ann.delete(f"/v1/tasks/{task['id']}")
    expect(page.locator("#task-scroll")).to_be_focused()
    link = page.get_by_role("link", name="Shopping")
    link.focus()
    ann.patch(f"/v1/conversations/{conversation['id']}", title="Shopping for two")
    expect(page.locator(".conversation-title")).to_have_text(["Shopping for two", "Trip"])
    expect(page.get_by_role("link", name="Shopping for two")).to_be_focused()
    page.locator("#open-accounts").click()
    chosen = page.locator(".choice").nth(1)
    chosen.focus()
    ann.patch(path, name="Café")
    expect(chosen).to_contain_text("Café")
    expect(chosen).to_be_focused()


def test_when_nothing_older_is_left_the_inbox_has_the_focus(site: Server, visit: Visitor) -> None:
    ann = site.person()
    for number in range(31):
        ann.post("/v1/events", type="note", payload={"number": number}, recipient_id=str(ann.id))
    page = visit(site).sign_in(ann.email)
    page.locator("#open-inbox").click()
    page.get_by_role("button", name="Show older").press("Enter")
    expect(page.locator("#events li")).to_have_count(31)
    expect(page.locator("#inbox .sheet-body")).to_be_focused()
