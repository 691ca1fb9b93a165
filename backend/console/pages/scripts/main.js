// main.js -- connects the parts of the page: session, address, frame, theme, drawers.
import { get } from "./api.js";
import * as chat from "./chat/chat.js";
import { focusUnlessTouch, setPlaceholder } from "./chat/composer.js";
import * as conversations from "./chat/conversations.js";
import { $, debounce, formatCount, showFailure, neutralizeDirection, showToast } from "./dom.js";
import * as signInPage from "./account/sign_in.js";
import { endSession, mayBeSignedIn, onEnd, signOut } from "./account/session.js";
import { requestWithoutToken } from "./http.js";
import { openPart } from "./later.js";
import * as storage from "./storage.js";
import * as stream from "./stream.js";
import * as tasks from "./tasks/tasks.js";
import * as accounts from "./team/accounts.js";
import * as inbox from "./team/inbox.js";

let me = null;
let config = {};

async function enterConsole() {
  let changes;
  try {
    [me, changes] = await Promise.all([get("/v1/me"), get("/v1/changes", { limit: 1 })]);
  } catch (error) {
    if (error.status === 401) return; // the session has ended, and the sign-in page is shown
    $("app").hidden = true;
    showToast(error.message, { kind: "error", seconds: 60, label: "Try again", action: enterConsole });
    return;
  }
  signInPage.hide();
  $("app").hidden = false;
  showAccount();
  $("offline-model").hidden = !config.offline;
  stream.start(me.id, changes.next_after);
  const listed = accounts.load(me).catch(showFailure).then(() => conversations.load());
  await Promise.all([listed, tasks.load(), inbox.load(), followAddress()]).catch(showFailure);
}

function showAccount() {
  const name = neutralizeDirection(me.display_name || me.email);
  $("account-name").textContent = name;
  $("account-letter").textContent = [...name][0].toUpperCase();
}

function changeUser(user) {
  me = user;
  showAccount();
}

onEnd((why) => {
  stream.end();
  for (const box of document.querySelectorAll("dialog[open]")) box.close();
  for (const part of [chat, conversations, tasks, accounts, inbox]) part.reset();
  document.dispatchEvent(new Event("leave")); // for parts that were fetched later
  me = null;
  location.hash = "";
  $("app").hidden = true;
  signInPage.show({ note: why, registration: config.registration });
});

// The address: #/c/ID is a conversation, #/c/ID/ID a message in it, and anything else a new conversation

async function followAddress() {
  const [, id = null, place = null] = /^#\/c\/([0-9a-f-]{36})(?:\/([0-9a-f-]{36}))?$/.exec(location.hash) ?? [];
  setDrawers(false);
  conversations.select(id);
  if (id !== chat.getConversation() || !$("app").dataset.ready) {
    $("app").dataset.ready = "1";
    await chat.open(id, place);
  } else if (place) await chat.showMessage(place);
  accounts.showChoice(id === null);
  await showTitle(id);
  if (!place) focusUnlessTouch();
}

async function showTitle(id) {
  let title = "New conversation";
  let agent = "";
  let people = 0;
  let isDirect = false;
  if (id !== null) {
    try {
      const conversation = await conversations.loadConversation(id);
      title = conversations.getTitle(conversation);
      isDirect = conversation.kind === "direct";
      people = conversation.participant_count ?? 0;
      agent = (await accounts.findAgent(conversation))?.name ?? "";
    } catch (error) {
      if (error.status !== 404) showFailure(error);
      return;
    }
  }
  if (chat.getConversation() !== id) return;
  $("chat-title").textContent = neutralizeDirection(title);
  $("chat-agent").textContent = neutralizeDirection(agent);
  $("chat-agent").hidden = !agent;
  $("open-participants").hidden = !people;
  $("participants-count").textContent = isDirect ? "" : String(people);
  $("open-participants").setAttribute("aria-label", isDirect ? "Who takes part" : `Who takes part, ${formatCount(people, "participant")}`);
  setPlaceholder(people ? title : agent || "Parley");
  setTitle(title);
}

// How many conversations are unread stands before it.
function setTitle(title) {
  document.title = `${/^\(\d+\) /.exec(document.title)?.[0] ?? ""}${neutralizeDirection(title)} · Parley`;
}

addEventListener("hashchange", () => me && followAddress().catch(showFailure));

chat.onBegun((id) => {
  history.pushState(null, "", `#/c/${id}`);
  conversations.select(id);
  accounts.showChoice(false);
  showTitle(id).then(() => conversations.select(id));
});
conversations.onGone(() => (location.hash = ""));
conversations.onChanged((conversation) => {
  if (conversation.id === chat.getConversation()) showTitle(conversation.id);
});
accounts.onChosen(async () => {
  await conversations.load();
  if (location.hash) location.hash = "";
  else await followAddress();
});
signInPage.onSignIn(enterConsole);

stream.subscribe("reset", () => {
  if (!me) return;
  Promise.all([accounts.load(me), conversations.load(), tasks.load(), inbox.load(), chat.refreshMessages()]).catch(showFailure);
});
const showImported = debounce(1000, () => {
  if (me) Promise.all([conversations.load(), tasks.load()]).catch(showFailure);
});
for (const type of ["import.stored", "import.removed"]) stream.subscribe(type, showImported);
// Once the network is back, all streams are opened anew, and tell whether they are.
const showConnection = (isUp, words = "Connection lost. Trying again …") => ($("connection").textContent = isUp ? "" : words);
stream.subscribe("connection", (isUp) => showConnection(isUp));
addEventListener("offline", () => showConnection(false, "No network. Waiting for it …"));
addEventListener("online", () => $("connection").textContent && showConnection(false));

// Buttons of the frame

$("new-chat").addEventListener("click", () => {
  if (location.hash) location.hash = "";
  else followAddress().catch(showFailure);
});
$("open-settings").addEventListener("click", () => openPart(() => import("./account/settings.js"), me, changeUser));
$("open-audit").addEventListener("click", () => {
  openPart(() => import("./chat/audit.js"), chat.getConversation(), $("chat-title").textContent);
});
$("open-participants").addEventListener("click", () => openPart(() => import("./people/participants.js"), chat.getConversation()));
$("new-people").addEventListener("click", () => openPart(() => import("./people/begin.js")));
$("open-deleted").addEventListener("click", () => openPart(() => import("./undo/deleted.js")));
$("sign-out").addEventListener("click", () => signOut().catch(showFailure));

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

function setDrawer(id, open) {
  const box = $(id);
  const slides = NARROW[id].matches;
  box.classList.toggle("is-open", open && slides);
  box.inert = slides && !open;
  $(`${id}-open`).setAttribute("aria-expanded", String(open && slides));
  $("shade").hidden = !document.querySelector(".is-open");
}

function setDrawers(open) {
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
  setDrawers(false);
  $(`${opened.id}-open`).focus();
});
setDrawers(false);

async function startConsole() {
  const asked = requestWithoutToken("GET", "/v1/web/config").then((found) => (config = found), showFailure);
  if (mayBeSignedIn()) {
    await asked;
    await enterConsole();
  } else {
    signInPage.show();
    await asked;
    if (!me) signInPage.show(config);
  }
}

startConsole().catch(() => endSession());
