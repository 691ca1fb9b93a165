// chat.js -- the open conversation: its messages, the run that is followed, and sending.
import { get, openStream, post } from "../api.js";
import * as composer from "./composer.js";
import { $, announce, showFailure } from "../dom.js";
import { RunFollower } from "./run_follower.js";
import { makeItem, markDay, makeUserItem, setState, markStored } from "./messages.js";
import { subscribe } from "../stream.js";
import { getPlace } from "../team/accounts.js";

const PAGE = 50;
const NEAR = 90;
const ACTIVE = new Set(["queued", "running", "awaiting_approval"]);

const list = $("messages");
const scroller = $("scroller");

let conversation = null; // its id; null if the next message begins one
let opening = 0; // a counter: responses for an earlier conversation are dropped
let runs = new Map();
let follower = null;
let cursor = null;
let loadingOlder = false;
let sticky = true;
let lastTop = 0;
let notifyBegun = () => {};
let drafts = new Map(); // unsent text by conversation
let delivery = Promise.resolve(null); // the messages being sent; resolves to their conversation

export const getConversation = () => conversation;
export const onBegun = (work) => (notifyBegun = work);

// Opening

export async function open(id) {
  const mine = ++opening;
  drafts.set(conversation, composer.getText());
  conversation = id;
  delivery = Promise.resolve(id);
  clearConversation();
  composer.setText(drafts.get(id) || "");
  $("welcome").hidden = id !== null;
  $("open-audit").hidden = id === null;
  if (id === null) return;
  scroller.setAttribute("aria-busy", "true");
  try {
    const [page, history] = await fetchPage(id);
    if (mine !== opening) return;
    cursor = page.next_cursor;
    runs = new Map(history.data.map((run) => [run.id, run]));
    list.replaceChildren(...page.data.map(makeItem));
    arrangeItems();
    scrollToEnd();
  } catch (error) {
    if (mine !== opening) return;
    if (error.status === 404) {
      location.hash = "";
      showFailure(new Error("There is no such conversation any more."));
    } else showFailure(error);
  } finally {
    if (mine === opening) {
      scroller.removeAttribute("aria-busy");
      followRun();
    }
  }
}

const fetchPage = (id) =>
  Promise.all([
    get(`/v1/conversations/${id}/messages`, { before: "end", limit: PAGE }),
    get(`/v1/conversations/${id}/runs`, { limit: PAGE }),
  ]);

function clearConversation() {
  follower?.leave();
  follower = null;
  runs = new Map();
  cursor = null;
  sticky = true;
  list.replaceChildren();
  $("older").hidden = true;
  updateButtons();
}

// Adds what is new after a gap in the user stream; messages that are shown stay as they are.
export async function refreshMessages() {
  const mine = opening;
  if (conversation === null) return;
  const [page, history] = await fetchPage(conversation);
  if (mine !== opening) return;
  const joins = page.data.some((message) => findItem(message.id));
  if (page.data.length && !joins && list.childElementCount) {
    open(conversation); // more is new than a page holds
    return;
  }
  for (const message of page.data) addMessage(message);
  for (const run of history.data) updateRun(run);
}

// Puts answers below their messages, also if another message came between, and marks days and endings.
function arrangeItems() {
  for (const item of [...list.children]) {
    if (item.message?.role === "agent") placeItem(item);
  }
  for (const item of list.children) markDay(item);
  for (const run of runs.values()) showEnding(run);
}

function placeItem(item) {
  const { run } = item.dataset;
  const asked = run && list.querySelector(`.from-user[data-run="${run}"]`);
  if (asked) {
    if (asked.nextElementSibling !== item) asked.after(item);
  } else if (!item.isConnected) list.append(item);
  markDay(item);
  markDay(item.nextElementSibling);
}

const findItem = (id) => list.querySelector(`[data-id="${id}"]`);

