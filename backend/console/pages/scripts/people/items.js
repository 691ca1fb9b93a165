// items.js -- the item of a message among people: who says it, what it replies to, and what it says.
import { get } from "../api.js";
import { bdi, el, formatTime, makeTime, neutralizeDirection } from "../dom.js";
import { showMessage } from "../chat/chat.js";
import { foldWords, replaceWords, showWords } from "../chat/words.js";
import { makeAgentItem } from "../calls/agent_item.js";
import { markStored, setDay, showState } from "../chat/messages.js";
import { opened } from "../chat/opened.js";
import { findItem, list } from "../chat/thread.js";
import { markMentions } from "./mentions.js";
import { makeMenuButton } from "./message_menu.js";
import { nameOf } from "./names.js";
import { makeReceipt } from "./receipts.js";
import { isMine } from "./roster.js";
import * as writing from "./writing.js";

const TOGETHER_MS = 300_000; // what one says within so much time stands under their name once
const TAKEN_BACK = "This message was taken back.";

let replied = new Map(); // promises of messages that are replied to and not in the list, by id

export const forgetReplied = () => (replied = new Map());

export function makeItem(message) {
  const item = message.role === "agent" ? makeAgentItem(message) : makePersonItem(message);
  if (message.role === "agent") dressAgent(item, message.sender);
  item.classList.add("of-people");
  item.dataset.sender = message.sender?.id ?? "";
  return item;
}

function makePersonItem(message) {
  const mine = isMine(message);
  const body = el("div", { class: "markdown", dir: "auto" });
  body.decorate = () => markMentions(body);
  const item = el("li", { class: `message ${mine ? "from-user" : "from-other"}`, data: { client: mine ? message.client_id || "" : "" } },
    mine ? el("span", { class: "sr" }, "You said:") : makeSayer(message.sender),
    makeQuote(message), el("div", { class: "bubble" }, body), el("div", { class: "foot" }));
  Object.assign(item, { message, isMine: mine, body, drawFoot: () => showState(item), makeFoot: () => makeFoot(item), update: (now) => updateItem(item, now) });
  if (message.id) {
    item.dataset.id = message.id;
    item.dataset.state = "sent";
    setDay(item, message.created_at);
    item.drawFoot();
  } else setDay(item, new Date());
  showContent(item);
  foldWords(body.parentElement, message.content);
  return item;
}

function makeSayer(sender, isAgent = false) {
  const said = isAgent ? [el("span", { class: "tag" }, "agent")] : [el("span", { class: "sr" }, " said:")];
  const avatar = el("span", { class: "avatar", "aria-hidden": "true" }, [...nameOf(sender)][0].toUpperCase());
  return el("p", { class: "sayer", "aria-hidden": isAgent && "true" }, avatar, bdi(nameOf(sender)), ...said);
}

// An agent speaks as anybody does: under its name, with its calls above its words. Its item says aloud who speaks.
export function dressAgent(item, agent) {
  item.classList.add("of-people");
  item.dataset.sender = agent?.id ?? "";
  item.querySelector(".sayer")?.remove();
  item.prepend(makeSayer(agent, true));
  item.agent.body.decorate = () => markMentions(item.agent.body);
  item.agent.onSettled = () => dressAnswer(item);
  if (item.message) dressAnswer(item);
}

function dressAnswer(item) {
  const { message } = item;
  if (!message.id) return; // its run has ended without an answer
  if (!item.querySelector(".quote")) item.querySelector(".sayer").after(makeQuote(message) ?? "");
  item.agent.foot.hidden = false;
  item.agent.foot.replaceChildren(makeTime(message.created_at), makeMenuButton(item));
  item.agent.body.decorate();
}

// The user's own message before it is stored.
export const makeDraft = (draft) => Object.assign(makeItem(draft), { isLocal: true });

function showContent(item) {
  const { content, retracted_at: retractedAt } = item.message;
  item.classList.toggle("is-retracted", Boolean(retractedAt));
  if (retractedAt) {
    replaceWords(item.body, TAKEN_BACK);
  } else if (item.body.text !== content) showWords(item.body, content);
}

function makeFoot(item) {
  const { created_at: at, edited_at: editedAt, retracted_at: retractedAt } = item.message;
  return [
    item.isMine && makeReceipt(item),
    at && makeTime(at),
    editedAt && !retractedAt && el("span", { title: `Edited ${formatTime(editedAt)}` }, "edited"),
    item.dataset.id && makeMenuButton(item),
  ];
}

// A message as it is now: edited, taken back, or with what only the user may see of it.
export function updateItem(item, message) {
  item.message = { ...item.message, ...message };
  if (item.agent) {
    item.agent.settle(message);
    item.classList.toggle("is-retracted", Boolean(message.retracted_at));
    if (message.retracted_at) replaceWords(item.agent.body, TAKEN_BACK);
    item.agent.body.hidden = !message.content && !message.retracted_at;
    return;
  }
  markStored(item, item.message);
  showContent(item);
  for (const quote of list.querySelectorAll(`.quote[data-to="${message.id}"]`)) fillQuote(quote, item.message);
}

// What a message replies to

function makeQuote({ reply_to_id: id }) {
  if (!id) return null;
  const quote = el("button", { type: "button", class: "quote", data: { to: id }, onclick: () => showMessage(id) }, "A message");
  const there = findItem(id)?.message;
  if (there) fillQuote(quote, there);
  else soon.observe(quote);
  return quote;
}

// Most of them stand in the list. Another one is asked for when its quote comes near the screen.
const soon = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    soon.unobserve(target);
    findReplied(target.dataset.to).then((message) => fillQuote(target, message), () => (target.disabled = true)); // from before the user came
  }
}, { rootMargin: "600px 0px", scrollMargin: "600px 0px" });

function findReplied(id) {
  const there = findItem(id)?.message;
  if (there) return Promise.resolve(there);
  if (!replied.has(id)) replied.set(id, fetchMessage(opened.id, id));
  return replied.get(id);
}

// It is the first that comes after the one before it.
async function fetchMessage(conversationId, id) {
  const path = `/v1/conversations/${conversationId}/messages`;
  const before = await get(path, { before: id, limit: 1 });
  const { data: [message] } = await get(path, { after: before.data[0]?.id, limit: 1 });
  return message;
}

function fillQuote(quote, message) {
  const words = message.retracted_at ? TAKEN_BACK : writing.excerpt(message.content);
  const who = isMine(message) ? "You" : nameOf(message.sender);
  quote.setAttribute("aria-label", neutralizeDirection(`In reply to ${who}: ${words}`));
  quote.replaceChildren(bdi(who), el("span", { dir: "auto" }, words));
}

// Whether a message stands under the name of the one above it.
export function arrangeItem(item) {
  if (!item?.classList.contains("of-people")) return;
  const before = item.previousElementSibling;
  const isOne = before?.dataset.sender === item.dataset.sender && before.dataset.day === item.dataset.day && !item.hasAttribute("data-new-day");
  const gap = new Date(item.message?.created_at ?? Date.now()) - new Date(before?.message?.created_at ?? 0);
  item.classList.toggle("goes-on", Boolean(isOne && gap < TOGETHER_MS && !item.querySelector(":scope > .quote")));
}
