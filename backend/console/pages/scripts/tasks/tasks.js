// tasks.js -- the tasks beside the chat: the list of them is fetched where there are some, or somebody comes to it.
import { get } from "../api.js";
import { $, debounce, showFailure } from "../dom.js";
import { fetchEntry, fetchTaskList } from "../later.js";
import { Pane } from "../pane.js";
import * as storage from "../storage.js";
import { subscribe } from "../stream.js";

const HAD = "parley.tasks"; // in this browser there were some: nobody has to ask before the list is fetched

export const NOTHING = "Nothing to do. Add a task, or tell Parley.";
export const pane = new Pane("Your tasks", $("tasks-none"));

let list = null; // list.js, once it is there
let opening = null;

export const load = () => (list ? list.load() : pane.load(begin));

async function begin() {
  if (storage.read(HAD) || (await get("/v1/tasks", { limit: 1 })).data.length) await openList();
  else pane.showEmpty(NOTHING);
}

async function openList() {
  opening ??= fetchTaskList().then(async (part) => {
    list = part;
    storage.keep(HAD, "yes");
    await list.load();
  });
  try {
    await opening;
  } catch (error) {
    opening = null; // the next time asks again
    throw error;
  }
  return list;
}

const use = (work) => openList().then(work).catch(showFailure);

// From then on the list hears of all that is told.
subscribe("task.created task.updated", () => list || use(() => {}));

for (const button of document.querySelectorAll("[data-show]")) {
  button.addEventListener("click", () => {
    for (const one of document.querySelectorAll("[data-show]")) one.setAttribute("aria-pressed", String(one === button));
    use((part) => part.showView(button.dataset.show));
  });
}

$("task-search").addEventListener("input", debounce(150, () => use((part) => part.filter($("task-search").value.trim()))));

// A new task

const field = $("task-title");
let entering = Promise.resolve(); // one after the other, also while those parts are on their way

$("task-add").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = field.value.trim();
  if (!text) return;
  field.value = "";
  entering = entering.then(openList).then(fetchEntry).then((part) => part.add(text), (error) => {
    field.value ||= text;
    showFailure(error);
  });
});

field.addEventListener("focus", async () => {
  try {
    await fetchEntry();
  } catch {
    // The next time asks again.
  }
});

// Several lines are offered as tasks, also while that part is on its way.
field.addEventListener("paste", (event) => {
  const text = event.clipboardData.getData("text/plain");
  if (!/[\r\n]/.test(text.trim())) return;
  event.preventDefault();
  fetchEntry().then((part) => part.takeLines(text)).catch(showFailure);
});

export function reset() {
  pane.clear();
  list?.reset();
  $("task-search").value = field.value = "";
  $("done").hidden = true;
}
