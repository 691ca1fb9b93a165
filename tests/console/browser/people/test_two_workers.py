# test_two_workers.py -- two people in two browsers, each at another worker of one PostgreSQL: all comes live.
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest
from playwright.sync_api import Browser, Page, expect

from support.api.accounts import Team, join
from support.api.groups import open_group
from support.browsers import say, visiting
from support.processes.server_process import Process, forked
from support.servers import KEY, Server


@dataclass
class Pair:
    """Ann's page, at one worker, and Ben's, at another."""

    ann: Page
    ben: Page
    team: Team
    group: str


@pytest.fixture(scope="session")
def postgresql_url(new_database: Callable[[str], str]) -> str:
    """Made before there is a browser, beside which this process can run no event loop of its own."""
    return new_database("postgresql")


@pytest.fixture
def pair(postgresql_url: str, chromium: Browser, tmp_path: Path) -> Iterator[Pair]:
    settings = {
        "DATABASE_URL": postgresql_url,
        "SECRET_KEY": KEY,
        "RATE_LIMITS": "off",
        "LOG_LEVEL": "error",
    }
    with ExitStack() as opened:
        workers: list[Process] = [
            opened.enter_context(forked(tmp_path, **settings)).ready() for _ in range(2)
        ]
        people = {}
        for name, worker in zip(("ann", "ben"), workers, strict=True):
            people[name] = worker.person(f"{name}@example.com", register=True)
            people[name].patch("/v1/me", display_name=name.capitalize())
        team = Team(people["ann"].post("/v1/accounts", name="Bakery")["id"], people)
        join(people["ann"], team.id, people["ben"])
        group = open_group(team, "ben", maker="ann")
        pages = []
        for name, worker in zip(people, workers, strict=True):
            # A visit needs of a server its address alone.
            visit = opened.enter_context(visiting(chromium, cast(Server, worker)))
            with visit.context.expect_event("response", lambda answer: "/participants" in answer.url):
                page = visit.sign_in(people[name].email, f"/#/c/{group}")
            expect(page.locator("#chat-title")).to_have_text("Cakes")
            pages.append(page)
        yield Pair(pages[0], pages[1], team, group)


@pytest.mark.slow
def test_two_people_at_two_workers_see_at_once_what_the_other_does(pair: Pair) -> None:
    ann, ben = pair.ann, pair.ben
    ann.locator("#composer-text").press_sequentially("Hello")
    expect(ben.locator("#typing")).to_have_text("Ann is typing …")
    say(ann, "Hello @Ben")
    expect(ben.locator("#typing")).to_be_hidden()
    expect(ben.locator(".mention.of-me")).to_have_text("@Ben")
    expect(ann.locator(".from-user .state")).to_have_text("Read by Ben")
    ben.locator("#composer-text").fill("Hello yourself")
    ben.locator("#composer-text").press("Enter")
    expect(ann.locator(".from-other .bubble")).to_have_text("Hello yourself")
    for page in (ann, ben):
        for number in range(3):
            say(page, f"Line {number}")
    for page in (ann, ben):
        expect(page.locator(".bubble")).to_have_count(8)
    # One order for both.
    orders = [
        page.locator(".message").evaluate_all("(items) => items.map((item) => item.dataset.id)")
        for page in (ann, ben)
    ]
    stored = pair.team.people["ann"].get(f"/v1/conversations/{pair.group}/messages")["data"]
    assert orders[0] == orders[1] == [row["id"] for row in stored]
    ben.locator("#composer-text").press("ArrowUp")
    say(ben, "The last line")
    expect(ann.locator(".bubble", has_text="The last line")).to_have_count(1)
    expect(ann.locator(".foot", has_text="edited")).to_have_count(1)
    ann.locator("#open-participants").click()
    ann.get_by_label("Title of the group", exact=True).fill("Bread")
    ann.locator("#group-title").get_by_role("button", name="Save").click()
    expect(ben.locator("#chat-title")).to_have_text("Bread")
    # Elsewhere, what comes is unread until it is looked at.
    ben.locator("#new-chat").click()
    ann.keyboard.press("Escape")
    say(ann, "Are you there?")
    expect(ben.locator("#accounts-unread")).to_be_visible()
    ben.locator("#open-accounts").click()
    ben.locator(".choice", has_text="Bakery").click()
    expect(ben.locator("#conversations .number")).to_have_text("1")
    ben.locator("#conversations a").click()
    expect(ben.locator("#conversations .number")).to_have_count(0)
    expect(ann.locator(".from-user .state").last).to_have_text("Read by Ben")
