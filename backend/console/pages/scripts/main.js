// main.js -- puts the page together: who is here, what the address names, what is open.
import { get, open as ask } from "./api.js";
import * as audit from  "./chat/audit.js";
import * as chat from  "./chat/chat.js";
import { focusBox } from  "./chat/composer.js";
import * as conversations from  "./chat/conversations.js";
import { $, fail, plain, toast } from "./dom.js";
import * as door from  "./account/door.js";
import { leave, mayBeSignedIn, onEnd, signOut } from  "./account/session.js";
import * as settings from  "./account/settings.js";
import * as stream from "./stream.js";
import * as tasks from  "./tasks/tasks.js";

let me = null;
let config = {};

async function enter() {
  try {
    me = await get("/v1/me");
  } catch (error) {
    if (error.status === 401) return; // the session has ended: the door is shown by then
    $("app").hidden = true;
    toast(error.message, { kind: "error", seconds: 60, label: "Try again", action: enter });
    return;
  }
  door.hide();
  $("app").hidden = false;
  showMe();
  $("offline-model").hidden = !config.offline;
  stream.start(me.id);
  await Promise.all([conversations.load(), tasks.load(), follow()]).catch(fail);
  focusBox();
}

function showMe() {
  const name = plain(me.display_name || me.email);
  $("account-name").textContent = name;
  $("account-letter").textContent = [...name][0].toUpperCase();
}

onEnd((why) => {
  stream.end();
  settings.close();
  for (const box of document.querySelectorAll("dialog[open]")) box.close();
  for (const part of [chat, conversations, tasks]) part.reset();
  me = null;
  location.hash = "";
  $("app").hidden = true;
  door.show({ note: why, registration: config.registration });
});

// The address: #/c/ID is a conversation, anything else a new one

async function follow() {
  const id = /^#\/c\/([0-9a-f-]{36})$/.exec(location.hash)?.[1] ?? null;
  drawers(false);
  conversations.select(id);
  if (id !== chat.current() || !$("app").dataset.ready) {
    $("app").dataset.ready = "1";
    await chat.open(id);
  }
  await name(id);
  focusBox();
}

async function name(id) {
  let title = "New conversation";
  if (id !== null) {
    try {
      title = conversations.titleOf(await conversations.ensure(id));
    } catch (error) {
      if (error.status !== 404) fail(error);
      return;
    }
  }
  if (chat.current() !== id) return;
  $("chat-title").textContent = plain(title);
  document.title = `${plain(title)} · Parley`;
}

addEventListener("hashchange", () => me && follow().catch(fail));

chat.onBegun((id) => {
  history.pushState(null, "", `#/c/${id}`);
  conversations.select(id);
  name(id).then(() => conversations.select(id));
});
conversations.onGone(() => (location.hash = ""));
conversations.onRenamed((conversation) => {
  if (conversation.id === chat.current()) name(conversation.id);
});
settings.onChanged((person) => {
  me = person;
  showMe();
});
door.onEntered(enter);

stream.on("reset", () => {
  if (me) Promise.all([conversations.load(), tasks.load(), chat.refresh()]).catch(fail);
});
stream.on("connection", (up) => {
  $("connection").textContent = up ? "" : "Connection lost. Trying again …";
});

// Buttons of the frame

$("new-chat").addEventListener("click", () => {
  if (location.hash) location.hash = "";
  else follow().catch(fail);
});
$("open-settings").addEventListener("click", () => settings.open(me));
$("open-audit").addEventListener("click", () => audit.open(chat.current(), $("chat-title").textContent));
$("sign-out").addEventListener("click", () => signOut().catch(fail));

const THEMES = { auto: "light", light: "dark", dark: "auto" };

function setTheme(theme) {
  document.documentElement.dataset.theme = theme;
  localStorage.setItem("parley.theme", theme);
  const label = `Theme: ${theme === "auto" ? "as the system" : theme}`;
  $("theme").setAttribute("aria-label", label);
  $("theme").title = label;
}

$("theme").addEventListener("click", () => setTheme(THEMES[document.documentElement.dataset.theme]));
setTheme(document.documentElement.dataset.theme);

// Drawers: where there is no room, the lists slide over the chat

const NARROW = { sidebar: matchMedia("(max-width: 52rem)"), tasks: matchMedia("(max-width: 72rem)") };

function drawer(id, open) {
  const box = $(id);
  const slides = NARROW[id].matches;
  box.classList.toggle("is-open", open && slides);
  box.inert = slides && !open;
  $(`${id}-open`).setAttribute("aria-expanded", String(open && slides));
  $("shade").hidden = !document.querySelector(".is-open");
}

function drawers(open) {
  for (const id of Object.keys(NARROW)) drawer(id, open);
}

for (const [id, narrow] of Object.entries(NARROW)) {
  narrow.addEventListener("change", () => drawer(id, false));
  $(`${id}-open`).addEventListener("click", () => {
    drawer(id, true);
    $(`${id}-close`).focus();
  });
  $(`${id}-close`).addEventListener("click", () => {
    drawer(id, false);
    $(`${id}-open`).focus();
  });
}
$("shade").addEventListener("click", () => drawers(false));
addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return;
  const opened = document.querySelector(".is-open");
  if (!opened) return;
  drawers(false);
  $(`${opened.id}-open`).focus();
});
drawers(false);

async function start() {
  const asked = ask("GET", "/v1/web/config").then((found) => (config = found), fail);
  if (mayBeSignedIn()) {
    await asked;
    await enter();
  } else {
    door.show();
    await asked;
    if (!me) door.show({ registration: config.registration });
  }
}

start().catch(() => leave());
