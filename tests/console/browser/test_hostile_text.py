# test_hostile_text.py -- scripts in every text that the page shows: shown, never run.
from collections.abc import Callable

from playwright.sync_api import Page, expect

from llm.protocol import ModelError
from support.api.accounts import make_team
from support.api.groups import open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, expect_signed_in, say, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import PASSWORD, Server, ok

HOSTILE = (
    '"><img src=x onerror="window.hit=1"><script>window.hit=1</script><svg onload=window.hit=1>\'{{7*7}}'
)
MARKDOWN = f"[click](javascript:window.hit=1) ![x](https://evil.example/x.png) <b>{HOSTILE}</b>\n\n```\n{HOSTILE}\n```"


def unharmed(page: Page) -> None:
    assert page.evaluate("window.hit") is None
    assert page.locator("img, script:not([src]), iframe, object, [onerror], [onload]").count() == 0
    assert page.locator('a[href^="javascript" i]').count() == 0


def test_what_people_and_agents_write_is_shown_and_not_run(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register(display_name=HOSTILE[:100])
    ann = scripted_site.sign_in(email)
    ann.post("/v1/tasks", title=HOSTILE, description=HOSTILE)
    ann.post("/v1/conversations", title=HOSTILE)
    gone = {"task_id": HOSTILE}
    model.answers = [
        [
            call("add_task", {"title": HOSTILE, "description": HOSTILE}),
            call("list_tasks", {"q": HOSTILE}, "c2"),
        ],
        [call("complete_task", gone, "c3"), call(HOSTILE, {HOSTILE: HOSTILE}, "c4")],
        [MARKDOWN],
        [ModelError(HOSTILE, transient=False)],
    ]
    page = visit(scripted_site).sign_in(email)
    say(page, HOSTILE)
    settled(page)
    expect(page.locator(".bubble")).to_have_text(HOSTILE)
    expect(page.locator(".from-agent .code")).to_contain_text("onerror")
    say(page, "and now fail")
    expect(page.locator(".from-agent").last).to_contain_text("onerror")
    settled(page)
    for summary in page.locator(".tool summary").all():
        summary.click()
    expect(page.locator(".task-title").first).to_have_text(HOSTILE)
    expect(page.locator(".conversation-title").first).to_contain_text("onerror")
    steps: list[Callable[[], object]] = [
        page.reload,
        lambda: expect(page.locator(".conversation-title")).to_have_count(2),
        page.locator(".conversation-title", has_text="onerror").last.click,
        page.go_back,
        lambda: page.get_by_role("button", name="Audit of this conversation").click(),
        lambda: expect(page.locator("#audit")).to_be_visible(),
        lambda: page.keyboard.press("Escape"),
        lambda: page.locator("#open-settings").click(),
        lambda: expect(page.locator("#settings")).to_be_visible(),
        lambda: page.keyboard.press("Escape"),
        page.locator(".task-text").first.click,
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_label("Filter tasks").fill(HOSTILE),
        lambda: page.get_by_label("Search conversations").fill(HOSTILE),
        page.locator(".conversations li").first.hover,
        lambda: page.locator(".conversations .icon-button").nth(1).click(),
    ]
    for step in steps:
        step()
        page.wait_for_load_state()
        expect_signed_in(page)
        unharmed(page)
    expect(page.locator(".toast")).to_contain_text("onerror")


def test_what_people_say_to_each_other_is_shown_and_not_run(site: Server, visit: Visitor) -> None:
    people = {name: site.person(display_name=f"{name[0]}{HOSTILE}"[:100]) for name in ("owner", "member")}
    team = make_team(people, HOSTILE[:100])
    group = open_group(team, "owner", title=HOSTILE)
    name = people["owner"].get("/v1/me")["display_name"]
    say_there(people["member"], group, f"@{name}")
    first = say_there(people["member"], group, MARKDOWN)
    say_there(people["member"], group, HOSTILE, reply_to_id=first["id"])
    page = visit(site).sign_in(people["owner"].email, f"/#/c/{group}")
    expect(page.locator("#chat-title")).to_have_text(HOSTILE)
    expect(page.locator(".quote")).to_contain_text("onerror")
    expect(page.locator(".bubble").last).to_have_text(HOSTILE)
    expect(page.locator(".mention.of-me")).to_have_text(f"@{name}")
    steps: list[Callable[[], object]] = [
        page.locator(".message").last.hover,
        page.get_by_role("button", name="What to do with the message").last.click,
        page.get_by_role("menuitem", name="Reply").click,
        lambda: page.locator("#composer-text").press_sequentially('@m"'),
        lambda: expect(page.get_by_role("option")).to_contain_text("onerror"),
        lambda: page.locator("#composer-text").press("Escape"),
        lambda: people["member"].post(f"/v1/conversations/{group}/typing"),
        lambda: expect(page.locator("#typing")).to_contain_text("onerror"),
        lambda: say(page, HOSTILE),
        page.locator(".from-user button.state").last.click,
        lambda: expect(page.locator("#deliveries-list")).to_contain_text("onerror"),
        lambda: page.keyboard.press("Escape"),
        page.locator("#open-participants").click,
        lambda: expect(page.locator("#people li")).to_have_count(2),
        lambda: page.keyboard.press("Escape"),
        lambda: page.get_by_label("Search conversations and messages").fill("evil"),
        lambda: expect(page.locator("#hit-list")).to_contain_text("evil"),
        page.locator("#new-people").click,
        lambda: expect(page.locator("#begin")).to_be_visible(),
        lambda: page.keyboard.press("Escape"),
        page.locator("#open-accounts").click,
        page.locator(".choice").last.click,
        page.locator("#new-people").click,
        lambda: expect(page.locator("#begin-list")).to_contain_text("onerror"),
    ]
    for step in steps:
        step()
        expect_signed_in(page)
        unharmed(page)


def test_an_email_is_shown_and_not_run(site: Server, visit: Visitor) -> None:
    email = f'"<img/src=x/onerror=window.hit=1>"{"x"}@example.com'
    visited = visit(site)
    answer = site.client().post("/v1/auth/register", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 422
    visited.expected += ["status of 422", "status of 401"]
    site.register()
    page = visited.tab()
    page.get_by_role("button", name="Create an account").click()
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account").click()
    expect(page.locator("#sign-in-email-error")).to_be_visible()
    unharmed(page)
    # What is allowed in an email: it stands in the page wherever the name would.
    odd = "o'&`{x}$=img*@example.com"
    ok(site.client().post("/v1/auth/register", json={"email": odd, "password": PASSWORD}))
    page.reload()
    page = visited.sign_in(odd)
    expect(page.locator("#account-name")).to_have_text(odd)
    page.locator("#open-settings").click()
    expect(page.locator("#profile-email")).to_have_text(odd)
    unharmed(page)
