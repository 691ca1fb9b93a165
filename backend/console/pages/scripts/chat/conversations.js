// conversations.js -- the list of conversations: newest first; search, rename, delete with undo.
import { get, patch, remove } from "../api.js";
import { $, announce, bdi, formatClock, formatDay, el, showFailure, makeIcon, makeIconButton, debounce, showToast } from "../dom.js";
import { subscribe } from "../stream.js";
import { getFilter } from "../team/accounts.js";

const UNDO_SECONDS = 5;
// Each kind of conversation has its icon.
const KINDS = { assistant: "chat", direct: "person", group: "group" };

const list = $("conversations");
const known = new Map();
const working = new Map(); // conversation id -> status by id of active runs
const leaving = new Map(); // deleted here, but not yet on the server: timers by id
let found = null; // ids of a search, or null
let cursor = null;
let selected = null;
let notifyGone = () => {};
let notifyRenamed = () => {};

export const getTitle = (conversation) => conversation?.title || "Untitled";
export const getConversation = (id) => known.get(id);
export const onGone = (work) => (notifyGone = work);
export const onRenamed = (work) => (notifyRenamed = work);

export async function load() {
  const page = await get("/v1/conversations", { limit: 50, ...getFilter() });
  known.clear();
  for (const item of page.data) known.set(item.id, item);
  cursor = page.next_cursor;
  drawList();
}

async function loadMore() {
  if (!cursor || found) return;
  const from = cursor;
  cursor = null;
  const page = await get("/v1/conversations", { limit: 50, cursor: from, ...getFilter() });
  for (const item of page.data) if (!known.has(item.id)) known.set(item.id, item);
  cursor = page.next_cursor;
  drawList();
}

// Fetches a conversation that is on no page loaded so far.
export async function loadConversation(id) {
  if (!known.has(id)) known.set(id, await get(`/v1/conversations/${id}`));
  drawList();
  return known.get(id);
}

export function select(id) {
  selected = id;
  for (const item of list.children) markSelected(item);
}

function markSelected(item) {
  const link = item.querySelector("a");
  if (item.dataset.id === selected) link?.setAttribute("aria-current", "page");
  else link?.removeAttribute("aria-current");
}

function listVisible() {
  const { account_id: account, agent_id: agent } = getFilter();
  const isHere = (item) => (!account || item.account_id === account) && (!agent || item.agent_id === agent);
  const shown = [...known.values()].filter((item) => !leaving.has(item.id) && (!found || found.has(item.id)) && isHere(item));
  return shown.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
}

// Moves existing items instead of making new ones: focus and an open title field stay.
function drawList() {
  const shown = listVisible();
  const there = new Map([...list.children].map((item) => [item.dataset.id, item]));
  for (const [id, item] of there) if (!shown.some((one) => one.id === id)) item.remove();
  shown.forEach((conversation, index) => {
    let item = there.get(conversation.id);
    if (!item) {
      item = el("li", { data: { id: conversation.id } });
      fillItem(item, conversation);
    } else if (item.shown !== conversation && !item.querySelector("input")) fillItem(item, conversation);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] || null);
  });
  const none = shown.length === 0;
  $("conversations-none").hidden = !none;
  $("conversations-none").textContent = found ? "Nothing found." : "Your conversations will stand here.";
}

function fillItem(item, conversation) {
  const status = getStatus(conversation.id);
  const title = getTitle(conversation);
  item.shown = conversation;
  item.replaceChildren(
    el("a", { href: `#/c/${conversation.id}` },
      makeIcon(KINDS[conversation.kind || "assistant"] || "chat"),
      el("span", { class: "conversation-title", dir: "auto" }, title),
      status ? el("span", { class: `badge ${status.kind}` }, el("span", { class: "sr" }, status.words))
        : el("span", { class: "conversation-time" }, formatAge(conversation.updated_at))),
    el("span", { class: "actions" },
      makeIconButton("edit", `Rename “${title}”`, () => editTitle(item, conversation)),
      makeIconButton("trash", `Delete “${title}”`, () => deleteAfterDelay(conversation))),
  );
  markSelected(item);
}

