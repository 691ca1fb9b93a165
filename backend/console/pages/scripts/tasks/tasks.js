// tasks.js -- the list of tasks beside the chat, live: by hand, by the agent, in every tab.
import { get, patch, post, remove } from  "../api.js";
import { drawDone } from "./chart.js";
import { $, announce, clearErrors, dayOf, dialog, el, fail, iconButton, later, showErrors } from  "../dom.js";
import { on } from  "../stream.js";

const PAGE = 50;
const list = $("task-list");
const known = new Map();
const dead = new Set(); // deleted: a late word about them changes nothing
const SHOWN = { open: false, done: true };
let show = "open";
let words = "";
let cursor = null;
let asked = 0;
let loading = null;

export const load = () => (loading = reload());

async function reload() {
  const mine = ++asked;
  const page = await read();
  if (mine !== asked) return;
  known.clear();
  take(page);
  counted();
}

const read = (from) => get("/v1/tasks", { limit: PAGE, completed: SHOWN[show], q: words, cursor: from });

function take(page) {
  for (const task of page.data) if (!dead.has(task.id)) known.set(task.id, task);
  cursor = page.next_cursor;
  draw();
}

function fits(task) {
  if (SHOWN[show] !== undefined && task.completed !== SHOWN[show]) return false;
  const text = `${task.title}\n${task.description || ""}`.toLowerCase();
  return text.includes(words.toLowerCase());
}

// Newest first; a page that has not been read yet must not get holes.
function visible() {
  return [...known.values()].filter(fits).sort((a, b) => (a.created_at < b.created_at ? 1 : -1));
}

const NONE = {
  open: "Nothing to do. Add a task, or tell Parley.",
  done: "Nothing done yet.",
  all: "No tasks yet.",
};

function draw() {
  const shown = visible();
  const there = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const stay = new Set(shown.map((task) => task.id));
  for (const [id, item] of there) if (!stay.has(id)) item.remove();
  shown.forEach((task, index) => {
    let item = there.get(task.id);
    if (item?.shown !== task) {
      const had = item?.contains(document.activeElement) ? document.activeElement.className : null;
      const made = itemOf(task);
      item?.replaceWith(made);
      item = made;
      if (had) item.getElementsByClassName(had)[0]?.focus();
    }
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] || null);
  });
  $("tasks-none").hidden = shown.length > 0;
  $("tasks-none").textContent = words ? "Nothing fits." : NONE[show];
  $("tasks-more").hidden = cursor === null;
}

function itemOf(task) {
  const box = el("input", { type: "checkbox", class: "task-check", "aria-label": `Done: ${task.title}` });
  box.checked = task.completed;
  box.addEventListener("change", () => change(task, { completed: box.checked }, box.checked ? "Done" : "Open again"));
  const item = el(
    "li", { class: task.completed ? "task is-done" : "task", data: { id: task.id } },
    box,
    el("button", { type: "button", class: "task-text", "aria-haspopup": "dialog", onclick: () => edit(task.id) },
      el("span", { class: "task-title", dir: "auto" }, task.title),
      task.description && el("span", { class: "task-description", dir: "auto" }, task.description),
      task.completed_at && el("span", { class: "task-description" }, `Done ${dayOf(task.completed_at).toLowerCase()}`)),
    iconButton("trash", `Delete “${task.title}”`, () => drop(task)),
  );
  item.shown = task;
  return item;
}

// Shown at once, put right by the server's answer.
async function change(task, fields, said) {
  known.set(task.id, { ...task, ...fields });
  draw();
  try {
    apply(await patch(`/v1/tasks/${task.id}`, fields));
    announce(`${said}: ${task.title}`);
  } catch (error) {
    known.set(task.id, task);
    draw();
    fail(error);
  }
}

async function drop(task) {
  known.delete(task.id);
  draw();
  try {
    await remove(`/v1/tasks/${task.id}`);
    dead.add(task.id);
    counted();
    announce(`Deleted: ${task.title}`);
  } catch (error) {
    if (error.status === 404) return;
    known.set(task.id, task);
    draw();
    fail(error);
  }
}

function apply(task) {
  const before = known.get(task.id);
  if (dead.has(task.id) || (before && before.updated_at > task.updated_at)) return;
  // Of what lies beyond the pages that are here, nothing is shown yet.
  const oldest = [...known.values()].reduce((least, one) => (one.created_at < least ? one.created_at : least), "9");
  if (!before && cursor !== null && task.created_at < oldest) return;
  known.set(task.id, task);
  draw();
  counted();
}

on("task.created task.updated", ({ task }) => apply(task));
on("task.deleted", ({ task_id: id }) => {
  dead.add(id);
  if (known.delete(id)) draw();
  counted();
});

// The picture is a moment behind: many changes, one question.
const counted = later(120, async () => {
  try {
    drawDone((await get("/v1/tasks/done", { days: 28 })).data);
  } catch {
    // The next change asks again.
  }
});

// Add, filter

$("task-add").addEventListener("submit", async (event) => {
  event.preventDefault();
  const title = $("task-title").value.trim();
  if (!title) return;
  $("task-title").value = "";
  try {
    apply(await post("/v1/tasks", { title }));
    announce(`Added: ${title}`);
  } catch (error) {
    $("task-title").value = title;
    fail(error);
  }
});

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    show = button.dataset.show;
    for (const one of document.querySelectorAll("[data-show]")) one.setAttribute("aria-pressed", String(one === button));
    again();
  });
}

$("task-search").addEventListener("input", later(150, () => {
  words = $("task-search").value.trim();
  again();
}));

function again() {
  cursor = null;
  draw();
  load().catch(fail);
}

// The list may be read anew meanwhile: then what follows is another page.
async function more() {
  await loading;
  const mine = asked;
  if (cursor === null) return undefined;
  const page = await read(cursor);
  return mine === asked ? take(page) : more();
}

$("tasks-more").addEventListener("click", () => more().catch(fail));

// Edit

const sheet = dialog("task-edit");
const form = sheet.querySelector("form");

function edit(id) {
  const task = known.get(id);
  if (!task) return;
  form.task = task;
  form.elements.title.value = task.title;
  form.elements.description.value = task.description || "";
  clearErrors(form);
  sheet.showModal();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const fields = { title: form.elements.title.value, description: form.elements.description.value || null };
  try {
    apply(await patch(`/v1/tasks/${form.task.id}`, fields));
    sheet.close();
  } catch (error) {
    const rest = showErrors(form, error);
    if (rest) fail(error);
  }
});

$("edit-delete").addEventListener("click", () => {
  sheet.close();
  drop(form.task);
});

export function reset() {
  asked += 1;
  known.clear();
  dead.clear();
  words = $("task-search").value = $("task-title").value = "";
  cursor = null;
  list.replaceChildren();
  $("done").hidden = true;
}
