// main.js -- connects the parts of the page: session, address, lists, stream.
import { goTo, mendAddress, noteAddress, readAddress, replaceAddress } from "./address.js";
import { get } from "./api.js";
import * as chat from "./chat/chat.js";
import { focusUnlessTouch, keepText, setPlaceholder } from "./chat/composer.js";
import * as conversations from "./chat/conversations.js";
import { $, debounce, formatCount, showFailure, neutralizeDirection } from "./dom.js";
import * as signInPage from "./account/sign_in.js";
import { mayBeSignedIn, onEnd, signOut } from "./account/session.js";
import { requestWithoutToken } from "./http.js";
import { forgetAnswers, readKept, takeShown } from "./frame/kept_answers.js";
import { setDrawers, showView } from "./frame.js";
import "./finding/keys.js";
import { fetchDropped, openPart } from "./later.js";
import { Pane } from "./pane.js";
import * as storage from "./storage.js";
import * as stream from "./stream.js";
import * as tasks from "./tasks/tasks.js";
import * as accounts from "./team/accounts.js";
import * as inbox from "./team/inbox.js";
import { countDrafts, getDraft } from "./unsent/drafts.js";
import { findBegun, forgetOldNames, listEntries } from "./unsent/outbox.js";
import { deliver } from "./unsent/sending.js";

let me = null;
let lastUser = null; // who was here before on this page
let isOpened = false; // whether what is at the address is shown
let config = null;

const start = new Pane("Parley", $("start-note"));
const state = new Pane("The state of this server", $("sign-in-state"));

const CONFIG = "/v1/web/config";
const loadConfig = async () => (config ??= await readKept(CONFIG, () => requestWithoutToken("GET", CONFIG)));

// Until it succeeds, the page says why it does not.
const enterConsole = () => start.load(async () => {
  let changes;
  try {
    await loadConfig();
    [me, changes] = await Promise.all([get("/v1/me"), get("/v1/changes", { limit: 1 })]);
  } catch (error) {
    if (error.status !== 401) showView("start"); // else the session has ended, and the sign-in page is shown
    throw error;
  }
  storage.setOwner(me.id);
  forgetOldNames();
  if (lastUser && lastUser !== me.id) noteAddress(null, false); // it was somebody else's place
  lastUser = me.id;
  showView("app");
  showAccount();
  $("offline-model").hidden = !config.offline;
  stream.start(me.id, changes.next_after);
  accounts.setUser(me);
  openLinked();
  await Promise.all([conversations.load(), tasks.load(), inbox.load(), followAddress()]).catch(showFailure);
  deliver();
});

function showAccount() {
  const name = neutralizeDirection(me.display_name || me.email);
  $("account-name").textContent = name;
  $("account-letter").textContent = [...name][0].toUpperCase();
}

function changeUser(user) {
  me = user;
  accounts.setUser(user);
  showAccount();
}

onEnd((why, isByHand) => {
  stream.end();
  for (const box of document.querySelectorAll("dialog[open]")) box.close();
  for (const part of [chat, conversations, tasks, accounts, inbox]) part.reset();
  document.dispatchEvent(new Event("leave")); // for parts that were fetched later
  // The place and what was written are there again when the user has signed in again, unless they have left.
  if (isByHand) {
    noteAddress(null, false);
    storage.forgetOwn();
    forgetAnswers().catch(showFailure);
  }
  me = null;
  isOpened = false;
  start.clear();
  signInPage.show({ note: why, registration: config?.registration });
});

// The address

async function followAddress() {
  mendAddress();
  const address = readAddress();
  if (!address && isOpened) return;
  const { id, place, unbegun } = address ?? readAddress("");
  const begun = unbegun && findBegun(unbegun);
  if (begun || (unbegun && !listEntries(unbegun).length && !getDraft(unbegun))) {
    replaceAddress(begun);
    return;
  }
  setDrawers(false);
  conversations.select(id ?? unbegun);
  accounts.showChoice(id === null);
  if (!isOpened || !chat.isOpen(id ?? unbegun)) {
    isOpened = true;
    const opening = chat.open(id, place, unbegun);
    showTitle(id);
    await opening;
  } else if (place) await chat.showMessage(place);
  if (!place) focusUnlessTouch();
}

