// chat.js -- the open conversation: its messages, the answer at work, what is sent.
import { get, openStream, post } from  "../api.js";
import * as composer from "./composer.js";
import { $, announce, fail } from  "../dom.js";
import { LiveRun } from "./live.js";
import { itemOf, markDay, personItem, setState, stored } from "./messages.js";
import { on } from  "../stream.js";

const PAGE = 50;
const NEAR = 90;
const ACTIVE = new Set(["queued", "running", "awaiting_approval"]);

const list = $("messages");
const scroller = $("scroller");

let conversation = null; // its id; null where the next message begins one
let opening = 0; // counts, so that what comes late for another conversation is dropped
let runs = new Map();
let live = null;
let cursor = null;
let loadingOlder = false;
let sticky = true;
let lastTop = 0;
let begun = () => {};
let drafts = new Map(); // what stands in the box of each conversation
let delivery = Promise.resolve(null); // the messages on their way; tells the conversation they are in

export const current = () => conversation;
export const onBegun = (work) => (begun = work);

// Opening

export async function open(id) {
  const mine = ++opening;
  drafts.set(conversation, composer.text());
  conversation = id;
  delivery = Promise.resolve(id);
  close();
  composer.setText(drafts.get(id) || "");
  $("welcome").hidden = id !== null;
  $("open-audit").hidden = id === null;
  if (id === null) return;
  scroller.setAttribute("aria-busy", "true");
  try {
    const [page, history] = await read(id);
    if (mine !== opening) return;
    cursor = page.next_cursor;
    runs = new Map(history.data.map((run) => [run.id, run]));
    list.replaceChildren(...page.data.map(itemOf));
    arrange();
    toEnd();
  } catch (error) {
    if (mine !== opening) return;
    if (error.status === 404) {
      location.hash = "";
      fail(new Error("There is no such conversation any more."));
    } else fail(error);
  } finally {
    if (mine === opening) {
      scroller.removeAttribute("aria-busy");
      follow();
    }
  }
}

const read = (id) =>
  Promise.all([
    get(`/v1/conversations/${id}/messages`, { before: "end", limit: PAGE }),
    get(`/v1/conversations/${id}/runs`, { limit: PAGE }),
  ]);

function close() {
  live?.leave();
  live = null;
  runs = new Map();
  cursor = null;
  sticky = true;
  list.replaceChildren();
  $("older").hidden = true;
  buttons();
}

// After a gap in the events: what is new is added, nothing that stands there is touched.
export async function refresh() {
  const mine = opening;
  if (conversation === null) return;
  const [page, history] = await read(conversation);
  if (mine !== opening) return;
  const joins = page.data.some((message) => itemById(message.id));
  if (page.data.length && !joins && list.childElementCount) {
    open(conversation); // more came than a page holds
    return;
  }
  for (const message of page.data) add(message);
  for (const run of history.data) onRun(run);
}

// Answers stand below what they answer, also where another message came between; days and endings are told.
function arrange() {
  for (const item of [...list.children]) {
    if (item.message?.role === "agent") place(item);
  }
  for (const item of list.children) markDay(item);
  for (const run of runs.values()) showEnding(run);
}

function place(item) {
  const { run } = item.dataset;
  const asked = run && list.querySelector(`.from-user[data-run="${run}"]`);
  if (asked) {
    if (asked.nextElementSibling !== item) asked.after(item);
  } else if (!item.isConnected) list.append(item);
  markDay(item);
  markDay(item.nextElementSibling);
}

const itemById = (id) => list.querySelector(`[data-id="${id}"]`);

// A message that has been stored, from wherever it is heard of first.
function add(message) {
  if (itemById(message.id)) return;
  const draft = message.client_id && list.querySelector(`[data-client="${CSS.escape(message.client_id)}"]`);
  if (draft) {
    stored(draft, message);
    markDay(draft);
    return;
  }
  const run = message.run_id;
  if (message.role === "agent" && run) {
    if (live?.id === run && !live.ended) return; // it tells this itself
    const there = list.querySelector(`.from-agent[data-run="${run}"]`);
    if (there) {
      there.agent.settle(message);
      return;
    }
  }
  const item = itemOf(message);
  list.append(item);
  place(item);
  if (!sticky) $("jump").classList.add("news");
}

