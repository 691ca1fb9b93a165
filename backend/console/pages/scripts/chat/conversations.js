// conversations.js -- the list of conversations: newest first; search, and what comes live.
import { get } from "../api.js";
import { $, bdi, debounce, drawItems, isComposing, showFailure, showToast } from "../dom.js";
import { makeConversation } from "./conversation_items.js";
import { fetchConversationChanges, fetchSearch } from "../later.js";
import { Pane } from "../pane.js";
import { getTitle } from "../people/names.js";
import { forgetUnseen, isUnseen, onUnseen, showNumber } from "../news/unseen.js";
import { forgetWorking, getStatus, loadWorking, onWork } from "../news/working.js";
import * as unread from "../people/unread.js";
import { keepOneStop } from "../roving.js";
import { subscribe } from "../stream.js";
import { getFilter, getUser, listAccounts, load as loadAccounts, showUnreadElsewhere } from "../team/accounts.js";
import { listEntries, onWaiting } from "../unsent/outbox.js";

const TITLE_LENGTH = 80;
const UNSENT = { kind: "unsent", words: ", has a message that is not sent" };

const list = $("conversations");
const known = new Map();
const leaving = new Set(); // ids of those that are being deleted
let found = null; // ids of a search, or null
let cursor = null;
let selected = null;
let notifyGone = () => {};
let notifyChanged = () => {};

export { getTitle };
export const getConversation = (id) => known.get(id);
export const onGone = (work) => (notifyGone = work);
// A conversation is known now, has another title, or others take part in it.
export const onChanged = (work) => (notifyChanged = work);

const isShared = (conversation) => conversation.kind === "direct" || conversation.kind === "group";

const pane = new Pane("Your conversations", $("conversations-none"));

// With the accounts, where these may have changed, or could not be read so far.
export const load = (isAnew = false) => pane.load(() => loadList(isAnew));

// What people write in another account than the chosen one is not listed, but the user hears of it.
async function loadList(isAnew) {
  if (isAnew || !listAccounts().length) await loadAccounts();
  const isOne = listAccounts().length < 2;
  const [page, all] = await Promise.all([get("/v1/conversations", { limit: 50, ...getFilter() }), isOne ? null : get("/v1/conversations"), loadWorking()]);
  known.clear();
  departed.clear();
  for (const item of [...(all?.data ?? []).filter(isShared), ...page.data]) keepWhole(item);
  cursor = page.next_cursor;
  drawList();
}

// A conversation as the API shows it to this user.
function keepWhole(conversation) {
  known.set(conversation.id, conversation);
  if (isShared(conversation)) unread.setCount(conversation);
  notifyChanged(conversation);
}

async function loadMore() {
  if (!cursor || found) return;
  const from = cursor;
  cursor = null;
  const page = await get("/v1/conversations", { limit: 50, cursor: from, ...getFilter() });
  for (const item of page.data) if (!known.has(item.id)) keepWhole(item);
  cursor = page.next_cursor;
  drawList();
}

// Fetches a conversation that is on no page loaded so far.
export async function loadConversation(id) {
  if (!known.has(id)) await reload(id);
  return known.get(id);
}

// Those in which the user takes part no more. Who may manage a group can still read it, and what was asked for before
// must not bring it back.
const departed = new Set();

async function reload(id) {
  const conversation = await get(`/v1/conversations/${id}`);
  if (departed.has(id)) return;
  keepWhole(conversation);
  drawList();
}

const stale = new Set();
// Reads again what only the API knows: who takes part, and how much is unread behind a mark in the middle.
const reloadSoon = (id) => {
  stale.add(id);
  reloadStale();
};
const reloadStale = debounce(150, () => {
  const ids = [...stale];
  stale.clear();
  for (const id of ids) reload(id).catch((error) => (error.status === 404 ? forget(id) : showFailure(error)));
});

function forget(id) {
  known.delete(id);
  forgetUnseen(id);
  unread.forgetCount(id);
  drawList();
  if (selected === id) notifyGone(id);
}

export function select(id) {
  selected = id;
  for (const item of list.children) markSelected(item);
}

function markSelected(item) {
  const link = item.querySelector("a");
  if (item.dataset.id === selected) link?.setAttribute("aria-current", "page");
  else link?.removeAttribute("aria-current");
}

function listVisible() {
  const { account_id: account, agent_id: agent } = getFilter();
  const isHere = (item) => (!account || item.account_id === account) && (!agent || item.agent_id === agent);
  const shown = [...known.values()].filter((item) => !leaving.has(item.id) && (!found || found.has(item.id)) && isHere(item));
  return shown.sort((a, b) => (a.updated_at < b.updated_at ? 1 : -1));
}

function drawList() {
  const shown = listVisible();
  const waiting = listEntries().filter((entry) => entry.why); // what is on its way for the first time needs no mark
  const places = new Set(waiting.map((entry) => entry.to));
  const unbegun = [...places].filter((to) => to.startsWith("new/")).map((to) => describeUnbegun(waiting.find((entry) => entry.to === to)));
  drawItems(list, [...unbegun, ...shown.map((row) => describeRow(row, places.has(row.id)))], makeItem);
  showUnread();
  pane.showEmpty(shown.length + unbegun.length ? "" : found ? "No conversation has such a title." : "Your conversations will stand here.");
}

// What an item shows, and nothing else: it is made anew when one of these has changed.
function describeRow(conversation, isWaiting) {
  const { id, kind = "assistant", title, updated_at } = conversation;
  return { id, kind, title, updated_at, shown: getTitle(conversation), status: isWaiting ? UNSENT : getStatus(id), isNew: isUnseen(id), ...unread.getCount(id) };
}

