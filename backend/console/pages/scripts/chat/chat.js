// chat.js -- the open conversation: its messages, older and newer ones, and what the user stream tells of them.
import { get } from "../api.js";
import * as composer from "./composer.js";
import { getConversation as getKnown, loadConversation } from "./conversations.js";
import { $, showFailure } from "../dom.js";
import { fetchRoom, fetchRuns } from "../later.js";
import { makeItem, markDay, markStored } from "./messages.js";
import { opened } from "./opened.js";
import { sendMessage, startAt } from "./sending.js";
import { subscribe } from "../stream.js";
import * as thread from "./thread.js";
import { findItem, list, placeItem } from "./thread.js";

export { onBegun } from "./sending.js";

const PAGE = 50;
const AROUND = 25;

let span = { before: "end" }; // what `cursor` goes on from
let cursor = null; // of older messages
let hasMissed = false; // whether a message came while the list did not reach the end
let loading = false;
let runs = null; // the module that follows them, once there was one

export const getConversation = () => opened.id;
const getPath = () => `/v1/conversations/${opened.id}/messages`;
const make = (message) => (opened.room ? opened.room.makeItem(message) : makeItem(message));

// Opening

// Shows a conversation from its end or, where a message is named, around that one.
export async function open(id, place = null) {
  opened.room?.endWriting();
  composer.putAside(opened.id);
  opened.turn += 1;
  const { turn } = opened;
  const back = place === null && opened.back?.id === id ? opened.back.place : null;
  opened.id = id;
  opened.back = null;
  startAt(id);
  clearConversation();
  composer.takeUp(id);
  $("welcome").hidden = id !== null;
  $("open-audit").hidden = id === null || (getKnown(id)?.kind ?? "assistant") !== "assistant";
  opened.isReady = Promise.resolve();
  if (id === null) return;
  thread.setBusy(true);
  try {
    opened.isReady = openRoom(id, turn);
    const [page, history] = await Promise.all([fetchFrom(place ?? back?.messageId), fetchHistory(id), opened.isReady]);
    if (turn !== opened.turn) return;
    await opened.room?.start(page.data);
    if (turn !== opened.turn) return;
    showPage(page, history);
    if (!back || !thread.restorePlace(back)) showPlace(place);
  } catch (error) {
    if (turn !== opened.turn) return;
    if (place && error.status === 404) await openWithoutPlace(id);
    else if (error.status === 404) {
      location.hash = "";
      showFailure(new Error("There is no such conversation any more."));
    } else showFailure(error);
  } finally {
    if (turn === opened.turn) {
      thread.setBusy(false);
      if (opened.isWhole) runs?.followRun();
    }
  }
}

// The message of a place may be gone, and the conversation there.
async function openWithoutPlace(id) {
  await open(id);
  if (opened.id === id) showFailure(new Error("There is no such message any more."));
}

async function openRoom(id, turn) {
  const conversation = await loadConversation(id);
  const room = conversation.kind === "assistant" ? null : await fetchRoom();
  if (turn !== opened.turn) return;
  opened.room = room;
  $("open-audit").hidden = room !== null;
  room?.enter(conversation);
}

const fetchFrom = (messageId) => (messageId ? fetchAround(messageId) : fetchEnd());
const fetchEnd = async () => ({ ...(await get(getPath(), { before: "end", limit: PAGE })), span: { before: "end" }, isWhole: true });

async function fetchHistory(id) {
  const { data } = await get(`/v1/conversations/${id}/runs`, { limit: PAGE });
  if (data.length) runs ??= await fetchRuns();
  return data;
}

// The messages before one, and from it on: it is the first that comes after the last of those before.
async function fetchAround(messageId) {
  const path = getPath();
  const before = await get(path, { before: messageId, limit: AROUND });
  const after = await get(path, { after: before.data.at(-1)?.id, limit: AROUND });
  const data = [...before.data, ...after.data];
  return { data, next_cursor: before.next_cursor, span: { before: messageId }, isWhole: after.next_cursor === null };
}

function showPage(page, history) {
  ({ span, next_cursor: cursor } = page);
  opened.isWhole = page.isWhole;
  runs?.setRuns(history);
  const stored = new Set(page.data.flatMap((message) => [message.id, message.client_id]).filter(Boolean));
  // What was written, or came, while the page was on its way.
  const newer = [...list.children].filter(({ message }) => !message || !(stored.has(message.id) || stored.has(message.client_id)));
  list.replaceChildren(...page.data.map(make), ...(page.isWhole ? newer : []));
  arrangeItems();
}

function showPlace(place) {
  const item = place && findItem(place);
  const unread = opened.room?.showNew();
  const first = item || unread;
  if (first) thread.scrollToItem(first, item ? "center" : "start");
  else thread.scrollToEnd();
  $("jump").hidden = !first;
  if (item) markPlace(item);
}

// Shows a message of this conversation: where it is not in the list, with what stands around it.
export async function showMessage(id) {
  const item = findItem(id);
  if (!item) {
    await open(opened.id, id);
    return;
  }
  thread.scrollToItem(item);
  markPlace(item);
}

