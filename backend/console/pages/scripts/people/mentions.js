// mentions.js -- marks those whom a message mentions, by `@` and a name, and completes a name that is being written.
import { $, el, isComposing, neutralizeDirection, showFailure } from "../dom.js";
import { isMe, listOthers, listPeople, loadAll } from "./roster.js";

const MOST = 6;
const LONGEST = 100;
const WORD = /[\p{L}\p{N}_]/u;
const BEGUN = /(^|[^\p{L}\p{N}_])@([^@\n]{0,100})$/u; // before the cursor

const box = $("composer-text");
let list = null; // of the names that fit, while there are some
let chosen = 0;

// Marks the names in what a box shows: the longest that fits behind each `@`, as the server finds them.
export function markMentions(body) {
  const names = listPeople().filter(({ name }) => name).map(({ name, user_id: id }) => ({ name: neutralizeDirection(name).toLowerCase(), isMine: isMe(id) }));
  names.sort((a, b) => b.name.length - a.name.length);
  const texts = [];
  for (const nodes = document.createTreeWalker(body, NodeFilter.SHOW_TEXT); nodes.nextNode(); ) {
    if (nodes.currentNode.data.includes("@") && !nodes.currentNode.parentElement.closest("code, .mention")) texts.push(nodes.currentNode);
  }
  for (const text of texts) markInText(text, names);
}

function markInText(text, names) {
  const written = text.data.toLowerCase();
  const pieces = [];
  let done = 0;
  for (let at = written.indexOf("@"); at >= 0; at = written.indexOf("@", at + 1)) {
    if (at < done || (at && WORD.test(written[at - 1]))) continue; // an email
    const found = names.find(({ name }) => written.startsWith(name, at + 1) && !WORD.test(written[at + 1 + name.length] ?? ""));
    if (!found) continue;
    const end = at + 1 + found.name.length;
    pieces.push(text.data.slice(done, at), el("bdi", { class: found.isMine ? "mention of-me" : "mention" }, text.data.slice(at, end)));
    done = end;
  }
  if (pieces.length) text.replaceWith(...pieces, text.data.slice(done));
}

// The list of names beside the box, while an `@` is being written

export function startCompletion() {
  box.addEventListener("input", complete);
  box.addEventListener("keydown", handleKey, true);
  box.addEventListener("blur", close);
}

export function endCompletion() {
  close();
  box.removeEventListener("input", complete);
  box.removeEventListener("keydown", handleKey, true);
  box.removeEventListener("blur", close);
}

const readBegun = () => BEGUN.exec(box.value.slice(0, box.selectionStart))?.[2]?.slice(0, LONGEST);

function complete() {
  const begun = readBegun();
  if (begun === undefined) {
    close();
    return;
  }
  show(begun);
  loadAll().then(() => readBegun() === begun && show(begun), showFailure);
}

function show(begun) {
  const wanted = begun.toLowerCase();
  const fits = listOthers().filter(({ name }) => name?.toLowerCase().startsWith(wanted) && name.toLowerCase() !== wanted.trimEnd());
  close();
  if (!fits.length) return;
  chosen = 0;
  list = el("ul", { class: "names", id: "names", role: "listbox", "aria-label": "People to mention" },
    ...fits.slice(0, MOST).map((person, index) => el("li", { id: `name-${index}`, role: "option", onmousedown: (event) => take(event, person) },
      el("bdi", {}, person.name), person.kind === "agent" && el("span", { class: "tag" }, "agent"))));
  list.people = fits;
  $("composer").append(list);
  box.setAttribute("aria-controls", "names");
  choose(0);
}

function choose(index) {
  chosen = (index + list.children.length) % list.children.length;
  for (const item of list.children) item.setAttribute("aria-selected", String(item === list.children[chosen]));
  box.setAttribute("aria-activedescendant", `name-${chosen}`);
}

function close() {
  list?.remove();
  list = null;
  for (const name of ["aria-controls", "aria-activedescendant"]) box.removeAttribute(name);
}

// Before the composer's own: Enter takes a name, and does not send.
function handleKey(event) {
  if (!list || isComposing(event)) return;
  if (event.key === "ArrowDown") choose(chosen + 1);
  else if (event.key === "ArrowUp") choose(chosen - 1);
  else if (event.key === "Enter" || event.key === "Tab") take(event, list.people[chosen]);
  else if (event.key === "Escape") close();
  else return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

function take(event, { name }) {
  event.preventDefault(); // the box keeps the focus
  const begun = readBegun() ?? "";
  box.setRangeText(`${name} `, box.selectionStart - begun.length, box.selectionStart, "end");
  close();
  box.dispatchEvent(new Event("input"));
}