function formatAge(iso) {
  const day = formatDay(iso);
  return day === "Today" ? formatClock(iso) : day === "Yesterday" ? day : new Date(iso).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

// Rename

function editTitle(item, conversation) {
  const input = el("input", { class: "rename", "aria-label": "Title", dir: "auto", maxlength: "255" });
  input.value = conversation.title || "";
  let over = false;
  const end = async (save) => {
    if (over) return;
    over = true;
    const title = input.value.trim();
    item.shown = null;
    input.remove();
    fillItem(item, known.get(conversation.id) || conversation);
    item.querySelector("a").focus();
    if (!save || !title || title === conversation.title) return;
    try {
      applyChange(await patch(`/v1/conversations/${conversation.id}`, { title }));
    } catch (error) {
      showFailure(error);
    }
  };
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") end(true);
    if (event.key === "Escape") end(false);
  });
  input.addEventListener("blur", () => end(true));
  item.replaceChildren(input);
  input.select();
}

// Delete: the request is sent after a delay, in which the user can undo it

function deleteAfterDelay(conversation) {
  const { id } = conversation;
  const next = [...list.children].find((item) => item.dataset.id === id)?.nextElementSibling || list.firstElementChild;
  const timer = setTimeout(() => deleteNow(id), UNDO_SECONDS * 1000);
  leaving.set(id, timer);
  drawList();
  if (selected === id) notifyGone(id);
  next?.querySelector("a")?.focus();
  announce(`Deleted “${getTitle(conversation)}”. Undo is possible for ${UNDO_SECONDS} seconds.`);
  showToast(["Deleted “", bdi(getTitle(conversation)), "”"], {
    label: "Undo",
    seconds: UNDO_SECONDS,
    action: () => {
      clearTimeout(timer);
      leaving.delete(id);
      drawList();
      announce("Restored");
    },
  });
}

async function deleteNow(id) {
  try {
    await remove(`/v1/conversations/${id}`);
    known.delete(id);
  } catch (error) {
    if (error.status !== 404) showFailure(error);
  }
  leaving.delete(id);
  drawList();
}

// Live

function applyChange(conversation) {
  const before = known.get(conversation.id);
  if (before && before.updated_at > conversation.updated_at) return;
  known.set(conversation.id, conversation);
  if (found) searchConversations();
  drawList();
  if (before?.title !== conversation.title) notifyRenamed(conversation);
}

function getStatus(id) {
  const statuses = [...(working.get(id)?.values() || [])];
  if (statuses.includes("awaiting_approval")) return { kind: "asks", words: ", waits for your approval" };
  if (statuses.length) return { kind: "works", words: ", is being answered" };
  return null;
}

subscribe("conversation.created conversation.updated", ({ conversation }) => applyChange(conversation));
subscribe("conversation.deleted", ({ conversation_id: id }) => {
  known.delete(id);
  drawList();
  if (selected === id) notifyGone(id);
});
subscribe("message.created", ({ message }) => {
  const before = known.get(message.conversation_id);
  if (!before) loadConversation(message.conversation_id).catch(() => {}); // deleted meanwhile
  else if (before.updated_at < message.created_at) applyChange({ ...before, updated_at: message.created_at });
});
subscribe("run.queued run.started run.completed run.failed run.cancelled approval.requested approval.decided", ({ run }) => {
  const runs = working.get(run.conversation_id) || new Map();
  if (["queued", "running", "awaiting_approval"].includes(run.status)) runs.set(run.id, run.status);
  else runs.delete(run.id);
  working.set(run.conversation_id, runs);
  const item = [...list.children].find((one) => one.dataset.id === run.conversation_id);
  if (item && !item.querySelector("input")) fillItem(item, item.shown);
});

// Search

async function searchConversations() {
  const q = $("search").value.trim();
  if (!q) {
    found = null;
    drawList();
    return;
  }
  try {
    const page = await get("/v1/conversations", { q, limit: 100, ...getFilter() });
    if (q !== $("search").value.trim()) return;
    for (const item of page.data) if (!known.has(item.id)) known.set(item.id, item);
    found = new Set(page.data.map((item) => item.id));
    drawList();
  } catch (error) {
    showFailure(error);
  }
}

$("search").addEventListener("input", debounce(150, searchConversations));
list.addEventListener("scroll", () => {
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 300) loadMore().catch(showFailure);
}, { passive: true });

export function reset() {
  for (const timer of leaving.values()) clearTimeout(timer);
  for (const kept of [known, working, leaving]) kept.clear();
  found = cursor = selected = null;
  $("search").value = "";
  list.replaceChildren();
}
