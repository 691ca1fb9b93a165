// composer.js -- the message box, its two buttons, and the examples for a new user.
import { $, el, showFailure } from "../dom.js";

const MAX_HEIGHT = 240;
const EXAMPLES = [
  ["Add buy milk tomorrow and call mom", "two tasks in one sentence"],
  ["What is on my list?", "Parley looks it up"],
  ["I bought the milk", "done is done"],
];

const box = $("composer-text");
let send = () => {};
let stop = async () => {};

export const onSend = (work) => (send = work);
export const onStop = (work) => (stop = work);
export const getText = () => box.value;
export const focus = () => box.focus();

export function setText(value) {
  box.value = value;
  fitHeight();
}

// On a touch screen focus would open the keyboard.
export function focusUnlessTouch() {
  if (matchMedia("(hover: hover)").matches) box.focus();
}

export function setWorking(yes) {
  $("stop").hidden = !yes;
  $("hint").textContent = yes
    ? "You can write on: the next message waits for its turn."
    : "Enter sends, Shift + Enter starts a new line.";
}

function fitHeight() {
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight, MAX_HEIGHT)}px`);
  $("send").disabled = box.value.trim() === "";
}

box.addEventListener("input", fitHeight);
box.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
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

$("stop").addEventListener("click", async () => {
  $("stop").disabled = true;
  try {
    await stop();
    box.focus();
  } catch (error) {
    showFailure(error);
  } finally {
    $("stop").disabled = false;
  }
});

$("examples").append(
  ...EXAMPLES.map(([words, why]) =>
    el("li", {}, el("button", { type: "button", onclick: () => send(words) }, el("span", {}, words), el("small", {}, why)))),
);
