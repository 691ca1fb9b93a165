// search.js -- what a search finds in messages and tasks, below the conversations: each hit leads to its place.
import { get } from "../api.js";
import { showMessage } from "../chat/chat.js";
import { loadConversation } from "../chat/conversations.js";
import { $, bdi, el, formatDay, makeIcon, showFailure } from "../dom.js";
import { openPart } from "../later.js";
import { Pane } from "../pane.js";
import { getTitle, nameOf } from "../people/names.js";
import { keepOneStop } from "../roving.js";
import { getUser } from "../team/accounts.js";

const PAGE = 20;

const box = $("hits");
const pane = new Pane("What was said about this");
let wanted = ""; // what the hits that are shown, or on their way, are about
let cursor = null;

// Shows the newest hits; of nothing there are none.
export async function search(q) {
  if (q === wanted) return;
  wanted = q;
  pane.clear();
  box.hidden = !q;
  box.replaceChildren(el("h2", {}, "In messages and tasks"), pane.note);
  if (q) await pane.load(() => showHits(q));
}

async function showHits(q) {
  const page = await fetchPage(q);
  if (!page) return;
  const list = el("ul", { id: "hit-list" }, ...page.items);
  const more = el("button", { type: "button", class: "link", id: "hits-more", hidden: !cursor, onclick: () => showMore().catch(showFailure) }, "Show older");
  box.replaceChildren(box.firstElementChild, pane.note, list, more);
  pane.showEmpty(page.items.length ? "" : "Nothing found.");
}

// The newest hits, each with its conversation where it has one: [{ hit, conversation }], and where the next page begins.
export async function fetchHits(q, limit, from = null) {
  const page = await get("/v1/search", { q, limit, cursor: from });
  const ids = [...new Set(page.data.map((hit) => hit.conversation_id).filter(Boolean))];
  const loaded = await Promise.all(ids.map((id) => loadConversation(id).catch(leaveOut)));
  const conversations = new Map(loaded.filter(Boolean).map((one) => [one.id, one]));
  const found = page.data.map((hit) => ({ hit, conversation: conversations.get(hit.conversation_id) }));
  return { found: found.filter(({ hit, conversation }) => hit.kind === "task" || conversation), cursor: page.next_cursor };
}

// Null where something else is looked for by now.
async function fetchPage(q, from = null) {
  const page = await fetchHits(q, PAGE, from);
  if (q !== wanted) return null;
  cursor = page.cursor;
  return { items: page.found.map(({ hit, conversation }) => makeHit(hit, conversation)) };
}

// A conversation that went meanwhile.
function leaveOut(error) {
  if (error.status !== 404) throw error;
  return null;
}

async function showMore() {
  const page = await fetchPage(wanted, cursor);
  if (!page) return;
  $("hit-list").append(...page.items);
  const more = $("hits-more");
  if (!cursor && more === document.activeElement) page.items.at(-1)?.querySelector("a, button").focus(); // the button goes
  more.hidden = !cursor;
}

export const makeExcerpt = (hit) =>
  el("span", { class: "hit-text", dir: "auto" }, ...hit.excerpt.map(({ text, marked }) => (marked ? el("mark", {}, text) : text)));

export const nameSender = (sender) => (sender.type === "user" && sender.id === getUser()?.id ? "You" : nameOf(sender));

function makeHit(hit, conversation) {
  const day = el("span", { class: "conversation-time" }, formatDay(hit.created_at));
  if (hit.kind === "task") {
    const open = () => openTask(hit.task_id).catch(showFailure);
    return el("li", {}, el("button", { type: "button", class: "hit", "aria-haspopup": "dialog", onclick: open },
      el("span", { class: "hit-head" }, makeIcon("tasks"), el("span", {}, "Task"), day), makeExcerpt(hit)));
  }
  const href = `#/c/${hit.conversation_id}/${hit.message_id}`;
  return el("li", {}, el("a", { class: "hit", href, onclick: () => location.hash === href && showMessage(hit.message_id) },
    el("span", { class: "hit-head" }, bdi(getTitle(conversation)), day), el("span", { class: "hit-who" }, bdi(nameSender(hit.sender)), ":"), " ", makeExcerpt(hit)));
}

export async function openTask(id) {
  const task = await get(`/v1/tasks/${id}`);
  await openPart(() => import("../tasks/editor.js"), task);
}

keepOneStop(box, "li");
document.addEventListener("leave", () => {
  wanted = "";
  pane.clear();
});
