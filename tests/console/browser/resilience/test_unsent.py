# test_unsent.py -- words that are not sent: no one of them is lost, and each is sent once, in its order.
from collections.abc import Callable
from contextlib import closing

import pytest
from playwright.sync_api import Page, Route, expect

from support.api.accounts import make_people, make_team
from support.api.groups import open_group, read_all
from support.api.groups import say as say_there
from support.browsers import PHONE, Cable, Visit, Visitor, check_by_axe, expect_signed_in, say, settled
from support.servers import PASSWORD, Person, Server, wait_until

THREE = ["the first", "the second", "the third"]
MESSAGES = "**/v1/**/messages"  # where a message is posted; lists are read with a query


@pytest.fixture
def ann(site: Server) -> Person:
    return site.person(display_name="Ann")


def begin(person: Person, title: str = "Shopping") -> str:
    id_: str = person.post("/v1/conversations", title=title)["id"]
    return id_


def read_own(person: Person, conversation_id: str) -> list[str]:
    rows = person.get(f"/v1/conversations/{conversation_id}/messages", limit=200)["data"]
    return [row["content"] for row in rows if row["role"] == "user"]


def abort(route: Route) -> None:
    route.abort()


def cut_off(visited: Visit, *paths: str) -> Callable[[], None]:
    """Requests to these paths fail in all tabs, until what is returned is called: the network is back then."""
    visited.expected += ["ERR_"]
    for path in paths:
        visited.context.route(path, abort)

    def mend() -> None:
        for path in paths:
            visited.context.unroute(path, abort)
        for page in visited.context.pages:
            page.evaluate("dispatchEvent(new Event('online'))")

    return mend


