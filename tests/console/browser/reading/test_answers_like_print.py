# test_answers_like_print.py -- an answer with Markdown while it streams, and after: what is closed stays as it is.
import json
import re
import threading
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, Route, expect

from support.browsers import Visitor, say, settled
from support.llm.scripted_model import ScriptedModel
from support.servers import Server

SIZES = {"desk": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}
ANSWER = """# Migrating the **plan**

The first paragraph tells `what` is to be done, and [why](https://example.com/why).

1. Stop the server, which takes a moment.
2. Copy the database:
   - the file
   - its journal
3. Start it again.

| Column | Type | Default |
| --- | :--: | --: |
| connection_string | string | localhost |
| debug | boolean | false |

```python
def migrate(source, target):
    # every row once
    for row in source:
        target.write(row)

    return len(target)
```

> Nobody has lost a row so far.
> At least nobody has said so.

- [x] backed up
- [ ] told everybody[^1]

The cost is $n \\cdot \\log n$, see www.example.com/cost and ![the curve](https://example.com/curve.png).

$$
\\sum_{i=0}^{n} i
$$

[^1]: By a *letter*.
"""
EVERYTHING = ".from-agent .markdown:has(math[display=block]):has(.note):has(.hl-k)"


def texts_of(request: Request) -> list[str]:
    body: dict[str, Any] = json.loads(request.post_data or "{}")
    texts: list[str] = body["texts"]
    return texts


def pieces(text: str, size: int = 7) -> list[str]:
    return [text[at : at + size] for at in range(0, len(text), size)]


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_closed_block_is_rendered_once_and_keeps_the_selection(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, size: dict[str, int]
) -> None:
    begun, middle = threading.Event(), threading.Event()
    cut = ANSWER.index("| debug")
    first = ANSWER.index("2. Copy")
    model.answers = [
        [*pieces(ANSWER[:first]), begun, *pieces(ANSWER[first:cut]), middle, *pieces(ANSWER[cut:])]
    ]
    page = visit(scripted_site, viewport=size).sign_in(scripted_site.register())
    sent: list[Request] = []
    page.on("request", lambda request: request.url.endswith("/v1/render") and sent.append(request))
    say(page, "how do I migrate?")
    paragraph = page.locator(".from-agent .markdown p", has_text="The first paragraph")
    expect(paragraph.locator("code")).to_have_text("what")
    expect(paragraph.locator("a[target=_blank]")).to_have_attribute("rel", "noopener nofollow")
    # The item that is open is one already.
    expect(page.locator(".from-agent .markdown > ol > li")).to_have_text(
        "Stop the server, which takes a moment."
    )
    paragraph.evaluate("(node) => { getSelection().selectAllChildren(node); window.kept = node; }")
    begun.set()
    expect(page.locator(".from-agent .markdown > ol > li")).to_have_count(3)
    expect(page.locator(".from-agent tbody tr")).to_have_count(1)
    expect(page.locator(".from-agent tbody td").first).to_have_text("connection_string")
    middle.set()
    settled(page)
    expect(page.locator(EVERYTHING)).to_have_count(1)
    assert page.evaluate("getSelection().toString()").startswith("The first paragraph tells what")
    assert page.evaluate("window.kept.isConnected")
    assert page.locator(".from-agent .markdown > ol").count() == 1
    # Each block is asked for once, and what goes over the wire is hardly longer than the answer.
    asked = [text for request in sent for text in texts_of(request)]
    assert len(asked) == len(set(asked))
    assert sum(len(request.post_data or "") for request in sent) <= 1.2 * len(ANSWER)


