# test_direction.py -- text that runs the other way, or pretends to: it turns nothing around but itself.
from playwright.sync_api import Locator, Page, expect

from support.api.accounts import make_team
from support.api.groups import open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, say, settled
from support.llm.scripted_model import ScriptedModel, call
from support.servers import Server

OVERRIDE = "\u202e"
TURNS = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
# Reads "Pay Bob" where the override is obeyed.
TITLE = f"Delete {OVERRIDE}boB yaP"
SHOWN = "Delete [U+202E]boB yaP"
HEBREW = "לקנות חלב"
# Where each letter stands, from left to right, as the browser has painted it.
PAINTED = """(element) => {
  const letters = [];
  const nodes = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
  while (nodes.nextNode()) {
    const text = nodes.currentNode;
    for (let at = 0; at < text.length; at += 1) {
      const range = document.createRange();
      range.setStart(text, at);
      range.setEnd(text, at + 1);
      const box = range.getBoundingClientRect();
      if (box.width) letters.push([Math.round(box.top), box.left, text.data[at]]);
    }
  }
  letters.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  return letters.map((letter) => letter[2]).join("").replace(/\\s+/g, " ").trim();
}"""


def painted(locator: Locator) -> str:
    expect(locator).to_be_visible()
    text: str = locator.evaluate(PAINTED)
    return text


def asking(page: Page) -> Locator:
    expect(page.get_by_role("button", name="Approve", exact=True)).to_be_visible()
    return page.locator(".question")


def test_an_override_in_a_title_does_not_turn_an_approvals_words_around(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    email = scripted_site.register(display_name=f"Ann{OVERRIDE}")
    ann = scripted_site.sign_in(email)
    ann.patch("/v1/me", approval="always")
    task = ann.post("/v1/tasks", title=TITLE, description=f"{TURNS}unclosed")
    ann.post("/v1/conversations", title=TITLE)
    model.answers = [
        [call("update_task", {"task_id": task["id"], "title": TITLE})],
        [f"See [{TITLE}](https://example.com/a) now.\n\n- {TURNS}one\n- two\n\n{HEBREW}"],
    ]
    page = visit(scripted_site).sign_in(email)
    say(page, f"{TURNS}delete that")
    question = asking(page)
    expect(question.locator(".question-gist")).to_have_text(SHOWN)
    assert painted(question.locator(".question-gist")) == SHOWN
    question.locator("summary").click()
    arguments = painted(question.locator("pre"))
    assert r'"title": "Delete \u202eboB yaP"' in arguments
    assert painted(page.locator(".task-title")) == SHOWN
    assert painted(page.locator(".task-description")) == "[U+202D][U+202E]unclosed"
    assert painted(page.locator(".conversation-title").last) == SHOWN
    assert painted(page.locator("#account-name")) == "Ann[U+202E]"
    assert painted(page.locator(".bubble")) == "[U+202D][U+202E]delete that"
    page.get_by_role("button", name="Deny").click()
    settled(page)
    expect(page.locator(".from-agent a")).to_have_text(SHOWN)
    assert painted(page.locator(".from-agent .markdown p").first) == f"See {SHOWN} now."
    assert painted(page.locator(".from-agent .markdown li").first) == "[U+202D][U+202E]one"
    page.locator(".conversation-title").last.click()
    expect(page.locator("#chat-title")).to_have_text(SHOWN)
    assert page.title() == f"{SHOWN} · Parley"
    # Nothing on the page, seen or spoken, has a character left that turns others.
    whole: str = page.evaluate("document.documentElement.outerHTML")
    assert not set(whole) & set(TURNS)


def test_an_override_among_people_does_not_turn_the_words_around_it(site: Server, visit: Visitor) -> None:
    people = {name: site.person(display_name=f"{name}{OVERRIDE}x") for name in ("owner", "member")}
    team = make_team(people, TITLE)
    group = open_group(team, "owner", title=TITLE)
    first = say_there(people["member"], group, f"{TURNS}@owner{OVERRIDE}x")
    say_there(people["owner"], group, f"{TURNS}yes", reply_to_id=first["id"])
    page = visit(site).sign_in(people["owner"].email, f"/#/c/{group}")
    expect(page.locator("#chat-title")).to_have_text(SHOWN)
    assert painted(page.locator("#chat-title")) == SHOWN
    assert painted(page.locator(".sayer bdi")) == "member[U+202E]x"
    assert painted(page.locator(".mention")) == "@owner[U+202E]x"
    assert painted(page.locator(".quote bdi")) == "member[U+202E]x"
    page.locator(".from-other").hover()
    page.get_by_role("button", name="What to do with the message of").click()
    page.get_by_role("menuitem", name="Reply").click()
    assert painted(page.locator(".about-what")) == "Reply to member[U+202E]x"
    page.locator("#composer-text").press_sequentially("@mem")
    assert painted(page.get_by_role("option")) == "member[U+202E]x"
    page.locator("#composer-text").press("Escape")
    page.locator("#open-participants").click()
    assert painted(page.locator("#people li p bdi", has_text="member")) == "member[U+202E]x"
    whole: str = page.evaluate("document.documentElement.outerHTML")
    assert not set(whole) & set(TURNS)


def test_text_that_runs_from_right_to_left_does_so_and_nothing_else_does(
    site: Server, visit: Visitor
) -> None:
    email = site.register(display_name=HEBREW)
    ann = site.sign_in(email)
    ann.post("/v1/tasks", title=HEBREW, description=f"{HEBREW} 123")
    ann.chat(f"{HEBREW}!")
    page = visit(site).sign_in(email)
    page.locator(".conversation-title").first.click()
    for place in (".bubble", ".task-title", ".task-description", ".conversation-title", "#account-name"):
        expect(page.locator(place).first).to_have_css("direction", "rtl")
    expect(page.locator(".hint")).to_have_css("direction", "ltr")
    page.get_by_label("Message", exact=True).fill(HEBREW)
    expect(page.get_by_label("Message", exact=True)).to_have_css("direction", "rtl")
    # The mark of the end stands at the left, where the sentence ends.
    assert painted(page.locator(".bubble")).startswith("!")
