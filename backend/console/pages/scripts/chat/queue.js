// queue.js -- messages that wait for their turn: taken back, or taken back into the box.
import { post } from "../api.js";
import { announce, el, showFailure } from "../dom.js";
import * as composer from "./composer.js";
import { setState } from "./messages.js";

// `run` was cancelled before anybody began with it: its message is answered by nobody, and read no more.
export const isWithdrawn = (run) => run.status === "cancelled" && run.started_at === null;

export const markWithdrawn = (item) => setState(item, "withdrawn");

export const makeQueueButtons = (item) => [
  el("button", { type: "button", class: "link", onclick: () => withdraw(item, true) }, "Edit"),
  el("button", { type: "button", class: "link", onclick: () => withdraw(item, false) }, "Withdraw"),
];

async function withdraw(item, isEdited) {
  const buttons = [...item.querySelectorAll(".foot button")];
  for (const button of buttons) button.disabled = true;
  try {
    const run = await post(`/v1/runs/${item.dataset.run}/cancel`);
    if (!isWithdrawn(run) && !isEdited) throw new Error("The agent had begun with this message, and was stopped.");
    if (isWithdrawn(run)) markWithdrawn(item);
    if (isEdited) {
      composer.setText([item.message.content, composer.getText()].filter(Boolean).join("\n"));
      announce("Back in the box");
    } else announce("Withdrawn");
    composer.focus();
  } catch (error) {
    for (const button of buttons) button.disabled = false;
    showFailure(error);
  }
}
