# test_teams.py -- accounts in the page: a team is made, chosen, filled with people and agents, talked in and deleted.
from pathlib import Path

from playwright.sync_api import Page, expect

from support.api.accounts import join
from support.browsers import Visitor, say, settled
from support.servers import Server, serving, settings_for
from tools.registry import TOOLS


def open_accounts(page: Page) -> None:
    page.locator("#open-accounts").click()
    expect(page.get_by_role("heading", name="Accounts")).to_be_visible()


def press_twice(page: Page, name: str) -> None:
    """What cannot be undone asks once more."""
    page.get_by_role("button", name=name, exact=True).click()
    page.get_by_role("button", name=f"{name}: press again to do it").click()


def make_team(page: Page, name: str) -> None:
    open_accounts(page)
    page.get_by_label("Name of the team", exact=True).fill(name)
    page.get_by_role("button", name="Create", exact=True).click()
    expect(page.locator("#account-here")).to_have_text(name)
    expect(page.locator("#accounts")).to_be_hidden()


def open_team(page: Page, name: str) -> None:
    open_accounts(page)
    page.get_by_role("button", name=f"Members and agents of {name}").click()
    expect(page.locator("#team-title")).to_have_text(name)


def test_a_team_is_made_and_keeps_its_own_conversations(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register(display_name="Ann"))
    expect(page.locator("#account-here")).to_have_text("Personal")
    say(page, "add buy milk")
    settled(page)
    make_team(page, "Bakery")
    expect(page.locator("#conversations li")).to_have_count(0)
    say(page, "add order flour")
    settled(page)
    expect(page.locator(".conversation-title")).to_have_text(["add order flour"])
    page.reload()
    expect(page.locator("#account-here")).to_have_text("Bakery")
    expect(page.locator(".conversation-title")).to_have_text(["add order flour"])
    open_accounts(page)
    page.locator(".choice").first.click()
    expect(page.locator("#account-here")).to_have_text("Personal")
    expect(page.locator(".conversation-title")).to_have_text(["add buy milk"])


def test_somebody_is_invited_joins_gets_a_role_and_is_removed(site: Server, visit: Visitor) -> None:
    ann, ben = visit(site), visit(site)
    ben.expected += ["status of 404", "status of 403"]
    email = site.register(display_name="Ben")
    page, other = ann.sign_in(site.register(display_name="Ann")), ben.sign_in(email)
    make_team(page, "Bakery")
    open_team(page, "Bakery")
    page.get_by_label("Whom, by email").fill(email)
    page.get_by_role("button", name="Invite", exact=True).click()
    secret = page.get_by_label("Invitation", exact=True).input_value()
    expect(page.locator("#invitations li")).to_contain_text([email])
    open_accounts(other)
    other.get_by_label("Your invitation").fill("parley_invite_nonsense")
    other.get_by_role("button", name="Join", exact=True).click()
    expect(other.locator("#team-join-token-error")).to_contain_text("does not count for you")
    other.get_by_label("Your invitation").fill(secret)
    other.get_by_role("button", name="Join", exact=True).click()
    expect(other.locator("#account-here")).to_have_text("Bakery")
    # The open sheet of the other page follows.
    expect(page.locator("#members li")).to_have_count(2)
    expect(page.locator("#invitations li")).to_have_count(0)
    open_team(other, "Bakery")
    for part in ("#team-name", "#invitations-part", "#team-end", "#agent-new"):
        expect(other.locator(part)).to_be_hidden()
    page.get_by_label("Role of Ben").select_option("admin")
    expect(other.locator("#invitations-part")).to_be_visible()
    expect(other.locator("#team-end")).to_be_hidden()
    press_twice(page, "Remove Ben")
    expect(other.locator("#team")).to_be_hidden()
    expect(other.locator("#account-here")).to_have_text("Personal")
    expect(page.locator("#members li")).to_have_count(1)


