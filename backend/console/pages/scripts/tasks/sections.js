// sections.js -- the sections of the list of tasks: what each asks the server for, and in which order it stands.
import { get } from "../api.js";
import { el } from "../dom.js";
import { getUser } from "../team/accounts.js";

const PAGE = 50;

export const DAY_MS = 86_400_000;
export const addDays = (day, count) => new Date(Date.parse(day) + count * DAY_MS).toISOString().slice(0, 10);

const FIELDS = { year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric", hourCycle: "h23" };

function makeClock(zone) {
  try {
    return new Intl.DateTimeFormat("en", { ...FIELDS, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en", FIELDS); // this browser does not know the zone: its own has to do
  }
}

// What a clock there shows, as a moment in UTC.
export function readClock(moment, zone) {
  const { year, month, day, hour, minute, second } = Object.fromEntries(makeClock(zone).formatToParts(moment).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

// The day that it is where the person is, or so many days later, as the API writes it.
export function getDay(later = 0) {
  return addDays(new Date(readClock(Date.now(), getUser().timezone)).toISOString().slice(0, 10), later);
}

export const VIEWS = { open: ["overdue", "today", "upcoming", "undated"], done: ["done"], all: ["all"] };
const TITLES = { overdue: "Overdue", today: "Today", upcoming: "Upcoming", undated: "No date" };
const QUERIES = {
  overdue: () => ({ completed: false, overdue: true, sort: "due" }),
  today: () => ({ completed: false, overdue: false, due_before: getDay(1), sort: "due" }),
  upcoming: () => ({ completed: false, due_after: getDay(1), sort: "due" }),
  undated: () => ({ completed: false, dated: false, sort: "position" }),
  done: () => ({ completed: true }),
  all: () => ({}),
};

export const isDated = (task) => Boolean(task.due_on || task.due_at);
const compareIds = (one, other) => (one.id < other.id ? -1 : 1);
export const comparePlaces = (one, other) => one.position - other.position || compareIds(one, other);
const compareAges = (one, other) => (one.created_at < other.created_at ? 1 : one.created_at > other.created_at ? -1 : compareIds(other, one));

// A section reads on by itself: `cursor` is where its next page begins, null at its end; `last` the last task read.
export class Section {
  constructor(name, loadMore) {
    Object.assign(this, { name, cursor: null, last: null, count: 0 });
    this.list = el("ul", { class: "task-list", data: { section: name }, "aria-label": TITLES[name] ?? "Tasks" });
    this.number = el("span", { class: "muted" });
    this.more = el("p", { class: "task-more", hidden: true }, el("button", { type: "button", class: "link", onclick: loadMore }, "Show more"));
    const head = TITLES[name] && el("h3", { class: name === "overdue" ? "danger-text" : "" }, TITLES[name], " ", this.number);
    this.box = el("section", {}, head, this.list, this.more);
  }

  fetchPage(words, cursor) {
    return get("/v1/tasks", { limit: PAGE, ...QUERIES[this.name](), q: words, cursor });
  }

  note({ data, next_cursor: cursor }) {
    this.cursor = cursor;
    this.last = data.at(-1) ?? null;
  }

  // `due` is due.js, without which no task with a date is shown.
  compare(one, other, due) {
    if (this.name === "undated") return comparePlaces(one, other);
    return TITLES[this.name] ? due.compareDates(one, other) || comparePlaces(one, other) : compareAges(one, other);
  }

  // A task behind the last one that was read comes with its page.
  isBeyond(task, due) {
    if (this.cursor === null || task.id === this.last.id) return false;
    if (this.name === "undated" || !TITLES[this.name]) return this.compare(this.last, task, due) < 0;
    return (due.compareDates(this.last, task) || compareIds(this.last, task)) < 0; // as the server orders what is due
  }

  showCount(shown) {
    this.number.textContent = String(this.cursor === null ? shown : Math.max(shown, this.count));
    this.box.hidden = !shown && this.cursor === null;
    this.more.hidden = this.cursor === null;
  }
}
