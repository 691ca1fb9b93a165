// composer.js -- the message box with its drafts and its two buttons, and the examples for a new user.
import { $, el, isComposing, neutralizeDirection, showToast } from "../dom.js";

const MAX_HEIGHT = 240;
const EXAMPLES = [
  ["Add buy milk tomorrow and call mom", "two tasks in one sentence"],
  ["What is on my list?", "Parley looks it up"],
  ["I bought the milk", "done is done"],
];

const HINT = "Enter sends, Shift + Enter starts a new line.";

const box = $("composer-text");
let drafts = new Map(); // unsent text by conversation
let send = () => {};
let stop = async () => {};

export const onSend = (work) => (send = work);
export const onStop = (work) => (stop = work);
export const getText = () => box.value;
export const focus = () => box.focus();
export const setDraft = (conversation, text) => drafts.set(conversation, text);
export const putAside = (conversation) => setDraft(conversation, box.value);
export const takeUp = (conversation) => setText(drafts.get(conversation) || "");

export function forgetDrafts() {
  drafts = new Map();
  setText("");
}

// To whom the next message goes, by name.
export const setPlaceholder = (name) => (box.placeholder = neutralizeDirection(`Message ${name}`));

export function setText(value) {
  box.value = value;
  fitHeight();
}

// On a touch screen focus would open the keyboard.
export function focusUnlessTouch() {
  if (matchMedia("(hover: hover)").matches) box.focus();
}

// Whether an answer can be stopped, and whether the next message waits for it.
export function setWorking(yes, waits) {
  $("stop").hidden = !yes;
  $("hint").textContent = waits
    ? "You can write on: the next message waits for its turn."
    : HINT;
}

function fitHeight() {
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight, MAX_HEIGHT)}px`);
  $("send").disabled = box.value.trim() === "";
}

box.addEventListener("input", fitHeight);
let width = 0;
new ResizeObserver(([{ contentRect }]) => {
  if (contentRect.width === width) return;
  width = contentRect.width;
  requestAnimationFrame(fitHeight);
}).observe(box);
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !isComposing(event)) {
    event.preventDefault();
    $("composer").requestSubmit();
  }
});

$("composer").addEventListener("submit", (event) => {
  event.preventDefault();
  const words = box.value.trim();
  if (!words) return;
  setText("");
  send(words);
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
    el("li", {}, el("button", { type: "button", onclick: () => send(words) }, el("span", {}, words), el("small", {}, why)))),
);