def test_messages_that_cannot_be_sent_wait_and_are_sent_once_and_in_order(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here, other = begin(ann), begin(ann, "Another")
    with closing(Cable(site)) as cable:
        visited = visit(cable.server)
        visited.expected.append("ERR_")
        page = visited.sign_in(ann.email, f"/#/c/{here}")
        expect(page.locator("#conversations li")).to_have_count(2)
        page.locator("#conversations a", has_text="Another").click()
        page.locator("#conversations a", has_text="Shopping").click()
        cable.cut()
        for words in THREE:
            say(page, words)
        waiting = page.locator(".from-user[data-state=waiting]")
        expect(waiting.first).to_contain_text("Waits to be sent. The server cannot be reached.")
        expect(page.locator("#conversations .badge.unsent")).to_have_count(1)
        page.locator("#conversations a", has_text="Another").click()
        expect(page.locator(".bubble")).to_have_count(0)
        page.locator("#conversations a", has_text="Shopping").click()
        expect(page.locator(".bubble")).to_have_text(THREE)
        cable.mend()
        wait_until(lambda: page.evaluate("true") and read_own(ann, here) == THREE)
        expect(page.locator(".from-user[data-state=sent]")).to_have_count(3)
        settled(page)
        expect(page.locator("#conversations .badge")).to_have_count(0)
        page.reload()
        expect(page.locator(".bubble")).to_have_text(THREE)
        assert read_own(ann, other) == []


def test_a_message_that_arrived_unanswered_is_stored_once(site: Server, visit: Visitor, ann: Person) -> None:
    here = begin(ann)
    visited = visit(site)
    visited.expected.append("ERR_")
    page = visited.sign_in(ann.email, f"/#/c/{here}")
    stored: list[int] = []

    def lose_answer(route: Route) -> None:
        stored.append(route.fetch().status)
        if len(stored) < 3:
            route.abort()
        else:
            route.continue_()

    page.route(MESSAGES, lose_answer)
    say(page, "once")
    wait_until(lambda: page.evaluate("true") and len(stored) == 3)
    expect(page.locator(".from-user")).to_have_attribute("data-state", "sent")
    settled(page)
    assert (stored, read_own(ann, here)) == ([200] * 3, ["once"])
    expect(page.locator(".from-agent")).to_have_count(1)


def test_what_waits_survives_a_reload_and_is_shown_in_every_tab(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here = begin(ann)
    visited = visit(site)
    page = visited.sign_in(ann.email, f"/#/c/{here}")
    other = visited.tab(f"/#/c/{here}")
    expect_signed_in(other)
    mend = cut_off(visited, MESSAGES)
    for words in THREE:
        say(page, words)
    for tab in (page, other):
        expect(tab.locator(".bubble")).to_have_text(THREE)
    for tab in (page, other):
        tab.reload()
        expect(tab.locator(".bubble")).to_have_text(THREE)
        expect(tab.locator(".from-user[data-state=waiting]").first).to_be_visible()
    # Taken back in one tab, it is gone in the other.
    other.locator(".from-user", has_text="the second").get_by_role("button", name="Edit").click()
    expect(other.get_by_label("Message", exact=True)).to_have_value("the second")
    for tab in (page, other):
        expect(tab.locator(".bubble")).to_have_text(["the first", "the third"])
    mend()
    wait_until(lambda: page.evaluate("true") and read_own(ann, here) == ["the first", "the third"])
    for tab in (page, other):
        expect(tab.locator(".from-user[data-state=sent]")).to_have_count(2)
        settled(tab)
        expect(tab.locator(".from-agent")).to_have_count(2)


def test_a_new_conversation_that_waits_has_a_place_in_the_list_until_it_begins(
    site: Server, visit: Visitor, ann: Person
) -> None:
    begin(ann)
    visited = visit(site)
    page = visited.sign_in(ann.email)
    other = visited.tab()
    expect_signed_in(other)
    mend = cut_off(visited, "**/v1/chat")
    say(page, "of the first tab")
    say(page, "and more")
    say(other, "of the other tab")
    for tab in (page, other):
        expect(tab.locator(".conversation-title")).to_have_text(
            ["of the first tab", "of the other tab", "Shopping"]
        )
    page.locator("#new-chat").click()
    expect(page.locator("#welcome")).to_be_visible()
    page.locator("#conversations a", has_text="of the first tab").click()
    page.reload()
    expect(page.locator(".bubble")).to_have_text(["of the first tab", "and more"])
    mend()
    wait_until(lambda: page.evaluate("true") and len(ann.get("/v1/conversations")["data"]) == 3)
    expect(page.locator(".from-user[data-state=sent]")).to_have_count(2)
    settled(page)
    assert read_own(ann, page.url.rpartition("/")[2]) == ["of the first tab", "and more"]
    assert read_own(ann, other.url.rpartition("/")[2]) == ["of the other tab"]
    expect(page.locator("#conversations .badge")).to_have_count(0)


def test_a_message_that_is_refused_says_why_and_holds_up_none(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here = begin(ann)
    visited = visit(site)
    visited.expected.append("status of 422")
    page = visited.sign_in(ann.email, f"/#/c/{here}")

    def refuse(route: Route) -> None:
        if "too bad" in str(route.request.post_data):
            route.fulfill(status=422, json={"detail": "Nobody wants to read this."})
        else:
            route.continue_()

    page.route(MESSAGES, refuse)
    say(page, "too bad")
    say(page, "good")
    refused = page.locator(".from-user", has_text="too bad")
    expect(refused.get_by_role("alert")).to_have_text("Nobody wants to read this.")
    wait_until(lambda: page.evaluate("true") and read_own(ann, here) == ["good"])
    page.reload()
    expect(refused.get_by_role("alert")).to_have_text("Nobody wants to read this.")
    refused.get_by_role("button", name="Edit").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("too bad")
    expect(refused).to_have_count(0)
    page.unroute(MESSAGES)
    page.get_by_role("button", name="Send", exact=True).click()
    wait_until(lambda: page.evaluate("true") and read_own(ann, here) == ["good", "too bad"])


def test_words_for_a_conversation_that_has_gone_stand_in_the_box_of_a_new_one(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here = begin(ann)
    visited = visit(site)
    visited.expected.append("status of 404")
    page = visited.sign_in(ann.email, f"/#/c/{here}")
    mend = cut_off(visited, MESSAGES)
    say(page, "precious words")
    expect(page.locator(".from-user")).to_have_attribute("data-state", "waiting")
    ann.delete(f"/v1/conversations/{here}")
    expect(page.locator("#welcome")).to_be_visible()
    mend()
    expect(page.get_by_label("Message", exact=True)).to_have_value("precious words")
    expect(page.locator(".toast.error")).to_contain_text("its conversation is gone")


def test_people_get_what_waited_with_what_it_replies_to(site: Server, visit: Visitor) -> None:
    team = make_team(make_people(site, "owner", "admin", "member"))
    group = open_group(team, "admin")
    first = say_there(team.people["admin"], group, "Who brings the cake?")
    visited = visit(site)
    page = visited.sign_in(team.people["member"].email, f"/#/c/{group}")
    mend = cut_off(visited, MESSAGES)
    page.locator(".from-other").hover()
    page.get_by_role("button", name="What to do with the message of").click()
    page.get_by_role("menuitem", name="Reply").click()
    say(page, "I do")
    page.reload()
    waiting = page.locator(".from-user")
    expect(waiting).to_have_attribute("data-state", "waiting")
    expect(waiting.locator(".quote")).to_contain_text("Who brings the cake?")
    mend()
    expect(waiting).to_have_attribute("data-state", "sent")
    rows = team.people["admin"].get(f"/v1/conversations/{group}/messages")["data"]
    assert [(row["content"], row["reply_to_id"]) for row in rows[1:]] == [("I do", first["id"])]


# Drafts


def test_what_is_being_written_survives_a_reload_a_crash_and_other_conversations(
    site: Server, visit: Visitor, ann: Person
) -> None:
    begin(ann)
    visited = visit(site)
    page = visited.sign_in(ann.email)
    page.get_by_label("Message", exact=True).press_sequentially("a long thought")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("a long thought")
    page.locator("#conversations a").click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    page.get_by_label("Message", exact=True).fill("another thought")
    page.go_back()
    expect(page.get_by_label("Message", exact=True)).to_have_value("a long thought")
    page.go_forward()
    expect(page.get_by_label("Message", exact=True)).to_have_value("another thought")
    # A moment after a key it is kept, whatever becomes of the page; a tab at the same place shows it, and follows.
    page.clock.install()
    page.get_by_label("Message", exact=True).fill("a third thought")
    page.clock.fast_forward(300)
    other = visited.tab(page.url.removeprefix(site.base_url))
    expect(other.get_by_label("Message", exact=True)).to_have_value("a third thought")
    page.get_by_label("Message", exact=True).fill("a fourth thought")
    page.clock.fast_forward(300)
    expect(other.get_by_label("Message", exact=True)).to_have_value("a fourth thought")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(other.get_by_label("Message", exact=True)).to_have_value("")
    settled(page)
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("")


def end_other_sessions(person: Person) -> None:
    for session in person.get("/v1/me/sessions")["data"]:
        if not session["current"]:
            person.delete(f"/v1/me/sessions/{session['id']}")


def sign_in_here(page: Page, email: str) -> None:
    page.get_by_label("Email", exact=True).fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect_signed_in(page)


def test_a_session_that_ends_keeps_the_place_and_the_words(site: Server, visit: Visitor, ann: Person) -> None:
    here = begin(ann)
    visited = visit(site)
    visited.expected.append("status of 401")
    page = visited.sign_in(ann.email, f"/#/c/{here}")
    mend = cut_off(visited, MESSAGES)
    say(page, "it waits")
    page.get_by_label("Message", exact=True).fill("half a sen")
    end_other_sessions(ann)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    sign_in_here(page, ann.email)
    assert page.url.endswith(f"/#/c/{here}")
    expect(page.get_by_label("Message", exact=True)).to_have_value("half a sen")
    expect(page.locator(".bubble")).to_have_text(["it waits"])
    mend()
    expect(page.locator(".from-user")).to_have_attribute("data-state", "sent")
    settled(page)
    # Somebody else neither sees them nor comes to that place.
    end_other_sessions(ann)
    expect(page.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    sign_in_here(page, site.register())
    assert page.url.endswith("/#/")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    expect(page.locator("#conversations li")).to_have_count(0)


def test_who_signs_out_is_asked_where_something_is_unsent_and_leaves_nothing_behind(
    site: Server, visit: Visitor, ann: Person
) -> None:
    here = begin(ann)
    visited = visit(site)
    visited.expected.append("status of 401")
    page = visited.sign_in(ann.email, f"/#/c/{here}")
    other = visited.tab(f"/#/c/{here}")
    expect_signed_in(other)
    cut_off(visited, MESSAGES)
    say(page, "it waits")
    expect(page.locator(".from-user")).to_have_attribute("data-state", "waiting")
    other.get_by_label("Message", exact=True).fill("half a sen")
    page.get_by_label("Message", exact=True).fill("another half")
    page.get_by_role("button", name="Sign out", exact=True).click()
    dialog = page.get_by_role("dialog", name="Sign out?")
    expect(dialog).to_contain_text("1 message and 1 draft that you have written here are not sent.")
    dialog.get_by_role("button", name="Stay", exact=True).click()
    expect(page.get_by_label("Message", exact=True)).to_have_value("another half")
    page.get_by_role("button", name="Sign out", exact=True).click()
    dialog.get_by_role("button", name="Sign out and forget them").click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="Welcome back")).to_be_visible()
    kept = page.evaluate("JSON.stringify({...localStorage})")
    assert "half" not in kept
    assert "it waits" not in kept
    sign_in_here(page, ann.email)
    page.goto(f"{site.base_url}/#/c/{here}")
    expect(page.get_by_label("Message", exact=True)).to_have_value("")
    expect(page.locator(".message")).to_have_count(0)


def test_what_is_changed_in_an_old_message_is_kept_until_it_is_saved(site: Server, visit: Visitor) -> None:
    team = make_team(make_people(site, "owner", "admin", "member"))
    group = open_group(team, "admin")
    member = team.people["member"]
    say_there(member, group, "I bring the cake")
    page = visit(site).sign_in(member.email, f"/#/c/{group}")
    text = page.get_by_label("Message", exact=True)
    expect(page.locator(".from-user")).to_have_count(1)
    text.press("ArrowUp")
    expect(text).to_have_value("I bring the cake")
    text.fill("I bring two cakes")
    page.reload()
    expect(text).to_have_value("")
    expect(page.locator(".from-user")).to_have_count(1)
    text.press("ArrowUp")
    expect(text).to_have_value("I bring two cakes")
    text.press("Enter")
    expect(page.locator(".from-user .bubble")).to_have_text(["I bring two cakes"])
    text.press("ArrowUp")
    text.fill("no cake")
    text.press("Escape")
    text.press("ArrowUp")
    expect(text).to_have_value("I bring two cakes")
    assert read_all(member, group) == ["I bring two cakes"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [{"width": 1440, "height": 900}, PHONE], ids=["desk", "phone"])
def test_axe_finds_nothing_where_words_wait(
    site: Server, visit: Visitor, ann: Person, scheme: str, size: dict[str, int]
) -> None:
    visited = visit(site, color_scheme=scheme, viewport=size, reduced_motion="reduce")
    visited.expected += ["status of 422"]
    page = visited.sign_in(ann.email)
    cut_off(visited, "**/v1/chat")
    say(page, "it waits")
    expect(page.locator(".from-user")).to_have_attribute("data-state", "waiting")
    check_by_axe(page, "a message that waits")
    # A page's own routes come before those of its context.
    page.route(
        "**/v1/chat", lambda route: route.fulfill(status=422, json={"detail": "Nobody wants to read this."})
    )
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".from-user")).to_have_attribute("data-state", "failed")
    check_by_axe(page, "a message that was refused")
    if size["width"] < 800:
        page.get_by_role("button", name="Show conversations").click()
    check_by_axe(page, "a conversation that waits to begin")
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("dialog", name="Sign out?")).to_be_visible()
    check_by_axe(page, "the question before a sign-out")
