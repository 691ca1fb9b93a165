// entry.js -- a new task in one line: what is understood of it while it is written; and several lines at once.
import { post } from "../api.js";
import { $, announce, bdi, debounce, el, formatCount, isComposing, showFailure, showToast } from "../dom.js";
import { fetchChanges, fetchDue } from "../later.js";
import { formatPlan } from "./due.js";
import { applyChange, findItem } from "./list.js";

const MOST_TITLE = 255;
const MOST_LINE = 500; // of a line that is read, and together
const MOST_TOGETHER = 5_000;
const MOST_LINES = 50;
const BULLET = /^(?:[-*•–]|\d{1,3}[.)])\s+|^(?=\[)/;
const BOX = /^\[[ x]?\]\s+/i;

const form = $("task-add");
const field = $("task-title");
const chips = el("ul", { class: "task-chips", id: "task-chips", "aria-label": "Understood", hidden: true });
const offer = el("div", { class: "task-offer", role: "group", "aria-labelledby": "task-offer-words", hidden: true });
form.after(chips, offer);

let shown = null; // { text, draft }: what the chips are about
let isPlain = false; // the user wants this text as it stands
let adding = Promise.resolve();

const readLines = async (lines) => (await post("/v1/tasks/parse", { lines })).data;

// While one writes

function describeDraft({ due_on: day, due_at: at, repeats, priority, list }) {
  const [dueDay, time] = at ? at.split("T") : [day, ""];
  const due = dueDay && formatPlan(dueDay, time.slice(0, 5));
  return [due && (repeats ? `${due}, repeats` : due), priority !== "none" && `${priority} priority`, list && `list ${list}`].filter(Boolean);
}

function showDraft(text, draft) {
  const parts = draft ? describeDraft(draft) : [];
  const before = chips.dataset.said ?? "";
  chips.dataset.said = parts.join(", ");
  shown = draft && { text, draft };
  chips.hidden = !parts.length;
  chips.replaceChildren(...parts.map((part) => el("li", { class: "chip", dir: "auto" }, part)),
    el("li", {}, el("button", { type: "button", class: "link", onclick: makePlain }, "As plain text")));
  if (parts.length && chips.dataset.said !== before) announce(`Understood: ${chips.dataset.said}`);
}

const readSoon = debounce(120, async () => {
  const text = field.value.trim();
  if (isPlain || !text || text.length > MOST_LINE) {
    showDraft(text, null);
    return;
  }
  try {
    const [draft] = await readLines([text]);
    if (text === field.value.trim() && !isPlain) showDraft(text, draft);
  } catch {
    // The line is read again when it is sent, and then it is told.
  }
});

function makePlain() {
  isPlain = true;
  showDraft("", null);
  announce("As plain text");
  field.focus();
}

field.addEventListener("input", () => {
  if (!field.value) isPlain = false;
  readSoon();
});
field.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || isComposing(event) || chips.hidden) return;
  event.preventDefault();
  event.stopPropagation();
  makePlain();
});
readSoon();

// What is added

// One after the other, so that they stand in the order in which they were sent.
export function add(text) {
  const draft = isPlain || text.length > MOST_LINE ? { title: text } : shown?.text === text ? shown.draft : null;
  isPlain = false;
  showDraft("", null);
  adding = adding.then(() => addTask(text, draft)).catch((error) => giveBack(text, draft, error));
}

async function addTask(text, draft) {
  const [task] = await createTasks([draft ?? (await readLines([text]))[0]]);
  announce(`Added: ${task.title}`);
  await fetchDue(); // without it no task with a date is shown
  const item = findItem(task.id);
  if (item) item.scrollIntoView({ block: "nearest" });
  else showToast(["Added “", bdi(task.title), "”"]);
}

function giveBack(text, draft, error) {
  if (!field.value) {
    field.value = text;
    readSoon();
    showFailure(error);
    return;
  }
  const again = () => (adding = adding.then(() => addTask(text, draft)).catch((failure) => giveBack(text, draft, failure)));
  showToast(["“", bdi(text), `” was not added. ${error.message}`], { action: again, label: "Try again", kind: "error", seconds: 60 });
}

// As the API takes them: what is too long for a title stands in the details.
async function createTasks(drafts, said) {
  const { change } = await fetchChanges();
  const made = await change(drafts.map((draft) => ["POST", "/v1/tasks", makeFields(draft)]), { said, isInOrder: true });
  made.forEach(applyChange);
  return made;
}

function makeFields({ words, title, description, ...plan }) {
  if (title.length <= MOST_TITLE) return { title, description, ...plan };
  const space = title.lastIndexOf(" ", MOST_TITLE);
  const cut = space > 0 ? space : MOST_TITLE;
  return { title: title.slice(0, cut), description: [title.slice(cut).trim(), description].filter(Boolean).join("\n"), ...plan };
}

// Several lines at once

export function takeLines(text) {
  const lines = text.split(/\r?\n|\r/).map((line) => line.trim().replace(BULLET, "").replace(BOX, "")).filter(Boolean);
  if (lines.length > 1) offerLines(lines);
  else insert(lines.join(" "));
}

function offerLines(lines) {
  const some = lines.slice(0, MOST_LINES);
  const words = some.length < lines.length ? `Add the first ${some.length} of ${lines.length} lines as tasks?` : `Add ${some.length} tasks?`;
  const yes = el("button", { type: "button", class: "primary", onclick: () => close(() => addLines(some)) }, `Add ${some.length} tasks`);
  const one = el("button", { type: "button", class: "plain", onclick: () => close(() => insert(lines.join(" "))) }, "As one line");
  offer.replaceChildren(el("p", { id: "task-offer-words" }, words), el("div", { class: "row" }, yes, one));
  offer.hidden = false;
  yes.focus();
}

function close(work) {
  offer.hidden = true;
  offer.replaceChildren();
  field.focus();
  work?.();
}

function insert(text) {
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

offer.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  event.stopPropagation();
  close();
});

function addLines(lines) {
  adding = adding.then(async () => {
    try {
      await createTasks(await readAll(lines), [`Added ${formatCount(lines.length, "task")}`]);
    } catch (error) {
      (error.answers ?? []).forEach(applyChange);
      offerLines(lines.slice(error.answers?.length ?? 0));
      showFailure(error);
    }
  });
}

// In as few requests as the server takes.
async function readAll(lines) {
  const drafts = [];
  let some = [];
  const readSome = async () => drafts.push(...(some.length ? await readLines(some) : []));
  for (const line of lines) {
    const isLong = line.length > MOST_LINE;
    if (isLong || some.join("").length + line.length > MOST_TOGETHER) {
      await readSome();
      some = [];
    }
    if (isLong) drafts.push({ title: line });
    else some.push(line);
  }
  await readSome();
  return drafts;
}

document.addEventListener("leave", () => {
  isPlain = false;
  showDraft("", null);
  offer.hidden = true;
  offer.replaceChildren();
});
