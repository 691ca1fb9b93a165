# test_agents.py -- agents among people: they speak under their names, and who has asked decides about their calls.
from playwright.sync_api import expect

from support.api.accounts import Team
from support.api.asking import add_hosted, open_group_with
from support.api.groups import open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, say, settled
from support.servers import Person, Server


def test_an_external_agent_speaks_as_anybody_does(site: Server, visit: Visitor, team: Team) -> None:
    agents = f"{team.path}/agents"
    agent = team.people["owner"].post(agents, name="Sales figures", kind="external")
    made = team.people["owner"].post(f"{agents}/{agent['id']}/tokens", name="key", scopes=["read", "write"])
    group = open_group(team, "owner")
    team.people["owner"].post(f"/v1/conversations/{group}/participants", user_id=agent["id"])
    program = Person(agent["id"], "", site.client(Authorization=f"Bearer {made['token']}"), {})
    asked = say_there(team.people["member"], group, "How was May?")
    page = visit(site).sign_in(team.people["member"].email, f"/#/c/{group}")
    expect(page.locator("#chat-title")).to_have_text("Cakes")
    say_there(program, group, "**Good**, @The member.", reply_to_id=asked["id"])
    answer = page.locator(".from-agent")
    expect(answer.locator(".sayer")).to_have_text("SSales figuresagent")
    expect(answer.locator("strong")).to_have_text("Good")
    expect(answer.locator(".mention.of-me")).to_have_text("@The member")
    expect(answer.locator(".quote")).to_contain_text("How was May?")
    # Live and after a reload alike.
    page.reload()
    expect(answer.locator(".sayer")).to_have_text("SSales figuresagent")
    expect(answer.locator(".quote")).to_contain_text("How was May?")
    answer.hover()
    answer.get_by_role("button", name="What to do with the message of Sales figures").click()
    expect(page.get_by_role("menuitem")).to_have_text(["Reply", "Copy", "Who has read it"])


def test_who_asks_a_hosted_agent_decides_about_its_calls(site: Server, visit: Visitor, team: Team) -> None:
    agent = add_hosted(team, "Clerk")
    group = open_group_with(team, agent, people=("admin",))
    member = visit(site).sign_in(team.people["member"].email, f"/#/c/{group}")
    admin = visit(site).sign_in(team.people["admin"].email, f"/#/c/{group}")
    for page in (member, admin):
        expect(page.locator("#chat-title")).to_have_text("Cakes")
    say(member, "@Clerk add buy milk")
    expect(member.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    expect(member.locator(".from-agent .sayer")).to_have_text("CClerkagent")
    expect(admin.locator("#typing")).to_have_text("Clerk is answering The member …")
    expect(admin.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    # Nobody waits for what somebody else has to decide.
    say(admin, "Meanwhile")
    expect(member.locator(".from-other .bubble")).to_have_text("Meanwhile")
    member.get_by_role("button", name="Approve", exact=True).click()
    settled(member)
    for page in (member, admin):
        expect(page.locator(".from-agent .quote")).to_contain_text("@Clerk add buy milk")
        expect(page.locator(".from-agent .sayer")).to_have_text("CClerkagent")
        expect(page.locator(".message").last).to_contain_text("Added “Buy milk”.")
        expect(page.locator(".tool")).to_have_count(1)
        page.locator(".tool summary").click()
    expect(admin.locator("#typing")).to_be_hidden()
    expect(member.locator(".tool")).to_contain_text("Buy milk")
    expect(admin.locator(".tool")).not_to_contain_text("ilk")
    expect(admin.locator(".tool")).to_contain_text("shown to who has asked")


def test_an_approval_among_people_waits_also_for_a_page_that_is_opened_later(
    site: Server, visit: Visitor, team: Team
) -> None:
    group = open_group_with(team, add_hosted(team, "Clerk"), add_hosted(team, "Cook"))
    say_there(team.people["member"], group, "@Clerk add buy milk")
    say_there(team.people["member"], group, "@Cook add buy bread")
    page = visit(site).sign_in(team.people["member"].email, f"/#/c/{group}")
    # Neither agent waits for what is to be decided for the other.
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(2)
    page.get_by_role("button", name="Deny").first.click()
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(1)
    page.get_by_role("button", name="Stop the answer").click()
    settled(page)
    expect(page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    expect(page.locator(".from-agent .sayer")).to_have_count(2)
