// editor.js -- a task in a sheet: its title and its details are changed, or it is deleted.
import { bdi, el } from "../dom.js";
import { makeField, makeForm, openSheet } from "../sheet.js";
import { applyChange, deleteTask, sendChange } from "./tasks.js";

export function open(task) {
  const form = makeForm("task-form", "Save", async ({ title, description }) => {
    const fields = { title: title.value.trim(), description: description.value || null };
    const changed = Object.fromEntries(Object.entries(fields).filter(([name, value]) => value !== task[name]));
    if (Object.keys(changed).length) applyChange(await sendChange(task, "PATCH", ["Changed “", bdi(fields.title), "”"], changed));
    sheet.close();
  },
  makeField("edit-title", "title", "Title", { value: task.title, dir: "auto", maxlength: "255" }),
  makeField("edit-description", "description", "Details", { value: task.description ?? "", dir: "auto", rows: "4", maxlength: "10000" }, "textarea"));
  form.querySelector(".primary").after(
    el("button", { type: "button", class: "plain danger-text", onclick: () => (sheet.close(), deleteTask(task)) }, "Delete"));
  const sheet = openSheet("task-edit", "Edit task", { leave: "Close without saving", size: "small-sheet" }, form);
}