// A conversation of which the server does not know: its first message waits.
const describeUnbegun = ({ to, content }) => ({ id: to, kind: "assistant", shown: content.slice(0, TITLE_LENGTH), status: UNSENT, isUnbegun: true });

function makeItem(row) {
  const item = makeConversation(row, rename, deleteConversation);
  markSelected(item);
  return item;
}

// What changes them is fetched with the first change.
async function useChanges(work) {
  try {
    await work(await fetchConversationChanges());
  } catch (error) {
    showFailure(error);
  }
}

const rename = (item, row) => useChanges((part) => part.rename(item, row, getSide()));
const deleteConversation = (row) => useChanges((part) => part.deleteConversation(row, getSide()));
const getSide = () => ({ list, known, leaving, selected, drawList, findItem, notifyGone, applyChange, loadConversation });

// How many conversations are unread stands in the title of the page, and of other accounts at their switch.
function showUnread() {
  const waiting = [...known.values()].filter(({ id }) => isUnseen(id) || unread.getCount(id).unread > 0);
  showNumber(waiting.length);
  showUnreadElsewhere(new Set(waiting.map((conversation) => conversation.account_id)));
}

const findItem = (id) => [...list.children].find((item) => item.dataset.id === id);

// Live

function applyChange(conversation) {
  const before = known.get(conversation.id);
  if (before && before.updated_at > conversation.updated_at) return;
  const now = { ...before, ...conversation }; // events leave out what differs from reader to reader
  known.set(conversation.id, now);
  if (found) searchConversations();
  drawList();
  if (getTitle(before) !== getTitle(now)) notifyChanged(now);
}

function forgetAccount(accountId) {
  for (const { id, account_id: account } of [...known.values()]) if (account === accountId) forget(id);
}

// Whoever is added again is told of it as of a new one.
subscribe("conversation.created", ({ conversation }) => departed.delete(conversation.id));
subscribe("conversation.created conversation.updated", ({ conversation }) => {
  if (isShared(conversation) && !known.get(conversation.id)?.participants) reloadSoon(conversation.id);
  else applyChange(conversation);
});
subscribe("conversation.deleted", ({ conversation_id: id }) => forget(id));
subscribe("participant.added participant.updated", ({ conversation_id: id }) => reloadSoon(id));
subscribe("participant.removed", ({ conversation_id: id, user_id: userId }) => {
  if (userId !== getUser()?.id) reloadSoon(id);
  else forgetDeparted(id);
});
subscribe("member.removed account.deleted", ({ account_id: accountId, user_id: userId }) => {
  if (!userId || userId === getUser()?.id) forgetAccount(accountId);
});
subscribe("message.created", ({ message }) => {
  const id = message.conversation_id;
  const before = known.get(id);
  if (!before) {
    reloadSoon(id);
    return;
  }
  const isMine = message.sender.id === getUser()?.id;
  if (isShared(before)) unread.addMessage(message, isMine);
  if (before.updated_at < message.created_at) applyChange({ ...before, updated_at: message.created_at });
  // Whom it mentions, the API says.
  if (isShared(before) && !isMine && message.content.includes("@")) reloadSoon(id);
  drawList();
});
subscribe("participant.read", ({ conversation_id: id, user_id: userId, message_id: messageId }) => {
  if (userId !== getUser()?.id) return;
  if (!unread.markRead(id, messageId)) reloadSoon(id);
  drawList();
});

// The user has read up to a message on this page; `left` is { unread, mentioned, last } of those that follow.
export function setRead(id, messageId, left) {
  unread.setRead(id, messageId, left);
  drawList();
}

function forgetDeparted(id) {
  departed.add(id);
  if (!known.has(id)) return;
  showToast(["You do not take part in “", bdi(getTitle(known.get(id))), "” any more."]);
  forget(id);
}
onWork(drawList);
onUnseen(() => getUser() && drawList());
onWaiting(() => getUser() && drawList());

// Search

async function searchConversations() {
  const q = $("search").value.trim();
  if (!q) {
    found = null;
    drawList();
    return;
  }
  try {
    const page = await get("/v1/conversations", { q, limit: 100, ...getFilter() });
    if (q !== $("search").value.trim()) return;
    for (const item of page.data) if (!known.has(item.id)) keepWhole(item);
    found = new Set(page.data.map((item) => item.id));
    drawList();
  } catch (error) {
    showFailure(error);
  }
}

// Titles here, and below them what was said.
const searchAll = () => Promise.all([searchConversations(), fetchSearch().then(({ search }) => search($("search").value.trim()))]);
$("search").addEventListener("input", debounce(150, () => searchAll().catch(showFailure)));
$("search").addEventListener("keydown", (event) => {
  if ((event.key !== "Enter" && event.key !== "ArrowDown") || isComposing(event)) return;
  event.preventDefault();
  searchAll().then(() => document.querySelector("#conversations a, #hit-list :is(a, button)")?.focus(), showFailure);
});
keepOneStop(list, "li");
list.addEventListener("scroll", () => {
  if (list.scrollHeight - list.scrollTop - list.clientHeight < 300) loadMore().catch(showFailure);
}, { passive: true });

export function reset() {
  for (const kept of [known, leaving, stale]) kept.clear();
  forgetWorking();
  unread.reset();
  pane.clear();
  found = cursor = selected = null;
  $("search").value = "";
  $("hits").hidden = true;
  $("hits").replaceChildren();
  list.replaceChildren();
}
