// picking.js -- several tasks at once: which ones are picked, and the bar with what can be done with all of them.
import { $, announce, el, formatCount, makeIconButton, showFailure } from "../dom.js";
import { fetchChanges } from "../later.js";
import { deleteTask } from "./doing.js";
import { planDue, readFields } from "./due.js";
import { getDay } from "./sections.js";
import { dropTask, getTask, noteReturned, putTask } from "./store.js";
import { applyChange, applyDeletion, drawList, findItem, holdList, load, onDrawn } from "./list.js";

const MOST = 100; // that are changed at once, and taken back at once
const HOLD_MS = 500;
const NEAR = 10; // in pixels: a finger that moves further scrolls
const ENDS = ["pointermove", "pointerup", "pointercancel"];

const list = $("task-list");
const picked = new Set();
let anchor = null; // where a range begins

const count = el("span", { id: "picked-count" });
const makeButton = (words, work) => el("button", { type: "button", class: "plain", onclick: () => work().catch(showFailure) }, words);
const done = makeButton("Done", markDone);
const bar = el("div", { id: "picked", class: "picked", role: "toolbar", "aria-labelledby": "picked-count", hidden: true },
  count, makeIconButton("close", "Select none", clear), done, makeButton("Tomorrow", moveToTomorrow), makeButton("Delete", () => deleteTasks(listPicked())));
$("task-scroll").after(bar);

const listItems = () => [...list.querySelectorAll(".task")];
const listPicked = () => listItems().map((item) => item.dataset.id).filter((id) => picked.has(id)).map(getTask);

export function pick(id) {
  anchor = id;
  if (picked.has(id)) picked.delete(id);
  else picked.add(id);
  showPicked();
}

// All from the one that was picked last, or that has the focus.
export function pickTo(id) {
  const ids = listItems().map((item) => item.dataset.id);
  const from = ids.indexOf(anchor ?? document.activeElement.closest(".task")?.dataset.id ?? id);
  const to = ids.indexOf(id);
  for (const each of ids.slice(Math.min(from, to), Math.max(from, to) + 1)) picked.add(each);
  anchor = id;
  showPicked();
}

// By a finger that stays on it; the click that comes when it goes is no press of the task.
export function pickIfHeld(down, id) {
  if (performance.now() - down.timeStamp > HOLD_MS / 2) return; // this part has come late
  const end = () => {
    clearTimeout(timer);
    for (const type of ENDS) removeEventListener(type, watch, true);
  };
  const watch = (event) => (event.type !== "pointermove" || Math.hypot(event.clientX - down.clientX, event.clientY - down.clientY) > NEAR) && end();
  const timer = setTimeout(() => {
    end();
    pick(id);
    const ignore = (event) => (event.preventDefault(), event.stopPropagation());
    addEventListener("click", ignore, true);
    addEventListener("pointerup", () => setTimeout(() => removeEventListener("click", ignore, true), 100), { once: true });
  }, HOLD_MS);
  for (const type of ENDS) addEventListener(type, watch, true);
}

export function clear() {
  const hadFocus = bar.contains(document.activeElement);
  picked.clear();
  anchor = null;
  showPicked();
  if (hadFocus) (list.querySelector(".task [tabindex='0']") ?? $("task-scroll")).focus();
}

function showPicked() {
  for (const id of [...picked].slice(MOST)) picked.delete(id);
  markItems();
  announce(picked.size ? `${picked.size} selected` : "None selected");
}

// What is drawn anew is marked anew; what has gone is picked no more.
function markItems() {
  const items = listItems();
  const there = new Set(items.map((item) => item.dataset.id));
  for (const id of picked) if (!there.has(id)) picked.delete(id);
  for (const item of items) {
    const isPicked = picked.has(item.dataset.id);
    if (item.classList.toggle("is-picked", isPicked) === (item.mark !== undefined)) continue;
    item.mark?.remove();
    item.mark = isPicked ? el("span", { class: "sr" }, ", selected") : undefined;
    if (item.mark) item.querySelector(".task-text").append(item.mark);
  }
  count.textContent = picked.size < MOST ? `${picked.size} selected` : `${MOST} selected, the most`;
  done.textContent = listPicked().every((task) => task.completed) ? "Open again" : "Done";
  bar.hidden = !picked.size;
}

onDrawn(markItems);

// What is done with them

const isOpen = (task) => !task.completed;

function markDone() {
  const tasks = listPicked();
  const isDone = tasks.some(isOpen);
  return changeTasks(tasks.filter((task) => isOpen(task) === isDone), isDone ? "Done" : "Open again", () => ({ completed: isDone }));
}

function moveToTomorrow() {
  const day = getDay(1);
  return changeTasks(listPicked(), "Due tomorrow", (task) => planDue(task, day, readFields(task).time), () => ({ due_on: day, due_at: null }));
}

// One deed, which is taken back as one. It is shown at once, and corrected by what the server answers.
async function changeTasks(tasks, words, makeFields, makeShown = makeFields) {
  const requests = tasks.map((task) => ["PATCH", `/v1/tasks/${task.id}`, makeFields(task)]);
  showTasks(() => tasks.forEach((task) => putTask({ ...task, ...makeShown(task) })));
  const changed = await sendAll(tasks, words, requests);
  holdList(true);
  changed.forEach(applyChange);
  holdList(false);
}

async function deleteTasks(tasks) {
  showTasks(() => tasks.forEach(({ id }) => dropTask(id)));
  await sendAll(tasks, "Deleted", tasks.map(({ id }) => ["DELETE", `/v1/tasks/${id}`]));
  tasks.forEach(({ id }) => applyDeletion(id));
}

function showTasks(work) {
  clear();
  work();
  drawList();
}

async function sendAll(tasks, words, requests) {
  const { change } = await fetchChanges();
  const comeBack = async () => {
    for (const { id } of tasks) noteReturned(id);
    await load();
    findItem(tasks[0].id)?.querySelector(".task-text").focus();
  };
  try {
    return await change(requests, { said: [`${words}: ${formatCount(tasks.length, "task")}`], comeBack });
  } catch (error) {
    await load(); // some of them may have been changed
    throw error;
  }
}

// The key in the list: all that are picked, or the one that has the focus.
export function deletePicked(id) {
  return picked.has(id) ? deleteTasks(listPicked()) : deleteTask(getTask(id));
}

document.addEventListener("leave", () => {
  picked.clear();
  anchor = null;
  bar.hidden = true;
});
