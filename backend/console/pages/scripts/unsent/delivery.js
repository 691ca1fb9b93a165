// delivery.js -- brings waiting messages to the server: those of a conversation one after the other, each exactly once.
import { get, openStream, post } from "../api.js";
import { addToDraft } from "../chat/composer.js";
import { opened } from "../chat/opened.js";
import { adoptConversation, deliver as deliverSoon, findEntryItem, isOpen, postpone, showEntries, showEntry } from "./sending.js";
import { setState } from "../chat/messages.js";
import { showFailure } from "../dom.js";
import { fetchRuns } from "../later.js";
import { beginConversation, changeEntry, findBegun, holdConversation, listEntries, removeEntry } from "./outbox.js";

const LONGEST_WAIT_MS = 30_000;
const PASSING = new Set([401, 408, 425, 429]); // refusals of now, not of what is said

const busy = new Set(); // conversations whose messages are being sent
const waits = new Map(); // by conversation: { tries, timer }

const listDue = (to) => listEntries(to).filter((entry) => !entry.is_refused);
const isRefusal = ({ status }) => status >= 400 && status < 500 && !PASSING.has(status);

// Sends what waits for a conversation, or for all where `to` is null.
export function deliver(to) {
  for (const each of new Set(listDue(to).map((entry) => entry.to))) {
    clearTimeout(waits.get(each)?.timer);
    deliverTo(each).catch(showFailure);
  }
}

async function deliverTo(to) {
  if (busy.has(to)) return; // what has been added meanwhile is sent with the rest
  busy.add(to);
  let isDone = false;
  try {
    isDone = await holdConversation(to, () => deliverEntries(to));
  } finally {
    busy.delete(to);
  }
  if (isDone && listDue(to).length) await deliverTo(to);
}

// False if the rest has to wait. Each time the first one is looked for anew: other tabs send, too.
async function deliverEntries(to) {
  for (let [entry] = listDue(to); entry; [entry] = listDue(to)) {
    try {
      await (entry.is_to_people ? deliverToPeople(entry) : deliverToAgent(entry));
      waits.delete(to);
      if (isOpen(to)) showEntries(); // those behind it wait no more
    } catch (error) {
      if (isRefusal(error)) await refuse(entry, error);
      else {
        waitForNextTry(entry, error);
        return false;
      }
    }
  }
  return true;
}

async function deliverToPeople(entry) {
  const { to, content, client_id, reply_to_id } = entry;
  const message = await post(`/v1/conversations/${to}/messages`, { content, client_id, reply_to_id });
  removeEntry(entry);
  const item = isOpen(to) && findEntryItem(entry);
  if (item) opened.room?.settleDraft(item, message);
}

async function deliverToAgent(entry) {
  const runs = await fetchRuns();
  const { client_id, content, replaces_id } = entry;
  const anew = replaces_id ? { replaces_id, on_busy: "interrupt" } : {};
  const to = findBegun(entry.to) ?? entry.to;
  const isNew = to.startsWith("new/");
  const [path, body] = isNew
    ? ["/v1/chat", { message: content, client_id, ...entry.place }]
    : [`/v1/conversations/${to}/messages`, { content, client_id, ...anew }];
  const stream = await openStream("POST", path, { body });
  const runId = stream.headers.get("X-Run-ID");
  try {
    if (isNew) await beginWith(entry, runId);
  } catch (error) {
    stream.end();
    throw error;
  }
  removeEntry(entry);
  if (isOpen(isNew ? findBegun(to) : to)) showSent(findEntryItem(entry), runs, runId, stream);
  else stream.end(); // another conversation is open now; the message is stored
}

async function beginWith(entry, runId) {
  const { conversation_id: id } = await get(`/v1/runs/${runId}`);
  beginConversation(entry.to, id);
  if (isOpen(entry.to)) adoptConversation(id);
  deliverSoon(id); // what was written meanwhile
}

function showSent(item, runs, runId, stream) {
  if (item) item.dataset.run = runId;
  runs.addRun(runId);
  if (item) setState(item, "sent");
  if (runs.followRun(stream, runId)) return;
  stream.end();
  runs.markWaiting(runId);
}

// Said by the server about this very message: it is not sent again by itself.
async function refuse(entry, error) {
  if (error.status === 404 && (await isGone(entry.to))) {
    addToDraft("new", entry.content);
    removeEntry(entry);
    showFailure(new Error("A message was not sent, because its conversation is gone. It stands in the box of a new one."));
    return;
  }
  const refused = changeEntry(entry, { is_refused: true, why: error.message });
  if (refused && isOpen(refused.to)) showEntry(refused);
  else showFailure(new Error(`A message was not sent. ${error.message}`));
}

async function isGone(to) {
  if (to.startsWith("new/")) return false;
  return get(`/v1/conversations/${to}`).then(() => false, (error) => error.status === 404);
}

function waitForNextTry(entry, error) {
  if (error.status === 401) return; // until the user has signed in again
  postpone(entry, error);
  const { tries = 0 } = waits.get(entry.to) ?? {};
  const ms = Math.max((error.retryAfter ?? 0) * 1000, Math.min(LONGEST_WAIT_MS, 1000 * 2 ** tries));
  waits.set(entry.to, { tries: tries + 1, timer: setTimeout(() => deliverSoon(entry.to), ms) });
}