function markPlace(item) {
  for (const other of list.querySelectorAll(".is-place")) other.classList.remove("is-place");
  item.classList.add("is-place");
  item.tabIndex = -1;
  item.focus({ preventScroll: true });
}

function clearConversation() {
  runs?.leaveRuns();
  opened.room?.leave();
  opened.room = null;
  cursor = null;
  opened.isWhole = true;
  hasMissed = loading = false;
  thread.clear();
}

// Adds what is new after a gap in the user stream; messages that are shown stay as they are, unless they were edited.
export async function refreshMessages() {
  const { turn, id } = opened;
  if (id === null) return;
  await opened.isReady;
  const [page, history] = await Promise.all([fetchEnd(), fetchHistory(id), opened.room?.refresh()]);
  if (turn !== opened.turn) return;
  const joins = page.data.some((message) => findItem(message.id));
  if (page.data.length && !joins && list.childElementCount && opened.isWhole) {
    await open(id); // more is new than a page holds
    return;
  }
  for (const message of page.data) {
    opened.room?.update(message);
    addMessage(message);
  }
  for (const run of history) runs.updateRun(run);
}

// Puts answers below their messages, also if another message came between, and marks days and endings.
function arrangeItems() {
  for (const item of [...list.children]) {
    if (!opened.room && item.message?.role === "agent") placeItem(item);
  }
  for (const item of list.children) markDay(item);
  opened.room?.arrange();
  runs?.showEndings();
}

// Adds a stored message, whichever stream brings it first; `seq` is its number among people, where that is known.
function addMessage(message, seq) {
  const there = findItem(message.id) ?? adoptDraft(message);
  if (there) {
    opened.room?.place(there, seq);
    return;
  }
  if (!opened.isWhole) {
    hasMissed = true;
    thread.tellNews();
    return;
  }
  const run = message.run_id;
  if (message.role === "agent" && run) {
    const answer = list.querySelector(`.from-agent[data-run="${run}"]`);
    // The follower shows this message.
    if (answer && !runs?.isFollowed(run)) answer.agent.settle(message);
    if (answer) {
      opened.room?.placeAnswer(answer, message, seq);
      return;
    }
  }
  const item = make(message);
  if (opened.room) opened.room.place(item, seq);
  else placeItem(item);
  thread.tellNews();
}

// The item of one's own message that has not been stored so far. Others could give theirs the same `client_id`.
function adoptDraft(message) {
  if (!message.client_id || (opened.room && !opened.room.isMine(message))) return null;
  const draft = list.querySelector(`[data-client="${CSS.escape(message.client_id)}"]:not([data-id])`);
  if (!draft) return null;
  markStored(draft, message);
  markDay(draft);
  return draft;
}

// Older and newer messages, a page at a time

async function loadPage(params, show) {
  if (loading) return;
  loading = true;
  const { turn } = opened;
  try {
    const page = await get(getPath(), { limit: PAGE, ...params });
    if (turn === opened.turn) show(page);
  } catch (error) {
    showFailure(error);
  } finally {
    if (turn === opened.turn) loading = false;
  }
}

async function loadOlder() {
  if (!cursor || loading) return;
  $("older").hidden = false;
  await loadPage({ ...span, cursor }, (page) => {
    cursor = page.next_cursor;
    thread.prepend(page.data.map(make));
    opened.room?.arrange();
  });
  $("older").hidden = true;
}

async function loadNewer() {
  const last = list.lastElementChild?.dataset.id;
  if (opened.isWhole || loading || !last) return;
  hasMissed = false;
  await loadPage({ after: last }, (page) => {
    list.append(...page.data.filter((message) => !findItem(message.id)).map(make));
    opened.isWhole = page.next_cursor === null && !hasMissed;
    arrangeItems();
    if (opened.isWhole) runs?.followRun();
  });
}

thread.onNearTop(loadOlder);
thread.onNearEnd(loadNewer);
$("jump").addEventListener("click", () => {
  if (opened.isWhole) thread.scrollToEnd();
  else open(opened.id).catch(showFailure);
});

subscribe("message.created", ({ message, message_seq: seq }) => message.conversation_id === opened.id && addMessage(message, seq));
subscribe("run.queued run.started run.completed run.failed run.cancelled approval.requested approval.decided", async ({ run }) => {
  if (run.conversation_id !== opened.id) return;
  try {
    runs ??= await fetchRuns();
    runs.updateRun(run);
  } catch (error) {
    showFailure(error);
  }
});
subscribe("message.updated", ({ message }) => message.conversation_id === opened.id && opened.room?.update(message));

// Writing

async function send(text) {
  try {
    await opened.isReady; // until then nobody knows to whom
    if (!opened.isWhole) await open(opened.id);
  } catch (error) {
    composer.setText(text);
    showFailure(error);
    return;
  }
  sendMessage(text);
}

composer.onSend((text) => (opened.room?.takeText(text) ? undefined : send(text)));

export function reset() {
  opened.turn += 1;
  composer.forgetDrafts();
  opened.id = null;
  startAt(null);
  clearConversation();
}
