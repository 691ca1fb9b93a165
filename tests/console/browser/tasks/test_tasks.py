# test_tasks.py -- the list of tasks by hand: what is typed is understood, sections, several at once, a task's sheet.
from datetime import timedelta

import pytest
from playwright.sync_api import Route, expect

from support.api.dated_tasks import TODAY, TOMORROW, add_tasks, list_titles, read_clock
from support.browsers import Visitor, check_by_axe, titles_of
from support.servers import Person, Server, wait_until

DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


# What is typed


def test_a_sentence_is_understood_while_it_is_typed_and_added(
    site: Server, visit: Visitor, ann: Person
) -> None:
    page = visit(site, timezone_id="America/Los_Angeles").sign_in(ann.email)
    other = page.context.new_page()
    other.goto(site.base_url)
    field = page.get_by_label("New task")
    field.press_sequentially("call the bank tomorrow at 9am !high #home")
    expect(page.locator(".chip")).to_have_text(["tomorrow, 09:00", "high priority", "list home"])
    assert ann.get("/v1/tasks")["data"] == []
    field.press("Enter")
    for tab in (page, other):
        expect(titles_of(tab, "upcoming")).to_have_text(["call the bank"])
        expect(tab.locator(".task-description")).to_have_text("Due tomorrow, 09:00 · high priority · home")
    expect(page.locator(".chip")).to_have_count(0)
    [task] = ann.get("/v1/tasks")["data"]
    assert (task["title"], read_clock(task["due_at"])) == ("call the bank", f"{TOMORROW}T09:00")
    assert (task["priority"], task["list"]) == ("high", "home")
    page.locator("#task-scroll").focus()
    page.keyboard.press("Control+z")
    expect(page.locator(".task")).to_have_count(0)


def test_escape_leaves_the_words_as_they_are(site: Server, visit: Visitor, ann: Person) -> None:
    page = visit(site).sign_in(ann.email)
    field = page.get_by_label("New task")
    field.press_sequentially("write about tomorrow")
    expect(page.locator(".chip")).to_have_count(1)
    field.press("Escape")
    expect(page.locator(".chip")).to_have_count(0)
    field.press_sequentially("!")
    field.press("Enter")
    expect(titles_of(page, "undated")).to_have_text(["write about tomorrow!"])
    # Of the next task only.
    field.press_sequentially("buy milk today")
    expect(page.locator(".chip")).to_have_text(["today"])
    field.press("Enter")
    expect(titles_of(page, "today")).to_have_text(["buy milk"])


def test_tasks_that_are_sent_quickly_stand_in_that_order(site: Server, visit: Visitor, ann: Person) -> None:
    page = visit(site).sign_in(ann.email)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "POST" and not held:
            held.append(route)
        else:
            route.fallback()

    page.route("**/v1/tasks", hold)
    field = page.get_by_label("New task")
    for title in ("one", "two", "three"):
        field.fill(title)
        field.press("Enter")
    wait_until(lambda: page.evaluate("true") and held != [])
    for _ in range(20):  # time enough for the others to overtake it
        page.evaluate("fetch('/healthz').then(() => null)")
    held[0].continue_()
    expect(page.locator(".task-title")).to_have_text(["one", "two", "three"])
    assert list_titles(ann) == ["one", "two", "three"]


