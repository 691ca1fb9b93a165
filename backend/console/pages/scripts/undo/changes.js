// changes.js -- what is done in this page to tasks and conversations, and taking it back: a notice with Undo, and Ctrl+Z.
import { post, request } from "../api.js";
import { announce, bdi, formatCount, showFailure, showToast } from "../dom.js";
import { subscribe } from "../stream.js";

const SECONDS = 8;
const MOST = 50; // deeds that are remembered

let deeds = []; // what can be taken back, oldest first: { wanted, comeBack }
let notice = null;
let undoing = Promise.resolve();

// A UUID. `crypto.randomUUID()` is there over https only.
export function makeChangeId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

// Makes one change of requests, each [method, path, body]; their answers. What one of them refuses is thrown once all
// have been answered; of those that go one after the other (`isInOrder`) it is the last one. `said` are the words of the
// notice, none where there is none; `comeBack(steps)` shows, after an undo, the place where it was done.
export async function change(requests, { isInOrder = false, ...deed } = {}) {
  const headers = { "Change-ID": makeChangeId() };
  const send = ([method, path, body]) => request(method, path, body, { headers });
  const sending = isInOrder ? sendInOrder(requests, send) : Promise.allSettled(requests.map(send));
  const made = { ...deed, wanted: { change_id: headers["Change-ID"] }, sending };
  deeds = [...deeds.slice(1 - MOST), made]; // at once: who takes it back by the keyboard need not wait for the server
  const outcomes = await sending;
  const failed = outcomes.find(({ status }) => status === "rejected");
  if (!failed || outcomes.some(({ status }) => status === "fulfilled")) tell(made);
  else forget(made);
  const answers = outcomes.filter(({ status }) => status === "fulfilled").map(({ value }) => value);
  if (failed) throw Object.assign(failed.reason, { answers });
  return answers;
}

async function sendInOrder(requests, send) {
  const outcomes = [];
  for (const one of requests) {
    const [outcome] = await Promise.allSettled([send(one)]);
    outcomes.push(outcome);
    if (outcome.status === "rejected") break;
  }
  return outcomes;
}

// What the agent did: `wanted` is the body of POST /v1/undo. An answer with several calls is one deed.
export function addDeed(deed) {
  deeds = [...deeds.filter(({ wanted }) => wanted.run_id !== deed.wanted.run_id), deed].slice(-MOST);
}

const forget = (deed) => (deeds = deeds.filter((one) => one !== deed));
const readWords = (said) => said.map((part) => part.textContent ?? part).join("");

function tell(deed) {
  if (!deed.said || !deeds.includes(deed)) return;
  announce(readWords(deed.said));
  show(deed.said, "Undo", () => undo(deed));
}

// One notice at a time: what was done before can be taken back by the keyboard.
function show(said, label, action) {
  notice?.close();
  notice = showToast(said, { label, action, seconds: SECONDS });
}

// Whether it was done. One after the other: what was done later may stand in the way of what was done before.
export function undo(deed) {
  forget(deed);
  notice?.close();
  undoing = undoing.then(() => takeBack(deed)).then(() => true, (error) => {
    if (!error.status) deeds.push(deed); // the server was not reached
    showFailure(error);
    return false;
  });
  return undoing;
}

async function takeBack(deed) {
  await deed.sending;
  const { change_id: changeId, steps } = await post("/v1/undo", deed.wanted);
  const said = describeUndo(steps);
  announce(readWords(said));
  show(said, "Redo", () => redo(changeId, deed));
  await deed.comeBack?.(steps);
}

function redo(changeId, deed) {
  deeds.push(deed);
  undoing = undoing.then(() => post("/v1/undo", { change_id: changeId })).then(() => announce("Done again"), (error) => {
    forget(deed);
    showFailure(error);
  });
}

const STATES = { created: " is back", updated: " is as it was before", deleted: " is gone again" };

function describeUndo(steps) {
  if (steps.length > 1) return [`Undone: ${formatCount(steps.length, "change")}`];
  const [{ noun, title, action }] = steps;
  return title ? ["“", bdi(title), `”${STATES[action]}`] : [`The ${noun}${STATES[action]}`];
}

// The keyboard

let written = null; // the field in which the user has written since it got the focus

const isText = (field) => field.matches?.("textarea, [contenteditable], input:not([type=checkbox], [type=radio])");

// Ctrl+Z in a field takes back what was written there. In one that is empty, and was when the user came, there is nothing.
const isWriting = (field) => isText(field) && (field === written || field.value !== "");

addEventListener("input", (event) => (written = event.target));
addEventListener("focusin", (event) => event.target !== written && (written = null));
addEventListener("keydown", (event) => {
  const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key.toLowerCase() === "z";
  if (!isUndo || !deeds.length || isWriting(event.target) || document.querySelector("dialog[open]")) return;
  event.preventDefault();
  undo(deeds.at(-1));
});

document.addEventListener("leave", () => {
  deeds = [];
  notice?.close();
});
subscribe("change.undone", ({ undone_change_ids: ids, run_id: runId }) => {
  // In another tab, or by the agent.
  deeds = deeds.filter(({ wanted }) => !ids.includes(wanted.change_id) && !(runId && wanted.run_id === runId));
});
