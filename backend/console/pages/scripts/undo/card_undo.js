// card_undo.js -- Undo beside the card of a call that has changed tasks, or the word that it was undone.
import { get } from "../api.js";
import { debounce, el, showFailure } from "../dom.js";
import { fetchChanges } from "../later.js";
import { subscribe } from "../stream.js";

const CHANGING = new Set(["add_task", "complete_task", "update_task", "delete_task"]);
const NEWEST = 200;

const steps = new Map(); // what the newest calls have changed, by run and call: { change_id, is_undone }
let loading = null;

const keyOf = (runId, callId) => `${runId} ${callId}`;

export const canUndo = (runId, call) => Boolean(runId && call.arguments && call.finished_at && !call.error) && CHANGING.has(call.name);

export function makeUndo(runId, call) {
  const key = keyOf(runId, call.id);
  const undo = () => undoCall(runId, call.id).catch(showFailure);
  const place = el("span", { class: "tool-undo", data: { undo: key } });
  place.button = el("button", { type: "button", class: "link", onclick: undo }, "Undo");
  drawPlace(place);
  if (!steps.has(key)) loading ??= loadNewest().catch(() => (loading = null)); // the next card asks again
  return place;
}

// A call that was seen at work can be taken back by the keyboard, with all of its answer.
export async function noteCall(runId) {
  const { addDeed } = await fetchChanges();
  addDeed({ wanted: { run_id: runId } });
}

async function undoCall(runId, callId) {
  if (!steps.has(keyOf(runId, callId))) keepSteps(await get("/v1/undo", { run_id: runId, limit: NEWEST }));
  const step = steps.get(keyOf(runId, callId));
  if (!step) throw new Error("This is more than 30 days old, and cannot be undone any more.");
  const { undo } = await fetchChanges();
  await undo({ wanted: { change_id: step.change_id } });
}

async function loadNewest() {
  keepSteps(await get("/v1/undo", { limit: NEWEST }));
}

function keepSteps({ data }) {
  for (const step of data) if (step.tool_call_id && !step.is_undo) steps.set(keyOf(step.run_id, step.tool_call_id), step);
  for (const place of document.querySelectorAll("[data-undo]")) drawPlace(place);
}

function drawPlace(place) {
  const isUndone = Boolean(steps.get(place.dataset.undo)?.is_undone);
  if (place.childNodes.length && isUndone !== place.contains(place.button)) return;
  const hadFocus = place.contains(document.activeElement);
  place.replaceChildren(isUndone ? "Undone" : place.button);
  if (hadFocus && !place.contains(document.activeElement)) place.closest(".tool").querySelector("summary").focus();
}

const reloadSoon = debounce(120, () => loading && loadNewest().catch(showFailure));
subscribe("change.undone", reloadSoon);
subscribe("reset", reloadSoon);
document.addEventListener("leave", () => {
  steps.clear();
  loading = null;
});
