# test_order.py -- tasks are put in order by keys, the pointer or a finger, and stand so in every tab.
from datetime import timedelta

from playwright.sync_api import Page, expect

from support.api.dated_tasks import TOMORROW, add_tasks, list_titles
from support.browsers import PHONE, Visitor, titles_of
from support.console_files import WEB
from support.servers import Person, Server, wait_until

# As a key that repeats: none waits for what the one before has led to.
THREE_PRESSES = """() => {
  for (let times = 0; times < 3; times += 1) {
    const press = { key: 'ArrowUp', altKey: true, bubbles: true, cancelable: true };
    document.activeElement.dispatchEvent(new KeyboardEvent('keydown', press));
  }
}"""


def test_a_task_is_moved_by_keys_and_stands_there_in_every_tab(
    site: Server, visit: Visitor, ann: Person
) -> None:
    add_tasks(ann, "One", "Two", "Three", "Four")
    visited = visit(site)
    page = visited.sign_in(ann.email)
    other = visited.tab()
    page.locator(".task-text", has_text="Four").focus()
    page.evaluate(THREE_PRESSES)
    expect(page.locator(".task-title")).to_have_text(["Four", "One", "Two", "Three"])
    expect(page.locator(".task-text", has_text="Four")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Four: 1 of 4")
    wait_until(lambda: list_titles(ann) == ["Four", "One", "Two", "Three"])  # it was second on its way there
    page.keyboard.press("Alt+ArrowDown")
    for tab in (page, other):
        expect(tab.locator(".task-title")).to_have_text(["One", "Four", "Two", "Three"])
    wait_until(lambda: list_titles(ann) == ["One", "Four", "Two", "Three"])
    page.reload()
    expect(page.locator(".task-title")).to_have_text(["One", "Four", "Two", "Three"])


def test_a_move_is_undone(site: Server, visit: Visitor, ann: Person) -> None:
    add_tasks(ann, "One", "Two", "Three")
    page = visit(site).sign_in(ann.email)
    page.locator(".task-text", has_text="Three").focus()
    page.keyboard.press("Alt+ArrowUp")
    wait_until(lambda: list_titles(ann) == ["One", "Three", "Two"])
    page.keyboard.press("Control+z")
    expect(page.locator(".task-title")).to_have_text(["One", "Two", "Three"])


def test_tasks_of_one_place_are_moved_too(site: Server, visit: Visitor, ann: Person) -> None:
    """Such as those of an import: there is no number between theirs."""
    add_tasks(ann, "One", "Two", "Three", "Four", position=7)
    page = visit(site).sign_in(ann.email)
    expect(page.locator(".task")).to_have_count(4)
    order = page.locator(".task-title").all_inner_texts()
    page.locator(".task-text").nth(2).focus()
    page.keyboard.press("Alt+ArrowUp")
    wanted = [order[0], order[2], order[1], order[3]]
    expect(page.locator(".task-title")).to_have_text(wanted)
    wait_until(lambda: list_titles(ann) == wanted)
    for _ in range(30):  # halves a gap again and again
        page.keyboard.press("Alt+ArrowUp")
        page.keyboard.press("Alt+ArrowDown")
    expect(page.locator(".task-title")).to_have_text(wanted)
    wait_until(lambda: list_titles(ann) == wanted)


def test_what_is_due_at_the_same_time_is_moved_and_nothing_past_another_date(
    site: Server, visit: Visitor, ann: Person
) -> None:
    add_tasks(ann, "One", "Two", due_on=str(TOMORROW))
    add_tasks(ann, "Later", due_on=str(TOMORROW + timedelta(1)))
    page = visit(site).sign_in(ann.email)
    page.locator(".task-text", has_text="Two").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(titles_of(page, "upcoming")).to_have_text(["Two", "One", "Later"])
    page.locator(".task-text", has_text="Later").focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("#announcer")).to_have_text("What is due stands in the order of its date.")
    expect(titles_of(page, "upcoming")).to_have_text(["Two", "One", "Later"])
    page.reload()
    expect(titles_of(page, "upcoming")).to_have_text(["Two", "One", "Later"])


def drag(page: Page, title: str, onto: str, *, below: bool = False) -> None:
    source = page.locator(".task", has_text=title).bounding_box()
    target = page.locator(".task", has_text=onto).bounding_box()
    assert source is not None
    assert target is not None
    page.mouse.move(source["x"] + 80, source["y"] + 15)
    page.mouse.down()
    page.mouse.move(source["x"] + 80, source["y"] + 30, steps=3)
    page.mouse.move(target["x"] + 80, target["y"] + (target["height"] - 2 if below else 2), steps=8)
    page.mouse.up()


def test_a_task_is_dragged_to_its_place(site: Server, visit: Visitor, ann: Person) -> None:
    add_tasks(ann, "One", "Two", "Three", "Four")
    page = visit(site).sign_in(ann.email)
    expect(page.locator(".task")).to_have_count(4)
    drag(page, "Four", "Two")
    expect(page.locator(".task-title")).to_have_text(["One", "Four", "Two", "Three"])
    expect(page.locator("#task-edit")).to_have_count(0)
    drag(page, "One", "Three", below=True)
    expect(page.locator(".task-title")).to_have_text(["Four", "Two", "Three", "One"])
    wait_until(lambda: list_titles(ann) == ["Four", "Two", "Three", "One"])
    page.locator(".task-text", has_text="Two").click()
    expect(page.locator("#edit-title")).to_have_value("Two")


def test_a_finger_takes_a_task_by_its_grip_and_picks_one_by_staying_on_it(
    site: Server, visit: Visitor, ann: Person
) -> None:
    add_tasks(ann, "One", "Two", "Three", "Four")
    page = visit(site, viewport=PHONE, has_touch=True, is_mobile=True).sign_in(ann.email)
    page.get_by_role("button", name="Show tasks").click()
    expect(page.locator("#tasks")).to_have_css("translate", "0px")
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        where = [{"x": x, "y": y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": where})

    grip, second = page.locator(".grip").nth(3).bounding_box(), page.locator(".task").nth(1).bounding_box()
    assert grip is not None
    assert second is not None
    x, y = grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2
    touch("touchStart", (x, y))
    # The first press fetches the part that drags.
    page.evaluate("(path) => import(path).then(() => null)", f"{WEB}/scripts/tasks/moving.js")
    for step in range(1, 11):
        touch("touchMove", (x, y + (second["y"] + 2 - y) * step / 10))
    touch("touchEnd")
    expect(page.locator(".task-title")).to_have_text(["One", "Four", "Two", "Three"])
    wait_until(lambda: list_titles(ann) == ["One", "Four", "Two", "Three"])
    page.evaluate("(path) => import(path).then(() => null)", f"{WEB}/scripts/tasks/picking.js")
    words = page.locator(".task-text").first.bounding_box()
    assert words is not None
    touch("touchStart", (words["x"] + 20, words["y"] + 15))
    expect(page.locator("#picked-count")).to_have_text("1 selected")
    touch("touchEnd")
    page.locator(".task-text").nth(2).tap()
    expect(page.locator("#picked-count")).to_have_text("2 selected")
    expect(page.locator("dialog")).to_have_count(0)
