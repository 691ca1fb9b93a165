// accounts.js -- the accounts of the user: which one is chosen, a new team, and joining one by an invitation.
import { get, getAll, post } from "../api.js";
import { $, announce, bdi, clearErrors, debounce, el, neutralizeDirection, setUpDialog, showErrors, showFailure } from "../dom.js";
import { subscribe } from "../stream.js";

const BUILT_IN = "00000000-0000-4000-8000-000000000001";
const ROLES = { owner: "owner", admin: "admin", member: "member" };
const sheet = setUpDialog("accounts");

let me = null;
let accounts = [];
let here = null; // the chosen account
let agents = []; // of the chosen account, the built-in one first
let begins = false; // whether the open conversation has not begun
let notifyChosen = () => {};
let notifyManage = () => {};

export const onChosen = (work) => (notifyChosen = work);
export const onManage = (work) => (notifyManage = work);
export const getHere = () => here;
export const listAgents = () => agents;
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

export async function load(user) {
  me = user;
  accounts = await getAll("/v1/accounts");
  const chosen = here?.id ?? localStorage.getItem(storageName());
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

// The name of an agent, also of an account that is not chosen; nothing for the built-in one.
export async function findAgentName({ account_id: accountId, agent_id: id }) {
  if (isBuiltIn(id)) return "";
  const known = agents.find((agent) => agent.id === id);
  return (known ?? (await get(`/v1/accounts/${accountId}/agents/${id}`))).name;
}

// The choice of an agent stands in a conversation that has not begun, where there is something to choose.
export function showChoice(isNew) {
  begins = isNew;
  $("agent-pick").hidden = !begins || agents.length < 2;
}

async function choose(account) {
  here = account;
  localStorage.setItem(storageName(), account.id);
  await loadAgents();
  if (here.id !== account.id) return; // another one was chosen meanwhile
  draw();
  announce(`In ${account.name}`);
  await notifyChosen();
}

function draw() {
  showChoice(begins);
  $("account-here").textContent = neutralizeDirection(here.kind === "personal" ? "Personal" : here.name);
  $("accounts-list").replaceChildren(
    ...accounts.map((account) =>
      el("li", {},
        el("button", {
          type: "button", class: "choice", "aria-pressed": String(account.id === here.id),
          onclick: () => choose(account).then(() => sheet.close(), showFailure),
        }, bdi(account.name), el("span", { class: "tag" }, account.kind === "personal" ? "personal" : ROLES[account.role])),
        el("button", {
          type: "button", class: "plain", "aria-label": `Members and agents of ${account.name}`,
          onclick: () => (sheet.close(), notifyManage(account)),
        }, "Open"))),
  );
}

export function open() {
  for (const form of sheet.querySelectorAll("form")) (form.reset(), clearErrors(form));
  sheet.showModal();
}

export const close = () => sheet.open && sheet.close();

function submit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const button = form.querySelector("button.primary");
    button.disabled = true;
    try {
      const account = await work(form.elements);
      await load(me);
      await choose(accounts.find((one) => one.id === account.id));
      sheet.close();
    } catch (error) {
      const rest = showErrors(form, error.status === 404 ? { message: "This invitation does not count for you: it is used, older than a week, or for another email.", field: "token" } : error);
      if (rest) showFailure(error);
    } finally {
      button.disabled = false;
    }
  });
}

submit($("team-new"), (fields) => post("/v1/accounts", { name: fields.name.value.trim() }));
submit($("team-join"), (fields) => post("/v1/invitations/accept", { token: fields.token.value.trim() }));
$("open-accounts").addEventListener("click", open);
// A new conversation is with the agent whose conversations are looked at.
$("agent-filter").addEventListener("change", () => {
  if ($("agent-filter").value) $("agent-choice").value = $("agent-filter").value;
  notifyChosen().catch(showFailure);
});

const refresh = debounce(100, async () => {
  if (!me) return;
  const before = here?.id;
  try {
    await load(me);
    if (here.id !== before) await notifyChosen();
  } catch (error) {
    if (error.status !== 401) showFailure(error);
  }
});
subscribe("account.updated account.deleted member.added member.updated member.removed agent.created agent.updated agent.deleted", refresh);

export function reset() {
  me = here = null;
  accounts = agents = [];
}
