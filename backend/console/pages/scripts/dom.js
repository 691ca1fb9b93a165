// dom.js -- helpers for the page: elements, notices, dialogs, times.

export const $ = (id) => document.getElementById(id);

const TURNS = /[\u202a-\u202e\u2066-\u2069]/g;
const nameCharacter = (turn) => `U+${turn.codePointAt(0).toString(16).toUpperCase()}`;

// Text without bidirectional controls; overrides, which reverse letters, are replaced by their code.
export const neutralizeDirection = (text) => text.replace(TURNS, (turn) => (/[\u202d\u202e]/.test(turn) ? `[${nameCharacter(turn)}]` : ""));

// JSON with bidirectional controls as escapes.
export const formatJson = (value) =>
  JSON.stringify(value, null, 2).replace(TURNS, (turn) => `\\u${turn.codePointAt(0).toString(16)}`);

// Isolates the direction of a user's text among the words of the page.
export const bdi = (text) => el("bdi", {}, text);

// el("p", { class: "muted", onclick }, "text", child): text is never HTML, and has no bidirectional controls.
export function el(tag, props = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name === "class") made.className = value;
    else if (name === "data") Object.assign(made.dataset, value);
    else made.setAttribute(name, value === true ? "" : neutralizeDirection(String(value)));
  }
  const shown = children.filter((child) => child !== null && child !== undefined && child !== false);
  made.append(...shown.map((child) => (child instanceof Node ? child : neutralizeDirection(String(child)))));
  return made;
}

export function svg(tag, props = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(props)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export const makeIcon = (name) =>
  svg("svg", { class: "icon", "aria-hidden": "true" }, svg("use", { href: `#i-${name}` }));

export const makeIconButton = (name, label, onclick) =>
  el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick }, makeIcon(name));

// Announces the text to screen readers, after what they are reading.
export function announce(text) {
  $("announcer").textContent = "";
  requestAnimationFrame(() => ($("announcer").textContent = neutralizeDirection(text)));
}

// Shows a notice at the foot of the page, with a button if there is an `action`; returns `close()`.
export function showToast(text, { action, label, seconds = 5, kind = "" } = {}) {
  const notice = el("div", { class: `toast ${kind}`, role: kind === "error" ? "alert" : "status" }, el("span", { dir: "auto" }, ...[text].flat()));
  const close = () => notice.remove();
  if (action) {
    notice.append(el("button", { type: "button", class: "link", onclick: () => (close(), action()) }, label));
  }
  // Two requests of one click may fail alike.
  [...$("toasts").children].find((other) => other.textContent === notice.textContent)?.remove();
  $("toasts").append(notice);
  // Whoever is at it has time: it stays as long as the pointer or the focus is on it.
  let timer = setTimeout(close, seconds * 1000);
  const hold = () => clearTimeout(timer);
  const go = () => {
    hold();
    if (!notice.matches(":hover, :focus-within")) timer = setTimeout(close, seconds * 1000);
  };
  for (const type of ["mouseenter", "focusin"]) notice.addEventListener(type, hold);
  for (const type of ["mouseleave", "focusout"]) notice.addEventListener(type, go);
  return { close };
}

export const showFailure = (error) => showToast(error.message, { kind: "error", seconds: 8 });

export async function copyText(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // The clipboard API needs https; execCommand works without it.
    const area = el("textarea", { class: "sr" });
    area.value = text;
    // All but an open dialog is inert: nothing could be selected there.
    (button.closest("dialog") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  const before = button.firstChild;
  button.replaceChild(makeIcon("check"), before);
  announce("Copied");
  setTimeout(() => button.replaceChild(before, button.firstChild), 1500);
}

export function downloadText(name, type, text) {
  const address = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 1000);
}

const CLOCK = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const DAY_OF_YEAR = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export const formatClock = (iso) => CLOCK.format(new Date(iso));
export const formatTime = (iso) => FULL.format(new Date(iso));

export function formatDay(iso) {
  const then = new Date(iso);
  const today = new Date();
  const days = Math.round((new Date(today).setHours(0, 0, 0, 0) - new Date(then).setHours(0, 0, 0, 0)) / 86_400_000);
  if (days === 0) return "Today";
  if (days === 1) return "Yesterday";
  return (then.getFullYear() === today.getFullYear() ? DAY : DAY_OF_YEAR).format(then);
}

export const makeTime = (iso, text = formatClock(iso)) => el("time", { datetime: iso, title: formatTime(iso) }, text);

// The time between two moments, in short form.
export function formatDuration(from, to) {
  const ms = Math.max(0, new Date(to) - new Date(from));
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

// Whether a key belongs to a word that is being written with an input method. Safari tells the one that ends it, whose
// number is 229, after the word.
export const isComposing = (event) => event.isComposing || event.keyCode === 229;

export const formatCount = (number, one, many = `${one}s`) => `${number} ${number === 1 ? one : many}`;

export const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// Calls `work` after `ms` without another call.
export function debounce(ms, work) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), ms);
  };
}

// Makes the list show `rows`, each as what `makeItem(row)` makes of it, by its `id`. The item of a row that is as it was
// stays, and so does one that `isHeld`. The control that had the focus has it again, or its like in a new item.
export function drawItems(list, rows, makeItem) {
  const focused = list.contains(document.activeElement) ? document.activeElement : null;
  const before = focused?.closest("[data-id]");
  const there = new Map([...list.children].map((item) => [item.dataset.id, item]));
  const items = rows.map((row) => {
    const shown = JSON.stringify(row);
    const old = there.get(row.id);
    if (old && (old.shown === shown || old.isHeld)) return old;
    const made = makeItem(row);
    made.shown = shown;
    made.dataset.id = row.id;
    return made;
  });
  const stay = new Set(items);
  for (const item of [...list.children]) if (!stay.has(item)) item.remove();
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  if (!focused || list.contains(document.activeElement)) return;
  const after = items.find((item) => item.dataset.id === before.dataset.id);
  (after === before ? focused : findLike(focused, before, after) ?? list.closest("[tabindex]"))?.focus();
}

// The control of the new item that stands where `control` stands in the old one, among those of its kind.
function findLike(control, before, after) {
  const index = [...before.querySelectorAll(control.localName)].indexOf(control);
  return after?.querySelectorAll(control.localName)[index];
}
