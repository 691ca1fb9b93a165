// menu.js -- a menu that a button opens: arrow keys move in it, Escape and a click beside it close it.
import { $, el } from "../dom.js";

const GAP = 4;

// `choices` are { label, work } or, for what cannot be undone, { label, work, isCareful }: the second press does it.
export function openMenu(button, choices) {
  const items = choices.map((choice) => makeChoice(choice, () => menu.hidePopover()));
  const menu = el("div", { class: "menu", popover: "auto", role: "menu", "aria-label": button.getAttribute("aria-label") }, ...items);
  menu.addEventListener("keydown", (event) => moveFocus(event, menu, items));
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState !== "closed") return;
    button.setAttribute("aria-expanded", "false");
    if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    menu.remove();
  });
  $("chat").append(menu);
  menu.showPopover();
  button.setAttribute("aria-expanded", "true");
  placeBeside(menu, button);
  items[0].focus();
}

function makeChoice({ label, work, isCareful }, close) {
  let isSure = !isCareful;
  const item = el("button", { type: "button", role: "menuitem", tabindex: "-1", class: isCareful ? "danger-text" : "", onclick: press }, label);
  function press() {
    if (!isSure) {
      isSure = true;
      item.textContent = `${label}: sure?`;
      return;
    }
    close();
    work();
  }
  return item;
}

function moveFocus(event, menu, items) {
  const at = items.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === "Tab") menu.hidePopover();
  if (next === undefined) return;
  event.preventDefault();
  items.at(next % items.length).focus();
}

// Below the button or, where there is no room, above it.
function placeBeside(menu, button) {
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const x = left + width + GAP > innerWidth ? right - width : left;
  const y = bottom + height + GAP > innerHeight ? top - height - GAP : bottom + GAP;
  menu.style.setProperty("left", `${Math.max(GAP, x)}px`);
  menu.style.setProperty("top", `${Math.max(GAP, y)}px`);
}