def test_lines_that_are_pasted_are_offered_as_tasks(site: Server, visit: Visitor, ann: Person) -> None:
    visited = visit(site)
    visited.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = visited.sign_in(ann.email)
    field = page.get_by_label("New task")
    field.focus()
    page.evaluate("navigator.clipboard.writeText('- eggs\\n\\n2. bread tomorrow\\r\\n[ ] butter #shop\\n')")
    field.press("Control+v")
    expect(page.get_by_text("Add 3 tasks?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Add 3 tasks?")).to_be_hidden()
    expect(field).to_be_focused()
    field.press("Control+v")
    page.get_by_role("button", name="Add 3 tasks").press("Enter")
    expect(titles_of(page, "undated")).to_have_text(["eggs", "butter"])
    expect(titles_of(page, "upcoming")).to_have_text(["bread"])
    expect(page.locator(".toast")).to_contain_text("Added 3 tasks")
    page.locator(".toast").get_by_role("button", name="Undo").click()
    expect(page.locator(".task")).to_have_count(0)
    assert ann.get("/v1/tasks")["data"] == []
    field.press("Control+v")
    page.get_by_role("button", name="As one line").click()
    expect(field).to_have_value("eggs bread tomorrow butter #shop")


# The list


def test_a_task_that_is_told_of_while_the_list_is_read_is_not_lost(
    site: Server, visit: Visitor, ann: Person
) -> None:
    add_tasks(ann, "One")
    visited = visit(site)
    page = visited.sign_in(ann.email)
    expect(page.locator(".task-title")).to_have_text(["One"])
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/v1/tasks?**dated=false**", hold)
    page.get_by_role("button", name="Done", exact=True).click()
    page.get_by_role("button", name="Open", exact=True).click()
    wait_until(lambda: page.evaluate("true") and held != [])
    answer = held[0].fetch()  # as it was before the next one
    add_tasks(ann, "Two")
    expect(page.locator(".task-title", has_text="Two")).to_be_visible()
    held[0].fulfill(response=answer)
    page.unroute("**/v1/tasks?**dated=false**")
    expect(page.locator(".task-title")).to_have_text(["One", "Two"])
    add_tasks(ann, "Three")  # the list was read by then
    expect(page.locator(".task-title")).to_have_text(["One", "Two", "Three"])


def test_each_section_has_its_count_and_reads_on_by_itself(site: Server, visit: Visitor, ann: Person) -> None:
    add_tasks(ann, *(f"Late {n:02}" for n in range(60)), due_on=str(TODAY - timedelta(3)))
    add_tasks(ann, "Now", due_on=str(TODAY))
    add_tasks(ann, "Then", due_on=str(TOMORROW + timedelta(9)))
    add_tasks(ann, "Before then", due_on=str(TOMORROW))
    add_tasks(ann, *(f"Some {n:02}" for n in range(60)))
    page = visit(site).sign_in(ann.email)
    expect(page.locator(".task-scroll h3:visible")).to_have_text(
        ["Overdue 60", "Today 1", "Upcoming 2", "No date 60"]
    )
    expect(titles_of(page, "overdue")).to_have_count(50)
    expect(titles_of(page, "upcoming")).to_have_text(["Before then", "Then"])
    expect(titles_of(page, "undated")).to_have_text([f"Some {n:02}" for n in range(50)])
    page.locator("section", has=page.locator("[data-section=undated]")).get_by_role(
        "button", name="Show more"
    ).click()
    expect(titles_of(page, "undated")).to_have_text([f"Some {n:02}" for n in range(60)])
    expect(titles_of(page, "overdue")).to_have_count(50)
    add_tasks(ann, "Now, too", due_on=str(TODAY))
    expect(titles_of(page, "today")).to_have_text(["Now", "Now, too"])
    expect(page.locator(".task-scroll h3", has_text="Today")).to_have_text("Today 2")
    ann.patch(f"/v1/tasks/{ann.get('/v1/tasks', q='Some 03')['data'][0]['id']}", due_on=str(TODAY))
    expect(titles_of(page, "today")).to_have_text(["Now", "Some 03", "Now, too"])
    expect(page.locator(".task-scroll h3", has_text="No date")).to_have_text("No date 59")
    page.get_by_label("Filter tasks").fill("then")
    expect(page.locator(".task-scroll h3:visible")).to_have_text(["Upcoming 2"])


