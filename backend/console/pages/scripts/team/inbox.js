// inbox.js -- what was posted for the user and for all members of their accounts, with marks of what is unread.
import { get, post } from "../api.js";
import { $, bdi, el, formatCount, formatJson, makeTime, setUpDialog, showFailure } from "../dom.js";
import { subscribe } from "../stream.js";

const sheet = setUpDialog("inbox");
const PAGE = 30;
const MOST = 99;

let cursor = null;
let unread = new Set();

// Those that are unread, as far as they are counted.
export async function load() {
  const page = await get("/v1/events", { unread: "true", limit: MOST + 1 });
  unread = new Set(page.data.map((event) => event.id));
  drawCount();
}

function drawCount() {
  const count = unread.size;
  $("inbox-count").textContent = count > MOST ? `${MOST}+` : String(count);
  $("inbox-count").hidden = count === 0;
  $("open-inbox").setAttribute("aria-label", count ? `Inbox, ${formatCount(count, "unread event")}` : "Inbox");
}

async function open() {
  $("events").replaceChildren();
  cursor = null;
  sheet.showModal();
  await showMore();
}

export const close = () => sheet.open && sheet.close();

async function showMore() {
  try {
    const page = await get("/v1/events", { limit: PAGE, cursor });
    cursor = page.next_cursor;
    $("events").append(...page.data.filter((event) => !isShown(event)).map(makeEvent));
    $("events-more").hidden = !cursor;
    $("events-none").hidden = $("events").childElementCount > 0;
    await markRead(page.data.filter((event) => event.read_at === null).map((event) => event.id));
  } catch (error) {
    showFailure(error);
  }
}

async function markRead(ids) {
  if (!ids.length) return;
  await post("/v1/events/read", { event_ids: ids });
  for (const id of ids) unread.delete(id);
  drawCount();
}

const isShown = (event) => Boolean($("events").querySelector(`[data-id="${CSS.escape(event.id)}"]`));

function makeEvent(event) {
  const to = event.recipient_id === null ? "to everybody in the account" : "to you";
  return el("li", { class: event.read_at === null ? "is-new" : "", data: { id: event.id } },
    el("p", {},
      event.read_at === null && el("span", { class: "tag" }, "new"),
      bdi(event.sender.name || (event.sender.type === "agent" ? "An agent" : "Somebody")), " ",
      el("span", { class: "muted small" }, to, " · ", makeTime(event.created_at))),
    el("p", { class: "small" }, el("code", {}, event.type), event.severity !== "info" && el("span", { class: `severity ${event.severity}` }, event.severity)),
    describePayload(event.payload));
}

// Texts as they are, everything else as JSON; nothing of it is ever HTML.
function describePayload(payload) {
  const entries = Object.entries(payload);
  if (!entries.length) return null;
  return el("dl", { class: "payload" },
    ...entries.flatMap(([name, value]) => [
      el("dt", {}, name),
      el("dd", { dir: "auto" }, typeof value === "string" ? value : formatJson(value)),
    ]));
}

$("open-inbox").addEventListener("click", () => open().catch(showFailure));
$("events-more").addEventListener("click", showMore);

subscribe("event.posted", ({ event }) => {
  if (sheet.open && !document.hidden) {
    if (!isShown(event)) $("events").prepend(makeEvent(event));
    $("events-none").hidden = true;
    markRead([event.id]).catch(showFailure);
    return;
  }
  unread.add(event.id);
  drawCount();
});

export function reset() {
  unread = new Set();
  cursor = null;
  $("events").replaceChildren();
  drawCount();
}