def test_a_team_is_renamed_and_deleted_once_its_name_is_typed(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    visited.expected.append("status of 404")  # to the page that reads the new name while the team is deleted
    page = visited.sign_in(site.register(display_name="Ann"))
    make_team(page, "Bakery")
    open_team(page, "Bakery")
    page.get_by_label("Name of this account").fill("Café")
    page.locator("#team-name").get_by_role("button", name="Save").click()
    expect(page.locator("#account-here")).to_have_text("Café")
    page.get_by_label("Type the name of the team to confirm").fill("Bakery")
    page.get_by_role("button", name="Delete this team").click()
    expect(page.locator("#team-end-name-error")).to_be_visible()
    page.get_by_label("Type the name of the team to confirm").fill("Café")
    page.get_by_role("button", name="Delete this team").click()
    expect(page.locator("#team")).to_be_hidden()
    expect(page.locator("#account-here")).to_have_text("Personal")


def test_an_agent_is_made_talked_to_and_deleted(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register(display_name="Ann"))
    expect(page.locator("#agent-pick")).to_be_hidden()
    open_accounts(page)
    page.get_by_role("button", name="Members and agents of Ann").click()
    expect(page.locator("#agents li")).to_have_count(1)
    expect(page.locator("#members-part")).to_be_hidden()
    page.get_by_role("button", name="New agent").click()
    page.get_by_label("Name of the agent", exact=True).fill("Reader")
    expect(page.locator("#some-tools label")).to_have_text([tool.title for tool in TOOLS.values()])
    expect(page.get_by_label("Add task")).to_be_disabled()
    page.get_by_label("All, with those to come").uncheck()
    for tool in TOOLS.values():
        expect(page.get_by_label(tool.title)).to_be_checked()
        page.get_by_label(tool.title).set_checked(tool.name == "list_tasks")
    # There is one model: nothing to choose.
    expect(page.get_by_label("Model")).to_be_hidden()
    page.locator("#agent-form").get_by_role("button", name="Save").click()
    expect(page.locator("#agents li")).to_have_count(2)
    page.keyboard.press("Escape")
    page.get_by_label("Who answers").select_option("Reader")
    say(page, "add buy milk")
    settled(page)
    expect(page.locator("#chat-agent")).to_have_text("Reader")
    expect(page.locator("#messages")).to_contain_text("I can't do that here")
    expect(page.locator("#agent-pick")).to_be_hidden()
    # The chats of each agent; a new one is with the agent that is looked at.
    page.get_by_label("Conversations with").select_option("Parley")
    expect(page.locator("#conversations li")).to_have_count(0)
    say(page, "what is on my list?")
    settled(page)
    expect(page.locator("#chat-agent")).to_be_hidden()
    expect(page.locator(".conversation-title")).to_have_text(["what is on my list?"])
    page.get_by_label("Conversations with").select_option("Reader")
    expect(page.locator(".conversation-title")).to_have_text(["add buy milk"])
    page.get_by_label("Conversations with").select_option("All agents")
    expect(page.locator("#conversations li")).to_have_count(2)
    open_accounts(page)
    page.get_by_role("button", name="Members and agents of Ann").click()
    page.get_by_role("button", name="Edit Reader").click()
    expect(page.get_by_role("checkbox", checked=True)).to_have_count(1)
    expect(page.get_by_label("List tasks")).to_be_checked()
    page.get_by_label("Type the name of the agent to confirm").fill("Reader")
    page.get_by_role("button", name="Delete this agent").click()
    expect(page.locator("#agents li")).to_have_count(1)


def test_a_hosted_agent_is_given_one_of_the_operators_models(visit: Visitor, tmp_path: Path) -> None:
    settings = settings_for(
        f"sqlite:///{tmp_path / 'parley.db'}", model="ollama:first", models="ollama:second"
    )
    with serving(settings) as choosing:
        email = choosing.register(display_name="Ann")
        ann = choosing.sign_in(email)
        path = f"/v1/accounts/{ann.id}/agents"
        agent = ann.post(path, name="Support", instructions="Write \u202e so.", tools=["add_task"])
        page = visit(choosing).sign_in(email)
        open_accounts(page)
        page.get_by_role("button", name="Members and agents of Ann").click()
        edit = page.get_by_role("button", name="Edit Support")
        save = page.locator("#agent-form").get_by_role("button", name="Save")
        for chosen, name in (("ollama:second", "ollama:second"), ("", None)):
            edit.click()
            expect(page.get_by_label("Model").locator("option")).to_have_text(
                ["The operator's own (ollama:first)", "ollama:first", "ollama:second"]
            )
            page.get_by_label("Model").select_option(chosen)
            save.click()
            expect(page.locator("#agent")).to_have_count(0)
            # What was not touched is as it was.
            kept = ann.get(f"{path}/{agent['id']}")
            assert kept == {**agent, "model": name, "updated_at": kept["updated_at"]}


def test_a_program_answers_with_the_key_of_an_external_agent(site: Server, visit: Visitor) -> None:
    email = site.register(display_name="Ann")
    page = visit(site).sign_in(email)
    open_accounts(page)
    page.get_by_role("button", name="Members and agents of Ann").click()
    page.get_by_role("button", name="New agent").click()
    page.get_by_label("Name of the agent", exact=True).fill("Robot")
    page.get_by_label("Who thinks").select_option("external")
    expect(page.get_by_label("Instructions")).to_be_hidden()
    page.locator("#agent-form").get_by_role("button", name="Save").click()
    page.get_by_label("Name of the key").fill("laptop")
    page.get_by_role("button", name="Make a key").click()
    secret = page.get_by_label("Key", exact=True).input_value()
    expect(page.locator("#keys li")).to_contain_text(["laptop"])
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.get_by_label("Who answers").select_option("Robot")
    say(page, "how much?")
    expect(page.locator("#chat-agent")).to_have_text("Robot")
    expect(page.locator(".thinking")).to_have_text("Waiting for Robot …")
    page.reload()
    expect(page.locator(".thinking")).to_have_text("Waiting for Robot …")
    ann = site.sign_in(email)
    conversation = ann.get("/v1/conversations")["data"][0]["id"]
    bot = site.client(Authorization=f"Bearer {secret}")
    answer = bot.post(f"/v1/conversations/{conversation}/messages", json={"content": "Forty-two."})
    assert answer.status_code == 201
    expect(page.locator("#messages")).to_contain_text("Forty-two.")
    expect(page.locator(".thinking")).to_have_count(0)
    open_accounts(page)
    page.get_by_role("button", name="Members and agents of Ann").click()
    page.get_by_role("button", name="Edit Robot").click()
    press_twice(page, "Revoke the key laptop")
    expect(page.locator("#keys li")).to_have_count(0)
    assert bot.get("/v1/tasks").status_code == 401


def test_the_list_shows_what_a_member_may_see(site: Server, visit: Visitor) -> None:
    owner = site.person(display_name="Owner")
    team = owner.post("/v1/accounts", name="Bakery")["id"]
    email = site.register(display_name="Ann")
    join(owner, team, site.sign_in(email))
    owner.post(f"/v1/accounts/{team}/agents", name="Support", description="Answers customers")
    visited = visit(site)
    visited.expected.append("status of 404")  # of an account that one has just left
    page = visited.sign_in(email)
    open_team(page, "Bakery")
    expect(page.locator("#agents li")).to_have_count(2)
    expect(page.locator("#agents")).to_contain_text("Answers customers")
    expect(page.get_by_role("button", name="Edit Support")).to_have_count(0)
    expect(page.get_by_role("button", name="Remove Owner")).to_have_count(0)
    press_twice(page, "Leave this team")
    expect(page.locator("#team")).to_be_hidden()
