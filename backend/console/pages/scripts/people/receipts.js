// receipts.js -- who has read the messages of the user, below each of them.
import { el, makeIcon } from "../dom.js";
import { STATES } from "../chat/messages.js";
import { opened } from "../chat/opened.js";
import { list } from "../chat/thread.js";
import { openPart } from "../later.js";
import { nameOf } from "./names.js";
import { hasMarks, listOthers } from "./roster.js";

// The state of a message of the user: on its way, stored, or read by others. What is stored opens its receipts.
export function makeReceipt(item) {
  const { state, id } = item.dataset;
  if (state === "sending" || !id) return el("span", { class: "state" }, STATES[state] ?? "");
  item.receipt ??= { words: "Sent", isRead: false };
  item.receiptButton = el("button", { type: "button", class: "state", title: "Who has read it", "aria-haspopup": "dialog", onclick: () => openDeliveries(id) });
  fillReceipt(item);
  return item.receiptButton;
}

// The button stays: it may have the focus, or be what a sheet was opened by.
function fillReceipt({ receipt: { words, isRead }, receiptButton }) {
  receiptButton?.replaceChildren(makeIcon(isRead ? "read" : "check"), el("span", { class: isRead ? "" : "sr" }, words));
}

export const openDeliveries = (id) => openPart(() => import("./deliveries.js"), id);

// Draws anew what has changed: each who has read up to a message has read all above it.
export function drawReceipts(conversation) {
  if (!hasMarks() || !opened.isWhole) return;
  const others = listOthers();
  const marks = new Map();
  for (const person of others) {
    const id = person.last_read_message_id;
    if (id) marks.set(id, [...(marks.get(id) ?? []), person]);
  }
  const readers = [];
  for (const item of [...list.children].reverse()) {
    readers.push(...(marks.get(item.dataset.id) ?? []));
    if (!item.isMine || !item.dataset.id) continue;
    const receipt = describe(readers, others.length, conversation.kind === "direct");
    if (item.receipt?.words === receipt.words) continue;
    item.receipt = receipt;
    fillReceipt(item);
  }
}

function describe(readers, all, isDirect) {
  if (!readers.length) return { words: "Sent", isRead: false };
  if (isDirect) return { words: "Read", isRead: true };
  if (readers.length === all && all > 1) return { words: "Read by all", isRead: true };
  return { words: readers.length === 1 ? `Read by ${nameOf(readers[0])}` : `Read by ${readers.length}`, isRead: true };
}
