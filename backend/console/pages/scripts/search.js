// search.js -- what a search finds in messages and tasks, below the conversations: each hit leads to its place.
import { get } from "./api.js";
import { showMessage } from "./chat/chat.js";
import { loadConversation } from "./chat/conversations.js";
import { $, bdi, el, formatDay, makeIcon, showFailure } from "./dom.js";
import { openPart } from "./later.js";
import { getTitle, nameOf } from "./people/names.js";
import { getUser } from "./team/accounts.js";

const PAGE = 20;

const box = $("hits");
let wanted = ""; // what the hits that are shown, or on their way, are about
let cursor = null;

// Shows the newest hits; of nothing there are none.
export async function search(q) {
  wanted = q;
  if (!q) {
    box.hidden = true;
    box.replaceChildren();
    return;
  }
  const page = await fetchPage(q);
  if (!page) return;
  const list = el("ul", { id: "hit-list" }, ...page.items);
  const more = el("button", { type: "button", class: "link", id: "hits-more", hidden: !cursor, onclick: () => showMore().catch(showFailure) }, "Show older");
  box.replaceChildren(el("h2", {}, "In messages and tasks"), list, el("p", { class: "none", hidden: page.items.length > 0 }, "Nothing found."), more);
  box.hidden = false;
}

// Null where something else is looked for by now.
async function fetchPage(q, from = null) {
  const page = await get("/v1/search", { q, limit: PAGE, cursor: from });
  const ids = [...new Set(page.data.map((hit) => hit.conversation_id).filter(Boolean))];
  const found = await Promise.all(ids.map((id) => loadConversation(id).catch(leaveOut)));
  if (q !== wanted) return null;
  cursor = page.next_cursor;
  const conversations = new Map(found.filter(Boolean).map((one) => [one.id, one]));
  const items = page.data.filter((hit) => hit.kind === "task" || conversations.has(hit.conversation_id));
  return { items: items.map((hit) => makeHit(hit, conversations.get(hit.conversation_id))) };
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

function makeHit(hit, conversation) {
  const excerpt = el("span", { class: "hit-text", dir: "auto" }, ...hit.excerpt.map(({ text, marked }) => (marked ? el("mark", {}, text) : text)));
  const day = el("span", { class: "conversation-time" }, formatDay(hit.created_at));
  if (hit.kind === "task") {
    const open = () => openTask(hit.task_id).catch(showFailure);
    return el("li", {}, el("button", { type: "button", class: "hit", "aria-haspopup": "dialog", onclick: open },
      el("span", { class: "hit-head" }, makeIcon("tasks"), el("span", {}, "Task"), day), excerpt));
  }
  const href = `#/c/${hit.conversation_id}/${hit.message_id}`;
  const who = hit.sender.type === "user" && hit.sender.id === getUser()?.id ? "You" : nameOf(hit.sender);
  return el("li", {}, el("a", { class: "hit", href, onclick: () => location.hash === href && showMessage(hit.message_id) },
    el("span", { class: "hit-head" }, bdi(getTitle(conversation)), day), el("span", { class: "hit-who" }, bdi(who), ":"), " ", excerpt));
}

async function openTask(id) {
  const task = await get(`/v1/tasks/${id}`);
  await openPart(() => import("./tasks/editor.js"), task);
}
