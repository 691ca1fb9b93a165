# test_taken_along.py -- a conversation is taken along with all its messages: on paper, and as Markdown.
import re
from pathlib import Path

from playwright.sync_api import Page, expect

from support.browsers import Visitor
from support.servers import Person, Server

PAGES = re.compile(rb"/Type\s*/Page\b(?!s)")


def talk(person: Person, count: int) -> str:
    conversation = person.post("/v1/conversations", title="All about cats & dogs")["id"]
    for number in range(count):
        person.chat(f"remark number {number}\n" + "more of it\n" * 8, conversation_id=conversation)
    return str(conversation)


def count_pages(page: Page) -> int:
    return len(PAGES.findall(page.pdf()))


def read_paper(page: Page) -> str:
    """What is not hidden on paper."""
    page.emulate_media(media="print")
    text = page.inner_text("body")
    page.emulate_media(media="null")
    return text


def test_what_is_shown_is_printed_without_what_is_around_it(site: Server, visit: Visitor) -> None:
    email = site.register()
    person = site.sign_in(email)
    person.post("/v1/tasks", title="Buy milk")
    page = visit(site).sign_in(email, f"/#/c/{talk(person, 10)}")
    expect(page.locator("#messages .message")).to_have_count(20)
    paper = read_paper(page)
    assert "All about cats & dogs" in paper
    assert all(f"remark number {number}" in paper for number in range(10))
    assert "Buy milk" not in paper
    assert "New conversation" not in paper
    assert count_pages(page) > 2


def test_all_messages_are_printed_also_those_that_are_not_loaded(site: Server, visit: Visitor) -> None:
    email = site.register()
    person = site.sign_in(email)
    visited = visit(site)
    page = visited.sign_in(email, f"/#/c/{talk(person, 60)}")
    expect(page.locator("#messages .message")).to_have_count(50)
    page.evaluate("() => { window.print = () => document.body.dataset.printed = 'yes'; }")
    page.get_by_role("button", name="Audit of this conversation").click()
    page.get_by_role("button", name="Print").click()
    expect(page.locator("body")).to_have_attribute("data-printed", "yes")
    expect(page.locator("#paper")).to_be_hidden()
    paper = read_paper(page)
    assert all(paper.count(f"remark number {number}\n") == 1 for number in range(60))
    assert paper.count("Parley") >= 60
    assert count_pages(page) > 10
    page.evaluate("() => dispatchEvent(new Event('afterprint'))")
    expect(page.locator("#paper")).to_have_count(0)


def test_a_conversation_is_downloaded_as_markdown(site: Server, visit: Visitor, tmp_path: Path) -> None:
    email = site.register()
    person = site.sign_in(email)
    conversation = person.chat("add buy milk")["conversation_id"]
    person.chat("**bold** words", conversation_id=conversation)
    page = visit(site, accept_downloads=True).sign_in(email, f"/#/c/{conversation}")
    page.get_by_role("button", name="Audit of this conversation").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download Markdown").click()
    assert download.value.suggested_filename == f"parley-{conversation}.md"
    path = tmp_path / "taken.md"
    download.value.save_as(path)
    parts = path.read_text().split("\n\n---\n\n")
    messages = person.get(f"/v1/conversations/{conversation}/messages")["data"]
    assert parts[0].startswith("# ")
    assert len(parts) == 1 + len(messages)
    assert all(message["content"] in part for message, part in zip(messages, parts[1:], strict=True))
    assert '- `add_task` {"title":"Buy milk"' in parts[2]
