// editor.js -- a task in a sheet: its title and its details are changed, or it is deleted.
import { patch } from "../api.js";
import { el } from "../dom.js";
import { makeField, makeForm, openSheet } from "../sheet.js";
import { applyChange, deleteTask } from "./tasks.js";

export function open(task) {
  const form = makeForm("task-form", "Save", async ({ title, description }) => {
    applyChange(await patch(`/v1/tasks/${task.id}`, { title: title.value, description: description.value || null }));
    sheet.close();
  },
  makeField("edit-title", "title", "Title", { value: task.title, dir: "auto", maxlength: "255" }),
  makeField("edit-description", "description", "Details", { value: task.description ?? "", dir: "auto", rows: "4", maxlength: "10000" }, "textarea"));
  form.querySelector(".primary").after(
    el("button", { type: "button", class: "plain danger-text", onclick: () => (sheet.close(), deleteTask(task)) }, "Delete"));
  const sheet = openSheet("task-edit", "Edit task", { leave: "Close without saving", size: "small-sheet" }, form);
}
