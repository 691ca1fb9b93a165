// branches.js -- questions asked in other words and answers given anew: the buttons for it, and the way between versions.
import { isSendingKey } from "../account/enter_key.js";
import { post } from "../api.js";
import "../calls/agent_item.js";
import { announce, debounce, el, isComposing, makeIcon, makeIconButton, showFailure, showToast } from "../dom.js";
import { subscribe } from "../stream.js";
import { makeId } from "../unsent/outbox.js";
import { sendMessage } from "../unsent/sending.js";
import { describeTooLong, focusUnlessTouch } from "./composer.js";
import { onFoot } from "./messages.js";
import { opened } from "./opened.js";
import * as pages from "./pages.js";
import { makeQueueButtons } from "./queue.js";
import { arrangeItems, fetchHistory, getRuns, goOn, make } from "./showing.js";
import * as thread from "./thread.js";
import { findItem, list } from "./thread.js";

const SOON_MS = 30;

// The foot of a message

export function dressItem(item) {
  const { message } = item;
  if (!message?.id || opened.room) return;
  const foot = item.querySelector(":scope > .foot");
  if (message.role === "agent") {
    if (message.run_id) foot.append(makeIconButton("retry", "Answer again", () => answerAgain(message.id)));
    foot.lastChild?.classList.add("again");
  } else if (item.dataset.state === "queued") {
    foot.append(...makeQueueButtons(item));
  } else if (message.sender?.type !== "program") {
    foot.append(makeIconButton("edit", "Edit and ask again", () => edit(item)));
  }
  if (!message.version_ids) return;
  foot.hidden = false;
  foot.append(makeVersions(message));
}

function makeVersions({ id, version_ids: ids }) {
  const place = ids.indexOf(id);
  const makeStep = (icon, label, other) => {
    const button = makeIconButton(icon, label, () => showVersion(ids[other], label));
    button.disabled = !ids[other];
    return button;
  };
  const earlier = makeStep("chevron", "Earlier version", place - 1);
  earlier.classList.add("is-back");
  return el("span", { class: "versions", role: "group", "aria-label": `Version ${place + 1} of ${ids.length}` },
    earlier, el("span", { "aria-hidden": "true" }, `${place + 1} / ${ids.length}`), makeStep("chevron", "Later version", place + 1));
}

async function showVersion(id, label) {
  const conversation = opened.id;
  try {
    await post(`/v1/conversations/${conversation}/branch`, { message_id: id });
    if (conversation !== opened.id) return;
    await reshow();
    const versions = findItem(id)?.querySelector(".versions");
    announce(versions?.getAttribute("aria-label") ?? "");
    const same = versions?.querySelector(`[aria-label="${label}"]`);
    (same?.disabled ? versions.querySelector("button:enabled") : same)?.focus();
  } catch (error) {
    showFailure(error);
  }
}

// Has a message answered once more: that of the user, or the one that an answer belongs to. Where nobody knows whether the
// request has arrived, it is the same one that is sent again.
export async function answerAgain(id, key = makeId()) {
  const { turn } = opened;
  try {
    await post(`/v1/messages/${id}/runs`, { on_busy: "interrupt", wait: 0 }, key);
    if (turn !== opened.turn) return;
    await reshow();
    thread.scrollToEnd();
    focusUnlessTouch(); // the button is gone
  } catch (error) {
    if (error.status) showFailure(error);
    else showToast(error.message, { kind: "error", seconds: 60, label: "Try again", action: () => answerAgain(id, key) });
  }
}

// Editing, in place

