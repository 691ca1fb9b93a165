// due.js -- when a task is due where the person is: its section and order there, its words, and the notice of a reminder.
import { bdi, el, showToast } from "../dom.js";
import { getUser } from "../team/accounts.js";
import { addDays, DAY_MS, getDay, readClock } from "./sections.js";

const REMINDER_SECONDS = 60;
const CLOCK_MS = 20_000;
const MOST_DAYS = 1_000;

const zoneOf = (task) => task.due_timezone ?? getUser().timezone;

const begun = new Map(); // moments by day and zone

// When a day begins there.
function startOfDay(day, zone) {
  const name = `${day} ${zone}`;
  if (begun.size > MOST_DAYS) begun.clear();
  if (!begun.has(name)) {
    const utc = Date.parse(day);
    const near = 2 * utc - readClock(utc, zone);
    begun.set(name, near + utc - readClock(near, zone));
  }
  return begun.get(name);
}

// The moment after which it is overdue.
function findEnd(task) {
  if (task.due_at) return Date.parse(task.due_at);
  return task.due_on ? startOfDay(addDays(task.due_on, 1), zoneOf(task)) : Infinity;
}

export function findSection(task) {
  const end = findEnd(task);
  if (end <= Date.now()) return "overdue";
  return end <= startOfDay(getDay(1), getUser().timezone) ? "today" : "upcoming";
}

export const compareDates = (one, other) => findEnd(one) - findEnd(other) || 0;

// `draw()` again and again, since what is due becomes overdue; `begin()` when another day has begun.
export function watchClock(draw, begin) {
  let day = null;
  setInterval(() => {
    if (!getUser()) return;
    const before = day ?? getDay();
    day = getDay();
    draw();
    if (day !== before) begin();
  }, CLOCK_MS);
}

// Day and time of the clock where the task is, as fields show them; "" for what it has not.
export function readFields(task) {
  if (!task.due_at) return { day: task.due_on ?? "", time: "" };
  const [day, time] = new Date(readClock(Date.parse(task.due_at), zoneOf(task))).toISOString().split("T");
  return { day, time: time.slice(0, 5) };
}

// What has to be sent so that the task is due then; its reminder stays as far before.
export function planDue(task, day, time) {
  if (!day) return { due_on: null, due_at: null };
  const due = time ? { due_at: `${day}T${time}` } : { due_on: day };
  const before = readFields(task);
  if (!task.reminder_at || !before.day) return due;
  const moved = Date.parse(`${day}T${time || "00:00"}Z`) - Date.parse(`${before.day}T${before.time || "00:00"}Z`);
  return { ...due, reminder_at: new Date(Date.parse(task.reminder_at) + moved).toISOString() };
}

const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "short", timeZone: "UTC" });

function nameDay(day) {
  const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" }[(Date.parse(day) - Date.parse(getDay())) / DAY_MS];
  return near ?? (day.slice(0, 4) === getDay().slice(0, 4) ? DAY : DAY_OF_YEAR).format(Date.parse(day));
}

// A day and a time of the clock, in words.
export const formatPlan = (day, time) => (time ? `${nameDay(day)}, ${CLOCK.format(Date.parse(`${day}T${time}Z`))}` : nameDay(day));

function formatDue(task) {
  const { day, time } = readFields({ ...task, due_timezone: getUser().timezone });
  return day && formatPlan(day, time);
}

// What stands on the line below a title.
export function describePlan(task) {
  const due = formatDue(task);
  const isLate = due && !task.completed && findSection(task) === "overdue";
  const parts = [
    due && el("span", isLate ? { class: "danger-text" } : {}, `Due ${due}`),
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
