// keys.js -- which keys are shortcuts; what each does is known to a part that comes with the first of them.
import { $, isComposing, showFailure } from "../dom.js";
import { fetchShortcuts } from "../later.js";

const KEYS = "?o/mcCjktd";
const OPEN = "dialog[open], .is-open, :popover-open"; // what Escape closes first

const isField = (target) => target.matches("textarea, select, [contenteditable], input:not([type=checkbox], [type=radio])");

// None but Ctrl+K is a shortcut where one can type; Escape is one there as long as nothing is written.
function readShortcut({ key, target, altKey, ctrlKey, metaKey }) {
  if (ctrlKey || metaKey) return key.toLowerCase() === "k" && !altKey ? "find" : "";
  if (key === "Escape") return target.value || $("stop").hidden || document.querySelector(OPEN) ? "" : "stop";
  return altKey || isField(target) || !KEYS.includes(key) ? "" : key;
}

addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isComposing(event) || $("app").hidden || document.querySelector("dialog[open]")) return;
  const name = readShortcut(event);
  if (!name) return;
  event.preventDefault();
  if (name === "stop") $("stop").click();
  else fetchShortcuts().then((part) => part.runShortcut(name)).catch(showFailure);
});
