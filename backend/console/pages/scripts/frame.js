// frame.js -- what is around the conversation: which view is shown, the theme, and on a narrow screen the drawers.
import { lieOver } from "./frame/back.js";
import { $ } from "./dom.js";
import * as storage from "./storage.js";

// `start`, `sign-in` or `app`: one of them is there at a time.
export function showView(name) {
  for (const id of ["start", "sign-in", "app"]) $(id).hidden = id !== name;
}

const THEMES = { auto: "light", light: "dark", dark: "auto" };

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  storage.keep("parley.theme", theme);
  const label = `Theme: ${theme === "auto" ? "as the system" : theme}`;
  $("theme").setAttribute("aria-label", label);
  $("theme").title = label;
}

$("theme").addEventListener("click", () => setTheme(THEMES[document.documentElement.dataset.theme]));
setTheme(document.documentElement.dataset.theme);

// Drawers: on a narrow screen the lists slide over the chat

const NARROW = { sidebar: matchMedia("(max-width: 52rem)"), tasks: matchMedia("(max-width: 72rem)") };

const closing = {}; // by drawer that is open: what to call once it is closed

function setDrawer(id, open) {
  const box = $(id);
  const slides = NARROW[id].matches;
  if (!open || !slides) {
    closing[id]?.();
    delete closing[id];
  } else closing[id] ??= lieOver(() => setDrawer(id, false));
  box.classList.toggle("is-open", open && slides);
  box.inert = slides && !open;
  $(`${id}-open`).setAttribute("aria-expanded", String(open && slides));
  $("shade").hidden = !document.querySelector(".is-open");
}

export function setDrawers(open) {
  for (const id of Object.keys(NARROW)) setDrawer(id, open);
}

for (const [id, narrow] of Object.entries(NARROW)) {
  narrow.addEventListener("change", () => setDrawer(id, false));
  $(`${id}-open`).addEventListener("click", () => {
    setDrawer(id, true);
    $(`${id}-close`).focus();
  });
  $(`${id}-close`).addEventListener("click", () => {
    setDrawer(id, false);
    $(`${id}-open`).focus();
  });
}
$("shade").addEventListener("click", () => setDrawers(false));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const opened = document.querySelector(".is-open");
  if (!opened) return;
  event.preventDefault(); // it was meant for the drawer alone
  setDrawers(false);
  $(`${opened.id}-open`).focus();
});
setDrawers(false);
