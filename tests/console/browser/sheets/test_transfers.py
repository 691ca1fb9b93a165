# test_transfers.py -- a person takes all of their data along, and brings that of other products.
from pathlib import Path

from playwright.sync_api import Page, expect

from support.browsers import Visitor
from support.servers import Server
from support.transfers.files import chain, chatgpt_chat, chatgpt_message, talk, to_file


def open_settings(page: Page) -> None:
    page.locator("#open-settings").click()
    expect(page.get_by_role("heading", name="Your data")).to_be_visible()


def choose(page: Page, file: bytes) -> None:
    page.get_by_label("Bring conversations and tasks").set_input_files(
        [{"name": "conversations.json", "mimeType": "application/json", "buffer": file}]
    )


def test_a_file_of_another_product_is_brought_and_what_was_left_out_is_told(
    site: Server, visit: Visitor
) -> None:
    page = visit(site).sign_in(site.register())
    open_settings(page)
    hidden = chain(chatgpt_message("system", "Be kind"), chatgpt_message("user", "Hello"))
    chats = [talk("One", "Two"), chatgpt_chat(hidden, id="c-2", conversation_id="c-2", title="<b>Hi</b>")]
    choose(page, to_file(*chats))
    expect(page.locator("#import-said")).to_have_text("Made: 2 conversations, 3 messages.")
    expect(page.locator("#import-rest li")).to_have_count(1)
    expect(page.locator("#import-rest li")).to_contain_text("Left out: instructions (1).")
    expect(page.locator("#import-rest li")).to_contain_text("For example: <b>Hi</b>.")
    expect(page.locator("#import-progress")).to_be_hidden()
    expect(page.get_by_label("Bring conversations and tasks")).to_be_focused()
    choose(page, to_file(*chats))
    expect(page.locator("#import-said")).to_have_text(
        "Nothing new was made. There already: 2 conversations, 3 messages."
    )
    page.keyboard.press("Escape")
    # The list is read again, because the stream tells of what was stored.
    expect(page.locator("#conversations")).to_contain_text("Cakes")


def test_a_file_of_nothing_known_and_one_that_is_cut_are_told_of(site: Server, visit: Visitor) -> None:
    visited = visit(site)
    visited.expected.append("status of 422")
    page = visited.sign_in(site.register())
    open_settings(page)
    choose(page, b"hello")
    expect(page.get_by_role("alert")).to_contain_text("This is no export of Parley")
    expect(page.locator("#import-said")).to_have_text("")
    choose(page, to_file(talk("One", "Two"))[:-1])
    expect(page.locator("#import-said")).to_contain_text("Made: 1 conversation, 2 messages. Not all of it")


def test_all_of_it_is_downloaded(site: Server, visit: Visitor) -> None:
    email = site.register()
    site.sign_in(email).post("/v1/tasks", title="Buy milk")
    page = visit(site).sign_in(email)
    open_settings(page)
    with page.expect_download() as downloaded:
        page.get_by_role("button", name="Download all of it").click()
    assert downloaded.value.suggested_filename.startswith("parley-")
    text = Path(downloaded.value.path()).read_text()
    assert "Buy milk" in text
    assert text.splitlines()[-1].startswith('{"type":"footer"')
