// conversations.js -- the list beside the chat: newest first, searched, renamed, deleted with a way back.
import { get, patch, remove } from  "../api.js";
import { $, announce, bdi, clock, dayOf, el, fail, icon, iconButton, later, toast } from  "../dom.js";
import { on } from  "../stream.js";

const UNDO_SECONDS = 5;
// Conversations between people and of groups will stand in the same list: each kind has its sign.
const KINDS = { assistant: "chat", direct: "person", group: "group" };

const list = $("conversations");
const known = new Map();
const working = new Map(); // conversation id -> ids of runs at work, with their status
const leaving = new Map(); // deleted here, not yet there: timers by id
let found = null; // ids of a search, or null
let cursor = null;
let selected = null;
let gone = () => {};
let renamed = () => {};

export const titleOf = (conversation) => conversation?.title || "Untitled";
export const byId = (id) => known.get(id);
export const onGone = (work) => (gone = work);
export const onRenamed = (work) => (renamed = work);

export async function load() {
  const page = await get("/v1/conversations", { limit: 50 });
  known.clear();
  for (const item of page.data) known.set(item.id, item);
  cursor = page.next_cursor;
  draw();
}

async function more() {
  if (!cursor || found) return;
  const from = cursor;
  cursor = null;
  const page = await get("/v1/conversations", { limit: 50, cursor: from });
  for (const item of page.data) if (!known.has(item.id)) known.set(item.id, item);
  cursor = page.next_cursor;
  draw();
}

// Looked up alone where it is not on the pages that are here.
export async function ensure(id) {
  if (!known.has(id)) known.set(id, await get(`/v1/conversations/${id}`));
  draw();
  return known.get(id);
}

export function select(id) {
  selected = id;
  for (const item of list.children) mark(item);
}

function mark(item) {
  const link = item.querySelector("a");
  if (item.dataset.id === selected) link?.setAttribute("aria-current", "page");
  else link?.removeAttribute("aria-current");
}

function visible() {
  const shown = [...known.values()].filter((item) => !leaving.has(item.id) && (!found || found.has(item.id)));
  return shown.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
}

// Items that are there are moved, not made anew: focus and an open rename stay.
function draw() {
  const shown = visible();
  const there = new Map([...list.children].map((item) => [item.dataset.id, item]));
  for (const [id, item] of there) if (!shown.some((one) => one.id === id)) item.remove();
  shown.forEach((conversation, index) => {
    let item = there.get(conversation.id);
    if (!item) {
      item = el("li", { data: { id: conversation.id } });
      fill(item, conversation);
    } else if (item.shown !== conversation && !item.querySelector("input")) fill(item, conversation);
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] || null);
  });
  const none = shown.length === 0;
  $("conversations-none").hidden = !none;
  $("conversations-none").textContent = found ? "Nothing found." : "Your conversations will stand here.";
}

function fill(item, conversation) {
  const status = statusOf(conversation.id);
  const title = titleOf(conversation);
  item.shown = conversation;
  item.replaceChildren(
    el("a", { href: `#/c/${conversation.id}` },
      icon(KINDS[conversation.kind || "assistant"] || "chat"),
      el("span", { class: "conversation-title", dir: "auto" }, title),
      status ? el("span", { class: `badge ${status.kind}` }, el("span", { class: "sr" }, status.words))
        : el("span", { class: "conversation-time" }, when(conversation.updated_at))),
    el("span", { class: "actions" },
      iconButton("edit", `Rename “${title}”`, () => rename(item, conversation)),
      iconButton("trash", `Delete “${title}”`, () => deleteSoon(conversation))),
  );
  mark(item);
}