function showEnding(run) {
  if (run.status !== "failed" && run.status !== "cancelled") return;
  const asked = list.querySelector(`.from-user[data-run="${run.id}"]`);
  let answer = list.querySelector(`.from-agent[data-run="${run.id}"]`);
  if (!answer) {
    if (!asked) return;
    const ended = new LiveEnd(run.id);
    answer = ended.item;
    place(answer);
  }
  const again = asked && asked === [...list.querySelectorAll(".from-user")].at(-1);
  answer.agent.ended(run, again ? () => send(asked.message.content) : null);
}

// The place of an answer that never came.
class LiveEnd {
  constructor(runId) {
    const standIn = { id: "", run_id: runId, role: "agent", content: "", tool_calls: [], created_at: "" };
    this.item = itemOf({ ...standIn, created_at: new Date().toISOString() });
    this.item.dataset.day = "";
    delete this.item.dataset.id;
  }
}

// Older messages, a page at a time, without the reader noticing a jump

async function loadOlder() {
  if (!cursor || loadingOlder) return;
  loadingOlder = true;
  const mine = opening;
  $("older").hidden = false;
  try {
    const page = await get(`/v1/conversations/${conversation}/messages`, { before: "end", limit: PAGE, cursor });
    if (mine !== opening) return;
    cursor = page.next_cursor;
    const first = list.firstElementChild;
    const looked = inSight();
    scroller.classList.add("steady");
    const before = looked.getBoundingClientRect().top;
    list.prepend(...page.data.map(itemOf));
    for (let item = list.firstElementChild; item !== first; item = item.nextElementSibling) markDay(item);
    markDay(first);
    scroller.scrollTop += looked.getBoundingClientRect().top - before;
    requestAnimationFrame(() => scroller.classList.remove("steady"));
  } catch (error) {
    fail(error);
  } finally {
    $("older").hidden = true;
    loadingOlder = false;
  }
}

// The first message that the reader sees: it must not move.
function inSight() {
  const { top } = scroller.getBoundingClientRect();
  return [...list.children].find((item) => item.getBoundingClientRect().bottom > top) || list.lastElementChild;
}

scroller.addEventListener(
  "scroll",
  () => {
    const top = scroller.scrollTop;
    const near = scroller.scrollHeight - top - scroller.clientHeight < NEAR;
    // Only who scrolls up leaves the end: what grows below does not push anybody away from it.
    sticky = near || (sticky && top >= lastTop);
    lastTop = top;
    $("jump").hidden = sticky;
    if (sticky) $("jump").classList.remove("news");
    if (scroller.scrollTop < 600) loadOlder();
  },
  { passive: true },
);
new ResizeObserver(() => sticky && toEnd()).observe(list);
new ResizeObserver(() => sticky && toEnd()).observe(scroller);
$("jump").addEventListener("click", () => toEnd());

function toEnd() {
  sticky = true;
  scroller.scrollTop = scroller.scrollHeight;
}

// The answer at work

function follow(stream = null, runId = null) {
  if (live && !live.ended) return false;
  const next = runId || [...runs.values()].filter((run) => ACTIVE.has(run.status)).sort(byStart)[0]?.id;
  if (!next) {
    buttons();
    return false;
  }
  live = new LiveRun(next, onRunEvent, stream);
  list.querySelector(`.from-agent[data-run="${next}"]`)?.remove();
  list.append(live.item);
  place(live.item);
  for (const run of runs.values()) markQueued(run);
  buttons();
  return true;
}

const byStart = (a, b) => (a.created_at < b.created_at ? -1 : 1);

