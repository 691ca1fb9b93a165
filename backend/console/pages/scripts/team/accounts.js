// accounts.js -- the accounts of the user: which one is chosen, which agents it has, and which of these is chosen.
import { get, getAll } from "../api.js";
import { $, announce, debounce, el, neutralizeDirection, showFailure } from "../dom.js";
import { openPart } from "../later.js";
import * as storage from "../storage.js";
import { subscribe } from "../stream.js";

const BUILT_IN = "00000000-0000-4000-8000-000000000001";

let me = null;
let accounts = [];
let here = null; // the chosen account
let agents = []; // of the chosen account, the built-in one first
let begins = false; // whether the open conversation has not begun
let notifyChosen = () => {};
let notifyListed = () => {};

export const onChosen = (work) => (notifyChosen = work);
export const onListed = (work) => (notifyListed = work);
export const getUser = () => me;
export const getHere = () => here;
export const listAccounts = () => accounts;
export const isBuiltIn = (id) => id === BUILT_IN;
export const mayManage = (account) => account.role === "owner" || account.role === "admin";

// What the list of conversations is limited to: an account where there are several, an agent if one is chosen.
export const getFilter = () => ({
  account_id: accounts.length > 1 || $("agent-filter").value ? here?.id : undefined,
  agent_id: $("agent-filter").value || undefined,
});

// Where the next conversation begins: nothing has to be said of home and the built-in agent.
export function getPlace() {
  const agent = $("agent-choice").value;
  if (agents.length > 1 && agent && !isBuiltIn(agent)) return { agent_id: agent };
  return here && here.id !== me.id ? { account_id: here.id } : {};
}

const storageName = () => `parley.account.${me.id}`;

export const setUser = (user) => (me = user);

export async function load() {
  accounts = await getAll("/v1/accounts");
  const chosen = here?.id ?? storage.read(storageName());
  here = accounts.find((account) => account.id === chosen) ?? accounts[0];
  await loadAgents();
  draw();
}

async function loadAgents() {
  const mine = here;
  const { data } = await get(`/v1/accounts/${mine.id}/agents`);
  if (here?.id !== mine.id) return;
  agents = data;
  const before = $("agent-choice").value;
  $("agent-choice").replaceChildren(...agents.map((agent) => el("option", { value: agent.id }, agent.name)));
  if (agents.some((agent) => agent.id === before)) $("agent-choice").value = before;
  const shown = $("agent-filter").value;
  $("agent-filter").replaceChildren(el("option", { value: "" }, "All agents"), ...agents.map((agent) => el("option", { value: agent.id }, agent.name)));
  $("agent-filter").value = agents.some((agent) => agent.id === shown) ? shown : "";
  $("agent-filter-box").hidden = agents.length < 2;
}

// The agent of a conversation, also of an account that is not chosen; null for the built-in one, and among people.
export async function findAgent({ account_id: accountId, agent_id: id }) {
  if (!id || isBuiltIn(id)) return null;
  return agents.find((agent) => agent.id === id) ?? get(`/v1/accounts/${accountId}/agents/${id}`);
}

// The choice of an agent stands in a conversation that has not begun, where there is something to choose.
export function showChoice(isNew) {
  begins = isNew;
  $("agent-pick").hidden = !begins || agents.length < 2;
}

export async function choose(account) {
  here = account;
  storage.keep(storageName(), account.id);
  await loadAgents();
  if (here.id !== account.id) return; // another one was chosen meanwhile
  draw();
  announce(`In ${account.name}`);
  await notifyChosen();
}

// Chooses an account that the user has come into just now.
export async function enter(account) {
  await load();
  await choose(accounts.find((one) => one.id === account.id));
}

function draw() {
  showChoice(begins);
  $("account-here").textContent = neutralizeDirection(here.kind === "personal" ? "Personal" : here.name);
  $("new-people").disabled = false; // whom one may write to depends on the account
  notifyListed();
}

// Marks the switch while messages of people wait in accounts (their ids) that are not chosen.
export function showUnreadElsewhere(ids) {
  $("accounts-unread").hidden = ![...ids].some((id) => id !== here?.id);
}

$("open-accounts").addEventListener("click", () => openPart(() => import("./account_list.js")));
// A new conversation is with the agent whose conversations are looked at.
$("agent-filter").addEventListener("change", () => {
  if ($("agent-filter").value) $("agent-choice").value = $("agent-filter").value;
  notifyChosen().catch(showFailure);
});

const refresh = debounce(100, async () => {
  if (!me) return;
  const before = here?.id;
  try {
    await load();
    if (here.id !== before) await notifyChosen();
  } catch (error) {
    if (error.status !== 401) showFailure(error);
  }
});
subscribe("account.updated account.deleted member.added member.updated member.removed agent.created agent.updated agent.deleted", refresh);

export function reset() {
  me = here = null;
  accounts = agents = [];
  $("new-people").disabled = true;
}
