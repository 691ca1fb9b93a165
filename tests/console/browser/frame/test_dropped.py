# test_dropped.py -- what is pasted or dropped is taken, or refused in words: nothing is cut, and the page stays.
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browsers import Visitor
from support.servers import Server

PUT = """([selector, kind, files]) => {
  const dataTransfer = new DataTransfer();
  for (const [name, type, content] of files) {
    const bytes = Array.isArray(content) ? new Uint8Array(content) : content;
    dataTransfer.items.add(new File([bytes], name, { type }));
  }
  const given = { bubbles: true, cancelable: true };
  const event = kind === "paste"
    ? new ClipboardEvent(kind, { clipboardData: dataTransfer, ...given })
    : new DragEvent(kind, { dataTransfer, ...given });
  return document.querySelector(selector).dispatchEvent(event);
}"""
PICTURE = ["cat.png", "image/png", [137, 80, 78, 71, 0, 255]]
BOX = "#composer-text"


def put(page: Page, selector: str, kind: str, *files: list[Any]) -> bool:
    """Whether the browser would do with it what it does by itself."""
    return bool(page.evaluate(PUT, [selector, kind, list(files)]))


def test_a_text_that_is_dropped_stands_in_the_message_as_it_is(site: Server, visit: Visitor) -> None:
    email = site.register()
    page = visit(site).sign_in(email)
    box = page.get_by_label("Message", exact=True)
    box.fill("Look at this:")
    lines = "a = 1\n```\nb = 2\n"
    assert not put(page, "#tasks", "drop", ["notes.md", "text/markdown", lines], ["b.txt", "", "two"])
    expected = f"Look at this:\nnotes.md:\n````\n{lines.strip()}\n````\nb.txt:\n```\ntwo\n```"
    expect(box).to_have_value(expected)
    box.press("Enter")
    expect(page.locator("#messages .message")).to_have_count(2)
    person = site.sign_in(email)
    [conversation] = person.get("/v1/conversations")["data"]
    assert person.get(f"/v1/conversations/{conversation['id']}/messages")["data"][0]["content"] == expected


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (PICTURE, "cat.png: Pictures cannot be sent here."),
        (["a.pdf", "application/pdf", [37, 80, 68, 70, 200, 1]], "a.pdf: Only texts can be sent here."),
        (["a.bin", "", [65, 0, 66]], "a.bin: Only texts can be sent here."),
        (["a.log", "text/plain", "x" * 100_001], "a.log: It is too long for a message."),
    ],
    ids=["picture", "pdf", "zero byte", "long"],
)
@pytest.mark.parametrize("place", [("#sidebar", "drop"), (BOX, "paste")], ids=["dropped", "pasted"])
def test_what_cannot_be_taken_is_refused_in_words_and_the_page_stays(
    site: Server, visit: Visitor, file: list[Any], words: str, place: tuple[str, str]
) -> None:
    page = visit(site).sign_in(site.register())
    here = page.url
    assert not put(page, *place, file)
    expect(page.locator(".toast.error")).to_contain_text(words)
    assert page.url == here
    expect(page.get_by_label("Message", exact=True)).to_have_value("")


def test_a_file_over_the_page_is_no_reason_to_leave_it(site: Server, visit: Visitor) -> None:
    page = visit(site).tab()  # nobody is signed in
    for kind in ("dragover", "drop"):
        assert not put(page, "body", kind, PICTURE)
    assert page.locator(".toast").count() == 0


def test_a_long_text_is_not_cut(site: Server, visit: Visitor) -> None:
    email = site.register()
    page = visit(site).sign_in(email)
    box = page.get_by_label("Message", exact=True)
    # Each of these is two of JavaScript's characters and one of the server's.
    box.fill("\N{CAT FACE}" * 31_999 + "aabb")
    expect(page.locator("#too-long")).to_contain_text("3 are too many")
    expect(page.get_by_role("button", name="Send", exact=True)).to_be_disabled()
    box.press("Enter")
    assert page.locator(".message").count() == 0
    box.press("End")
    for _ in range(3):
        box.press("Backspace")
    expect(page.locator("#too-long")).to_have_text("")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#messages .message")).to_have_count(2)
    person = site.sign_in(email)
    [conversation] = person.get("/v1/conversations")["data"]
    sent = person.get(f"/v1/conversations/{conversation['id']}/messages")["data"][0]["content"]
    assert len(sent) == 32_000


def test_a_message_in_other_words_is_not_cut(site: Server, visit: Visitor) -> None:
    email = site.register()
    conversation = site.sign_in(email).chat("hello")["conversation_id"]
    page = visit(site).sign_in(email, f"/#/c/{conversation}")
    page.locator(".from-user").hover()
    page.get_by_role("button", name="Edit and ask again").click()
    box = page.get_by_label("Your message in other words")
    box.fill("x" * 32_001)
    page.get_by_role("button", name="Ask again", exact=True).click()
    expect(page.locator(".toast.error")).to_contain_text("1 are too many")
    expect(box).to_have_value("x" * 32_001)
