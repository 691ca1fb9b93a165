// shortcuts.js -- what can be done from everywhere by one key, or by its name in the box that finds anything.
import { $, announce, el, showToast } from "../dom.js";
import { openPart } from "../later.js";
import { openSheet } from "../sheet.js";

const press = (id) => () => $(id).click();

// On a narrow screen the list slides in first, and can have the focus once it is seen.
function reach(drawer, field) {
  if ($(drawer).inert) {
    $(`${drawer}-open`).click();
    requestAnimationFrame(() => requestAnimationFrame(() => $(field).focus()));
  } else $(field).focus();
}

function goBy(step) {
  const links = [...document.querySelectorAll("#conversations a")];
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  const next = here < 0 ? links[0] : links[here + step];
  if (next) next.click();
  else announce(step > 0 ? "This is the last conversation" : "This is the first conversation");
}

function copyLast(selector, none) {
  const button = [...document.querySelectorAll(`#messages ${selector}`)].at(-1);
  if (button) button.click();
  else showToast(none);
}

function turnTheme() {
  $("theme").click();
  announce($("theme").title);
}

// By their keys: { words, work }.
const SHORTCUTS = {
  find: { keys: "Ctrl + K", words: "Find anything", work: () => openPart(() => import("./palette.js")) },
  o: { words: "New conversation", work: press("new-chat") },
  "/": { words: "Search conversations and messages", work: () => reach("sidebar", "search") },
  m: { words: "Write a message", work: () => $("composer-text").focus() },
  stop: { keys: "Esc", words: "Stop the answer", work: press("stop"), isUseful: () => !$("stop").hidden },
  c: { words: "Copy the last answer", work: () => copyLast(".from-agent [aria-label='Copy the message']", "There is no answer to copy.") },
  C: { keys: "Shift + C", words: "Copy the last code", work: () => copyLast("[aria-label='Copy the code']", "There is no code to copy.") },
  j: { words: "Next conversation", work: () => goBy(1) },
  k: { words: "Previous conversation", work: () => goBy(-1) },
  t: { words: "Add a task", work: () => reach("tasks", "task-title") },
  d: { words: "Change the theme", work: turnTheme },
  "?": { words: "Show the shortcuts", work: showList },
};

// What has a button and no key.
const BUTTONS = {
  "new-people": "Write to people", "open-settings": "Settings", "open-inbox": "Inbox", "open-accounts": "Accounts",
  "open-audit": "Audit of this conversation", "open-deleted": "Recently deleted", "sign-out": "Sign out",
};

export const runShortcut = (name) => SHORTCUTS[name].work();

// [{ words, keys, work }]: what can be done now, but to find something.
export function listActions() {
  const byKey = Object.entries(SHORTCUTS).filter(([name, { isUseful }]) => name !== "find" && (isUseful?.() ?? true));
  const buttons = Object.entries(BUTTONS).filter(([id]) => !$(id).hidden && !$(id).disabled);
  return [...byKey.map(([name, one]) => ({ keys: name, ...one })), ...buttons.map(([id, words]) => ({ words, work: press(id) }))];
}

// The list of them

const OF_TASKS = [
  ["↓ ↑ ← →", "Go through the tasks, or the conversations"],
  ["Space", "Done, where the box has the focus"],
  ["Enter", "Open the task"],
  ["X", "Select the task; Shift and a click select several"],
  ["Alt + ↑ ↓", "Move the task"],
  ["Delete", "Delete the task"],
  ["Ctrl + Z", "Undo"],
  ["Ctrl + Enter", "Save what a sheet shows"],
];

const makeRow = ([keys, words]) => el("div", {}, el("dt", {}, el("kbd", {}, keys)), el("dd", {}, words));

function showList() {
  const everywhere = Object.entries(SHORTCUTS).map(([name, { keys, words }]) => [keys ?? name.toUpperCase(), words]);
  openPart(async () => ({
    open: () => openSheet("shortcuts", "Shortcuts", { leave: "Close the shortcuts" },
      el("p", { class: "muted" }, "A single key is a shortcut where no text is written."),
      el("dl", { class: "keys-list" }, ...everywhere.map(makeRow)),
      el("h3", {}, "In the lists"),
      el("dl", { class: "keys-list" }, ...OF_TASKS.map(makeRow))),
  }));
}