// A message says that it waits for its turn for as long as it does.
function markQueued(run) {
  const asked = list.querySelector(`.from-user[data-run="${run.id}"]`);
  if (!asked) return;
  if (run.status === "queued" && run.id !== live?.id) setState(asked, "queued");
  else if (asked.dataset.state === "queued") setState(asked, "sent");
}

function onRunEvent(type, data, from) {
  if (from !== live) return;
  if (type === "run.started") {
    const asked = list.querySelector(`.from-user[data-run="${from.id}"]`);
    if (asked && !asked.dataset.id) {
      stored(asked, { id: data.user_message_id, run_id: from.id, created_at: new Date().toISOString() });
      markDay(asked);
    }
  }
  if (!live.ended) return;
  runs.set(from.id, { ...runs.get(from.id), id: from.id, status: data.status, error: data.error ?? null });
  from.item.classList.remove("live");
  if (data.status === "completed") from.agent.thinking(null);
  else {
    showEnding(runs.get(from.id));
    announce(data.status === "failed" ? `The answer failed. ${data.error || ""}` : "Stopped");
  }
  follow();
}

// What the caller's stream tells of a run here.
function onRun(run) {
  if (run.conversation_id !== conversation) return;
  const known = runs.get(run.id);
  if (known && !ACTIVE.has(known.status)) return;
  runs.set(run.id, run);
  if (ACTIVE.has(run.status)) follow();
  else if (live?.id !== run.id || live.ended) showEnding(run);
  markQueued(run);
}

on("run.queued run.started run.completed run.failed run.cancelled approval.requested approval.decided", ({ run }) => onRun(run));
on("message.created", ({ message }) => message.conversation_id === conversation && add(message));

// Writing

function send(text) {
  const draft = { client_id: crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now(), content: text, role: "user" };
  const item = personItem(draft);
  list.append(item);
  markDay(item);
  $("welcome").hidden = true;
  toEnd();
  deliver(item, conversation);
}

// One after the other, so that messages are stored in the order in which they were written.
function deliver(item, to) {
  const mine = opening;
  setState(item, "sending");
  delivery = delivery.then((here) => deliverNow(item, to ?? here, mine));
}

// Returns the conversation that the message is in.
async function deliverNow(item, to, mine) {
  const { client_id, content } = item.message;
  try {
    const [path, body] = to
      ? [`/v1/conversations/${to}/messages`, { content, client_id }]
      : ["/v1/chat", { message: content, client_id }];
    const leaving = new AbortController();
    const stream = await openStream("POST", path, { body, signal: leaving.signal });
    const runId = stream.headers.get("X-Run-ID");
    item.dataset.run = runId;
    const here = to ?? (await get(`/v1/runs/${runId}`)).conversation_id;
    if (mine !== opening) {
      leaving.abort(); // looking at something else by now; it is stored
      return here;
    }
    if (!runs.has(runId)) runs.set(runId, { id: runId, status: "queued", created_at: new Date().toISOString() });
    if (conversation === null) adopt(here, content);
    setState(item, "sent");
    if (!follow(stream, runId)) {
      leaving.abort();
      markQueued(runs.get(runId));
    }
    return here;
  } catch (error) {
    if (mine === opening) {
      setState(item, "failed", { why: error.message, retry: () => deliver(item, to), discard: () => discard(item) });
    } else {
      drafts.set(to, content);
      fail(new Error("A message was not sent. It is back in the box of its conversation."));
    }
    return to;
  }
}

// The first message has made its conversation.
function adopt(id, content) {
  drafts.delete(null);
  conversation = id;
  $("open-audit").hidden = false;
  begun(id, content);
}

function discard(item) {
  composer.setText([item.message.content, composer.text()].filter(Boolean).join("\n"));
  item.remove();
  composer.focus();
}

const buttons = () => composer.working(Boolean(live && !live.ended));

composer.onSend(send);
composer.onStop(() => post(`/v1/runs/${live.id}/cancel`));

export function reset() {
  opening += 1;
  drafts = new Map();
  conversation = null;
  delivery = Promise.resolve(null);
  composer.setText("");
  close();
}
