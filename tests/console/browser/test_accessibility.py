# test_accessibility.py -- every view by axe's rules, in light and dark, and by keyboard alone.
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from support.api.accounts import make_people, make_team
from support.api.groups import open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, say, settled
from support.browsers import check_by_axe as check
from support.llm.scripted_model import ScriptedModel, call
from support.servers import PASSWORD, Server

PHONE = {"width": 360, "height": 740}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_in_any_view(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, scheme: str, size: dict[str, int]
) -> None:
    visited = visit(scripted_site, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    visited.expected.append("status of 401")
    page = visited.tab()
    check(page, "the sign-in page")
    page.get_by_role("button", name="Sign in", exact=True).click()
    check(page, "the sign-in page with errors")
    page.close()
    email = scripted_site.register(display_name="Ann")
    ann = scripted_site.sign_in(email)
    ids = [ann.post("/v1/tasks", title=f"Task {n}", description="Details")["id"] for n in range(3)]
    ann.patch(f"/v1/tasks/{ids[0]}", completed=True)
    ann.delete(f"/v1/tasks/{ann.post('/v1/tasks', title='Deleted')['id']}")
    page = visited.sign_in(email)
    check(page, "an empty conversation")
    model.answers = [
        [call("list_tasks", {})],
        [
            "# Title\n\nText with `code`, a [link](https://example.com).",
            "\n\n```\nx\n```\n\n| a | b |\n|--|--|\n| 1 | 2 |",
        ],
        [call("delete_task", {"task_id": ids[1]}, "a"), call("delete_task", {"task_id": ids[2]}, "b")],
    ]
    say(page, "show me everything")
    settled(page)
    page.locator(".tool summary").first.click()
    say(page, "delete them")
    expect(page.get_by_role("button", name="Approve all 2")).to_be_visible()
    check(page, "a conversation with questions")
    narrow = size["width"] < 800
    if narrow:
        page.get_by_role("button", name="Show tasks").click()
    page.get_by_role("button", name="All", exact=True).click()
    expect(page.locator(".task")).to_have_count(3)
    check(page, "the tasks")
    check_undo(page)
    page.locator(".task-text").first.click()
    check(page, "a task")
    page.keyboard.press("Escape")
    if narrow:
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Audit of this conversation").click()
    expect(page.locator(".moment").first).to_be_visible()
    check(page, "the audit")
    page.keyboard.press("Escape")
    if narrow:
        page.get_by_role("button", name="Show conversations").click()
    check(page, "the conversations")
    page.locator("#open-settings").click()
    expect(page.locator("#sessions li").first).to_be_visible()
    check(page, "the settings")
    page.keyboard.press("Escape")
    check_team(page, narrow=narrow)


def check_undo(page: Page) -> None:
    page.locator(".task-check").last.click()
    expect(page.locator(".toast")).to_be_visible()
    check(page, "a notice with Undo")
    page.get_by_role("button", name="Recently deleted").click()
    expect(page.locator("#deleted-list li")).to_have_count(1)
    check(page, "what was deleted")
    page.keyboard.press("Escape")


def check_team(page: Page, *, narrow: bool) -> None:
    """The sheets of accounts, one account, an agent and the inbox."""
    page.locator("#open-accounts").click()
    check(page, "the accounts")
    page.get_by_label("Name of the team", exact=True).fill("Bakery")
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#account-here")).to_have_text("Bakery")
    if narrow:
        page.get_by_role("button", name="Show conversations").click()
    page.locator("#open-accounts").click()
    page.get_by_role("button", name="Members and agents of Bakery").click()
    page.get_by_label("Whom, by email").fill("ben@example.com")
    page.get_by_role("button", name="Invite", exact=True).click()
    expect(page.get_by_label("Invitation", exact=True)).to_be_visible()
    check(page, "a team")
    page.get_by_role("button", name="New agent").click()
    page.get_by_label("Name of the agent", exact=True).fill("Robot")
    check(page, "a new agent")
    page.get_by_label("Who thinks").select_option("external")
    page.locator("#agent-form").get_by_role("button", name="Save").click()
    page.get_by_label("Name of the key").fill("laptop")
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_label("Key", exact=True)).to_be_visible()
    check(page, "an agent with a key")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator("#open-inbox").click()
    check(page, "the inbox")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_among_people(
    site: Server, visit: Visitor, scheme: str, size: dict[str, int]
) -> None:
    team = make_team(make_people(site, "owner", "admin", "member"))
    group, other = open_group(team, "admin"), open_group(team, "admin", title="Bread")
    first = say_there(team.people["admin"], group, "Who brings **the cake**, @The member?")
    said = say_there(team.people["member"], group, "I do", reply_to_id=first["id"])
    team.people["admin"].post(f"/v1/conversations/{group}/read", message_id=said["id"])
    team.people["admin"].http.delete(f"/v1/messages/{say_there(team.people['admin'], group, 'Oh')['id']}")
    team.people["admin"].patch(f"/v1/messages/{first['id']}", content="Who brings **cake**, @The member?")
    visited = visit(site, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    page = visited.sign_in(team.people["member"].email, f"/#/c/{group}")
    expect(page.locator(".from-user .state")).to_have_text("Read by The admin")
    say_there(team.people["admin"], other, "Hello @The member")
    team.people["admin"].post(f"/v1/conversations/{group}/typing")
    expect(page.locator("#typing")).to_be_visible()
    check(page, "a group")
    page.locator(".message").first.hover()
    page.get_by_role("button", name="What to do with").first.click()
    check(page, "the menu of a message")
    page.get_by_role("menuitem", name="Reply").click()
    check(page, "a reply")
    page.locator("#composer-text").press_sequentially("@the")
    expect(page.get_by_role("listbox")).to_be_visible()
    check(page, "the names that fit")
    page.locator("#composer-text").press("Escape")
    page.locator(".from-user .state").click()
    expect(page.locator("#deliveries-list li")).to_have_count(1)
    check(page, "the receipts")
    page.keyboard.press("Escape")
    page.locator("#open-participants").click()
    expect(page.locator("#people li")).to_have_count(2)
    check(page, "those who take part")
    page.keyboard.press("Escape")
    if size["width"] < 800:
        page.get_by_role("button", name="Show conversations").click()
    page.locator("#open-accounts").click()
    page.locator(".choice", has_text="Bakery").click()
    expect(page.locator("#account-here")).to_have_text("Bakery")
    if size["width"] < 800:
        page.get_by_role("button", name="Show conversations").click()
    expect(page.locator(".mentioned")).to_be_visible()
    page.get_by_label("Search conversations and messages").fill("cake")
    expect(page.locator("#hit-list li")).to_have_count(1)
    check(page, "the conversations, and the hits of a search")
    page.locator("#new-people").click()
    page.get_by_label("A group").check()
    check(page, "a new group")


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1440])
def test_nothing_sticks_out_at_any_width(site: Server, visit: Visitor, width: int) -> None:
    email = site.register()
    chat = site.sign_in(email).chat("add a " + "very" * 40 + " long task")
    page = visit(site, viewport={"width": width, "height": 800}).sign_in(
        email, f"/#/c/{chat['conversation_id']}"
    )
    expect(page.locator(".from-agent")).to_have_count(1)
    expect_inside(page, width)


