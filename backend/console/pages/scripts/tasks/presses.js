// presses.js -- what keys and the pointer do in the list of tasks; the parts that know how are fetched with the first.
import { $, showFailure } from "../dom.js";
import { fetchMoving, fetchPicking } from "../later.js";

const list = $("task-list");

const use = (fetchPart, work) => fetchPart().then(work).catch(showFailure);
const hasPicked = () => list.querySelector(".is-picked") !== null;

const MOVES = { ArrowUp: -1, ArrowDown: 1 };

// An event of the list in one of its tasks.
export function press(event) {
  const item = event.target.closest(".task");
  const { id } = item.dataset;
  if (event.type === "keydown") pressKey(event, id);
  else if (event.type === "pointerdown") holdItem(event, item);
  else use(fetchPicking, (part) => part.pickTo(id));
}

function pressKey({ key, altKey, ctrlKey, metaKey, shiftKey }, id) {
  if (ctrlKey || metaKey || shiftKey) return;
  if (altKey && key in MOVES) use(fetchMoving, (part) => part.moveBy(id, MOVES[key]));
  else if (altKey) return;
  else if (key === "x") use(fetchPicking, (part) => part.pick(id));
  else if (key === "Delete") use(fetchPicking, (part) => part.deletePicked(id));
}

// A finger scrolls the list, takes a task by its grip, and picks one by staying on it.
function holdItem(event, item) {
  if (event.button || event.shiftKey) return;
  const isDrag = event.pointerType === "mouse" || event.target.closest(".grip");
  if (isDrag) use(fetchMoving, (part) => part.beginDrag(event, item));
  else use(fetchPicking, (part) => part.pickIfHeld(event, item.dataset.id));
}

list.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || !hasPicked()) return;
  event.preventDefault();
  event.stopPropagation();
  use(fetchPicking, (part) => part.clear());
});
list.addEventListener("mousedown", (event) => event.shiftKey && event.preventDefault()); // which would mark the text
// The browser's menu is not what a finger that stays on a task means; and once one is picked, each press picks.
list.addEventListener("contextmenu", (event) => event.pointerType === "touch" && event.preventDefault());
list.addEventListener("click", (event) => {
  const id = event.target.closest(".task")?.dataset.id;
  if (!id || event.pointerType !== "touch" || !hasPicked()) return;
  event.preventDefault();
  event.stopPropagation();
  use(fetchPicking, (part) => part.pick(id));
}, true);
