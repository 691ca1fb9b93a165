// palette.js -- the box that finds anything: what can be done, conversations by their titles, and what was said or noted.
import { get } from "../api.js";
import { showMessage } from "../chat/chat.js";
import { getTitle } from "../chat/conversations.js";
import { getAddress, goTo } from "../address.js";
import { bdi, debounce, el, formatDay, isComposing, makeIcon, showFailure } from "../dom.js";
import { fetchHits, makeExcerpt, nameSender, openTask } from "./search.js";
import { listActions } from "./shortcuts.js";
import { openSheet } from "../sheet.js";

const WAIT_MS = 150;
const MOST_TITLES = 5;
const MOST_HITS = 10;
const MOST_ACTIONS = 6;

export function open() {
  const list = el("div", { id: "find-list", role: "listbox", "aria-label": "Found" });
  const none = el("p", { class: "none", role: "status", hidden: true }, "Nothing found.");
  const field = el("input", {
    id: "find-text", type: "search", dir: "auto", role: "combobox", maxlength: "200", autocomplete: "off", placeholder: "Find a conversation, a message, a task, or what to do",
    "aria-label": "Find anything", "aria-expanded": "true", "aria-controls": "find-list", "aria-autocomplete": "list",
  });
  const sheet = openSheet("find", "Find anything", { leave: "Close" }, el("div", { class: "search" }, makeIcon("search"), field), none, list);
  sheet.querySelector(".search").after(sheet.pane.note); // a failure stands where what was found would
  sheet.pane.what = "What is looked for";
  let options = []; // { words, work }
  let chosen = 0;
  let shownFor = ""; // the words of what is shown
  let isWanted = false; // Enter came before what was found

  const read = () => field.value.trim();

  function choose(place) {
    chosen = (place + options.length) % (options.length || 1);
    const items = [...list.querySelectorAll("[role=option]")];
    items.forEach((item, index) => item.setAttribute("aria-selected", String(index === chosen)));
    if (items[chosen]) field.setAttribute("aria-activedescendant", items[chosen].id);
    else field.removeAttribute("aria-activedescendant");
    items[chosen]?.scrollIntoView({ block: "nearest" });
  }

  function take(option) {
    sheet.close();
    Promise.resolve(option.work()).catch(showFailure);
  }

  function show(groups, words) {
    options = groups.flatMap(({ found }) => found);
    shownFor = words;
    let number = 0;
    const makeOption = (option) => {
      const item = el("div", { id: `find-${number++}`, role: "option", class: "find-option", "aria-selected": "false" }, ...option.parts);
      item.addEventListener("click", () => take(option));
      return item;
    };
    list.replaceChildren(...groups.filter(({ found }) => found.length).map(({ name, found }) =>
      el("div", { role: "group", "aria-label": name }, el("p", { class: "find-group", "aria-hidden": "true" }, name), ...found.map(makeOption))));
    list.hidden = !options.length;
    none.hidden = options.length > 0 || !words;
    choose(0);
  }

  async function find() {
    const words = read();
    const actions = findActions(words);
    const [titles, hits] = words ? await Promise.all([findTitles(words), findHits(words)]) : [[], []];
    if (words !== read()) return;
    show([{ name: "Actions", found: actions }, { name: "Conversations", found: titles }, { name: "Messages and tasks", found: hits }], words);
    if (isWanted && options.length) take(options[0]);
    isWanted = false;
  }

  const start = () => sheet.pane.load(find);
  const startSoon = debounce(WAIT_MS, () => sheet.open && start());
  field.addEventListener("input", () => {
    isWanted = false;
    startSoon();
  });
  field.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.ctrlKey || event.metaKey) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key !== "Enter") return;
    else if (shownFor === read() && options[chosen]) take(options[chosen]);
    else isWanted = shownFor !== read();
    event.preventDefault();
  });
  field.focus();
  start();
}

function findActions(words) {
  const wanted = words.toLowerCase();
  const found = listActions().filter(({ words: name }) => !wanted || ` ${name.toLowerCase()}`.includes(` ${wanted}`));
  return (wanted ? found.slice(0, MOST_ACTIONS) : found).map((one) => ({
    ...one,
    parts: [el("span", { class: "find-title" }, ...mark(one.words, words)), one.keys && el("kbd", {}, one.keys.length === 1 ? one.keys.toUpperCase() : one.keys)],
  }));
}

// The text with what was looked for in bold.
function mark(text, words) {
  const at = words ? text.toLowerCase().indexOf(words.toLowerCase()) : -1;
  return at < 0 ? [text] : [text.slice(0, at), el("mark", {}, text.slice(at, at + words.length)), text.slice(at + words.length)];
}

async function findTitles(q) {
  const { data } = await get("/v1/conversations", { q, limit: MOST_TITLES });
  return data.map((conversation) => ({
    work: () => goTo(conversation.id),
    parts: [makeIcon("chat"), el("bdi", { class: "find-title" }, ...mark(getTitle(conversation), q)), makeDay(conversation.updated_at)],
  }));
}

const makeDay = (at) => el("span", { class: "conversation-time" }, formatDay(at));

async function findHits(q) {
  const { found } = await fetchHits(q, MOST_HITS);
  return found.map(({ hit, conversation }) => {
    if (hit.kind === "task") return { work: () => openTask(hit.task_id), parts: [makeIcon("tasks"), makeExcerpt(hit), makeDay(hit.created_at)] };
    const place = [hit.conversation_id, hit.message_id];
    const work = () => (location.hash === getAddress(...place) ? showMessage(hit.message_id) : goTo(...place));
    const who = el("span", { class: "hit-who" }, bdi(getTitle(conversation)), " · ", bdi(nameSender(hit.sender)), ":");
    return { work, parts: [makeIcon("chat"), el("span", { class: "find-title" }, who, " ", makeExcerpt(hit)), makeDay(hit.created_at)] };
  });
}
