// sending.js -- messages of the user that are not on the server yet: taken over from the box, and shown until they are.
import * as composer from "../chat/composer.js";
import { makeUserItem, markDay, setState } from "../chat/messages.js";
import { opened } from "../chat/opened.js";
import { list, scrollToEnd } from "../chat/thread.js";
import { $, announce, showFailure } from "../dom.js";
import { Unreachable } from "../http.js";
import { fetchBranches, fetchDelivery } from "../later.js";
import { subscribe } from "../stream.js";
import { getPlace, getUser } from "../team/accounts.js";
import { addEntry, changeEntry, listEntries, nameConversation, onBegunElsewhere, onEntry, withdrawEntry } from "./outbox.js";

let notifyBegun = () => {};
let notifyUnbegun = () => {};

// `work(id, isShown)`: the open conversation has begun; its messages are shown, or only those that waited for it.
export const onBegun = (work) => (notifyBegun = work);
// `work(name)`: the open conversation has messages that wait for it to begin.
export const onUnbegun = (work) => (notifyUnbegun = work);

export const isOpen = (to) => to === (opened.id ?? opened.unbegun);
export const findEntryItem = (entry) => list.querySelector(`[data-client="${CSS.escape(entry.client_id)}"]`);

// `more`: which message it replaces.
export function sendMessage(content, more = {}) {
  const to = opened.id ?? opened.unbegun ?? beginUnsent();
  const whom = opened.room ? { is_to_people: true, reply_to_id: opened.room.takeReply() } : {};
  const entry = addEntry({ to, content, ...whom, ...more, ...(opened.id ? {} : { place: getPlace() }) });
  showEntry(entry);
  scrollToEnd();
  deliver(to);
}

function beginUnsent() {
  opened.unbegun = nameConversation();
  composer.moveTo(opened.unbegun);
  notifyUnbegun(opened.unbegun);
  return opened.unbegun;
}

// What waits in the open conversation stands below all that is stored.
export function showEntries() {
  const to = opened.id ?? opened.unbegun;
  for (const entry of to ? listEntries(to) : []) showEntry(entry);
}

export function showEntry(entry) {
  let item = findEntryItem(entry);
  if (item?.dataset.id || !opened.isKnown) return; // the server has it, or it is shown when the rest is
  if (!item) {
    const draft = { client_id: entry.client_id, content: entry.content, role: "user", reply_to_id: entry.reply_to_id };
    item = opened.room ? opened.room.makeDraft(draft) : makeUserItem(draft);
    list.append(item);
    markDay(item);
    $("welcome").hidden = true;
  }
  // What stands behind one that waits waits with it.
  const why = entry.why ?? listEntries(entry.to).find((other) => other.why && !other.is_refused)?.why;
  const state = entry.is_refused ? "failed" : why ? "waiting" : "sending";
  if (item.dataset.state === state && item.why === why) return; // whoever is at its buttons stays there
  item.why = why;
  setState(item, state, { why, retry: () => retry(entry), discard: () => takeBack(entry).catch(showFailure) });
}

function retry(entry) {
  const again = changeEntry(entry, { why: null, is_refused: false });
  if (!again) return;
  showEntry(again);
  deliver(again.to);
}

// Back into the box.
async function takeBack(entry) {
  const wasOpen = isOpen(entry.to);
  if (!(await withdrawEntry(entry))) throw new Error("This message has been sent meanwhile.");
  if (!wasOpen || !isOpen(entry.to)) return;
  findEntryItem(entry)?.remove();
  if (entry.replaces_id) (await fetchBranches()).reshow(); // what it was to replace is there again
  composer.setText([entry.content, composer.getText()].filter(Boolean).join("\n"));
  composer.focus();
  announce("Back in the box");
}

// Starts to send what waits for a conversation, by default for all.
export async function deliver(to = null) {
  const waiting = getUser() ? listEntries(to).filter((entry) => !entry.is_refused) : [];
  if (!waiting.length) return;
  try {
    (await fetchDelivery()).deliver(to);
  } catch {
    for (const entry of waiting) postpone(entry, new Unreachable()); // what sends them could not be fetched
  }
}

// An entry will be tried again by itself.
export function postpone(entry, error) {
  changeEntry(entry, { why: error.message });
  if (isOpen(entry.to)) showEntries();
}

// Each time that the network, or the server, is back.
addEventListener("online", () => deliver());
subscribe("connection", (isUp) => isUp && deliver());

onEntry((entry, before) => {
  const changed = entry ?? before;
  if (!changed?.client_id || !(isOpen(changed.to) || isOpen(before?.to))) return;
  const item = findEntryItem(changed);
  if (entry?.is_withdrawn) item?.remove();
  else if (entry) showEntry(entry);
  else if (item && !item.dataset.id) setState(item, "sent"); // by the other tab; the stream brings the rest
});
onBegunElsewhere((to, id) => to === opened.unbegun && notifyBegun(id, false));

// The first message has begun the open conversation.
export function adoptConversation(id) {
  composer.moveTo(id);
  opened.id = id;
  opened.unbegun = null;
  $("open-audit").hidden = false;
  notifyBegun(id, true);
}
