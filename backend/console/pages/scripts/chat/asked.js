// asked.js -- what a person is asked about: the task as it was shown with the question, and what would become of it.
import { el } from  "../dom.js";

const NAMES = { title: "Title", description: "Details", completed: "State" };

function inWords(field, value) {
  if (field === "completed") return value ? "done" : "open";
  return value === null || value === "" ? "none" : value;
}

// The values that the call would give; what it leaves out stays.
function changesOf({ name, arguments: given }) {
  if (name === "complete_task") return { completed: given.completed ?? true };
  return name === "update_task" ? given : {};
}

// The title that the question is about: of the task as it was shown, not as it is by now.
export const titleAsked = (call) => call.approval?.shown?.task?.title ?? call.arguments?.title;

// The fields that would change, old beside new, or all that would be lost; null where nothing is known of the task.
export function fieldsAsked(call) {
  const task = call.approval?.shown?.task;
  if (!task) {
    const { title, ...rest } = call.arguments ?? {};
    const given = Object.keys(NAMES).filter((field) => rest[field]);
    return title && given.length ? list(given.map((field) => [field, inWords(field, rest[field])])) : null;
  }
  const changes = changesOf(call);
  const fields = Object.keys(NAMES).filter((field) => field in changes);
  if (fields.length) return list(fields.map((field) => [field, inWords(field, task[field]), inWords(field, changes[field])]));
  const kept = Object.keys(NAMES).filter((field) => field !== "title" && task[field]);
  return kept.length ? list(kept.map((field) => [field, inWords(field, task[field])])) : null;
}

function list(rows) {
  return el("dl", { class: "asked" }, ...rows.flatMap(([field, before, after]) => [
    el("dt", {}, NAMES[field]),
    after === undefined
      ? el("dd", { dir: "auto" }, before)
      : el("dd", {},
        el("span", { class: "sr" }, "now "), el("span", { class: "asked-old", dir: "auto" }, before),
        el("span", { "aria-hidden": "true" }, "→"),
        el("span", { class: "sr" }, "then "), el("strong", { class: "asked-new", dir: "auto" }, after)),
  ]));
}
