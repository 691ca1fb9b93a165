// writing.js -- what the message box is for among people: a new message, a reply, or another text of an earlier one.
import { patch, remove } from "../api.js";
import * as composer from "../chat/composer.js";
import { list } from "../chat/thread.js";
import { $, announce, bdi, el, makeIconButton, showFailure } from "../dom.js";
import { nameOf } from "./names.js";
import { isMine } from "./roster.js";
import { keepDraft } from "../unsent/drafts.js";

const EXCERPT = 140;

const box = $("composer-text");
let replyTo = null; // the item that the next message replies to
let edited = null; // the item whose text is in the box
let before = null; // what the box was for before that

export function start() {
  box.addEventListener("keydown", handleKey);
}

export function end() {
  box.removeEventListener("keydown", handleKey);
  endWriting();
}

export const isEditing = () => edited !== null;

// The first words of a message, in one line.
export function excerpt(content) {
  const line = content.trim().replace(/\s+/g, " ");
  return line.length > EXCERPT ? `${line.slice(0, EXCERPT)} …` : line;
}

export function beginReply(item) {
  endWriting();
  replyTo = item;
  const { message } = item;
  show(["Reply to ", bdi(isMine(message) ? "yourself" : nameOf(message.sender))], "Reply to nobody", excerpt(message.content));
}

export function beginEdit(item) {
  endWriting();
  edited = item;
  before = composer.getPlace();
  composer.takeUp(nameDraft(item));
  if (!composer.getText()) composer.showText(item.message.content);
  show(["Edit your message"], "Leave it as it was", "");
}

function show(words, leave, text) {
  $("about").replaceChildren(
    el("p", {}, el("span", { class: "about-what" }, ...words), text && el("span", { class: "muted", dir: "auto" }, text)),
    makeIconButton("close", leave, () => {
      endWriting();
      composer.focus();
    }));
  $("about").hidden = false;
  composer.focus();
}

const nameDraft = (item) => `edit/${item.message.id}`;

// Back to a new message; `isKeeping` keeps what was changed for the next time that the old one is edited.
export function endWriting(isKeeping = false) {
  if (edited) composer.takeUp(before);
  if (edited && !isKeeping) keepDraft(nameDraft(edited), "");
  replyTo = edited = null;
  $("about").hidden = true;
  $("about").replaceChildren();
}

// The id of the message that the one which is sent now replies to.
export function takeReply() {
  const id = replyTo?.message.id;
  if (replyTo) endWriting();
  return id;
}

// True where the text is that of an earlier message, and saved there.
export function takeText(text) {
  if (!edited) return false;
  const item = edited;
  endWriting(true);
  if (text === item.message.content) keepDraft(nameDraft(item), "");
  else save(item, text);
  return true;
}

async function save(item, content) {
  try {
    item.update(await patch(`/v1/messages/${item.message.id}`, { content }));
    keepDraft(nameDraft(item), "");
    announce("Changed");
  } catch (error) {
    showFailure(error);
    beginEdit(item);
    composer.setText(content);
  }
}

export async function retract(item) {
  try {
    item.update(await remove(`/v1/messages/${item.message.id}`));
    announce("Taken back");
  } catch (error) {
    showFailure(error);
  }
}

// The last message of the user is one key away.
function handleKey(event) {
  if (event.key === "Escape" && (replyTo || edited)) {
    event.stopPropagation();
    endWriting();
  }
  if (event.key !== "ArrowUp" || box.value || edited) return;
  const last = [...list.children].reverse().find((item) => item.isMine && item.dataset.id && !item.message.retracted_at);
  if (!last) return;
  event.preventDefault();
  beginEdit(last);
}
