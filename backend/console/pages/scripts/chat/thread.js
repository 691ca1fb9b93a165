// thread.js -- the list of messages and the box it scrolls in, which stays at the end while the reader is there.
import { $ } from "../dom.js";
import { markDay } from "./messages.js";

const NEAR = 90;
const EARLY = 600;
const FRAMES = 6;

export const list = $("messages");
const scroller = $("scroller");

let sticky = true;
let lastTop = 0;
let notifyTop = () => {};
let notifyEnd = () => {};
let notifyMoved = () => {};

export const onNearTop = (work) => (notifyTop = work);
export const onNearEnd = (work) => (notifyEnd = work);
export const onMoved = (work) => (notifyMoved = work);
export const isAtEnd = () => sticky;
export const setBusy = (yes) => (yes ? scroller.setAttribute("aria-busy", "true") : scroller.removeAttribute("aria-busy"));
export const findItem = (id) => list.querySelector(`[data-id="${id}"]`);

// Puts an answer below its message, also if another message came between; any other item stays where it is.
export function placeItem(item) {
  const { run } = item.dataset;
  const asked = run && list.querySelector(`.from-user[data-run="${run}"]`);
  if (asked) {
    if (asked.nextElementSibling !== item) asked.after(item);
  } else if (!item.isConnected) list.insertBefore(item, findUnsent());
  markDay(item);
  markDay(item.nextElementSibling);
}

const UNSENT = ".from-user:not([data-id]):is([data-state=sending], [data-state=waiting], [data-state=failed])";

// The first message that the server does not have: they stand below all others. Null where there is none.
const findUnsent = () => list.querySelector(UNSENT);

// Puts a message that has been stored just now above those that have not.
export function placeStored(item) {
  const first = findUnsent();
  if (first && first.compareDocumentPosition(item) & Node.DOCUMENT_POSITION_FOLLOWING) list.insertBefore(item, first);
}

export function tellNews() {
  if (!sticky) $("jump").classList.add("news");
}

export function clear() {
  sticky = true;
  list.replaceChildren();
  $("older").hidden = true;
  $("jump").hidden = true;
}

// Adds items above the first one, without the reader noticing a jump.
export function prepend(items) {
  const first = list.firstElementChild;
  const looked = findFirstVisible();
  scroller.classList.add("steady");
  const before = looked.getBoundingClientRect().top;
  list.prepend(...items);
  for (let item = list.firstElementChild; item !== first; item = item.nextElementSibling) markDay(item);
  markDay(first);
  scroller.scrollTop += looked.getBoundingClientRect().top - before;
  requestAnimationFrame(() => scroller.classList.remove("steady"));
}

// The first visible message: it must not move.
function findFirstVisible() {
  const { top } = scroller.getBoundingClientRect();
  return [...list.children].find((item) => item.getBoundingClientRect().bottom > top) || list.lastElementChild;
}

// The last message that the reader has before their eyes, at least in part.
export function findLastVisible() {
  const { bottom } = scroller.getBoundingClientRect();
  return [...list.children].reverse().find((item) => item.dataset.id && item.getBoundingClientRect().top < bottom - 8);
}

export function scrollToEnd() {
  sticky = true;
  scroller.scrollTop = scroller.scrollHeight;
}

// Shows an item near the top, and leaves the end.
export function scrollToItem(item, where = "center") {
  sticky = false;
  item.scrollIntoView({ block: where });
  // Its neighbours have their heights only once they have been on the screen.
  requestAnimationFrame(() => item.scrollIntoView({ block: where }));
}

// Where the reader is: at the end, or at a message whose top is so far from that of the box.
export function readPlace() {
  const item = sticky ? null : findFirstVisible();
  return { messageId: item?.dataset.id ?? null, top: item ? measureTop(item) : 0 };
}

const measureTop = (item) => item.getBoundingClientRect().top - scroller.getBoundingClientRect().top;

// Moves there again; false where that message is not in the list.
export function restorePlace({ messageId, top }) {
  const item = messageId && findItem(messageId);
  if (!item) return false;
  sticky = false;
  hold(item, top, FRAMES);
  return true;
}

// Its neighbours have their heights only once they have been on the screen.
function hold(item, top, frames) {
  scroller.scrollTop += measureTop(item) - top;
  if (frames) requestAnimationFrame(() => hold(item, top, frames - 1));
}

scroller.addEventListener(
  "scroll",
  () => {
    const top = scroller.scrollTop;
    const left = scroller.scrollHeight - top - scroller.clientHeight;
    // Only scrolling up leaves the end; growth below does not.
    sticky = left < NEAR || (sticky && top >= lastTop);
    lastTop = top;
    $("jump").hidden = sticky;
    if (sticky) $("jump").classList.remove("news");
    if (top < EARLY) notifyTop();
    if (left < EARLY) notifyEnd();
    notifyMoved();
  },
  { passive: true },
);
new ResizeObserver(() => sticky && scrollToEnd()).observe(list);
new ResizeObserver(() => sticky && scrollToEnd()).observe(scroller);