// What is not known of a conversation that could not be loaded is shown once it could.
async function showTitle(id) {
  const conversation = id === null ? null : conversations.getConversation(id);
  const title = id === null ? "New conversation" : conversation ? conversations.getTitle(conversation) : "Conversation";
  const isDirect = conversation?.kind === "direct";
  const people = conversation?.participant_count ?? 0;
  const agent = conversation ? await findAgentName(conversation) : "";
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

async function findAgentName(conversation) {
  try {
    return (await accounts.findAgent(conversation))?.name ?? "";
  } catch (error) {
    if (error.status === 404 || !error.status) return ""; // it is gone, or cannot be asked for now
    throw error;
  }
}

// How many conversations are unread stands before it.
function setTitle(title) {
  document.title = `${/^\(\d+\) /.exec(document.title)?.[0] ?? ""}${neutralizeDirection(title)} · Parley`;
}

// A program has sent the user here with a question of its own.
function openLinked() {
  if (/^#(authorize\?|approve\/)/.test(location.hash)) openPart(() => import("./apps/linked.js"), me);
}

addEventListener("hashchange", () => {
  if (!me) return;
  openLinked();
  followAddress().catch(showFailure);
});

chat.onShown(showTitle);
chat.onUnbegun((name) => {
  noteAddress(name, true);
  conversations.select(name);
});
chat.onBegun((id, isShown) => {
  if (!isShown) {
    replaceAddress(id);
    return;
  }
  noteAddress(id, false);
  conversations.select(id);
  accounts.showChoice(false);
  showTitle(id).then(() => conversations.select(id));
});
conversations.onGone(() => goTo(null));
conversations.onChanged((conversation) => {
  if (conversation.id === chat.getConversation()) showTitle(conversation.id);
});
accounts.onChosen(async () => {
  await conversations.load();
  await openNew();
});
signInPage.onSignIn(async () => {
  await forgetAnswers();
  config = null; // it is kept again
  await enterConsole();
});

function readAllAgain() {
  if (me) Promise.all([conversations.load(true), tasks.load(), inbox.load(), chat.refresh()]).catch(showFailure);
}
stream.subscribe("reset", readAllAgain);
stream.subscribe("connection", (isUp) => isUp && takeShown() && readAllAgain());
const showImported = debounce(1000, () => {
  if (me) Promise.all([conversations.load(), tasks.load()]).catch(showFailure);
});
for (const type of ["import.stored", "import.removed"]) stream.subscribe(type, showImported);
// Once the network is back, all streams are opened anew, and tell whether they are.
function showConnection(isUp) {
  const words = navigator.onLine ? "Connection lost. Trying again …" : "No network. Waiting for it …";
  $("connection").textContent = isUp ? "" : words;
}
stream.subscribe("connection", showConnection);
addEventListener("offline", () => showConnection(false));
addEventListener("online", () => $("connection").textContent && showConnection(false));

// Buttons of the frame

// To where one writes, without another address.
$("skip").addEventListener("click", (event) => {
  event.preventDefault();
  $("composer-text").focus();
});

async function openNew() {
  if (chat.isOpen(null)) await followAddress();
  else goTo(null);
}

for (const id of ["new-chat", "new-chat-here"]) $(id).addEventListener("click", () => openNew().catch(showFailure));
$("open-settings").addEventListener("click", () => openPart(() => import("./account/settings.js"), me, changeUser));
$("open-audit").addEventListener("click", () => {
  openPart(() => import("./chat/audit.js"), chat.getConversation(), $("chat-title").textContent);
});
$("open-participants").addEventListener("click", () => openPart(() => import("./people/participants.js"), chat.getConversation()));
$("new-people").addEventListener("click", () => openPart(() => import("./people/begin.js")));
$("open-deleted").addEventListener("click", () => openPart(() => import("./undo/deleted.js")));
$("sign-out").addEventListener("click", () => {
  keepText();
  const unsent = { messages: listEntries().length, drafts: countDrafts() };
  if (unsent.messages || unsent.drafts) openPart(() => import("./account/leaving.js"), unsent);
  else signOut().catch(showFailure);
});

// Without this the browser would open a file that is dropped in place of the page.
for (const type of ["dragover", "drop"]) {
  addEventListener(type, (event) => {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    if (type === "drop" && me) takeFiles(event.dataTransfer.files);
  });
}
$("composer-text").addEventListener("paste", (event) => {
  const { files, types } = event.clipboardData;
  if (!files.length || types.includes("text/plain")) return;
  event.preventDefault();
  takeFiles(files);
});

// The browser takes the files away once the event is over.
function takeFiles(files) {
  const given = [...files];
  fetchDropped().then((part) => part.takeFiles(given)).catch(showFailure);
}

// The first visit has its parts before the browser keeps them.
addEventListener("load", () => import("./frame/installing.js").then(({ keepParts }) => keepParts()).catch(showFailure));

async function startConsole() {
  if (mayBeSignedIn()) {
    await enterConsole();
    return;
  }
  signInPage.show();
  await state.load(async () => {
    await loadConfig();
    if (!me) signInPage.learn(config);
  });
}

startConsole();
