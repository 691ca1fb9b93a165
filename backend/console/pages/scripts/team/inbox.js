// inbox.js -- how many events that were posted for the user are unread.
import { get } from "../api.js";
import { $, formatCount } from "../dom.js";
import { openPart } from "../later.js";
import { Pane } from "../pane.js";
import { subscribe } from "../stream.js";

const MOST = 99;

let unread = new Set();
let isWhole = true; // whether there are no more of them than were asked for

// What is told while a page is on its way is not in it.
const loads = new Set();

const pane = new Pane("The inbox", $("inbox-note"));

export const load = () => pane.load(loadUnread);

// Those that are unread, as far as they are counted.
async function loadUnread() {
  const meanwhile = [];
  loads.add(meanwhile);
  const page = await get("/v1/events", { unread: "true", limit: MOST + 1 }).finally(() => loads.delete(meanwhile));
  unread = new Set(page.data.map((event) => event.id));
  for (const change of meanwhile) change(unread);
  isWhole = page.next_cursor === null;
  drawCount();
}

function drawCount() {
  const count = unread.size;
  $("inbox-count").textContent = count > MOST ? `${MOST}+` : String(count);
  $("inbox-count").hidden = count === 0;
  $("open-inbox").setAttribute("aria-label", count ? `Inbox, ${formatCount(count, "unread event")}` : "Inbox");
}

$("open-inbox").addEventListener("click", () => openPart(() => import("./event_list.js")));

function noteChange(change) {
  change(unread);
  for (const meanwhile of loads) meanwhile.push(change);
}

subscribe("event.posted", ({ event }) => {
  noteChange((ids) => ids.add(event.id));
  drawCount();
});
// Read here, in another tab or on another device.
subscribe("event.read", ({ event_ids: ids }) => {
  noteChange((some) => ids.forEach((id) => some.delete(id)));
  if (isWhole) drawCount();
  else load();
});

export function reset() {
  pane.clear();
  unread = new Set();
  drawCount();
}
