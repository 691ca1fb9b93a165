// composer.js -- the box to write in, its two buttons, and the sentences that a first minute begins with.
import { $, el, fail } from  "../dom.js";

const TALLEST = 240;
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
export const text = () => box.value;
export const focus = () => box.focus();

export function setText(value) {
  box.value = value;
  fit();
}

// Where a keyboard comes up by itself the box is left alone.
export function focusBox() {
  if (matchMedia("(hover: hover)").matches) box.focus();
}

export function working(yes) {
  $("stop").hidden = !yes;
  $("hint").textContent = yes
    ? "You can write on: the next message waits for its turn."
    : "Enter sends, Shift + Enter starts a new line.";
}

function fit() {
  box.style.setProperty("height", "auto");
  box.style.setProperty("height", `${Math.min(box.scrollHeight, TALLEST)}px`);
  $("send").disabled = box.value.trim() === "";
}

box.addEventListener("input", fit);
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
    fail(error);
  } finally {
    $("stop").disabled = false;
  }
});

$("examples").append(
  ...EXAMPLES.map(([words, why]) =>
    el("li", {}, el("button", { type: "button", onclick: () => send(words) }, el("span", {}, words), el("small", {}, why)))),
);
