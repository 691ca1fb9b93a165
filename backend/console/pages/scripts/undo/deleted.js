// deleted.js -- the sheet with the tasks and conversations that were deleted in the last 30 days, and can be had back.
import { get } from "../api.js";
import { bdi, el, formatClock, formatDay, makeIcon, showFailure } from "../dom.js";
import { fetchChanges } from "../later.js";
import { makeList, openSheet } from "../sheet.js";

const PAGE = 50;
const NAMELESS = { task: "A task", conversation: "A conversation without a title" };

export async function open() {
  const list = makeList("deleted-list");
  const none = el("p", { class: "none", id: "deleted-none", hidden: true }, "Nothing was deleted.");
  const more = el("button", { type: "button", class: "link", hidden: true, onclick: () => showPage().catch(showFailure) }, "Show older");
  const sheet = openSheet("deleted", "Recently deleted", { leave: "Close what was deleted" },
    el("p", { class: "muted" }, "For 30 days what was deleted can be had back as it was."), none, list, more);
  let cursor = null;

  async function showPage() {
    const page = await get("/v1/undo", { deleted: true, limit: PAGE, cursor });
    cursor = page.next_cursor;
    const items = page.data.map((step) => makeItem(step, settle));
    list.append(...items);
    more.hidden = !cursor;
    if (!cursor && more === document.activeElement) items.at(-1)?.querySelector("button").focus(); // the button goes
    none.hidden = list.childElementCount > 0;
  }

  // One is back: the focus goes on with the next.
  function settle(item) {
    const next = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    none.hidden = list.childElementCount > 0;
    (next?.querySelector("button") ?? sheet.querySelector(".sheet-body")).focus();
  }

  await showPage();
}

function makeItem(step, settle) {
  const { noun, title, created_at: at } = step;
  const name = title ?? NAMELESS[noun];
  const button = el("button", { type: "button", class: "plain", "aria-label": `Restore “${name}”`, onclick: () => restore(step, item, settle) }, "Restore");
  const item = el("li", {},
    makeIcon(noun === "task" ? "tasks" : "chat"),
    el("div", {},
      el("p", {}, el("span", { class: "sr" }, noun === "task" ? "Task: " : "Conversation: "), bdi(name)),
      el("p", { class: "muted small" }, `${formatDay(at)}, ${formatClock(at)}`)),
    button);
  return item;
}

async function restore(step, item, settle) {
  try {
    const { undo } = await fetchChanges();
    if (await undo({ wanted: { change_id: step.change_id } })) settle(item);
  } catch (error) {
    showFailure(error);
  }
}
