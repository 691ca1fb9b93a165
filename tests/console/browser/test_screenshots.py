# test_screenshots.py -- the README's pictures: a real account at three screens.
import asyncio
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert

from clock import utc_now
from models import Task
from support.api.accounts import Team, join
from support.api.groups import open_direct, open_group
from support.api.groups import say as say_there
from support.browsers import Visitor, say, settled
from support.databases.unchecked import open_unchecked
from support.servers import Server

IMAGES = Path(__file__).parents[3] / "specs" / "images"
SCREENS: dict[str, dict[str, Any]] = {
    "light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True},
}
DONE_PER_DAY = [2, 0, 1, 3, 2, 0, 0, 1, 4, 2, 1, 3, 0, 1, 2, 5, 1, 0, 3, 2]
SIZE_LIMIT = 400 * 1024


async def write_done_tasks(url: str, user_id: UUID) -> None:
    """What somebody completed in the last weeks, for the picture of them."""
    db, today = open_unchecked(url), utc_now()
    days = [today - timedelta(days=ago) for ago, done in enumerate(DONE_PER_DAY, 1) for _ in range(done)]
    times = [{"created_at": day, "updated_at": day, "completed_at": day} for day in days]
    rows = [{"id": uuid4(), "user_id": user_id, "title": "Done", "completed": True, **time} for time in times]
    try:
        async with db.transaction() as tx:
            await tx.execute(insert(Task), rows)
    finally:
        await db.close()


def target(tmp_path: Path, name: str) -> Path:
    """Where a picture goes: to the README's with PARLEY_SCREENSHOTS=1, else nowhere that stays."""
    folder = IMAGES if os.environ.get("PARLEY_SCREENSHOTS") == "1" else tmp_path
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"console-{name}.png"


@pytest.mark.parametrize("name", SCREENS)
def test_the_readmes_picture(site: Server, visit: Visitor, tmp_path: Path, name: str) -> None:
    ann = site.person(email=f"ann.{name}@example.com")
    with ThreadPoolExecutor(1) as thread:
        work = write_done_tasks(site.settings.database_url.get_secret_value(), ann.id)
        thread.submit(asyncio.run, work).result()
    signed_in = site.sign_in(ann.email)
    signed_in.chat("add water the plants on friday")
    signed_in.chat("add write the quarterly report")
    signed_in.chat("add call the dentist tomorrow")
    page = visit(site, **SCREENS[name]).sign_in(ann.email)
    for answers, text in enumerate(("add buy milk tomorrow", "I called the dentist"), 1):
        say(page, text)
        expect(page.locator(".from-agent:not(.live)")).to_have_count(answers)
        settled(page)
    say(page, "delete the quarterly report")
    expect(page.get_by_role("button", name="Approve")).to_be_visible()
    page.evaluate("document.fonts.ready")
    picture = target(tmp_path, name)
    page.screenshot(path=picture)
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert picture.stat().st_size < SIZE_LIMIT
    # Nothing sticks out at the side.
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


TEAM_SCREENS = {"team": SCREENS["light"], "team-phone": SCREENS["phone"]}


@pytest.mark.parametrize("name", TEAM_SCREENS)
def test_the_readmes_picture_of_a_team(site: Server, visit: Visitor, tmp_path: Path, name: str) -> None:
    ann = site.person(email=f"ann.{name}@example.com", display_name="Ann")
    ben = site.person(email=f"ben.{name}@example.com", display_name="Ben")
    team = ann.post("/v1/accounts", name="Bakery")["id"]
    join(ann, team, ben, "admin")
    agents = f"/v1/accounts/{team}/agents"
    ann.post(agents, name="Support", description="Answers what customers ask", instructions="Be brief.")
    ann.post(agents, name="Sales figures", kind="external", description="Asks the shop's database")
    page = visit(site, **TEAM_SCREENS[name]).sign_in(ann.email)

    def open_accounts() -> None:
        if "phone" in name:
            page.get_by_role("button", name="Show conversations").click()
        page.locator("#open-accounts").click()

    open_accounts()
    page.locator(".choice").nth(1).click()
    expect(page.locator("#account-here")).to_have_text("Bakery")
    expect(page.locator("#accounts")).to_be_hidden()
    open_accounts()
    page.get_by_role("button", name="Members and agents of Bakery").click()
    expect(page.locator("#members li")).to_have_count(2)
    page.evaluate("document.activeElement.blur()")
    picture = target(tmp_path, name)
    page.screenshot(path=picture)
    assert picture.stat().st_size < SIZE_LIMIT
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    sheet = page.locator("#team .sheet-body")
    assert sheet.evaluate("(box) => box.scrollWidth <= box.clientWidth")


PEOPLE_SCREENS = {"people": SCREENS["light"], "people-phone": SCREENS["phone"]}
SAID = [
    ("Ben", "Who brings the cake on **Friday**?"),
    ("Carla", "I do. Chocolate or lemon?"),
    ("Ann", "Lemon, please. And I bring plates:\n\n- twelve small ones\n- the blue tray"),
    ("Ben", "@Ann can you be there at three?"),
]


@pytest.mark.parametrize("name", PEOPLE_SCREENS)
def test_the_readmes_picture_of_people(site: Server, visit: Visitor, tmp_path: Path, name: str) -> None:
    people = {
        one: site.person(email=f"{one.lower()}.{name}@example.com", display_name=one)
        for one in ("Ann", "Ben", "Carla")
    }
    ann, ben, carla = people.values()
    team_id = ann.post("/v1/accounts", name="Bakery")["id"]
    for other in (ben, carla):
        join(ann, team_id, other)
    team = Team(team_id, people)
    ann.chat("add order flour", account_id=team_id)
    other_group = open_group(team, "Ben", "Carla", maker="Ann", title="Opening hours")
    say_there(carla, other_group, "Closed on Monday?")
    direct = open_direct(team, "Ann", "Carla")
    say_there(carla, direct, "Have you seen the oven?")
    group = open_group(team, "Ben", "Carla", maker="Ann", title="Summer party")
    said = {content: say_there(people[who], group, content) for who, content in SAID}
    options = PEOPLE_SCREENS[name]
    page = visit(site, **options).sign_in(ann.email)
    if "phone" in name:
        page.get_by_role("button", name="Show conversations").click()
    page.locator("#open-accounts").click()
    page.locator(".choice", has_text="Bakery").click()
    expect(page.locator("#account-here")).to_have_text("Bakery")
    if "phone" in name:
        page.get_by_role("button", name="Show conversations").click()
    page.locator("#conversations a", has_text="Summer party").click()
    expect(page.locator(".message")).to_have_count(4)
    asked = said[SAID[3][1]]["id"]
    ann.post(
        f"/v1/conversations/{group}/messages", content="At half past two, with the plates.", reply_to_id=asked
    )
    expect(page.locator(".message")).to_have_count(5)
    for reader in (ben, carla):
        last = reader.get(f"/v1/conversations/{group}")["last_message"]["id"]
        reader.post(f"/v1/conversations/{group}/read", message_id=last)
    expect(page.locator(".from-user .state").last).to_have_text("Read by all")
    say_there(ben, other_group, "And on Tuesday, @Ann?")
    if "phone" not in name:
        expect(page.locator(".mentioned")).to_be_visible()
    page.mouse.move(640, 20)
    carla.post(f"/v1/conversations/{group}/typing")
    expect(page.locator("#typing")).to_have_text("Carla is typing …")
    page.evaluate("document.activeElement.blur()")
    picture = target(tmp_path, name)
    page.screenshot(path=picture)
    assert picture.stat().st_size < SIZE_LIMIT
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
