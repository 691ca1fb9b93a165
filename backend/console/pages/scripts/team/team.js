// team.js -- one account in a sheet: its name, members, invitations and agents, and its deletion.
import { get, getAll, getList, patch, post, remove } from "../api.js";
import { bdi, debounce, drawItems, el, formatDay, neutralizeDirection } from "../dom.js";
import { FieldError } from "../forms.js";
import { openPart } from "../later.js";
import { actIn, makeCarefulButton, makeDangerZone, makeField, makeForm, makeList, makeSecret, makeSection, openSheet } from "../sheet.js";
import { subscribe } from "../stream.js";
import { isBuiltIn, mayManage } from "./accounts.js";

const RANKS = ["member", "admin", "owner"];

let me = null;
let account = null;
let sheet = null;

const path = () => `/v1/accounts/${account.id}`;
const find = (id) => sheet.querySelector(`#${id}`);
// What the user may give to others, or take from them.
const mayTouch = (role) => mayManage(account) && RANKS.indexOf(role) <= RANKS.indexOf(account.role);

export async function open(user, chosen) {
  [me, account] = [user, chosen];
  const newAgent = el("button", { type: "button", class: "plain", id: "agent-new", onclick: () => openAgent(null) }, "New agent");
  sheet = openSheet("team", "", { leave: "Close this account" },
    makeNameForm(),
    makeSection("agents-part", "Agents", makeList("agents"), el("div", { class: "row" }, newAgent)),
    makeSection("members-part", "Members", makeList("members")),
    makeSection("invitations-part", "Invitations", makeList("invitations"), makeInviteForm(), el("div", { id: "invited", role: "status" })),
    makeDangerZone("team-end", "name", {
      title: "Delete team",
      warning: "Deletes the team with its agents and all conversations in it, at once and for good.",
      label: "Type the name of the team to confirm",
      button: "Delete this team",
    }, deleteTeam));
  drawFrame();
  await sheet.pane.load(refresh);
}

const makeNameForm = () =>
  makeForm("team-name", "Save", async ({ name }) => {
    account = await patch(path(), { name: name.value.trim() });
    drawFrame();
    return "Saved.";
  }, makeField("team-name-name", "name", "Name of this account", { value: account.name, dir: "auto", maxlength: "100" }));

const makeInviteForm = () =>
  makeForm("invite", "Invite", async ({ email, role }) => {
    const made = await post(`${path()}/invitations`, { email: email.value.trim(), role: role.value });
    find("invited").replaceChildren(
      el("p", {}, "Give this to ", bdi(made.email), ". It is shown only now, good once, and for a week."),
      makeSecret("Invitation", made.token));
    email.value = "";
    await refresh();
  },
  makeField("invite-email", "email", "Whom, by email", { type: "email" }),
  makeField("invite-role", "role", "Role", {}, "select"));

async function deleteTeam(name) {
  if (name !== account.name) throw new FieldError("name", "This is not the name of this team.");
  await remove(path());
  sheet.close();
}

function drawFrame() {
  const isTeam = account.kind === "team";
  find("team-title").textContent = neutralizeDirection(isTeam ? account.name : "Personal");
  find("team-name").hidden = !mayManage(account);
  find("members-part").hidden = !isTeam;
  find("invitations-part").hidden = !isTeam || !mayManage(account);
  find("team-end").hidden = !isTeam || account.role !== "owner";
  find("agent-new").hidden = !mayManage(account);
  const roles = RANKS.filter(mayTouch);
  const choice = find("invite-role");
  if (choice.options.length !== roles.length) choice.replaceChildren(...roles.map((role) => el("option", { value: role }, role)));
}

async function refresh() {
  const mine = sheet;
  const isTeam = account.kind === "team";
  try {
    const [now, agents, members, invitations] = await Promise.all([
      get(path()),
      getList(`${path()}/agents`),
      isTeam ? getAll(`${path()}/members`) : [],
      isTeam && mayManage(account) ? getAll(`${path()}/invitations`) : [],
    ]);
    if (mine !== sheet) return; // another account is open now
    account = now;
    drawFrame();
    const { role } = account; // what an item offers depends on it
    drawItems(find("agents"), agents.map((agent) => ({ ...agent, by: role })), makeAgent);
    const people = members.filter((member) => member.kind === "person");
    drawItems(find("members"), people.map((member) => ({ ...member, id: member.user_id, by: role })), makeMember);
    drawItems(find("invitations"), invitations.map((invitation) => ({ ...invitation, by: role })), makeInvitation);
  } catch (error) {
    if (error.status === 404 || error.status === 403) mine.close(); // one is no member, or manager, any more
    else throw error;
  }
}

const openAgent = (agent) => openPart(() => import("./agents.js"), account, agent);

function makeAgent(agent) {
  return el("li", {},
    el("div", {},
      el("p", {}, bdi(agent.name), agent.kind === "external" && el("span", { class: "tag" }, "external")),
      agent.description && el("p", { class: "muted small", dir: "auto" }, agent.description)),
    mayManage(account) && !isBuiltIn(agent.id) &&
      el("button", { type: "button", class: "plain", "aria-label": `Edit ${agent.name}`, onclick: () => openAgent(agent) }, "Edit"));
}

function makeMember(member) {
  const name = member.name || "Somebody without a name";
  const isMe = member.id === me.id;
  const where = `${path()}/members/${member.id}`;
  const choice = el("select", { "aria-label": `Role of ${name}`, onchange: (event) => act(() => patch(where, { role: event.target.value }), "Changed") },
    ...RANKS.filter(mayTouch).map((role) => el("option", { value: role, selected: role === member.role }, role)));
  return el("li", {},
    el("p", {}, bdi(name), isMe && el("span", { class: "tag" }, "you")),
    el("span", { class: "row-end" },
      mayTouch(member.role) ? choice : el("span", { class: "muted small" }, member.role),
      isMe ? makeCarefulButton("Leave", "Leave this team", () => act(() => remove(where), "You have left"))
        : mayTouch(member.role) && makeCarefulButton("Remove", `Remove ${name}`, () => act(() => remove(where), "Removed"))));
}

function makeInvitation(invitation) {
  return el("li", {},
    el("div", {},
      el("p", {}, bdi(invitation.email), el("span", { class: "tag" }, invitation.role)),
      el("p", { class: "muted small" }, `until ${formatDay(invitation.expires_at)}`)),
    mayTouch(invitation.role) &&
      makeCarefulButton("Revoke", `Revoke the invitation of ${invitation.email}`, () => act(() => remove(`${path()}/invitations/${invitation.id}`), "Revoked")));
}

const act = (work, said) => actIn(sheet, work, said, () => sheet.pane.load(refresh));

subscribe("account.updated account.deleted member.added member.updated member.removed agent.created agent.updated agent.deleted", debounce(100, () => sheet?.open && sheet.pane.load(refresh)));
