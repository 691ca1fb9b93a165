# test_messages.py -- what people say to each other in the page: live, with names, edits, replies and receipts.
from playwright.sync_api import Page, expect

from support.api.accounts import Team
from support.api.groups import open_direct, open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, say
from support.servers import Server


def open_there(visit: Visitor, site: Server, team: Team, who: str, conversation_id: str) -> Page:
    page = visit(site).sign_in(team.people[who].email, f"/#/c/{conversation_id}")
    expect(page.locator("#open-participants")).to_be_visible()
    return page


def choose(page: Page, text: str, what: str) -> None:
    """From the menu of a message."""
    item = page.locator(".message", has=page.locator(".bubble", has_text=text))
    item.hover()
    item.get_by_role("button", name="What to do with").click()
    page.get_by_role("menuitem", name=what).click()


def test_what_two_people_say_comes_to_both(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin")
    member = open_there(visit, site, team, "member", group)
    admin = open_there(visit, site, team, "admin", group)
    expect(member.locator("#composer-text")).to_have_attribute("placeholder", "Message Cakes")
    say(member, "Hello *all*")
    expect(admin.locator(".from-other .bubble")).to_have_text("Hello all")
    expect(admin.locator(".from-other em")).to_have_text("all")
    expect(admin.locator(".sayer bdi")).to_have_text("The member")
    expect(admin.locator(".from-other time")).to_be_visible()
    expect(admin.locator("#announcer")).to_contain_text("The member: Hello")
    expect(member.locator(".from-user .state")).to_have_text("Read by The admin")
    say(admin, "Hello yourself")
    for page in (member, admin):
        expect(page.locator(".bubble")).to_have_text(["Hello all", "Hello yourself"])


def test_a_message_is_edited_and_taken_back_for_everybody(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin")
    say_there(team.people["member"], group, "At thre")
    say_there(team.people["admin"], group, "Of the admin")
    member = open_there(visit, site, team, "member", group)
    admin = open_there(visit, site, team, "admin", group)
    choose(member, "At thre", "Edit")
    expect(member.locator("#about")).to_contain_text("Edit your message")
    expect(member.locator("#composer-text")).to_have_value("At thre")
    say(member, "At three")
    for page in (member, admin):
        expect(page.locator(".bubble").first).to_have_text("At three")
        expect(page.locator(".foot").first).to_contain_text("edited")
    expect(member.locator("#about")).to_be_hidden()
    # The last own message is one key away, and Escape gives back what was being written.
    member.locator("#composer-text").press("ArrowUp")
    expect(member.locator("#composer-text")).to_have_value("At three")
    member.locator("#composer-text").press("Escape")
    expect(member.locator("#composer-text")).to_have_value("")
    # What others have said can be neither edited nor taken back.
    item = member.locator(".from-other")
    item.hover()
    item.get_by_role("button", name="What to do with the message of The admin").click()
    expect(member.get_by_role("menuitem")).to_have_text(["Reply", "Copy", "Who has read it"])
    member.keyboard.press("Escape")
    expect(member.locator(".menu")).to_have_count(0)
    expect(item.get_by_role("button", name="What to do with")).to_be_focused()
    choose(member, "At three", "Take back")
    expect(admin.locator(".bubble").first).to_have_text("At three")
    member.get_by_role("menuitem", name="Take back: sure?").click()
    for page in (member, admin):
        expect(page.locator(".bubble").first).to_have_text("This message was taken back.")
    admin.reload()
    expect(admin.locator(".bubble")).to_have_text(["This message was taken back.", "Of the admin"])


def test_a_reply_shows_what_it_replies_to_and_leads_there(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin")
    first = say_there(team.people["admin"], group, "Shall we meet at three?")
    for number in range(70):
        last = say_there(team.people["admin"], group, f"Line {number}")
    team.people["member"].post(f"/v1/conversations/{group}/read", message_id=last["id"])
    page = open_there(visit, site, team, "member", group)
    expect(page.locator(".bubble")).to_have_count(50)
    choose(page, "Line 69", "Reply")
    expect(page.locator("#about")).to_contain_text("Reply to The admin")
    say(page, "This one")
    expect(page.locator(".quote")).to_have_text("The adminLine 69")
    expect(page.locator(".from-user .state")).to_have_text("Sent")
    assert team.people["member"].get(f"/v1/conversations/{group}")["last_message"]["reply_to_id"]
    # Of one that is not in the list the text is asked for, and the list begins there.
    say_there(team.people["admin"], group, "No: that one", reply_to_id=first["id"])
    expect(page.locator(".quote").last).to_contain_text("Shall we meet at three?")
    page.locator(".quote").last.click()
    expect(page.locator(".is-place .bubble")).to_have_text("Shall we meet at three?")
    expect(page.locator(".is-place")).to_be_focused()
    # What comes meanwhile stands at the end, to which a button leads back.
    say_there(team.people["admin"], group, "The newest")
    expect(page.locator("#jump")).to_have_class("jump news")
    expect(page.locator(".bubble", has_text="The newest")).to_have_count(0)
    page.locator("#jump").click()
    expect(page.locator(".bubble").last).to_have_text("The newest")
    expect(page.locator(".bubble").last).to_be_in_viewport()


def test_scrolling_down_from_a_place_leads_to_the_end(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin")
    first = say_there(team.people["admin"], group, "The first")
    for number in range(70):
        say_there(team.people["admin"], group, f"Line {number}")
    page = visit(site).sign_in(team.people["member"].email, f"/#/c/{group}/{first['id']}")
    expect(page.locator(".is-place .bubble")).to_have_text("The first")
    expect(page.locator(".bubble", has_text="Line 69")).to_have_count(0)
    page.locator("#scroller").evaluate("(box) => box.scrollTo(0, box.scrollHeight)")
    expect(page.locator(".bubble")).to_have_count(71)
    say_there(team.people["admin"], group, "And on")
    expect(page.locator(".bubble").last).to_have_text("And on")


def test_those_who_are_mentioned_are_marked_and_completed(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin", "owner")
    member = open_there(visit, site, team, "member", group)
    admin = open_there(visit, site, team, "admin", group)
    box = member.locator("#composer-text")
    box.press_sequentially("Hello @the")
    expect(member.get_by_role("option")).to_have_text(["The admin", "The owner"])
    expect(box).to_have_attribute("aria-activedescendant", "name-0")
    box.press("ArrowDown")
    expect(member.get_by_role("option", selected=True)).to_have_text("The owner")
    box.press("ArrowDown")
    box.press("Enter")
    expect(box).to_have_value("Hello @The admin ")
    expect(member.get_by_role("listbox")).to_have_count(0)
    box.press_sequentially("and **@the owner**, x@the owner")
    box.press("Escape")
    box.press("Enter")
    expect(admin.locator(".mention")).to_have_text(["@The admin", "@the owner"])
    expect(admin.locator(".mention.of-me")).to_have_text(["@The admin"])
    expect(admin.locator(".bubble strong .mention")).to_have_text("@the owner")
    expect(member.locator(".mention.of-me")).to_have_count(0)


def test_receipts_say_who_has_read_a_message(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin", "owner")
    member = open_there(visit, site, team, "member", group)
    say(member, "Who reads this?")
    receipt = member.locator(".from-user .state")
    expect(receipt).to_have_text("Sent")
    open_there(visit, site, team, "admin", group)
    expect(receipt).to_have_text("Read by The admin")
    receipt.click()
    sheet = member.locator("#deliveries-list li")
    expect(sheet).to_contain_text(["The adminRead ", "The ownerNot delivered yet"])
    open_there(visit, site, team, "owner", group)
    expect(sheet).to_contain_text(["The adminRead ", "The ownerRead "])
    member.keyboard.press("Escape")
    expect(receipt).to_be_focused()
    expect(receipt).to_have_text("Read by all")
    direct = open_direct(team, "member", "admin")
    member.goto(f"{site.base_url}/#/c/{direct}")
    expect(member.locator("#chat-title")).to_have_text("The admin")
    say(member, "Only you")
    expect(member.locator(".from-user .state")).to_have_text("Sent")
    said = team.people["member"].get(f"/v1/conversations/{direct}")["last_message"]
    team.people["admin"].post(f"/v1/conversations/{direct}/read", message_id=said["id"])
    expect(member.locator(".from-user .state")).to_have_text("Read")


def test_a_message_that_is_not_sent_is_kept_and_sent_again(site: Server, visit: Visitor, team: Team) -> None:
    visited = visit(site)
    visited.expected.append("ERR_")
    group = open_group(team, "admin")
    page = visited.sign_in(team.people["member"].email, f"/#/c/{group}")
    expect(page.locator("#open-participants")).to_be_visible()
    page.route("**/messages", lambda route: route.abort())
    say(page, "First")
    expect(page.locator(".from-user")).to_contain_text("Waits to be sent. The server cannot be reached.")
    say_there(team.people["admin"], group, "Meanwhile")
    expect(page.locator(".bubble")).to_have_text(["Meanwhile", "First"])
    page.unroute("**/messages")
    page.get_by_role("button", name="Send now").click()
    expect(page.locator(".from-user .state")).to_have_text("Sent")
    assert [
        row["content"] for row in team.people["admin"].get(f"/v1/conversations/{group}/messages")["data"]
    ] == ["Meanwhile", "First"]


def test_nobody_takes_the_place_of_a_message_that_is_not_stored_yet(
    site: Server, visit: Visitor, team: Team
) -> None:
    """All see the client_id of a message, and may give theirs the same."""
    visited = visit(site)
    visited.expected.append("ERR_")
    group = open_group(team, "admin")
    page = visited.sign_in(team.people["member"].email, f"/#/c/{group}")
    expect(page.locator("#open-participants")).to_be_visible()
    page.route("**/messages", lambda route: route.abort())
    with page.expect_request("**/messages") as asked:
        say(page, "Mine")
    waiting = page.locator(".from-user[data-state=waiting]")
    expect(waiting).to_be_visible()
    client_id = asked.value.post_data_json["client_id"]
    say_there(team.people["admin"], group, "Not mine", client_id=client_id)
    expect(page.locator(".from-other .bubble")).to_have_text("Not mine")
    expect(page.locator(".from-user .bubble")).to_have_text("Mine")
    expect(waiting).to_be_visible()


def test_who_is_typing_is_shown_until_they_have_said_it(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin", "owner")
    member = open_there(visit, site, team, "member", group)
    admin = open_there(visit, site, team, "admin", group)
    admin.clock.install()
    with member.expect_request("**/typing"):
        member.locator("#composer-text").press_sequentially("Hel")
    expect(admin.locator("#typing")).to_have_text("The member is typing …")
    expect(member.locator("#typing")).to_be_hidden()
    member.locator("#composer-text").press("Enter")
    expect(admin.locator(".bubble")).to_have_text(["Hel"])
    expect(admin.locator("#typing")).to_be_hidden()
    # It ends by itself, too.
    team.people["owner"].post(f"/v1/conversations/{group}/typing")
    expect(admin.locator("#typing")).to_have_text("The owner is typing …")
    admin.clock.fast_forward(6_000)
    expect(admin.locator("#typing")).to_be_hidden()
