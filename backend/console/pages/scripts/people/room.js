// room.js -- an open conversation of people: its messages in their order, what is new in it, and what is read.
import { post } from "../api.js";
import { setRead } from "../chat/conversations.js";
import { markDay, markStored, setState } from "../chat/messages.js";
import { opened } from "../chat/opened.js";
import { findItem, findLastVisible, isAtEnd, list, onMoved, scrollToEnd } from "../chat/thread.js";
import { $, announce, debounce, el, showFailure } from "../dom.js";
import { subscribe } from "../stream.js";
import { getUser } from "../team/accounts.js";
import { arrangeItem, dressAgent, forgetReplied, makeItem, updateItem } from "./items.js";
import { endCompletion, startCompletion } from "./mentions.js";
import { nameOf } from "./names.js";
import { drawReceipts } from "./receipts.js";
import * as roster from "./roster.js";
import * as typing from "./typing.js";
import { getCount } from "./unread.js";
import * as writing from "./writing.js";

export { makeDraft, makeItem } from "./items.js";
export { isMine } from "./roster.js";
export { endWriting, takeReply, takeText } from "./writing.js";

let conversation = null; // as it was when it was opened
let loading = null; // the promise of those who take part
let isShown = false; // whether its messages are on the screen
let marked = null; // the message up to which the user has read, as far as this page has said
let untold = null; // { id, messageId, count }: what the API has to be told of it

export function enter(chosen) {
  conversation = chosen;
  marked = null;
  isShown = false;
  loading = roster.load(chosen.id).then(typing.draw);
  loading.catch(() => {}); // whoever waits for it in start() hears of it
  writing.start();
  startCompletion();
  typing.start(chosen.id);
}

export function leave() {
  tellNow();
  conversation = null;
  roster.clear();
  writing.end();
  endCompletion();
  typing.end();
  forgetReplied();
}

// Before its messages are shown: who takes part, by whose names they are marked.
export const start = () => loading;

// After a gap in the user stream.
export async function refresh() {
  await roster.load(conversation.id);
  drawReceipts(conversation);
}

export function arrange() {
  for (const item of list.children) arrangeItem(item);
  drawReceipts(conversation);
}

// The order of messages

// Puts a message where its number says. Without a number it comes after all that are stored.
export function place(item, seq) {
  if (seq) item.dataset.seq = seq;
  let before = item.isConnected && !seq ? null : list.lastElementChild;
  while (before && (before === item || comesAfter(before, item))) before = before.previousElementSibling;
  const isThere = item.isConnected && (!seq || item.previousElementSibling === before);
  const next = item.nextElementSibling;
  if (!isThere) {
    if (before) before.after(item);
    else list.prepend(item);
  }
  for (const one of [item, item.nextElementSibling, next]) {
    markDay(one);
    arrangeItem(one);
  }
  typing.stop(item.message.sender?.id ?? getUser()?.id);
  if (roster.isMine(item.message)) roster.setMark(getUser()?.id, item.message.id);
  else tellNew(item, isThere);
  drawReceipts(conversation);
  see();
}

// A message of this page has no number until the stream brings it; what else has none was there before.
function comesAfter(other, item) {
  if (other.dataset.seq && item.dataset.seq) return Number(other.dataset.seq) > Number(item.dataset.seq);
  return !other.dataset.id || (other.isLocal && !other.dataset.seq);
}

function tellNew(item, isThere) {
  const { message } = item;
  if (message.sender?.id) roster.setMark(message.sender.id, message.id); // who speaks has read all before
  if (!isThere && !document.hidden) announce(`${nameOf(message.sender)}: ${message.content}`);
}

export function update(message) {
  const item = findItem(message.id);
  if (item && hasChanged(item.message, message)) updateItem(item, message);
}

const hasChanged = (before, now) =>
  before.content !== now.content || before.edited_at !== now.edited_at || before.retracted_at !== now.retracted_at
  || JSON.stringify(before.tool_calls) !== JSON.stringify(now.tool_calls);

// Agents

// The answer to the user that is being written, under the name of the agent.
export function dressFollower(item, run) {
  const agent = roster.getPerson(run?.agent_id);
  dressAgent(item, { id: run?.agent_id, name: agent?.name });
}

// It has its number once it is stored.
export function placeAnswer(item, message, seq) {
  item.message = message;
  item.dataset.id = message.id;
  place(item, seq);
}

// An agent answers somebody else.
export const tellWorking = (run, isAtWork) => typing.setWorking(run, isAtWork);

// What is sent

export function settleDraft(item, message) {
  if (!item.dataset.id) markStored(item, message);
  setState(item, "sent");
  drawReceipts(conversation);
}

// What is new, and what is read

// Marks the first unread message; returns it where it stands above the screen.
export function showNew() {
  const { unread } = getCount(conversation.id);
  const stored = [...list.children].filter((item) => item.dataset.id);
  const first = unread && opened.isWhole ? stored[Math.max(0, stored.length - unread)] : null;
  isShown = true;
  scrollToEnd();
  seeSoon();
  if (!first) return null;
  first.prepend(el("p", { class: "new-mark" }, "New"));
  return first.getBoundingClientRect().top < $("scroller").getBoundingClientRect().top ? first : null;
}

const seeSoon = debounce(100, see);

// The user has read what is on the screen.
function see() {
  if (!isShown || !conversation || document.hidden || opened.id !== conversation.id) return;
  const item = isAtEnd() ? [...list.children].reverse().find((one) => one.dataset.id) : findLastVisible();
  const count = getCount(conversation.id);
  if (!item || item.dataset.id === marked || !count.unread) return;
  const before = findItem(roster.getPerson(getUser()?.id)?.last_read_message_id);
  if (before && !(before.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING)) return;
  marked = item.dataset.id;
  roster.setMark(getUser().id, marked);
  if (opened.isWhole) setRead(conversation.id, marked, countAfter(item));
  tellRead(conversation.id, marked, count);
}

// Told once for all that come within a moment, or before another conversation is opened.
function tellRead(id, messageId, count) {
  untold = { id, messageId, count };
  tellSoon();
}

const tellSoon = debounce(250, tellNow);

async function tellNow() {
  if (!untold) return;
  const { id, messageId, count } = untold;
  untold = null;
  try {
    await post(`/v1/conversations/${id}/read`, { message_id: messageId });
  } catch (error) {
    if (marked === messageId) marked = null;
    setRead(id, null, count); // what could not be told counts as unread
    if (error.status && error.status !== 404) showFailure(error); // a lost connection stands in the head of the page
  }
}

// What is unread behind a message, in a list that reaches the end.
function countAfter(item) {
  const stored = [...list.children].filter((one) => one.dataset.id);
  const left = stored.slice(stored.indexOf(item) + 1);
  const { id, created_at } = stored.at(-1).message;
  return { unread: left.length, mentioned: left.some((one) => one.querySelector(".mention.of-me")), last: { id, created_at } };
}

onMoved(seeSoon);
document.addEventListener("visibilitychange", seeSoon);

const isHere = (id) => conversation?.id === id;

subscribe("participant.read", ({ conversation_id: id, user_id: userId, message_id: messageId }) => {
  if (!isHere(id)) return;
  roster.setMark(userId, messageId);
  drawReceipts(conversation);
});
subscribe("participant.added participant.updated", ({ conversation_id: id, participant }) => isHere(id) && roster.put(participant));
subscribe("participant.removed", ({ conversation_id: id, user_id: userId }) => {
  if (!isHere(id)) return;
  roster.drop(userId);
  drawReceipts(conversation);
});
