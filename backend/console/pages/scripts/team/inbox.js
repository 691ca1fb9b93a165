// inbox.js -- how many events that were posted for the user are unread.
import { get } from "../api.js";
import { $, formatCount, showFailure } from "../dom.js";
import { openPart } from "../later.js";
import { subscribe } from "../stream.js";

const MOST = 99;

let unread = new Set();
let isWhole = true; // whether there are no more of them than were asked for

// Those that are unread, as far as they are counted.
export async function load() {
  const page = await get("/v1/events", { unread: "true", limit: MOST + 1 });
  unread = new Set(page.data.map((event) => event.id));
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

subscribe("event.posted", ({ event }) => {
  unread.add(event.id);
  drawCount();
});
// Read here, in another tab or on another device.
subscribe("event.read", ({ event_ids: ids }) => {
  for (const id of ids) unread.delete(id);
  if (isWhole) drawCount();
  else load().catch(showFailure);
});

export function reset() {
  unread = new Set();
  drawCount();
}
