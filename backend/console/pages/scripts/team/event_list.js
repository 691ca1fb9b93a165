// event_list.js -- the inbox in a sheet: what was posted for the user and for all members of their accounts.
import { get, post } from "../api.js";
import { bdi, el, formatJson, makeTime, showFailure } from "../dom.js";
import { openSheet } from "../sheet.js";
import { subscribe } from "../stream.js";

const PAGE = 30;

let sheet = null;
let cursor = null;

const find = (selector) => sheet.querySelector(selector);

export async function open() {
  cursor = null;
  sheet = openSheet("inbox", "Inbox", { leave: "Close the inbox" },
    el("p", { class: "none", id: "events-none", hidden: true }, "What agents, programs and people post for you will stand here."),
    el("ol", { class: "events", id: "events" }),
    el("button", { type: "button", class: "link", id: "events-more", hidden: true, onclick: () => showMore().catch(showFailure) }, "Show older"));
  await sheet.pane.load(showMore);
}

async function showMore() {
  const mine = sheet;
  const page = await get("/v1/events", { limit: PAGE, cursor });
  if (mine !== sheet) return; // closed meanwhile, and opened again
  cursor = page.next_cursor;
  find("#events").append(...page.data.filter((event) => !isShown(event)).map(makeEvent));
  const more = find("#events-more");
  if (!cursor && more === document.activeElement) find(".sheet-body").focus(); // the button goes
  more.hidden = !cursor;
  find("#events-none").hidden = find("#events").childElementCount > 0;
  await markRead(page.data.filter((event) => event.read_at === null).map((event) => event.id));
}

// The user stream tells of it: all pages of the user count anew.
const markRead = async (ids) => ids.length && post("/v1/events/read", { event_ids: ids });

const isShown = (event) => Boolean(find(`[data-id="${CSS.escape(event.id)}"]`));

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

// What comes while the inbox is open is read, unless nobody sees the page.
subscribe("event.posted", ({ event }) => {
  if (!sheet?.open || document.hidden) return;
  if (!isShown(event)) find("#events").prepend(makeEvent(event));
  find("#events-none").hidden = true;
  markRead([event.id]).catch(showFailure);
});