export function edit(item) {
  if (item.querySelector(".rewrite")) return;
  const bubble = item.querySelector(".bubble");
  const foot = item.querySelector(":scope > .foot");
  const box = el("textarea", { class: "rewrite-text", "aria-label": "Your message in other words", dir: "auto", rows: "1" });
  box.value = item.message.content;
  const fit = () => {
    box.style.setProperty("height", "auto");
    box.style.setProperty("height", `${box.scrollHeight}px`);
  };
  const form = el("form", { class: "rewrite" }, box, el("div", { class: "row" },
    el("button", { type: "button", class: "plain", onclick: () => end() }, "Cancel"),
    el("button", { type: "submit", class: "primary" }, "Ask again")));
  const end = () => {
    form.remove();
    bubble.hidden = foot.hidden = false;
    foot.querySelector("[aria-label='Edit and ask again']")?.focus();
  };
  box.addEventListener("input", fit);
  box.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      end();
    }
    if (isSendingKey(event)) {
      event.preventDefault();
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = box.value.trim();
    const tooLong = describeTooLong(words);
    if (tooLong) showToast(tooLong, { kind: "error", seconds: 8 });
    else if (words) askAnew(item, words);
  });
  bubble.hidden = foot.hidden = true;
  bubble.after(form);
  fit();
  box.focus();
  box.setSelectionRange(box.value.length, box.value.length);
}

function askAnew(item, words) {
  const { id } = item.message;
  cutFrom(item);
  sendMessage(words, { replaces_id: id });
  focusUnlessTouch();
}

// The last message of the user's own, where there is one.
export function editLast() {
  const item = [...list.querySelectorAll(".from-user[data-id]")].reverse().find((one) => one.querySelector("[aria-label='Edit and ask again']"));
  if (!item) return;
  thread.scrollToItem(item);
  edit(item);
}

// Takes a message and what follows it out of the list, but for what is not sent yet.
export function cutFrom(item) {
  for (let one = item; one;) {
    const next = one.nextElementSibling;
    if (one.dataset.id || !one.classList.contains("from-user")) one.remove();
    one = next;
  }
}

// Another branch

const describeVersions = ({ version_ids: ids }) => String(ids ?? "");

// Shows the end of the branch that is shown now. What it has in common with the one before stays as it is.
export async function reshow() {
  const { turn, id } = opened;
  if (id === null || opened.room) return;
  const before = new Set([...list.children].map((item) => item.dataset.id));
  const [page, history] = await Promise.all([pages.fetchEnd(), fetchHistory(id)]);
  if (turn !== opened.turn) return;
  const active = new Set(history.filter((run) => ["queued", "running", "awaiting_approval"].includes(run.status)).map((run) => run.id));
  const isOnItsWay = (item) => !item.dataset.id && (item.classList.contains("live") ? active.has(item.dataset.run) : item.classList.contains("from-user"));
  const known = new Set(page.data.flatMap((message) => [message.id, message.client_id]).filter(Boolean));
  // What was stored while this was fetched may not be in it.
  const hasCome = (item) => item.dataset.id && !before.has(item.dataset.id) && !known.has(item.dataset.id);
  const newer = [...list.children].filter((item) => hasCome(item) || (isOnItsWay(item) && !known.has(item.dataset.client)));
  pages.beginWith(page);
  getRuns()?.setRuns(history);
  put([...page.data.map((message) => reuse(message) ?? make(message)), ...newer]);
  goOn();
  arrangeItems();
}

// An item that stays where it is keeps the focus.
function put(items) {
  const stay = new Set(items);
  for (const item of [...list.children]) if (!stay.has(item)) item.remove();
  items.forEach((item, index) => list.children[index] === item || list.insertBefore(item, list.children[index] ?? null));
}

function reuse(message) {
  const item = findItem(message.id);
  if (!item || item.querySelector(".rewrite")) return null;
  return describeVersions(item.message) === describeVersions(message) ? item : null;
}

const reshowSoon = debounce(SOON_MS, () => reshow().catch(showFailure));
subscribe("conversation.branched", ({ conversation_id: id }) => id === opened.id && reshowSoon());
// Only the list of the branch knows the versions of an answer that has just come.
subscribe("message.created", ({ message }) => message.conversation_id === opened.id && message.role === "agent" && message.replaces_id && reshowSoon());
onFoot(dressItem);