def test_the_list_has_one_stop_and_arrow_keys_lead_on(site: Server, visit: Visitor, ann: Person) -> None:
    add_tasks(ann, "Now", due_on=str(TODAY))
    add_tasks(ann, "One", "Two")
    page = visit(site).sign_in(ann.email)
    expect(page.locator(".task")).to_have_count(3)
    assert page.locator("#task-list [tabindex='0']").count() == 1
    page.locator("#task-search").focus()
    page.keyboard.press("Tab")
    focused = page.locator(":focus")
    expect(focused).to_have_attribute("aria-label", "Done: Now")
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_attribute("aria-label", "Done: One")
    page.keyboard.press("ArrowRight")
    expect(focused).to_contain_text("One")
    page.keyboard.press("End")
    expect(focused).to_contain_text("Two")
    page.keyboard.press("ArrowDown")
    expect(focused).to_contain_text("Two")
    page.keyboard.press("Delete")
    expect(focused).to_contain_text("One")
    expect(page.locator(".toast")).to_be_visible()  # one may go there, too
    page.keyboard.press("Tab")
    assert not page.evaluate("document.activeElement.closest('#task-list')")
    page.keyboard.press("Shift+Tab")
    expect(focused).to_contain_text("One")
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    expect(page.locator("#edit-title")).to_have_value("Now")


# Several at once


def test_several_tasks_are_done_by_one_press_and_open_by_one_undo(
    site: Server, visit: Visitor, ann: Person
) -> None:
    add_tasks(ann, *(f"Task {n}" for n in range(7)))
    visited = visit(site)
    page = visited.sign_in(ann.email)
    other = visited.tab()
    page.locator(".task-text", has_text="Task 1").click(modifiers=["Shift"])
    page.locator(".task-text", has_text="Task 5").click(modifiers=["Shift"])
    expect(page.locator("#picked-count")).to_have_text("5 selected")
    page.get_by_role("button", name="Done", exact=True).last.click()
    for tab in (page, other):
        expect(tab.locator(".task-title")).to_have_text(["Task 0", "Task 6"])
    expect(page.locator(".toast")).to_contain_text("Done: 5 tasks")
    assert len(ann.get("/v1/tasks", completed=True)["data"]) == 5
    page.keyboard.press("Control+z")
    for tab in (page, other):
        expect(tab.locator(".task-title")).to_have_text([f"Task {n}" for n in range(7)])
    assert ann.get("/v1/tasks", completed=True)["data"] == []


