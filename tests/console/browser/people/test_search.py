# test_search.py -- what was said is found from the page, and each hit leads to its place.
from playwright.sync_api import expect

from support.api.accounts import Team
from support.api.groups import open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, expect_signed_in, say, settled
from support.servers import Server


def test_a_hit_leads_to_its_place_among_people(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin")
    for number in range(40):
        say_there(team.people["admin"], group, f"Early {number}")
    say_there(team.people["admin"], group, "The zebra <b>cake</b> is done")
    for number in range(60):
        said = say_there(team.people["admin"], group, f"Line {number}")
    team.people["member"].post(f"/v1/conversations/{group}/read", message_id=said["id"])
    page = visit(site).sign_in(team.people["member"].email)
    expect_signed_in(page)
    search = page.get_by_label("Search conversations and messages")
    search.fill("zebra <b>")
    hit = page.locator("#hit-list a")
    expect(hit).to_have_count(1)
    expect(hit.locator("bdi")).to_have_text(["Cakes", "The admin"])
    expect(hit.locator("mark").first).to_have_text("zebra")
    expect(hit).to_contain_text("The zebra <b>cake</b> is done")
    hit.click()
    expect(page.locator("#chat-title")).to_have_text("Cakes")
    place = page.locator(".is-place")
    expect(place.locator(".bubble")).to_contain_text("The zebra")
    expect(place).to_be_in_viewport()
    expect(place).to_be_focused()
    # The same hit leads there again.
    page.locator("#jump").click()
    expect(page.locator(".bubble").last).to_have_text("Line 59")
    expect(page.locator(".bubble").last).to_be_in_viewport()
    hit.click()
    expect(place).to_be_in_viewport()
    page.go_back()
    expect(page.locator("#chat-title")).to_have_text("New conversation")
    search.fill("giraffe")
    expect(page.locator("#hits")).to_contain_text("Nothing found.")
    search.fill("")
    expect(page.locator("#hits")).to_be_hidden()


def test_what_was_said_to_an_agent_and_tasks_are_found(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register())
    say(page, "add feed the zebra")
    expect(page.locator(".from-agent")).to_contain_text("Feed the zebra")
    settled(page)
    page.locator("#new-chat").click()
    expect(page.locator(".message")).to_have_count(0)
    page.get_by_label("Search conversations and messages").fill("zebra")
    expect(page.locator("#hit-list li")).to_have_count(3)
    page.locator("#hit-list li", has_text="You:").locator("a").click()
    expect(page.locator(".is-place .bubble")).to_have_text("add feed the zebra")
    page.locator("#hit-list li", has_text="Task").locator("button").click()
    expect(page.locator("#edit-title")).to_have_value("Feed the zebra")


def test_more_hits_are_shown_when_they_are_asked_for(site: Server, visit: Visitor, team: Team) -> None:
    group = open_group(team, "admin")
    for number in range(25):
        say_there(team.people["admin"], group, f"Zebra {number}")
    page = visit(site).sign_in(team.people["member"].email)
    page.get_by_label("Search conversations and messages").fill("zebra")
    expect(page.locator("#hit-list li")).to_have_count(20)
    page.locator("#hits-more").focus()
    page.locator("#hits-more").press("Enter")
    expect(page.locator("#hit-list li")).to_have_count(25)
    expect(page.locator("#hits-more")).to_be_hidden()
    expect(page.locator("#hit-list a").last).to_be_focused()
