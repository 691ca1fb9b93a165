// deliveries.js -- the receipts of a message in a sheet: whom it has reached and who has read it, and when.
import { get, getAll } from "../api.js";
import { bdi, drawItems, el, formatTime, showFailure } from "../dom.js";
import { makeList, openSheet } from "../sheet.js";
import { subscribe } from "../stream.js";
import { opened } from "../chat/opened.js";
import { makeTags } from "./choosing.js";
import { nameOf } from "./names.js";

const PAGE = 100;

let sheet = null;
let messageId = null;
let conversationId = null;
let people = new Map();

export async function open(id) {
  [messageId, conversationId] = [id, opened.id];
  sheet = openSheet("deliveries", "Who has read it", { leave: "Close the receipts", size: "small-sheet" },
    makeList("deliveries-list"), el("p", { class: "muted", id: "deliveries-note", hidden: true }));
  await sheet.pane.load(refresh);
}

async function refresh() {
  const mine = sheet;
  const [page, found] = await Promise.all([
    get(`/v1/messages/${messageId}/deliveries`, { limit: PAGE }),
    getAll(`/v1/conversations/${conversationId}/participants`),
  ]);
  if (mine !== sheet || !mine.open) return;
  people = new Map(found.map((person) => [person.user_id, person]));
  const rows = page.data.map((delivery) => ({ ...delivery, id: delivery.user_id, rank: delivery.is_read ? 0 : delivery.is_delivered ? 1 : 2 }));
  drawItems(sheet.querySelector("#deliveries-list"), rows.sort((a, b) => a.rank - b.rank), makeDelivery);
  const note = sheet.querySelector("#deliveries-note");
  note.textContent = !rows.length ? "Nobody else was there to read it." : page.next_cursor ? `These are the first ${PAGE} who take part.` : "";
  note.hidden = note.textContent === "";
}

function makeDelivery(delivery) {
  const person = people.get(delivery.user_id);
  return el("li", {}, el("p", {}, bdi(nameOf(person)), ...makeTags(person ?? {})), el("span", { class: "muted small" }, describe(delivery)));
}

// In large groups no times are kept.
function describe({ is_read: isRead, read_at: readAt, is_delivered: isDelivered, delivered_at: deliveredAt }) {
  const [words, at] = isRead ? ["Read", readAt] : isDelivered ? ["Delivered", deliveredAt] : ["Not delivered yet", null];
  return at ? `${words} ${formatTime(at)}` : words;
}

subscribe("participant.read", ({ conversation_id: id }) => sheet?.open && id === conversationId && refresh().catch(showFailure));