def test_what_is_picked_by_x_moves_to_tomorrow_at_its_time_or_is_deleted(
    site: Server, visit: Visitor, ann: Person
) -> None:
    add_tasks(ann, "Plain", "Other", "Third")
    [timed] = add_tasks(ann, "Timed", due_at=f"{TODAY}T23:30", reminder_at=f"{TODAY}T23:00")
    page = visit(site).sign_in(ann.email)
    page.locator(".task-text", has_text="Plain").focus()
    page.keyboard.press("x")
    page.locator(".task-text", has_text="Timed").focus()
    page.keyboard.press("x")
    expect(page.locator("#picked-count")).to_have_text("2 selected")
    expect(page.locator(".task.is-picked")).to_have_count(2)
    expect(page.locator("#announcer")).to_have_text("2 selected")
    check_by_axe(page, "picked tasks")
    page.get_by_role("button", name="Tomorrow", exact=True).click()
    expect(titles_of(page, "upcoming")).to_have_text(["Timed", "Plain"])
    task = ann.get(f"/v1/tasks/{timed}")
    assert [read_clock(task[name]) for name in ("due_at", "reminder_at")] == [
        f"{TOMORROW}T23:30",
        f"{TOMORROW}T23:00",
    ]
    page.keyboard.press("Control+z")
    expect(titles_of(page, "today")).to_have_text(["Timed"])
    for title in ("Other", "Third"):
        page.locator(".task-text", has_text=title).focus()
        page.keyboard.press("x")
    page.keyboard.press("Delete")
    expect(titles_of(page, "undated")).to_have_text(["Plain"])
    page.keyboard.press("Control+z")
    expect(titles_of(page, "undated")).to_have_text(["Plain", "Other", "Third"])
    page.locator(".task-text", has_text="Plain").focus()
    page.keyboard.press("x")
    expect(page.locator("#picked")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#picked")).to_be_hidden()
    expect(page.locator(".task.is-picked")).to_have_count(0)


# The sheet


def test_a_task_gets_its_date_priority_and_list_in_its_sheet(
    site: Server, visit: Visitor, ann: Person
) -> None:
    [id_] = add_tasks(ann, "Rent")
    add_tasks(ann, "Milk", list="Shopping")
    page = visit(site).sign_in(ann.email)
    page.locator(".task-text", has_text="Rent").click()
    page.get_by_role("button", name="Tomorrow", exact=True).click()
    page.get_by_label("Time").fill("08:30")
    page.get_by_label("Priority").select_option("high")
    expect(page.locator("#edit-lists option")).to_have_count(1)
    page.get_by_label("List", exact=False).last.fill("Shopping")
    check_by_axe(page, "a task")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#task-edit")).to_have_count(0)
    expect(titles_of(page, "upcoming")).to_have_text(["Rent"])
    task = ann.get(f"/v1/tasks/{id_}")
    assert read_clock(task["due_at"]) == f"{TOMORROW}T08:30"
    assert (task["priority"], task["list"]) == ("high", "Shopping")
    page.locator(".task-text", has_text="Rent").click()
    expect(page.get_by_label("Time")).to_have_value("08:30")
    page.get_by_role("button", name="No date").click()
    page.get_by_label("Time").fill("09:00")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Choose a day, too.")).to_be_visible()
    page.get_by_label("Time").fill("")
    page.get_by_role("button", name="Save").click()
    expect(titles_of(page, "undated")).to_have_text(["Rent", "Milk"])


@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_a_sheet_with_unsaved_changes_asks_before_it_closes(
    site: Server, visit: Visitor, ann: Person, size: dict[str, int]
) -> None:
    add_tasks(ann, "Rent")
    page = visit(site, viewport=size).sign_in(ann.email)
    if size is PHONE:
        page.get_by_role("button", name="Show tasks").click()

    def press_escape() -> None:
        page.keyboard.press("Escape")

    def click_beside() -> None:
        page.mouse.click(4, 4)

    def press_cross() -> None:
        page.get_by_role("button", name="Close without saving").click()

    for leave in (press_escape, click_beside, press_cross):
        page.locator(".task-text").click()
        expect(page.locator("#task-edit")).to_be_visible()
        leave()
        expect(page.locator("dialog")).to_have_count(0)
        page.locator(".task-text").click()
        page.get_by_label("Details").fill("a long thought")
        leave()
        expect(page.locator("#discard")).to_be_visible()
        check_by_axe(page, "the question")
        page.keyboard.press("Escape")
        expect(page.locator("#discard")).to_have_count(0)
        expect(page.get_by_label("Details")).to_have_value("a long thought")
        leave()
        page.get_by_role("button", name="Discard").click()
        expect(page.locator("dialog")).to_have_count(0)
    assert ann.get("/v1/tasks")["data"][0]["description"] is None


def test_settings_with_unsaved_changes_ask_too_and_saved_ones_do_not(
    site: Server, visit: Visitor, ann: Person
) -> None:
    page = visit(site).sign_in(ann.email)
    page.locator("#open-settings").click()
    name = page.locator("#settings").get_by_label("Name", exact=False).first
    name.fill("Ann the Great")
    page.keyboard.press("Escape")
    expect(page.locator("#discard")).to_be_visible()
    page.get_by_role("button", name="Go on editing").last.click()
    name.press("Control+Enter")
    expect(page.locator("#account-name")).to_have_text("Ann the Great")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