// Adds a stored message, whichever stream brings it first.
function addMessage(message) {
  if (findItem(message.id)) return;
  const draft = message.client_id && list.querySelector(`[data-client="${CSS.escape(message.client_id)}"]`);
  if (draft) {
    markStored(draft, message);
    markDay(draft);
    return;
  }
  const run = message.run_id;
  if (message.role === "agent" && run) {
    if (follower?.id === run && !follower.ended) return; // the follower shows this message
    const there = list.querySelector(`.from-agent[data-run="${run}"]`);
    if (there) {
      there.agent.settle(message);
      return;
    }
  }
  const item = makeItem(message);
  list.append(item);
  placeItem(item);
  if (!sticky) $("jump").classList.add("news");
}

function showEnding(run) {
  if (run.status !== "failed" && run.status !== "cancelled") return;
  const asked = list.querySelector(`.from-user[data-run="${run.id}"]`);
  let answer = list.querySelector(`.from-agent[data-run="${run.id}"]`);
  if (!answer) {
    if (!asked) return;
    const ended = new MissingAnswer(run.id);
    answer = ended.item;
    placeItem(answer);
  }
  const again = asked && asked === [...list.querySelectorAll(".from-user")].at(-1);
  answer.agent.showEnding(run, again ? () => sendMessage(asked.message.content) : null);
}

// Stands in for the answer of a run that ended without one.
class MissingAnswer {
  constructor(runId) {
    const standIn = { id: "", run_id: runId, role: "agent", content: "", tool_calls: [], created_at: "" };
    this.item = makeItem({ ...standIn, created_at: new Date().toISOString() });
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
    const looked = findFirstVisible();
    scroller.classList.add("steady");
    const before = looked.getBoundingClientRect().top;
    list.prepend(...page.data.map(makeItem));
    for (let item = list.firstElementChild; item !== first; item = item.nextElementSibling) markDay(item);
    markDay(first);
    scroller.scrollTop += looked.getBoundingClientRect().top - before;
    requestAnimationFrame(() => scroller.classList.remove("steady"));
  } catch (error) {
    showFailure(error);
  } finally {
    $("older").hidden = true;
    loadingOlder = false;
  }
}

// The first visible message: it must not move.
function findFirstVisible() {
  const { top } = scroller.getBoundingClientRect();
  return [...list.children].find((item) => item.getBoundingClientRect().bottom > top) || list.lastElementChild;
}

scroller.addEventListener(
  "scroll",
  () => {
    const top = scroller.scrollTop;
    const near = scroller.scrollHeight - top - scroller.clientHeight < NEAR;
    // Only scrolling up leaves the end; growth below does not.
    sticky = near || (sticky && top >= lastTop);
    lastTop = top;
    $("jump").hidden = sticky;
    if (sticky) $("jump").classList.remove("news");
    if (scroller.scrollTop < 600) loadOlder();
  },
  { passive: true },
);
new ResizeObserver(() => sticky && scrollToEnd()).observe(list);
new ResizeObserver(() => sticky && scrollToEnd()).observe(scroller);
$("jump").addEventListener("click", () => scrollToEnd());

function scrollToEnd() {
  sticky = true;
  scroller.scrollTop = scroller.scrollHeight;
}

// The run that is followed

function followRun(stream = null, runId = null) {
  if (follower && !follower.ended) return false;
  const next = runId || [...runs.values()].filter((run) => ACTIVE.has(run.status)).sort(compareStart)[0]?.id;
  if (!next) {
    updateButtons();
    return false;
  }
  follower = new RunFollower(next, handleRunEvent, stream);
  list.querySelector(`.from-agent[data-run="${next}"]`)?.remove();
  list.append(follower.item);
  placeItem(follower.item);
  for (const run of runs.values()) markQueued(run);
  updateButtons();
  return true;
}

const compareStart = (a, b) => (a.created_at < b.created_at ? -1 : 1);

// Marks the message of a queued run, until the run starts.
function markQueued(run) {
  const userItem = list.querySelector(`.from-user[data-run="${run.id}"]`);
  if (!userItem) return;
  if (run.status === "queued" && run.id !== follower?.id) setState(userItem, "queued");
  else if (userItem.dataset.state === "queued") setState(userItem, "sent");
}

