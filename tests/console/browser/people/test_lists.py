# test_lists.py -- people and groups in the list: what is unread there, and how it agrees with other tabs and the API.
from typing import Any

from playwright.sync_api import Page, expect

from support.api.accounts import Team
from support.api.groups import open_direct, open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, expect_signed_in
from support.servers import Server, wait_until


def choose_team(page: Page) -> None:
    page.locator("#open-accounts").click()
    page.locator(".choice", has_text="Bakery").click()
    expect(page.locator("#account-here")).to_have_text("Bakery")
    expect(page.locator("dialog")).to_have_count(0)


def get_row(page: Page, title: str) -> Any:
    return page.locator("#conversations a", has=page.locator(".conversation-title", has_text=title))


def test_people_and_groups_stand_among_the_conversations(site: Server, visit: Visitor, team: Team) -> None:
    member = team.people["member"]
    member.post("/v1/conversations", title="With an agent", account_id=team.id)
    open_direct(team, "admin", "member")
    page = visit(site).sign_in(member.email)
    choose_team(page)
    open_group(team, "admin")
    expect(page.locator(".conversation-title")).to_have_text(["Cakes", "The admin", "With an agent"])
    uses = page.locator("#conversations a use").evaluate_all(
        "(uses) => uses.map((use) => use.getAttribute('href'))"
    )
    assert uses == ["#i-group", "#i-person", "#i-chat"]
    # Those of people have a sheet for what is done with them.
    expect(page.locator("#conversations li .actions")).to_have_count(1)
    get_row(page, "The admin").click()
    expect(page.locator("#chat-title")).to_have_text("The admin")
    expect(page.locator("#open-audit")).to_be_hidden()


def test_unread_marks_agree_across_tabs_and_with_the_api(site: Server, visit: Visitor, team: Team) -> None:
    member, admin = team.people["member"], team.people["admin"]
    group, other = open_group(team, "admin"), open_group(team, "admin", title="Bread")
    visited = visit(site)
    first = visited.sign_in(member.email)
    choose_team(first)
    second = visited.tab()
    expect_signed_in(second)
    tabs = (first, second)

    def expect_unread(count: int, *, mentioned: bool = False) -> None:
        shown = f"{'@' if mentioned else ''}{count}" if count else ""
        words = (
            f", {count} unread message{'s' if count > 1 else ''}{', you are mentioned' if mentioned else ''}"
        )
        for page in tabs:
            mark = get_row(page, "Cakes").locator(".unread")
            if not count:
                expect(mark).to_have_count(0)
                continue
            expect(mark).to_have_text(shown + words)
        wait_until(lambda: member.get(f"/v1/conversations/{group}")["unread_count"] == count)
        assert member.get(f"/v1/conversations/{group}")["mentioned"] is mentioned

    said = [say_there(admin, group, f"Line {number}") for number in range(3)]
    expect_unread(3)
    say_there(admin, group, "And you, @the MEMBER?")
    expect_unread(4, mentioned=True)
    for page in tabs:
        expect(page).to_have_title("(1) New conversation · Parley")
    # Read in part elsewhere.
    member.post(f"/v1/conversations/{group}/read", message_id=said[1]["id"])
    expect_unread(2, mentioned=True)
    # A tab that is opened now counts alike.
    second.reload()
    expect_unread(2, mentioned=True)
    say_there(admin, other, "Elsewhere")
    get_row(first, "Cakes").click()
    expect(first.locator(".bubble").last).to_have_text("And you, @the MEMBER?")
    expect(first.locator(".new-mark")).to_have_count(1)
    expect(first.locator(".message", has=first.locator(".new-mark")).locator(".bubble")).to_have_text(
        "Line 2"
    )
    expect_unread(0)
    for page in tabs:
        expect(get_row(page, "Bread").locator(".number")).to_have_text("1")
    expect(first).to_have_title("(1) Cakes · Parley")
    # What comes while it is on the screen is read.
    say_there(admin, group, "One more")
    expect(first.locator(".bubble").last).to_have_text("One more")
    expect_unread(0)
    # What one says oneself is not new to oneself.
    say_there(member, other, "I have read it")
    for page in tabs:
        expect(page.locator(".unread")).to_have_count(0)
    expect(first).to_have_title("Cakes · Parley")


def test_what_waits_in_another_account_is_marked_at_the_switch(
    site: Server, visit: Visitor, team: Team
) -> None:
    group = open_group(team, "admin")
    page = visit(site).sign_in(team.people["member"].email)
    expect(page.locator("#account-here")).to_have_text("Personal")
    expect(page.locator("#accounts-unread")).to_be_hidden()
    said = say_there(team.people["admin"], group, "Hello")
    expect(page.locator("#accounts-unread")).to_be_visible()
    page.reload()
    expect(page.locator("#accounts-unread")).to_be_visible()
    team.people["member"].post(f"/v1/conversations/{group}/read", message_id=said["id"])
    expect(page.locator("#accounts-unread")).to_be_hidden()


def test_whoever_is_removed_sees_nothing_of_the_group_any_more(
    site: Server, visit: Visitor, team: Team
) -> None:
    group, other = open_group(team, "admin"), open_group(team, "admin", title="Bread")
    visited = visit(site)
    visited.expected.append("status of 404")  # what the page asked for when it was over
    page = visited.sign_in(team.people["admin"].email, f"/#/c/{group}")
    choose_team(page)
    get_row(page, "Cakes").click()
    say_there(team.people["member"], group, "A secret")
    expect(page.locator(".bubble")).to_have_text(["A secret"])
    team.people["member"].delete(f"/v1/conversations/{group}/participants/{team.people['admin'].id}")
    expect(page.locator(".bubble")).to_have_count(0)
    expect(page.locator(".toast")).to_contain_text("You do not take part in “Cakes” any more.")
    expect(page.locator(".conversation-title")).to_have_text(["Bread"])
    expect(page.locator("#chat-title")).to_have_text("New conversation")
    # Removed from the account.
    get_row(page, "Bread").click()
    expect(page.locator("#chat-title")).to_have_text("Bread")
    team.people["owner"].delete(team.path_of("admin"))
    expect(page.locator(".conversation-title")).to_have_count(0)
    expect(page.locator("#account-here")).to_have_text("Personal")
    assert other
