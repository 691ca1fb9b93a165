// list.js -- the list of tasks, kept current by the user stream: its sections, what they show, and their filter.
import { get } from "../api.js";
import { $, debounce, drawItems, showFailure } from "../dom.js";
import { fetchChart, fetchDue, fetchPresses } from "../later.js";
import { keepOneStop } from "../roving.js";
import { subscribe } from "../stream.js";
import { makeItem, noteFocus, restoreFocus } from "./item.js";
import { isDated, Section, VIEWS } from "./sections.js";
import * as store from "./store.js";
import { NOTHING, pane } from "./tasks.js";

const list = $("task-list");
const SHOWN = { open: false, done: true };
let show = "open";
let words = "";
let sections = [];
let requests = 0;
let loading = null;
let isHeld = false;
let notifyDrawn = () => {};

export const load = () => (loading = pane.load(reloadTasks));
export const findItem = (id) => list.querySelector(`[data-id="${id}"]`);
export const onDrawn = (work) => (notifyDrawn = work);

async function reloadTasks() {
  if (!sections.length) beginSections();
  const mine = ++requests;
  store.beginReading();
  const [counts, ...pages] = await Promise.all([fetchCounts(), ...sections.map((section) => section.fetchPage(words))]);
  const tasks = pages.flatMap((page) => page.data);
  if (!due && tasks.some(hasPlan)) beginDates(await fetchDue());
  if (mine !== requests) return;
  sections.forEach((section, index) => section.note(pages[index]));
  store.keepRead(tasks);
  keepCounts(counts);
  refreshSoon();
}

const fetchCounts = () => (show === "open" ? get("/v1/tasks/counts", { q: words }) : {});

function keepCounts(counts) {
  for (const section of sections) section.count = counts[section.name] ?? 0;
  drawList();
}

function matchesFilter(task) {
  if (SHOWN[show] !== undefined && task.completed !== SHOWN[show]) return false;
  const text = `${task.title}\n${task.description || ""}`.toLowerCase();
  return text.includes(words.toLowerCase());
}

const hasPlan = (task) => isDated(task) || task.list || task.priority !== "none";
let due = null; // due.js, once a task has a plan

function beginDates(part) {
  if (due) return;
  due = part;
  due.watchClock(drawList, () => (drawAnew(), load()));
  drawAnew();
}

// The words of a plan depend on the day.
function drawAnew() {
  for (const item of list.querySelectorAll(".task")) item.shown = null;
  drawList();
}

function findSection(task) {
  if (show !== "open") return show;
  return isDated(task) ? due?.findSection(task) : "undated";
}

// The tasks of a section that are loaded, in its order.
export function listSection(name) {
  const section = sections.find((one) => one.name === name);
  const here = store.listKnown().filter((task) => matchesFilter(task) && findSection(task) === name && !section.isBeyond(task, due));
  return here.sort((one, other) => section.compare(one, other, due));
}

const NONE = {
  open: NOTHING,
  done: "Nothing done yet.",
  all: "No tasks yet.",
};

export function drawList() {
  if (isHeld) return;
  if (!due && store.listKnown().some(hasPlan)) fetchDue().then(beginDates, showFailure);
  const focused = noteFocus(list);
  let total = 0;
  for (const section of sections) {
    const shown = listSection(section.name);
    drawItems(section.list, shown, makeRow);
    section.showCount(shown.length);
    total += shown.length;
  }
  restoreFocus(list, focused, $("task-scroll"));
  pane.showEmpty(total ? "" : words ? "Nothing fits." : NONE[show]);
  notifyDrawn();
}

// While tasks are dragged or many are changed nothing else moves.
export function holdList(isNow) {
  isHeld = isNow;
  drawList();
}

const makeRow = (task) => makeItem(task, due && hasPlan(task) ? due.describePlan(task) : []);

// As it is going to be, or as it was.
export function showTask(task) {
  store.putTask(task);
  drawList();
}

export function applyDeletion(id) {
  if (store.noteDeleted(id)) drawList();
  refreshSoon();
}

export function applyChange(task) {
  if (!store.hearOf(task)) return;
  drawList();
  refreshSoon();
}

subscribe("task.created task.updated", ({ task }, type) => {
  if (type === "task.created") store.noteReturned(task.id); // an undo has brought it back
  applyChange(task);
});
subscribe("task.reminded", ({ task }) => fetchDue().then((part) => part.showReminder(task), showFailure));
subscribe("task.deleted", ({ task_id: id }) => applyDeletion(id));

// One request for many changes: the counts and the chart lag a moment.
const refreshSoon = debounce(120, async () => {
  try {
    const [counts] = await Promise.all([fetchCounts(), updateChart()]);
    if (!store.isReading()) keepCounts(counts);
  } catch {
    // The next change tries again.
  }
});

// Where something was done.
async function updateChart() {
  const { data } = await get("/v1/tasks/done", { days: 28 });
  if (data.some((day) => day.count)) (await fetchChart()).drawChart(data);
  else $("done").hidden = true;
}

// `name` is one of the VIEWS.
export function showView(name) {
  show = name;
  beginSections();
  return load();
}

export function filter(text) {
  words = text;
  beginSections();
  return load();
}

// What is known and fits is shown at once.
function beginSections() {
  sections = VIEWS[show].map((name) => new Section(name, () => loadMore(name).catch(showFailure)));
  list.replaceChildren(...sections.map((section) => section.box));
  drawList();
}

// If the list is reloaded meanwhile, start again from its new first page. Whether there was more.
export async function loadMore(name) {
  await loading;
  const mine = requests;
  const section = sections.find((one) => one.name === name);
  if (!section || section.cursor === null) return false;
  const page = await section.fetchPage(words, section.cursor);
  if (mine !== requests) return loadMore(name);
  section.note(page);
  page.data.forEach(store.keepNewer);
  drawList();
  return true;
}

export function reset() {
  requests += 1;
  store.forgetAll();
  words = "";
  sections = [];
  list.replaceChildren();
}

// What keys and the pointer do here is known to a part that comes with the first press, and is told of that one, too.
const press = (event) => event.target.closest(".task") && fetchPresses().then((part) => part.press(event), showFailure);
for (const type of ["keydown", "pointerdown"]) list.addEventListener(type, press);
list.addEventListener("click", (event) => {
  if (!event.shiftKey) return;
  event.preventDefault();
  event.stopPropagation();
  press(event);
}, true);
keepOneStop(list, ".task, .task-more");
