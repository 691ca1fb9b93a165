// approval_fields.js -- the fields of an approval: the task as it was when the approval was requested, and its changes.
import { el } from "../dom.js";

const QUESTIONS = { delete_task: "Delete a task?", add_task: "Add a task?", update_task: "Change a task?", complete_task: "Complete a task?" };

export const formatName = (name) => name.replaceAll("_", " ");
// What a person is asked before a call of this tool.
export const getQuestion = (name) => QUESTIONS[name] ?? `Run “${formatName(name)}”?`;

const NAMES = { title: "Title", description: "Details", completed: "State" };

function formatValue(field, value) {
  if (field === "completed") return value ? "done" : "open";
  return value === null || value === "" ? "none" : value;
}

// The fields that the call would change.
function findChanges({ name, arguments: given }) {
  if (name === "complete_task") return { completed: given.completed ?? true };
  return name === "update_task" ? given : {};
}

// The title of the task as it was when the approval was requested.
export const getApprovalTitle = (call) => call.approval?.shown?.task?.title ?? call.arguments?.title;

// The fields that would change, old beside new, or all that would be lost; null if the task is unknown.
export function makeApprovalFields(call) {
  const task = call.approval?.shown?.task;
  if (!task) {
    const { title, ...rest } = call.arguments ?? {};
    const given = Object.keys(NAMES).filter((field) => rest[field]);
    return title && given.length ? makeFieldList(given.map((field) => [field, formatValue(field, rest[field])])) : null;
  }
  const changes = findChanges(call);
  const fields = Object.keys(NAMES).filter((field) => field in changes);
  if (fields.length) return makeFieldList(fields.map((field) => [field, formatValue(field, task[field]), formatValue(field, changes[field])]));
  const kept = Object.keys(NAMES).filter((field) => field !== "title" && task[field]);
  return kept.length ? makeFieldList(kept.map((field) => [field, formatValue(field, task[field])])) : null;
}

function makeFieldList(rows) {
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
