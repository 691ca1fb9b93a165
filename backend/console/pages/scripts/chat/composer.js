// composer.js -- the message box with its drafts and its two buttons, and the examples for a new user.
import { $, debounce, el, isComposing, neutralizeDirection, showToast } from "../dom.js";
import { isSendingKey, sendsByEnter } from "../account/enter_key.js";
import { getDraft, keepDraft, onDraft } from "../unsent/drafts.js";

const MAX_HEIGHT = 240;
const MAX_CHARACTERS = 32_000; // as the server counts them
const KEEP_MS = 300;
const EXAMPLES = [
  ["Add buy milk tomorrow and call mom", "two tasks in one sentence"],
  ["What is on my list?", "Parley looks it up"],
  ["I bought the milk", "done is done"],
];

const SENDS = "Enter sends, Shift + Enter starts a new line.";
const ADDS_LINE = "Enter starts a new line, Ctrl + Enter sends.";

const WAITS = "You can write on: the next message waits for its turn.";

const box = $("composer-text");
let place = null; // what the text in the box is for, as drafts are named; null while nobody is signed in
let isKept = true;
let isTyped = false; // in this tab
let isSending = false;
let send = async () => false;
let stop = async () => {};
let editLast = () => {};
let isAsked = false; // something by the agent

// `work(text)` resolves to whether the text has been taken over: else it stays in the box.
export const onSend = (work) => (send = work);
export const onStop = (work) => (stop = work);
// ArrowUp, where nothing is written.
export const onEditLast = (work) => (editLast = work);
// Sends what is not from the box, which stays as it is.
export const sendWords = (words) => send(words);
export const getText = () => box.value;
export const getPlace = () => place;
export const focus = () => box.focus();

// Shows the draft of another place; that of the place before is kept.
export function takeUp(next) {
  keepText();
  place = next;
  showText(getDraft(place));
}

// What is in the box is for another place from now on.
export function moveTo(next) {
  keepDraft(place, "");
  place = next;
  isKept = false;
  keepText();
}

// Adds to what is written for a place.
export function addToDraft(other, text) {
  if (other === place) setText([box.value, text].filter(Boolean).join("\n"));
  else keepDraft(other, [getDraft(other), text].filter(Boolean).join("\n"));
}

// The session has ended: what is written is kept for the user.
export function leave() {
  keepText();
  place = null;
  showText("");
}

export function keepText() {
  if (!isKept && place !== null) keepDraft(place, box.value);
  isKept = true;
}

const keepSoon = debounce(KEEP_MS, keepText);
addEventListener("pagehide", keepText);
document.addEventListener("visibilitychange", keepText);

// Another tab writes at the same place. What was typed here stays, and is kept again when the user goes.
onDraft((changed, text) => {
  if (changed !== place || box.value === text) return;
  if (isTyped && box.value) isKept = false;
  else showText(text);
});

// To whom the next message goes, by name.
export const setPlaceholder = (name) => (box.placeholder = neutralizeDirection(`Message ${name}`));

export function setText(value) {
  showText(value);
  isTyped = true;
  isKept = false;
  keepText();
}

// Shows a text that is not kept, unless the user changes it.
export function showText(value) {
  box.value = value;
  isTyped = false;
  fitHeight();
}

// On a touch screen focus would open the keyboard.
export function focusUnlessTouch() {
  if (matchMedia("(hover: hover)").matches) box.focus();
}

// Whether an answer can be stopped, and whether the next message waits for it.
export function setWorking(yes, waits) {
  $("stop").hidden = !yes;
  if (!yes) isAsked = false;
  if (!isAsked) $("hint").textContent = waits ? WAITS : describeEnter();
}

function describeEnter() {
  box.enterKeyHint = sendsByEnter() ? "send" : "enter";
  return sendsByEnter() ? SENDS : ADDS_LINE;
}

// What the Enter key does may have been chosen anew.
box.addEventListener("focus", () => {
  if ([SENDS, ADDS_LINE].includes($("hint").textContent)) $("hint").textContent = describeEnter();
});

// Whether the next message answers what the agent asks.
export function setHint(asks) {
  isAsked = asks;
  $("hint").textContent = asks ? "What you write answers the question." : WAITS;
}

function fitHeight() {
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight, MAX_HEIGHT)}px`);
  showTooLong();
}

// How much is too much, in words; "" for what fits.
export function describeTooLong(words) {
  const over = words.length > MAX_CHARACTERS ? [...words].length - MAX_CHARACTERS : 0;
  return over > 0
    ? `A message has at most ${MAX_CHARACTERS.toLocaleString()} characters: ${over.toLocaleString()} are too many. Send it in parts.`
    : "";
}

function showTooLong() {
  const words = box.value.trim();
  $("too-long").textContent = describeTooLong(words);
  $("send").disabled = words === "" || $("too-long").textContent !== "";
}

box.addEventListener("input", () => {
  fitHeight();
  isTyped = true;
  isKept = false;
  keepSoon();
});
let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (contentRect.width === width) return;
  width = contentRect.width;
  requestAnimationFrame(fitHeight);
}).observe(box);
box.addEventListener("keydown", (event) => {
  if (isSendingKey(event) && !isComposing(event)) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
  if (event.key === "ArrowUp" && !box.value && !event.shiftKey && !event.altKey) {
    event.preventDefault();
    editLast();
  }
});

$("composer").addEventListener("submit", async (event) => {
  event.preventDefault();
  const words = box.value.trim();
  if ($("send").disabled || isSending) return;
  isSending = true;
  try {
    if ((await send(words)) && box.value.trim() === words) setText("");
  } finally {
    isSending = false;
  }
});

async function pressStop() {
  $("stop").disabled = true;
  try {
    await stop();
    box.focus();
  } catch (error) {
    showToast(`The answer was not stopped. ${error.message}`, { kind: "error", seconds: 8, label: "Try again", action: pressStop });
  } finally {
    $("stop").disabled = false;
  }
}
$("stop").addEventListener("click", pressStop);

$("examples").append(
  ...EXAMPLES.map(([words, why]) =>
    el("li", {}, el("button", { type: "button", onclick: () => sendWords(words) }, el("span", {}, words), el("small", {}, why)))),
);
