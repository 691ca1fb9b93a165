// moving.js -- puts a task before or behind others of its section, by the keyboard or the pointer: its position is kept.
import { $, announce, showFailure, showToast } from "../dom.js";
import { fetchChanges, fetchDue } from "../later.js";
import { placeTask, settlePlace } from "./store.js";
import { applyChange, drawList, findItem, holdList, listSection, load, loadMore } from "./list.js";

const STEP = 1_000; // between two that are put at an end
const LEAST = 0.01; // a number of this size has an exact place between two others
const DISTANCE = 6; // in pixels: what moves less is a press
const EDGE = 32;

const UNORDERED = new Set(["done", "all"]);
const IN_ORDER_OF_DATES = "What is due stands in the order of its date.";
const HAS_NO_ORDER = "Tasks are put in order among the open ones.";

let moving = Promise.resolve();
let sending = Promise.resolve();

const sectionOf = (id) => findItem(id)?.closest(".task-list").dataset.section;

// Those that are due at the same time as this one, of all in the section: among them it can be moved.
async function listEquals(name, id) {
  const tasks = listSection(name);
  const task = tasks.find((one) => one.id === id);
  if (name === "undated" || !task) return tasks;
  const { compareDates } = await fetchDue();
  return tasks.filter((one) => compareDates(one, task) === 0);
}

// One after the other: each is from where the one before has put it.
export function moveBy(id, step) {
  moving = moving.then(() => moveNow(id, step)).catch(showFailure);
  return moving;
}

async function moveNow(id, step) {
  const name = sectionOf(id);
  if (!name) return;
  if (UNORDERED.has(name)) {
    announce(HAS_NO_ORDER);
    return;
  }
  const at = (await listEquals(name, id)).findIndex((task) => task.id === id);
  await moveTo(name, id, at + step);
}

// To this place among its equals.
async function moveTo(name, id, place) {
  const tasks = await listEquals(name, id);
  const at = tasks.findIndex((task) => task.id === id);
  // What would be the last one may have others behind it that are not read yet.
  if (place >= tasks.length - 1 && at < place && (await loadMore(name))) {
    await moveTo(name, id, place);
    return;
  }
  if (place < 0 || place >= tasks.length) {
    const isAlone = tasks.length < listSection(name).length && tasks.length === 1;
    announce(isAlone ? IN_ORDER_OF_DATES : place < 0 ? "It is the first one" : "It is the last one");
    return;
  }
  const order = tasks.toSpliced(at, 1).toSpliced(place, 0, tasks[at]);
  send(spread(order, place));
  drawList();
  findItem(id)?.scrollIntoView({ block: "nearest" });
  announce(`${tasks[at].title}: ${place + 1} of ${order.length}`);
}

// [id, position] of as few tasks as possible, so that this is their order: the one at `place` gets a number between its
// neighbours, or where there is none, these get others too. What may follow the last one stays behind it.
function spread(order, place) {
  let [first, last] = [place, place];
  for (;;) {
    const many = last - first + 2;
    const above = order[last + 1]?.position;
    const low = order[first - 1]?.position ?? (above ?? order[last].position) - STEP * many;
    const step = ((above ?? low + STEP * many) - low) / many;
    if (step >= LEAST) return order.slice(first, last + 1).map((task, index) => [task.id, low + step * (index + 1)]);
    if (first > 0 && (place - first <= last - place || last + 2 >= order.length)) first -= 1;
    else last += 1;
  }
}

// The server gets one move after the other; what it tells of an earlier one is not shown over a later one.
function send(places) {
  for (const [id, position] of places) placeTask(id, position);
  const requests = places.map(([id, position]) => ["PATCH", `/v1/tasks/${id}`, { position }]);
  sending = sending.then(async () => {
    const settle = () => places.forEach(([id, position]) => settlePlace(id, position));
    try {
      const { change } = await fetchChanges();
      const changed = await change(requests);
      settle();
      changed.forEach(applyChange);
    } catch (error) {
      settle();
      showFailure(error);
      await load();
    }
  });
}

// The pointer

export function beginDrag(down, item) {
  const list = item.parentElement;
  const scroller = $("task-scroll");
  let isDragged = false;

  function move({ clientY, buttons }) {
    if (!buttons) {
      end(false); // let go before this part had come
      return;
    }
    if (!isDragged && Math.abs(clientY - down.clientY) < DISTANCE) return;
    if (!isDragged) begin();
    const next = [...list.children].find((one) => one !== item && clientY < one.getBoundingClientRect().top + one.offsetHeight / 2);
    if ((next ?? null) !== item.nextElementSibling) list.insertBefore(item, next ?? null);
    const { top, bottom } = scroller.getBoundingClientRect();
    if (clientY < top + EDGE) scroller.scrollBy(0, -8);
    if (clientY > bottom - EDGE) scroller.scrollBy(0, 8);
  }

  function begin() {
    isDragged = true;
    holdList(true);
    item.classList.add("is-dragged");
    document.body.classList.add("is-dragging");
  }

  function end(isMeant) {
    for (const [type, work] of Object.entries(works)) removeEventListener(type, work, true);
    if (!isDragged) return;
    document.body.classList.remove("is-dragging");
    item.classList.remove("is-dragged");
    const before = [...list.children].slice(0, [...list.children].indexOf(item)).map((one) => one.dataset.id);
    holdList(false);
    if (isMeant) dropBehind(item.dataset.id, before).catch(showFailure);
  }

  const works = {
    pointermove: move,
    pointerup: () => {
      if (isDragged) ignoreClick();
      end(true);
    },
    pointercancel: () => end(false),
    keydown: (event) => {
      if (event.key !== "Escape" || !isDragged) return;
      event.preventDefault();
      event.stopPropagation();
      end(false);
    },
  };
  for (const [type, work] of Object.entries(works)) addEventListener(type, work, true);
}

// The click that follows, if one does, is no press of the task.
function ignoreClick() {
  const ignore = (event) => event.stopPropagation();
  addEventListener("click", ignore, true);
  setTimeout(() => removeEventListener("click", ignore, true));
}

// It was let go behind the tasks of these ids.
async function dropBehind(id, before) {
  const name = sectionOf(id);
  if (UNORDERED.has(name)) {
    showToast(HAS_NO_ORDER);
    return;
  }
  const tasks = (await listEquals(name, id)).filter((task) => task.id !== id);
  const place = tasks.filter((task) => before.includes(task.id)).length;
  const all = listSection(name).filter((task) => task.id !== id);
  const [first, last] = [all.indexOf(tasks[0]), all.indexOf(tasks.at(-1))];
  if (!tasks.length || before.length < first || before.length > last + 1) showToast(IN_ORDER_OF_DATES);
  else await moveTo(name, id, place);
}
