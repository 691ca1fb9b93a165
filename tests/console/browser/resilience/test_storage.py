# test_storage.py -- browsers that keep nothing for a page, or have no room left, and keys of input methods.
import pytest
from playwright.sync_api import expect

from support.browsers import Visitor, expect_signed_in, say, settled
from support.servers import Server

FULL = """
Storage.prototype.setItem = () => {
  throw new DOMException("There is no room.", "QuotaExceededError");
};
"""
# All at once: what a browser refuses differs from one to the other.
REFUSED = """
const refuse = () => {
  throw new DOMException("It is refused here.", "SecurityError");
};
for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  Object.defineProperty(window, name, { get: refuse });
}
LockManager.prototype.query = LockManager.prototype.request = async () => refuse();
window.BroadcastChannel = class {
  constructor() {
    refuse();
  }
};
"""


@pytest.mark.parametrize("script", [FULL, REFUSED], ids=["full", "refused"])
def test_the_console_works_where_a_browser_keeps_nothing(site: Server, visit: Visitor, script: str) -> None:
    visited = visit(site)
    visited.expected.append("status of 401")  # whether anybody is signed in, only the server knows
    visited.context.add_init_script(script)
    email = site.register()
    page = visited.sign_in(email)
    say(page, "add buy milk")
    settled(page)
    expect(page.locator(".task-title")).to_have_text(["Buy milk"])
    page.locator("#theme").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "light")
    page.reload()
    expect_signed_in(page)
    expect(page.locator(".bubble")).to_have_text(["add buy milk"])
    site.sign_in(email).post("/v1/tasks", title="Made elsewhere")
    expect(page.locator(".task-title")).to_have_text(["Buy milk", "Made elsewhere"])
    page.get_by_role("button", name="Sign out", exact=True).click()
    expect(page.get_by_role("heading", name="Welcome back")).to_be_visible()


PRESS = """(box, [key, keyCode]) => {
  box.dispatchEvent(new CompositionEvent("compositionend", { data: "日本", bubbles: true }));
  box.dispatchEvent(new KeyboardEvent("keydown", { key, keyCode, bubbles: true, cancelable: true }));
}"""


def test_enter_that_ends_a_word_of_an_input_method_does_not_send(site: Server, visit: Visitor) -> None:
    page = visit(site).sign_in(site.register())
    box = page.get_by_label("Message", exact=True)
    box.fill("日本")
    box.evaluate(PRESS, ["Enter", 229])  # as Safari tells it: after the word
    expect(page.locator(".message")).to_have_count(0)
    expect(box).to_have_value("日本")
    box.evaluate(PRESS, ["Enter", 13])
    expect(page.locator(".bubble")).to_have_text(["日本"])
    settled(page)
