// showing.js -- the messages of the open conversation in the list: pages of them, and those that come one by one.
import { fetchRuns } from "../later.js";
import { showEntries } from "../unsent/sending.js";
import { makeItem, markDay, markStored } from "./messages.js";
import { opened } from "./opened.js";
import * as pages from "./pages.js";
import * as thread from "./thread.js";
import { findItem, list, placeItem } from "./thread.js";

let runs = null; // the module that follows them, once there was one

export const make = (message) => (opened.room ? opened.room.makeItem(message) : makeItem(message));
export const getRuns = () => runs;
export const needRuns = async () => (runs ??= await fetchRuns());

export async function fetchHistory(id) {
  const { data } = await pages.fetchRunPage(id);
  if (data.length) runs ??= await fetchRuns();
  return data;
}

// Below the last message stand those that wait, and what is being answered.
export function goOn() {
  if (!opened.isWhole) return;
  showEntries();
  runs?.followRun();
}

export function showPage(page, history) {
  pages.beginWith(page);
  runs?.setRuns(history);
  const stored = new Set(page.data.flatMap((message) => [message.id, message.client_id]).filter(Boolean));
  // What was written, or came, while the page was on its way.
  const newer = [...list.children].filter(({ message }) => !message || !(stored.has(message.id) || stored.has(message.client_id)));
  list.replaceChildren(...page.data.map(make), ...(page.isWhole ? newer : []));
  arrangeItems();
}

// Puts answers below their messages, also if another message came between, and marks days and endings.
export function arrangeItems() {
  for (const item of [...list.children]) {
    if (!opened.room && item.message?.role === "agent") placeItem(item);
  }
  for (const item of list.children) markDay(item);
  opened.room?.arrange();
  runs?.showEndings();
}

// Adds a stored message, whichever stream brings it first; `seq` is its number among people, where that is known.
export function addMessage(message, seq) {
  const there = findItem(message.id) ?? adoptDraft(message);
  if (there) {
    opened.room?.place(there, seq);
    return;
  }
  if (!opened.isWhole) {
    pages.noteMissed();
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
  if (!opened.room) thread.placeStored(draft);
  markDay(draft);
  return draft;
}

