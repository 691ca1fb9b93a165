// typing.js -- who is typing, told while the user writes and shown for some seconds; and whom an agent is answering.
import { post } from "../api.js";
import { $, bdi, el } from "../dom.js";
import { subscribe } from "../stream.js";
import { nameOf } from "./names.js";
import { getPerson, isMe } from "./roster.js";
import { isEditing } from "./writing.js";

const TELL_MS = 3_000;
const SHOW_MS = 5_000;
const MOST_NAMES = 2;

const box = $("composer-text");
let conversationId = null;
let toldAt = 0;
const typing = new Map(); // user id -> the timer that ends it
const working = new Map(); // run id -> the run, of others

export function start(id) {
  conversationId = id;
  toldAt = 0;
  box.addEventListener("input", tell);
}

export function end() {
  conversationId = null;
  box.removeEventListener("input", tell);
  for (const timer of typing.values()) clearTimeout(timer);
  typing.clear();
  working.clear();
  draw();
}

function tell() {
  if (box.value.trim() === "" || isEditing() || Date.now() - toldAt < TELL_MS) return;
  toldAt = Date.now();
  post(`/v1/conversations/${conversationId}/typing`).catch(() => {}); // not worth a word: the next one may come through
}

// What they wrote has come; and the next message of the user is told of at once.
export function stop(userId) {
  if (isMe(userId)) toldAt = 0;
  clearTimeout(typing.get(userId));
  if (typing.delete(userId)) draw();
}

export function setWorking(run, isAtWork) {
  if (isAtWork) working.set(run.id, run);
  else working.delete(run.id);
  draw();
}

const name = (id) => bdi(nameOf(getPerson(id)));

function describeTyping() {
  const names = [...typing.keys()].map(name);
  if (names.length > MOST_NAMES) return [`${names.length} people are typing …`];
  return names.length === 2 ? [names[0], " and ", names[1], " are typing …"] : [names[0], " is typing …"];
}

// Also once it is known who takes part.
export function draw() {
  const [run] = working.values();
  const words = run ? [name(run.agent_id), " is answering ", name(run.user_id), " …"] : typing.size ? describeTyping() : [];
  $("typing").hidden = words.length === 0;
  $("typing").replaceChildren(...(words.length ? [el("span", {}, ...words)] : []));
}

subscribe("participant.typing", ({ conversation_id: id, user_id: userId }) => {
  if (id !== conversationId || isMe(userId)) return;
  clearTimeout(typing.get(userId));
  typing.set(userId, setTimeout(() => stop(userId), SHOW_MS));
  draw();
});