def expect_inside(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("#scroller").evaluate("box => box.scrollWidth <= box.clientWidth")


@pytest.mark.parametrize("width", [360, 768, 1440])
def test_nothing_of_people_sticks_out_at_any_width(site: Server, visit: Visitor, width: int) -> None:
    long = "very" * 50
    people = {name: site.person(display_name=f"{name} {long}"[:100]) for name in ("owner", "member")}
    team = make_team(people)
    group = open_group(team, "owner", title=f"Cakes {long}")
    first = say_there(people["owner"], group, f"{long} {long}\n\n| a | b |\n|--|--|\n| {long} | {long} |")
    say_there(
        people["member"],
        group,
        f"@{people['owner'].get('/v1/me')['display_name']} {long}",
        reply_to_id=first["id"],
    )
    page = visit(site, viewport={"width": width, "height": 800}).sign_in(
        people["owner"].email, f"/#/c/{group}"
    )
    expect(page.locator(".quote")).to_contain_text("very")
    expect(page.locator(".from-user .table")).to_have_count(1)
    expect_inside(page, width)
    page.locator(".from-other").hover()
    page.get_by_role("button", name="What to do with the message of").click()
    page.get_by_role("menuitem", name="Reply").click()
    page.locator("#composer-text").press_sequentially("@mem")
    expect(page.get_by_role("option")).to_have_count(1)
    expect_inside(page, width)
    page.locator("#composer-text").press("Escape")
    for sheet in ("#open-participants", ".from-user .state"):
        page.locator(sheet).click()
        body = page.locator(".sheet-body")
        expect(body.locator("li").first).to_be_visible()
        assert body.evaluate("box => box.scrollWidth <= box.clientWidth"), sheet
        page.keyboard.press("Escape")


def test_the_keyboard_is_enough(site: Server, visit: Visitor) -> None:
    email = site.register()
    page = visit(site).tab()
    press = page.keyboard.press

    def reach(found: Callable[[], bool]) -> None:
        for _ in range(60):
            if found():
                return
            press("Tab")
        raise AssertionError("the keyboard does not get there")

    def at(selector: str) -> Callable[[], bool]:
        return lambda: bool(page.evaluate("(s) => document.activeElement.matches(s)", selector))

    page.keyboard.type(email)
    press("Tab")
    page.keyboard.type(PASSWORD)
    press("Enter")
    expect(page.get_by_label("Message", exact=True)).to_be_focused()
    page.keyboard.type("add buy milk")
    press("Enter")
    settled(page)
    expect(page.locator("#announcer")).to_contain_text("Parley answered: Added")
    page.locator("#new-chat").focus()
    reach(at(".tool summary"))
    press("Enter")
    expect(page.locator(".tool dl")).to_be_visible()
    expect(page.locator(".task-check")).to_be_visible()
    reach(at(".task-check"))
    press("Space")
    expect(page.locator(".task-title")).to_have_count(0)
    page.locator("#open-settings").focus()
    press("Enter")
    expect(page.get_by_role("heading", name="Settings")).to_be_visible()
    press("Escape")
    expect(page.locator("#open-settings")).to_be_focused()
