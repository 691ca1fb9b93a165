// message_menu.js -- the menu of a message among people: what can be done with it.
import { copyText, el, makeIcon } from "../dom.js";
import { openMenu } from "./menu.js";
import { nameOf } from "./names.js";
import { openDeliveries } from "./receipts.js";
import { isMine } from "./roster.js";
import * as writing from "./writing.js";

export function makeMenuButton(item) {
  const { message } = item;
  const whose = isMine(message) ? "your message" : `the message of ${nameOf(message.sender)}`;
  const label = `What to do with ${whose}`;
  const button = el("button", { type: "button", class: "icon-button", "aria-label": label, title: "More", "aria-haspopup": "menu", "aria-expanded": "false" }, makeIcon("more"));
  button.addEventListener("click", () => openMenu(button, listChoices(item, button)));
  return button;
}

function listChoices(item, button) {
  const { message } = item;
  const isThere = !message.retracted_at;
  return [
    isThere && { label: "Reply", work: () => writing.beginReply(item) },
    isThere && { label: "Copy", work: () => copyText(item.message.content, button) },
    { label: "Who has read it", work: () => openDeliveries(message.id) },
    isThere && item.isMine && { label: "Edit", work: () => writing.beginEdit(item) },
    isThere && item.isMine && { label: "Take back", isCareful: true, work: () => writing.retract(item) },
  ].filter(Boolean);
}