function handleRunEvent(type, data, source) {
  if (source !== follower) return;
  if (type === "run.queued" || type === "run.started") {
    const userItem = list.querySelector(`.from-user[data-run="${source.id}"]`);
    if (userItem && !userItem.dataset.id) {
      markStored(userItem, { id: data.user_message_id, run_id: source.id, created_at: new Date().toISOString() });
      markDay(userItem);
    }
  }
  if (!follower.ended) return;
  runs.set(source.id, { ...runs.get(source.id), id: source.id, status: data.status, error: data.error ?? null });
  source.item.classList.remove("live");
  if (data.status === "completed") source.agent.showThinking(null);
  else {
    showEnding(runs.get(source.id));
    announce(data.status === "failed" ? `The answer failed. ${data.error || ""}` : "Stopped");
  }
  followRun();
}

// Applies a run from the user stream.
function updateRun(run) {
  if (run.conversation_id !== conversation) return;
  const known = runs.get(run.id);
  if (known && !ACTIVE.has(known.status)) return;
  runs.set(run.id, run);
  if (ACTIVE.has(run.status)) followRun();
  else if (follower?.id !== run.id || follower.ended) showEnding(run);
  markQueued(run);
}

subscribe("run.queued run.started run.completed run.failed run.cancelled approval.requested approval.decided", ({ run }) => updateRun(run));
subscribe("message.created", ({ message }) => message.conversation_id === conversation && addMessage(message));

// Writing

function sendMessage(text) {
  const draft = { client_id: crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now(), content: text, role: "user" };
  const item = makeUserItem(draft);
  list.append(item);
  markDay(item);
  $("welcome").hidden = true;
  scrollToEnd();
  queueMessage(item, conversation);
}

// Sends one message after the other, so that they are stored in the order of writing.
function queueMessage(item, to) {
  const opened = opening;
  setState(item, "sending");
  delivery = delivery.then((here) => deliverMessage(item, to ?? here, opened));
}

// Returns the conversation that the message is in.
async function deliverMessage(item, to, opened) {
  const { client_id, content } = item.message;
  try {
    const [path, body] = to
      ? [`/v1/conversations/${to}/messages`, { content, client_id }]
      : ["/v1/chat", { message: content, client_id, ...getPlace() }];
    const leaving = new AbortController();
    const stream = await openStream("POST", path, { body, signal: leaving.signal });
    const runId = stream.headers.get("X-Run-ID");
    item.dataset.run = runId;
    const here = to ?? (await get(`/v1/runs/${runId}`)).conversation_id;
    if (opened !== opening) {
      leaving.abort(); // another conversation is open now; the message is stored
      return here;
    }
    if (!runs.has(runId)) runs.set(runId, { id: runId, status: "queued", created_at: new Date().toISOString() });
    if (conversation === null) adoptConversation(here, content);
    setState(item, "sent");
    if (!followRun(stream, runId)) {
      leaving.abort();
      markQueued(runs.get(runId));
    }
    return here;
  } catch (error) {
    if (opened === opening) {
      setState(item, "failed", { why: error.message, retry: () => queueMessage(item, to), discard: () => discardMessage(item) });
    } else {
      drafts.set(to, content);
      showFailure(new Error("A message was not sent. It is back in the box of its conversation."));
    }
    return to;
  }
}

// The first message has created its conversation.
function adoptConversation(id, content) {
  drafts.delete(null);
  conversation = id;
  $("open-audit").hidden = false;
  notifyBegun(id, content);
}

function discardMessage(item) {
  composer.setText([item.message.content, composer.getText()].filter(Boolean).join("\n"));
  item.remove();
  composer.focus();
}

const updateButtons = () => composer.setWorking(Boolean(follower && !follower.ended));

composer.onSend(sendMessage);
composer.onStop(() => post(`/v1/runs/${follower.id}/cancel`));

export function reset() {
  opening += 1;
  drafts = new Map();
  conversation = null;
  delivery = Promise.resolve(null);
  composer.setText("");
  clearConversation();
}
