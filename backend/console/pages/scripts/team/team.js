// team.js -- one account: its name, members, invitations and agents, and its deletion.
import { get, getAll, patch, post, remove } from "../api.js";
import { $, announce, bdi, clearErrors, debounce, el, formatDay, makeCarefulButton, neutralizeDirection, setUpDialog, showErrors, showFailure } from "../dom.js";
import { subscribe } from "../stream.js";
import { isBuiltIn, mayManage } from "./accounts.js";
import * as agentSheet from "./agents.js";

const RANKS = ["member", "admin", "owner"];
const sheet = setUpDialog("team");

let me = null;
let account = null;

const path = () => `/v1/accounts/${account.id}`;
// What the user may give to others, or take from them.
const mayTouch = (...roles) => mayManage(account) && roles.every((role) => role === "agent" || RANKS.indexOf(role) <= RANKS.indexOf(account.role));

export async function open(user, chosen) {
  [me, account] = [user, chosen];
  for (const form of sheet.querySelectorAll("form")) (form.reset(), clearErrors(form));
  for (const list of ["agents", "members", "invitations"]) $(list).replaceChildren();
  $("team-name").elements.name.value = account.name;
  drawFrame();
  sheet.showModal();
  await refresh();
}

export const close = () => sheet.open && sheet.close();

function drawFrame() {
  const isTeam = account.kind === "team";
  $("team-title").textContent = neutralizeDirection(isTeam ? account.name : "Personal");
  $("team-name").hidden = !mayManage(account);
  $("members-part").hidden = !isTeam;
  $("invitations-part").hidden = !isTeam || !mayManage(account);
  $("team-end").hidden = !isTeam || account.role !== "owner";
  $("agent-new").hidden = !mayManage(account);
  const roles = RANKS.filter((role) => mayTouch(role));
  const choice = $("invite").elements.role;
  if (choice.options.length !== roles.length) choice.replaceChildren(...roles.map((role) => el("option", { value: role }, role)));
}

async function refresh() {
  const mine = account;
  try {
    const [now, agents, members, invitations] = await Promise.all([
      get(path()),
      get(`${path()}/agents`),
      account.kind === "team" ? getAll(`${path()}/members`) : [],
      account.kind === "team" && mayManage(account) ? getAll(`${path()}/invitations`) : [],
    ]);
    if (mine.id !== account.id) return;
    account = now;
    drawFrame();
    drawAgents(agents.data);
    drawMembers(members);
    drawInvitations(invitations);
  } catch (error) {
    if (error.status === 404 || error.status === 403) close(); // one is no member, or manager, any more
    else showFailure(error);
  }
}

function drawAgents(agents) {
  $("agents").replaceChildren(
    ...agents.map((agent) =>
      el("li", {},
        el("div", {},
          el("p", {}, bdi(agent.name), agent.kind === "external" && el("span", { class: "tag" }, "external")),
          agent.description && el("p", { class: "muted small", dir: "auto" }, agent.description)),
        mayManage(account) && !isBuiltIn(agent.id) &&
          el("button", { type: "button", class: "plain", "aria-label": `Edit ${agent.name}`, onclick: () => agentSheet.open(account, agent).catch(showFailure) }, "Edit"))),
  );
}

function drawMembers(members) {
  $("members").replaceChildren(...members.filter((member) => member.kind === "person").map(makeMember));
}

function makeMember(member) {
  const name = member.name || "Somebody without a name";
  const isMe = member.user_id === me.id;
  const where = `${path()}/members/${member.user_id}`;
  const choice = el("select", { "aria-label": `Role of ${name}`, onchange: (event) => act(() => patch(where, { role: event.target.value }), "Changed") },
    ...RANKS.filter((role) => mayTouch(role)).map((role) => el("option", { value: role, selected: role === member.role }, role)));
  return el("li", {},
    el("p", {}, bdi(name), isMe && el("span", { class: "tag" }, "you")),
    el("span", { class: "row-end" },
      mayTouch(member.role) ? choice : el("span", { class: "muted small" }, member.role),
      isMe ? makeCarefulButton("Leave", "Leave this team", () => act(() => remove(where), "You have left"))
        : mayTouch(member.role) && makeCarefulButton("Remove", `Remove ${name}`, () => act(() => remove(where), "Removed"))));
}

function drawInvitations(invitations) {
  $("invitations").replaceChildren(
    ...invitations.map((invitation) =>
      el("li", {},
        el("div", {},
          el("p", {}, bdi(invitation.email), el("span", { class: "tag" }, invitation.role)),
          el("p", { class: "muted small" }, `until ${formatDay(invitation.expires_at)}`)),
        mayTouch(invitation.role) &&
          makeCarefulButton("Revoke", `Revoke the invitation of ${invitation.email}`, () => act(() => remove(`${path()}/invitations/${invitation.id}`), "Revoked")))),
  );
}

async function act(work, said) {
  try {
    await work();
    announce(said);
  } catch (error) {
    showFailure(error);
  }
  if (sheet.open) await refresh();
}

function saveOnSubmit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const button = form.querySelector("button.primary, button.danger");
    button.disabled = true;
    try {
      await work(form.elements);
    } catch (error) {
      if (showErrors(form, error)) showFailure(error);
    } finally {
      button.disabled = false;
    }
  });
}

saveOnSubmit($("team-name"), async (fields) => {
  account = await patch(path(), { name: fields.name.value.trim() });
  drawFrame();
  announce("Saved");
});
saveOnSubmit($("invite"), async (fields) => {
  const made = await post(`${path()}/invitations`, { email: fields.email.value.trim(), role: fields.role.value });
  $("invited").replaceChildren(
    el("p", {}, "Give this to ", bdi(made.email), ". It is shown only now, good once, and for a week."),
    agentSheet.makeSecret("Invitation", made.token));
  fields.email.value = "";
  await refresh();
});
saveOnSubmit($("team-end"), async (fields) => {
  if (fields.name.value.trim() !== account.name) {
    throw Object.assign(new Error("This is not the name of this team."), { field: "name" });
  }
  await remove(path());
  close();
});
$("agent-new").addEventListener("click", () => agentSheet.open(account, null).catch(showFailure));
// What was shown once is not there any more when the sheet is opened again.
sheet.addEventListener("close", () => $("invited").replaceChildren());

subscribe("account.updated account.deleted member.added member.updated member.removed agent.created agent.updated agent.deleted", debounce(100, () => sheet.open && refresh()));
