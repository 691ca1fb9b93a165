// due.js -- when a task is due, its priority and its list in words, and the notice of a reminder.
import { bdi, el, formatClock, formatDay, showToast } from "../dom.js";

const DAY_MS = 86_400_000;
const REMINDER_SECONDS = 60;

// A day has no time zone: it begins at midnight wherever one looks.
const dueFrom = (task) => task.due_at ?? (task.due_on ? `${task.due_on}T00:00` : null);

export function formatDue(task) {
  const from = dueFrom(task);
  if (from === null) return "";
  const isTomorrow = new Date(from).toDateString() === new Date(Date.now() + DAY_MS).toDateString();
  const day = isTomorrow ? "tomorrow" : formatDay(from).replace(/^(To|Yester)/, (word) => word.toLowerCase());
  return task.due_at ? `${day}, ${formatClock(from)}` : day;
}

function isOverdue(task) {
  const from = dueFrom(task);
  return from !== null && !task.completed && new Date(from).getTime() + (task.due_at ? 0 : DAY_MS) <= Date.now();
}

// What stands on the line below a title.
export function describePlan(task) {
  const due = formatDue(task);
  const parts = [
    due && el("span", isOverdue(task) ? { class: "danger-text" } : {}, `Due ${due}`),
    task.repeats && "repeats",
    task.priority !== "none" && `${task.priority} priority`,
    task.list && bdi(task.list),
  ].filter(Boolean);
  return parts.flatMap((part, index) => (index ? [" · ", part] : [part]));
}

// In the page, and beside it where that was allowed. Every tab hears of it: the browser shows one notice of a tag.
export function showReminder(task) {
  const due = formatDue(task);
  const text = due ? `${task.title} (due ${due})` : task.title;
  const permission = globalThis.Notification?.permission;
  const asking = { action: () => Notification.requestPermission(), label: "Notify me outside the page, too" };
  showToast(["Reminder: ", bdi(text)], { seconds: REMINDER_SECONDS, ...(permission === "default" ? asking : {}) });
  if (permission !== "granted") return;
  try {
    new Notification("Reminder", { body: text, tag: `${task.id} ${task.reminder_at}` });
  } catch {
    // Phones show such notices from a service worker only: there the page's own has to do.
  }
}
