// enter_key.js -- what the Enter key does in the message box: it sends, and on a touch screen it starts a new line, unless
// the user of this browser has chosen otherwise.
import * as storage from "../storage.js";

const NAME = "parley.enter";
const TOUCH = matchMedia("(hover: none) and (pointer: coarse)");

// `send`, `line`, or "" for what is usual on the device.
export const getChoice = () => storage.read(NAME) ?? "";
export const sendsByEnter = () => (getChoice() || (TOUCH.matches ? "line" : "send")) === "send";

// Whether a press of the Enter key sends what is written.
export const isSendingKey = (event) =>
  event.key === "Enter" && (sendsByEnter() ? !event.shiftKey : event.ctrlKey || event.metaKey);

export function choose(choice) {
  if (choice) storage.keep(NAME, choice);
  else storage.forget(NAME);
}
