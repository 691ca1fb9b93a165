// address.js -- where the page is. #/ is a new conversation, #/new/NAME one that is not sent yet, #/c/ID a conversation,
// and #/c/ID/ID a message in it. What does not begin with #/ is no address.
import { isOver } from "./frame/back.js";

// { id, place, unbegun }, null where each is missing; null as a whole where this is no address.
export function readAddress(hash = location.hash) {
  const [, id = null, place = null] = /^#\/c\/([0-9a-f-]{36})(?:\/([0-9a-f-]{36}))?$/.exec(hash) ?? [];
  const [, unbegun = null] = /^#\/(new\/[0-9a-z-]+)$/.exec(hash) ?? [];
  return hash === "" || hash.startsWith("#/") ? { id, place, unbegun } : null;
}

// That of a conversation, and of a message in it, or of one that has not begun; null is a new one.
export const getAddress = (to, place) =>
  (to === null ? "#/" : to.startsWith("new/") ? `#/${to}` : place ? `#/c/${to}/${place}` : `#/c/${to}`);

// What lay over the page is left with it: no entry of the history stays for that.
const follow = (address) => (isOver() ? location.replace(address) : (location.hash = address));
export const goTo = (to, place) => follow(getAddress(to, place));
export const replaceAddress = (to) => location.replace(getAddress(to));

document.addEventListener("click", (event) => {
  const link = event.target.closest?.('a[href^="#/"]');
  if (!link || !isOver() || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  follow(link.hash);
});

// The page is there already: only its address changes.
export const noteAddress = (to, isNew) =>
  history[isNew && !isOver() ? "pushState" : "replaceState"](null, "", getAddress(to));

// Links of earlier versions were # and an id.
export function mendAddress() {
  if (/^#[0-9a-f-]{36}$/.test(location.hash)) noteAddress(location.hash.slice(1), false);
}
