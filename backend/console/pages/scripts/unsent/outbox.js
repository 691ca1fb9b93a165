// outbox.js -- messages that the server does not have yet, kept in this browser from Enter on, in the order of writing.
import { runExclusively } from "../account/locks.js";
import { forget, keep, listNames, onChange, own, read } from "../storage.js";

const PREFIX = "outbox.";
const BEGUN = "begun.";
const DAY_MS = 86_400_000;

let last = 0;
let notifyWaiting = () => {};

// An entry is { name, client_id, to, content, is_to_people, reply_to_id, place, why, is_refused }. `to` is the id of a
// conversation or, of one that has not begun, a name that `nameConversation` has made; `why` says what went wrong.
export const makeId = () => crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now();
export const nameConversation = () => `new/${makeId()}`;

// Runs `work` whenever something may wait that did not, or the other way round, in whichever tab.
export const onWaiting = (work) => (notifyWaiting = work);

function parseEntry(name, text) {
  try {
    return { ...JSON.parse(text), name };
  } catch {
    return { name }; // not one of ours
  }
}

// All that wait, or those of one conversation.
export function listEntries(to = null) {
  const entries = listNames(own(PREFIX)).map((name) => parseEntry(name, read(name)));
  return entries.filter((entry) => entry.client_id && (!to || entry.to === to));
}

export function addEntry(given) {
  const entry = { client_id: makeId(), ...given };
  const newest = Number(listNames(own(PREFIX)).at(-1)?.slice(own(PREFIX).length).split(".")[0] ?? 0);
  last = Math.max(Date.now(), last + 1, newest + 1);
  entry.name = own(`${PREFIX}${String(last).padStart(15, "0")}.${entry.client_id}`);
  keep(entry.name, JSON.stringify(entry));
  return entry;
}

// What has become of an entry; null where it is gone.
export function changeEntry({ name }, change) {
  const text = read(name);
  if (text === null) return null;
  const entry = { ...parseEntry(name, text), ...change };
  keep(name, JSON.stringify(entry));
  notifyWaiting();
  return entry;
}

export function removeEntry({ name }) {
  forget(name);
  notifyWaiting();
}

// Runs `work` while no other tab sends or takes back messages of this conversation.
export const holdConversation = (to, work) => runExclusively(own(PREFIX + to), work);

// Takes an entry back; false where it has been sent meanwhile.
export const withdrawEntry = (entry) => holdConversation(entry.to, () => {
  const withdrawn = changeEntry(entry, { is_withdrawn: true }); // the other tabs are told so before it is gone
  removeEntry(entry);
  return withdrawn !== null;
});

// A conversation has begun, and has its id: what waits for it is for that.
export function beginConversation(to, id) {
  keep(own(BEGUN + to), `${Date.now()} ${id}`);
  for (const entry of listEntries(to)) changeEntry(entry, { to: id });
}

export const findBegun = (to) => read(own(BEGUN + to))?.split(" ")[1] ?? null;

// Other tabs may still be at a name of before.
export function forgetOldNames() {
  for (const name of listNames(own(BEGUN))) if (Number(read(name).split(" ")[0]) < Date.now() - DAY_MS) forget(name);
}

// Another tab has added, changed or removed an entry: `work(entry, before)`, null where there is none.
export const onEntry = (work) =>
  onChange(PREFIX, (name, text, before) => {
    work(text && parseEntry(name, text), before && parseEntry(name, before));
    notifyWaiting();
  });

// In another tab a conversation has begun: `work(to, id)`.
export const onBegunElsewhere = (work) =>
  onChange(BEGUN, (name, text) => text && work(name.slice(own(BEGUN).length), text.split(" ")[1]));