function when(iso) {
  const day = dayOf(iso);
  return day === "Today" ? clock(iso) : day === "Yesterday" ? day : new Date(iso).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

// Rename

function rename(item, conversation) {
  const input = el("input", { class: "rename", "aria-label": "Title", dir: "auto", maxlength: "255" });
  input.value = conversation.title || "";
  let over = false;
  const end = async (save) => {
    if (over) return;
    over = true;
    const title = input.value.trim();
    item.shown = null;
    input.remove();
    fill(item, known.get(conversation.id) || conversation);
    item.querySelector("a").focus();
    if (!save || !title || title === conversation.title) return;
    try {
      apply(await patch(`/v1/conversations/${conversation.id}`, { title }));
    } catch (error) {
      fail(error);
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

// Delete: the page waits before it asks the server, so that one can think better of it

function deleteSoon(conversation) {
  const { id } = conversation;
  const next = [...list.children].find((item) => item.dataset.id === id)?.nextElementSibling || list.firstElementChild;
  const timer = setTimeout(() => really(id), UNDO_SECONDS * 1000);
  leaving.set(id, timer);
  draw();
  if (selected === id) gone(id);
  next?.querySelector("a")?.focus();
  announce(`Deleted “${titleOf(conversation)}”. Undo is possible for ${UNDO_SECONDS} seconds.`);
  toast(["Deleted “", bdi(titleOf(conversation)), "”"], {
    label: "Undo",
    seconds: UNDO_SECONDS,
    action: () => {
      clearTimeout(timer);
      leaving.delete(id);
      draw();
      announce("Restored");
    },
  });
}

async function really(id) {
  try {
    await remove(`/v1/conversations/${id}`);
    known.delete(id);
  } catch (error) {
    if (error.status !== 404) fail(error);
  }
  leaving.delete(id);
  draw();
}

// Live

function apply(conversation) {
  const before = known.get(conversation.id);
  if (before && before.updated_at > conversation.updated_at) return;
  known.set(conversation.id, conversation);
  if (found) search();
  draw();
  if (before?.title !== conversation.title) renamed(conversation);
}

function statusOf(id) {
  const statuses = [...(working.get(id)?.values() || [])];
  if (statuses.includes("awaiting_approval")) return { kind: "asks", words: ", waits for your approval" };
  if (statuses.length) return { kind: "works", words: ", is being answered" };
  return null;
}

on("conversation.created conversation.updated", ({ conversation }) => apply(conversation));
on("conversation.deleted", ({ conversation_id: id }) => {
  known.delete(id);
  draw();
  if (selected === id) gone(id);
});
on("message.created", ({ message }) => {
  const before = known.get(message.conversation_id);
  if (!before) ensure(message.conversation_id).catch(() => {}); // deleted by now: nothing to show
  else if (before.updated_at < message.created_at) apply({ ...before, updated_at: message.created_at });
});
on("run.queued run.started run.completed run.failed run.cancelled approval.requested approval.decided", ({ run }) => {
  const runs = working.get(run.conversation_id) || new Map();
  if (["queued", "running", "awaiting_approval"].includes(run.status)) runs.set(run.id, run.status);
  else runs.delete(run.id);
  working.set(run.conversation_id, runs);
  const item = [...list.children].find((one) => one.dataset.id === run.conversation_id);
  if (item && !item.querySelector("input")) fill(item, item.shown);
});

// Search

async function search() {
  const q = $("search").value.trim();
  if (!q) {
    found = null;
    draw();
    return;
  }
  try {
    const page = await get("/v1/conversations", { q, limit: 100 });
    if (q !== $("search").value.trim()) return;
    for (const item of page.data) if (!known.has(item.id)) known.set(item.id, item);
    found = new Set(page.data.map((item) => item.id));
    draw();
  } catch (error) {
    fail(error);
  }
}

$("search").addEventListener("input", later(150, search));
list.addEventListener("scroll", () => {
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 300) more().catch(fail);
}, { passive: true });

export function reset() {
  for (const timer of leaving.values()) clearTimeout(timer);
  for (const kept of [known, working, leaving]) kept.clear();
  found = cursor = selected = null;
  $("search").value = "";
  list.replaceChildren();
}