def test_an_answer_of_11000_characters_costs_hardly_more_than_itself(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    long = "\n\n".join(f"## Part {n}\n\n{ANSWER}" for n in range(15))
    assert len(long) > 11_000
    model.answers = [pieces(long, 50)]
    page = visit(scripted_site).sign_in(scripted_site.register())
    sent: list[Request] = []
    page.on("request", lambda request: request.url.endswith("/v1/render") and sent.append(request))
    say(page, "tell me much")
    settled(page)
    expect(page.locator(".from-agent math[display=block]")).to_have_count(15)
    assert sum(len(request.post_data or "") for request in sent) <= 1.2 * len(long)


def test_no_finished_line_shows_the_marks_of_code_or_of_a_table(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    lines = ANSWER.splitlines(keepends=True)
    gates = [threading.Event() for _ in lines]
    model.answers = [[part for line, gate in zip(lines, gates, strict=True) for part in (line, gate)]]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "how do I migrate?")
    shown = page.locator(".from-agent .markdown").first
    for line, gate in zip(lines, gates, strict=True):
        words = re.findall(r"[a-z_]{5,}", line)
        if words and "http" not in line and "cdot" not in line and "sum" not in line:
            expect(shown).to_contain_text(words[-1])
        if line.startswith("```python"):
            expect(page.locator(".from-agent .code-language")).to_have_text("python")
        text = shown.inner_text()
        assert "```" not in text and "|" not in text and "---" not in text, text
        gate.set()
    settled(page)


def test_code_is_code_from_its_first_line_and_its_buttons_keep_the_focus(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gates = [threading.Event() for _ in range(2)]
    long = "x = 1  # " + "a long line " * 30
    model.answers = [["```py", "thon\nimport this\n", gates[0], f"{long}\n", gates[1], "```\n\nDone."]]
    visited = visit(scripted_site)
    visited.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visited.sign_in(scripted_site.register())
    say(page, "some code")
    code = page.locator(".from-agent .code")
    expect(code.locator("pre code")).to_have_text("import this")
    expect(code.locator(".code-language")).to_have_text("python")
    copy = code.get_by_role("button", name="Copy the code")
    copy.focus()
    gates[0].set()
    expect(code.locator("pre")).to_contain_text("a long line")
    expect(copy).to_be_focused()
    gates[1].set()
    settled(page)
    expect(code.locator(".hl-k")).to_have_text("import")
    expect(copy).to_be_focused()
    copy.click()
    expect(page.locator("#announcer")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()").rstrip() == f"import this\n{long}".rstrip()
    pre = code.locator("pre")
    assert pre.evaluate("(box) => box.scrollWidth > box.clientWidth")
    wrap = code.get_by_role("button", name="Wrap long lines")
    wrap.click()
    expect(wrap).to_have_attribute("aria-pressed", "true")
    assert pre.evaluate("(box) => box.scrollWidth <= box.clientWidth")
    # What is read aloud has no marks.
    expect(page.get_by_role("group", name="python")).to_be_visible()


def test_the_head_of_long_code_stays_in_sight(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    model.answers = [["```python\n" + "".join(f"line_{n} = {n}\n" for n in range(80)) + "```\n"]]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "much code")
    settled(page)
    expect(page.locator(".from-agent .hl-n").last).to_be_visible()
    page.locator("#scroller").evaluate("(box) => { box.scrollTop = box.scrollHeight / 2; }")
    expect(page.get_by_role("button", name="Copy the code")).to_be_in_viewport()


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_no_word_in_a_table_is_broken(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, size: dict[str, int]
) -> None:
    head = "| " + " | ".join(f"column_{n}" for n in range(8)) + " |\n" + "|---" * 8 + "|\n"
    model.answers = [[head + "| " + " | ".join(f"connection_string_{n}" for n in range(8)) + " |\n"]]
    page = visit(scripted_site, viewport=size).sign_in(scripted_site.register())
    say(page, "a table")
    settled(page)
    expect(page.locator(".from-agent td")).to_have_count(8)
    broken = page.locator(".from-agent :is(td, th)").evaluate_all(
        """(cells) => cells.filter((cell) => {
          const range = document.createRange();
          range.selectNodeContents(cell);
          return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
        }).map((cell) => cell.textContent)"""
    )
    assert broken == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_runs_from_right_to_left_begins_at_the_right(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    arabic = "- اشتر الحليب\n- اتصل بأمي\n\n> قال ذلك\n\nEnglish again.\n"
    model.answers = [[*pieces(arabic, 3)]]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "بالعربية")
    settled(page)
    expect(page.locator(".from-agent li")).to_have_count(2)
    for place in (".from-agent ul", ".from-agent li", ".from-agent blockquote", ".bubble"):
        expect(page.locator(place).first).to_have_css("direction", "rtl")
    expect(page.locator(".from-agent .markdown > p").last).to_have_css("direction", "ltr")
    edges = page.locator(".from-agent ul").evaluate(
        "(list) => [list.getBoundingClientRect().right - list.firstElementChild.getBoundingClientRect().right,"
        " list.firstElementChild.getBoundingClientRect().left - list.getBoundingClientRect().left]"
    )
    assert edges[0] > 10 and edges[1] < 1  # room for the bullet at the right, and none at the left


def test_thoughts_are_folded_and_a_note_is_one_press_away(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    gate = threading.Event()
    model.answers = [
        ["<think>\nThey want **much**.", gate, "\n\n- so be it\n</think>\n\nHere[^1] it is.\n\n[^1]: Or not."]
    ]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "think")
    thought = page.locator(".from-agent details.thought")
    expect(thought).to_be_visible()
    expect(thought.locator("strong")).to_be_hidden()
    gate.set()
    settled(page)
    expect(page.locator("#announcer")).to_contain_text("answered: Here1 it is.")
    thought.locator("summary").click()
    expect(thought.locator("li")).to_have_text("so be it")
    expect(page.locator(".from-agent")).not_to_contain_text("think>")
    page.get_by_role("button", name="Note 1").click()
    expect(page.locator(".from-agent .note")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Note 1")).to_be_focused()
    assert "#/c/" in page.url


def test_a_link_may_have_its_address_at_the_end(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    model.answers = [
        [
            "See [the plan] and [more][2].\n\nText.\n\n",
            "[the plan]: https://example.com/plan\n[2]: https://example.com/2\n",
        ]
    ]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "links")
    settled(page)
    for _ in range(2):
        expect(page.locator(".from-agent .markdown a")).to_have_text(["the plan", "more"])
        page.reload()


def test_an_answer_is_drawn_where_the_renderer_cannot_be_reached(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    model.answers = [pieces(ANSWER)]
    visited = visit(scripted_site)
    visited.expected.append("ERR_")
    page = visited.sign_in(scripted_site.register())

    def refuse(route: Route) -> None:
        route.abort()

    page.route("**/v1/render", refuse)
    say(page, "how do I migrate?")
    settled(page)
    shown = page.locator(".from-agent .markdown").first
    expect(shown.locator("td")).to_have_count(6)
    expect(shown.locator("ol li")).to_have_count(5)
    expect(shown.locator("pre")).to_contain_text("every row once")
    expect(shown.locator(".task-box")).to_have_count(2)
    expect(shown.locator("h1 strong")).to_have_text("plan")
    assert not re.search(r"```|\||\*\*|^#", shown.inner_text(), re.MULTILINE)


def test_a_text_of_60000_characters_is_rendered(
    scripted_site: Server, visit: Visitor, model: ScriptedModel
) -> None:
    part = "Some *words* and `code`.\n\n"
    long = part * (60_000 // len(part) + 1) + "```\n" + "a very long block\n" * 3_000 + "```\n\nThe **end**."
    model.answers = [pieces(long, 5_000)]
    page = visit(scripted_site).sign_in(scripted_site.register())
    say(page, "tell me all")
    settled(page)
    expect(page.locator(".from-agent .markdown > p > em")).to_have_count(60_000 // len(part) + 1)
    expect(page.locator(".from-agent strong")).to_have_text("end")
    expect(page.locator(".from-agent pre")).to_contain_text("a very long block")
    page.reload()
    expect(page.locator(".from-agent strong")).to_have_text("end")


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_a_long_message_is_folded_at_20_lines(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, size: dict[str, int]
) -> None:
    model.answers = [["Short."]]
    page = visit(scripted_site, viewport=size).sign_in(scripted_site.register())
    say(page, "\n".join(f"line {n}" for n in range(60)))
    # Before the answer has begun nothing is growing either.
    expect(page.locator(".from-agent")).to_contain_text("Short.")
    settled(page)
    bubble = page.locator(".bubble")
    line = bubble.evaluate("(box) => parseFloat(getComputedStyle(box).lineHeight)")
    show = page.get_by_role("button", name="Show all")
    expect(show).to_have_attribute("aria-expanded", "false")
    assert 19 * line < bubble.evaluate("(box) => box.clientHeight") < 22 * line
    show.click()
    less = page.get_by_role("button", name="Show less")
    expect(less).to_have_attribute("aria-expanded", "true")
    assert bubble.evaluate("(box) => box.clientHeight") > 59 * line
    less.click()
    expect(show).to_be_visible()
    page.reload()
    expect(show).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_axe_finds_nothing_in_what_is_rendered(
    scripted_site: Server, visit: Visitor, model: ScriptedModel, size: dict[str, int], scheme: str
) -> None:
    diff = "\n```diff\n-old\n+new\n```\n\n```css\na { color: red; } /* why */\n```\n"
    model.answers = [[f"<think>Hm.</think>\n\n{ANSWER}{diff}"]]
    options = {"viewport": size, "color_scheme": scheme, "reduced_motion": "reduce"}
    page: Page = visit(scripted_site, **options).sign_in(scripted_site.register())
    say(page, "\n".join(f"line {n}" for n in range(60)))
    settled(page)
    expect(page.locator(EVERYTHING)).to_have_count(1)
    expect(page.locator(".from-agent .hl-d")).to_have_count(1)
    expect(page.get_by_role("button", name="Show all")).to_be_visible()
    found = Axe().run(page).response["violations"]
    assert [f"{one['id']}: {node['html'][:200]}" for one in found for node in one["nodes"]] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
