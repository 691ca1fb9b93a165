// chat.js -- the open conversation: its messages, older and newer ones, and what the user stream tells of them.
import { goTo } from "../address.js";
import { post } from "../api.js";
import * as composer from "./composer.js";
import { getConversation as getKnown, loadConversation } from "./conversations.js";
import { $, showFailure } from "../dom.js";
import { fetchBranches, fetchRoom } from "../later.js";
import { markSeen } from "../news/unseen.js";
import { Pane } from "../pane.js";
import { opened } from "./opened.js";
import { sendMessage, showEntries } from "../unsent/sending.js";
import { subscribe } from "../stream.js";
import * as pages from "./pages.js";
import { addMessage, arrangeItems, fetchHistory, getRuns, goOn, make, needRuns, showPage } from "./showing.js";
import * as thread from "./thread.js";
import { findItem, list } from "./thread.js";

export { isOpen, onBegun, onUnbegun } from "../unsent/sending.js";

const pane = new Pane("The messages", $("messages-note"));
let notifyShown = () => {};

// `work(id)`: the messages of a conversation are shown.
export const onShown = (work) => (notifyShown = work);
export const getConversation = () => opened.id;

// Opening

// Shows a conversation from its end or, where a message is named, around that one. Of a new one the messages that wait for
// it are shown, where it has some under the name of `unbegun`.
export async function open(id, place = null, unbegun = null) {
  opened.room?.endWriting(true);
  opened.turn += 1;
  const { turn } = opened;
  const back = place === null && opened.back?.id === id ? opened.back.place : null;
  Object.assign(opened, { id, unbegun, back: null, isKnown: id === null });
  clearConversation();
  composer.takeUp(id ?? unbegun ?? "new");
  $("welcome").hidden = id !== null;
  $("open-audit").hidden = id === null || (getKnown(id)?.kind ?? "assistant") !== "assistant";
  opened.isReady = Promise.resolve();
  if (unbegun) showEntries();
  if (id !== null) await pane.load(() => loadMessages(id, place, back, turn));
}

// `back` is where the reader was, as `readPlace` tells it.
async function loadMessages(id, place, back, turn) {
  thread.setBusy(true);
  try {
    opened.isReady = openRoom(id, turn);
    opened.isReady.catch(() => {}); // whoever waits for it hears of it
    const from = place ?? back?.messageId;
    // Where the server is away, the messages say so better than a part of the page that did not come.
    const [page, history] = await Promise.all([from ? fetchAround(from) : pages.fetchEnd(), fetchHistory(id)]);
    await opened.isReady;
    if (turn !== opened.turn) return;
    await opened.room?.start(page.data);
    if (turn !== opened.turn) return;
    showPage(page, history);
    if (!back || !thread.restorePlace(back)) showPlace(place);
    markSeen();
    notifyShown(id);
  } catch (error) {
    if (turn !== opened.turn) return;
    if (error.status !== 404) throw error;
    if (place) await openWithoutPlace(id);
    else {
      goTo(null);
      showFailure(new Error("There is no such conversation any more."));
    }
  } finally {
    if (turn === opened.turn) {
      thread.setBusy(false);
      goOn();
    }
  }
}

// Where a message stands on another branch, that one is shown from now on.
async function fetchAround(messageId) {
  const page = await pages.fetchAround(messageId);
  if (page.data.some(({ id }) => id === messageId)) return page;
  await post(`/v1/conversations/${opened.id}/branch`, { message_id: messageId });
  return pages.fetchAround(messageId);
}

// The message of a place may be gone, and the conversation there.
async function openWithoutPlace(id) {
  await open(id);
  if (opened.id === id) showFailure(new Error("There is no such message any more."));
}

async function openRoom(id, turn) {
  const conversation = await loadConversation(id);
  const isShared = conversation.kind !== "assistant";
  const [room] = await Promise.all([isShared ? fetchRoom() : null, isShared || fetchBranches()]);
  if (turn !== opened.turn) return;
  opened.room = room;
  $("open-audit").hidden = room !== null;
  opened.isKnown = true;
  room?.enter(conversation);
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
  getRuns()?.leaveRuns();
  opened.room?.leave();
  opened.room = null;
  pane.clear();
  pages.clear();
  thread.clear();
}

// Adds what is new after a gap in the user stream; messages that are shown stay as they are, unless they were edited.
export function refresh() {
  if (opened.id === null) return undefined;
  return pane.load(pane.isLoaded ? refreshMessages : pane.work);
}

async function refreshMessages() {
  const { turn, id } = opened;
  const [page, history] = await Promise.all([pages.fetchEnd(), fetchHistory(id), opened.room?.refresh()]);
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
  for (const run of history) getRuns().updateRun(run);
}

thread.onNearTop(() => pages.loadOlder((messages) => {
  thread.prepend(messages.map(make));
  opened.room?.arrange();
}));
thread.onNearEnd(() => pages.loadNewer(list.lastElementChild?.dataset.id, (messages) => {
  list.append(...messages.filter((message) => !findItem(message.id)).map(make));
  arrangeItems();
  goOn();
}));
$("jump").addEventListener("click", () => {
  if (opened.isWhole) thread.scrollToEnd();
  else open(opened.id).catch(showFailure);
});

subscribe("message.created", ({ message, message_seq: seq }) => message.conversation_id === opened.id && addMessage(message, seq));
subscribe("run.queued run.started run.completed run.failed run.cancelled approval.requested approval.decided", async ({ run }) => {
  if (run.conversation_id !== opened.id) return;
  try {
    (await needRuns()).updateRun(run);
  } catch (error) {
    showFailure(error);
  }
});
subscribe("message.updated", ({ message }) => message.conversation_id === opened.id && opened.room?.update(message));

// Writing

composer.onSend(async (text) => {
  if (opened.room?.takeText(text)) return true;
  try {
    await opened.isReady; // until then nobody knows to whom
    const asked = opened.room ? null : list.querySelector(".questions");
    if (asked) return await asked.answer(text);
    if (!opened.isWhole) await open(opened.id);
  } catch (error) {
    showFailure(error);
    return false;
  }
  sendMessage(text);
  return true;
});

composer.onEditLast(async () => {
  if (opened.room || opened.id === null) return;
  try {
    (await fetchBranches()).editLast();
  } catch (error) {
    showFailure(error);
  }
});

export function reset() {
  opened.room?.endWriting(true);
  opened.turn += 1;
  composer.leave();
  opened.id = opened.unbegun = null;
  clearConversation();
}
