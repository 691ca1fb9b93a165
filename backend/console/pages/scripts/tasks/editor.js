// editor.js -- a task in a sheet: its words, when it is due, its priority and its list are changed, or it is deleted.
import { get } from "../api.js";
import { bdi, el } from "../dom.js";
import { FieldError } from "../forms.js";
import { makeField, makeForm, makeOptional, openSheet } from "../sheet.js";
import { getUser } from "../team/accounts.js";
import { deleteTask, sendChange } from "./doing.js";
import { planDue, readFields } from "./due.js";
import { addDays, getDay } from "./sections.js";
import { applyChange } from "./list.js";

const PRIORITIES = { none: "None", low: "Low", medium: "Medium", high: "High" };

function readMonday() {
  const weekday = new Date(getDay()).getUTCDay(); // 0 is Sunday
  return addDays(getDay(), (8 - weekday) % 7 || 7);
}

export function open(task) {
  const before = readFields(task);
  const zone = task.due_at && task.due_timezone !== getUser().timezone ? task.due_timezone : null;
  const form = makeForm("task-form", "Save", async (fields) => {
    const changed = readChanges(task, fields, before);
    if (Object.keys(changed).length) applyChange(await sendChange(task, "PATCH", ["Changed “", bdi(changed.title ?? task.title), "”"], changed));
    sheet.close();
  },
  makeField("edit-title", "title", "Title", { value: task.title, dir: "auto", maxlength: "255" }),
  el("div", { class: "side-by-side" },
    makeField("edit-day", "due_on", "Due", { type: "date", value: before.day, min: "1970-01-01", max: "2999-12-31" }),
    makeField("edit-time", "due_at", zone ? `Time (${zone})` : makeOptional("Time"), { type: "time", value: before.time })),
  makeChoices(),
  task.repeats && el("p", { class: "muted small" }, "It repeats. Without a date it does not any more."),
  el("div", { class: "side-by-side" },
    makeField("edit-priority", "priority", "Priority", { value: task.priority }, "select",
      ...Object.entries(PRIORITIES).map(([value, words]) => el("option", { value }, words))),
    makeField("edit-list", "list", makeOptional("List"), { value: task.list ?? "", dir: "auto", maxlength: "100", list: "edit-lists" }),
    el("datalist", { id: "edit-lists" })),
  makeField("edit-description", "description", "Details", { value: task.description ?? "", dir: "auto", rows: "4", maxlength: "10000" }, "textarea"));
  form.querySelector(".primary").after(
    el("button", { type: "button", class: "plain danger-text", onclick: () => (sheet.close(), deleteTask(task)) }, "Delete"),
    el("span", { class: "muted small keys" }, "Ctrl + Enter saves"));
  const sheet = openSheet("task-edit", "Edit task", { leave: "Close without saving", size: "small-sheet" }, form);
  sheet.pane.load(async () => {
    const { data } = await get("/v1/tasks/lists");
    form.querySelector("#edit-lists").append(...data.filter(({ name }) => name).map(({ name }) => el("option", { value: name })));
  });
}

function makeChoices() {
  const choose = (day) => (event) => {
    const { due_on: field, due_at: time } = event.target.form.elements;
    field.value = day();
    if (!field.value) time.value = "";
    for (const each of [field, time]) each.dispatchEvent(new Event("input", { bubbles: true }));
  };
  const makeChoice = ([words, day]) => el("button", { type: "button", class: "plain small", onclick: choose(day) }, words);
  const choices = [["Today", () => getDay()], ["Tomorrow", () => getDay(1)], ["Next week", readMonday], ["No date", () => ""]];
  return el("div", { class: "row days", role: "group", "aria-label": "When" }, ...choices.map(makeChoice));
}

function readChanges(task, { title, description, priority, list, due_on: day, due_at: time }, before) {
  if (time.value && !day.value) throw new FieldError("due_on", "Choose a day, too.");
  if (day.validity.badInput || time.validity.badInput) throw new FieldError(day.validity.badInput ? "due_on" : "due_at", "This is not complete.");
  const fields = { title: title.value.trim(), description: description.value || null, priority: priority.value, list: list.value.trim() || null };
  const changed = Object.entries(fields).filter(([name, value]) => value !== task[name]);
  const isMoved = day.value !== before.day || time.value !== before.time;
  return { ...Object.fromEntries(changed), ...(isMoved ? planDue(task, day.value, time.value) : {}) };
}
