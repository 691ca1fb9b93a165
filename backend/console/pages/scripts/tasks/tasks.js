// tasks.js -- the list of tasks, kept current by the user stream: add, filter, edit, delete.
import { get, post } from "../api.js";
import { drawChart } from "./chart.js";
import { $, announce, bdi, debounce, drawItems, el, formatDay, makeIconButton, showFailure } from "../dom.js";
import { fetchChanges, openPart } from "../later.js";
import { Pane } from "../pane.js";
import { subscribe } from "../stream.js";

const PAGE = 50;
const list = $("task-list");
const known = new Map();
const deletedIds = new Set(); // late events about deleted tasks are ignored
const SHOWN = { open: false, done: true };
let show = "open";
let words = "";
let cursor = null;
let requests = 0;
let loading = null;

const pane = new Pane("Your tasks", $("tasks-none"));

export const load = () => (loading = pane.load(reloadTasks));

async function reloadTasks() {
  const mine = ++requests;
  const page = await fetchPage();
  if (mine !== requests) return;
  known.clear();
  storePage(page);
  updateChart();
}

const fetchPage = (from) => get("/v1/tasks", { limit: PAGE, completed: SHOWN[show], q: words, cursor: from });

function storePage(page) {
  for (const task of page.data) if (!deletedIds.has(task.id)) known.set(task.id, task);
  cursor = page.next_cursor;
  drawList();
}

function matchesFilter(task) {
  if (SHOWN[show] !== undefined && task.completed !== SHOWN[show]) return false;
  const text = `${task.title}\n${task.description || ""}`.toLowerCase();
  return text.includes(words.toLowerCase());
}

// The loaded tasks that match, newest first.
function listVisible() {
  return [...known.values()].filter(matchesFilter).sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}

const NONE = {
  open: "Nothing to do. Add a task, or tell Parley.",
  done: "Nothing done yet.",
  all: "No tasks yet.",
};

function drawList() {
  const shown = listVisible();
  drawItems(list, shown, makeItem);
  pane.showEmpty(shown.length ? "" : words ? "Nothing fits." : NONE[show]);
  $("tasks-more").hidden = cursor === null;
}

const fetchDue = () => import("./due.js");
let due = null; // that module, once a task has a plan

// Empty until that has arrived, or in an item that is drawn anew.
function makePlan(task) {
  if (!(task.due_on || task.due_at || task.list || task.priority !== "none")) return null;
  const line = el("span", { class: "task-description" });
  const fill = (part) => ((due = part), line.append(...part.describePlan(task)));
  if (due) fill(due);
  else fetchDue().then(fill, () => line.remove());
  return line;
}

function makeItem(task) {
  const box = el("input", { type: "checkbox", class: "task-check", "aria-label": `Done: ${task.title}` });
  box.checked = task.completed;
  box.addEventListener("change", () => changeTask(task, { completed: box.checked }, box.checked ? "Done" : "Open again"));
  return el(
    "li", { class: task.completed ? "task is-done" : "task" },
    box,
    el("button", { type: "button", class: "task-text", "aria-haspopup": "dialog", onclick: () => openPart(() => import("./editor.js"), task) },
      el("span", { class: "task-title", dir: "auto" }, task.title),
      task.description && el("span", { class: "task-description", dir: "auto" }, task.description),
      makePlan(task),
      task.completed_at && el("span", { class: "task-description" }, `Done ${formatDay(task.completed_at).toLowerCase()}`)),
    makeIconButton("trash", `Delete “${task.title}”`, () => deleteTask(task)),
  );
}

// A change that can be taken back; the task as it is then.
export async function sendChange(task, method, said, fields) {
  const { change } = await fetchChanges();
  const comeBack = () => showAgain(task.id);
  const [changed] = await change([[method, `/v1/tasks/${task.id}`, fields]], { said, comeBack });
  return changed;
}

async function showAgain(id) {
  deletedIds.delete(id);
  applyChange(await get(`/v1/tasks/${id}`));
  list.querySelector(`[data-id="${id}"] .task-text`)?.focus();
}

// Shows the change at once; the server's response corrects it.
async function changeTask(task, fields, said) {
  known.set(task.id, { ...task, ...fields });
  drawList();
  try {
    applyChange(await sendChange(task, "PATCH", [`${said}: `, bdi(task.title)], fields));
  } catch (error) {
    known.set(task.id, task);
    drawList();
    showFailure(error);
  }
}

export async function deleteTask(task) {
  known.delete(task.id);
  drawList();
  try {
    await sendChange(task, "DELETE", ["Deleted “", bdi(task.title), "”"]);
    deletedIds.add(task.id);
    updateChart();
  } catch (error) {
    if (error.status === 404) return;
    known.set(task.id, task);
    drawList();
    showFailure(error);
  }
}

export function applyChange(task) {
  const before = known.get(task.id);
  if (deletedIds.has(task.id) || (before && before.updated_at > task.updated_at)) return;
  // A task older than the loaded pages comes with its page.
  const oldest = [...known.values()].reduce((least, one) => (one.created_at < least ? one.created_at : least), "9");
  if (!before && cursor !== null && task.created_at < oldest) return;
  known.set(task.id, task);
  drawList();
  updateChart();
}

subscribe("task.created task.updated", ({ task }, type) => {
  if (type === "task.created") deletedIds.delete(task.id); // an undo has brought it back
  applyChange(task);
});
subscribe("task.reminded", ({ task }) => fetchDue().then((part) => part.showReminder(task), showFailure));
subscribe("task.deleted", ({ task_id: id }) => {
  deletedIds.add(id);
  if (known.delete(id)) drawList();
  updateChart();
});

// One request for many changes; the chart lags a moment.
const updateChart = debounce(120, async () => {
  try {
    drawChart((await get("/v1/tasks/done", { days: 28 })).data);
  } catch {
    // The next change tries again.
  }
});

// Add, filter

$("task-add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = $("task-title").value.trim();
  if (!title) return;
  $("task-title").value = "";
  try {
    applyChange(await post("/v1/tasks", { title }));
    announce(`Added: ${title}`);
  } catch (error) {
    $("task-title").value = title;
    showFailure(error);
  }
});

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    show = button.dataset.show;
    for (const one of document.querySelectorAll("[data-show]")) one.setAttribute("aria-pressed", String(one === button));
    reloadFiltered();
  });
}

$("task-search").addEventListener("input", debounce(150, () => {
  words = $("task-search").value.trim();
  reloadFiltered();
}));

function reloadFiltered() {
  cursor = null;
  drawList();
  load();
}

// If the list is reloaded meanwhile, start again from its new first page.
async function loadMore() {
  await loading;
  const mine = requests;
  if (cursor === null) return undefined;
  const page = await fetchPage(cursor);
  return mine === requests ? storePage(page) : loadMore();
}

$("tasks-more").addEventListener("click", () => loadMore().catch(showFailure));

export function reset() {
  requests += 1;
  pane.clear();
  known.clear();
  deletedIds.clear();
  words = $("task-search").value = $("task-title").value = "";
  cursor = null;
  list.replaceChildren();
  $("done").hidden = true;
}
