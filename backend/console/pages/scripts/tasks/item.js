// item.js -- a task in the list: its box, its words, which open it, and the button that deletes it.
import { el, formatDay, makeIconButton, showFailure } from "../dom.js";
import { fetchDoing, openPart } from "../later.js";

// `plan` are the words on when it is due and the like, none where there is no plan.
export function makeItem(task, plan) {
  const act = (work) => fetchDoing().then(work, (error) => {
    box.checked = task.completed; // nothing was done
    showFailure(error);
  });
  const box = el("input", { type: "checkbox", class: "task-check", "aria-label": `Done: ${task.title}` });
  box.checked = task.completed;
  box.addEventListener("change", () => act((part) => part.changeTask(task, { completed: box.checked }, box.checked ? "Done" : "Open again")));
  const makeLine = (words, dir) => el("span", { class: "task-description", dir }, ...[words].flat());
  return el(
    "li", { class: task.completed ? "task is-done" : "task" },
    box,
    el("button", { type: "button", class: "task-text", "aria-haspopup": "dialog", onclick: () => openPart(() => import("./editor.js"), task) },
      el("span", { class: "task-title", dir: "auto" }, task.title),
      task.description && makeLine(task.description, "auto"),
      plan.length > 0 && makeLine(plan),
      task.completed_at && makeLine(`Done ${formatDay(task.completed_at).toLowerCase()}`)),
    el("span", { class: "grip", "aria-hidden": "true" }),
    makeIconButton("trash", `Delete “${task.title}”`, () => act((part) => part.deleteTask(task))),
  );
}

// What was in the focus may stand in another section of the list now, or nowhere: what took its place has it then.
export function noteFocus(list) {
  const { activeElement: control } = document;
  const item = list.contains(control) && control.closest(".task");
  return item ? { id: item.dataset.id, place: [...list.querySelectorAll(".task")].indexOf(item), kind: control.className } : null;
}

export function restoreFocus(list, focused, otherwise) {
  if (!focused || list.contains(document.activeElement)) return;
  const items = [...list.querySelectorAll(".task")];
  const item = items.find((one) => one.dataset.id === focused.id) ?? items[Math.min(focused.place, items.length - 1)];
  (item?.querySelector(`[class="${focused.kind}"]`) ?? otherwise).focus();
}
