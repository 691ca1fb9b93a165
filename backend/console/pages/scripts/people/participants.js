// participants.js -- a sheet with those who take part in a conversation of people: their roles, who comes and who goes.
import { get, getAll, patch, post, remove } from "../api.js";
import { bdi, debounce, drawItems, el, formatDay, neutralizeDirection } from "../dom.js";
import { FieldError } from "../forms.js";
import { actIn, makeCarefulButton, makeDangerZone, makeField, makeForm, makeList, makeSection, openSheet } from "../sheet.js";
import { subscribe } from "../stream.js";
import { getUser, listAccounts, mayManage } from "../team/accounts.js";
import { makeChoice, makeTags } from "./choosing.js";
import { getTitle, nameOf } from "./names.js";

const ROLES = ["member", "owner"];

let conversation = null;
let sheet = null;
let choice = null; // of those who may be added
let wasManaged = false;

const path = () => `/v1/conversations/${conversation.id}`;
const find = (id) => sheet.querySelector(`#${id}`);

export async function open(id) {
  conversation = await get(`/v1/conversations/${id}`);
  wasManaged = false;
  choice = makeChoice("addable", makeAddable);
  sheet = openSheet("participants", "", { leave: "Close who takes part" },
    makeForm("group-title", "Save", saveTitle,
      makeField("group-title-text", "title", "Title of the group", { value: conversation.title ?? "", dir: "auto", maxlength: "255" })),
    makeSection("people-part", "Who takes part", makeList("people")),
    makeSection("add-part", "Add somebody", el("p", { class: "muted small" }, "They read what is said from then on."), ...choice.parts),
    makeDangerZone("group-end", "title", {
      title: "Delete group",
      warning: "Deletes the group with all its messages for everybody, at once and for good.",
      label: "Type the title of the group to confirm",
      button: "Delete this group",
    }, deleteGroup));
  drawFrame(false);
  await sheet.pane.load(refresh);
}

async function saveTitle({ title }) {
  conversation = await patch(path(), { title: title.value.trim() });
  drawFrame(wasManaged);
  return "Saved.";
}

async function deleteGroup(title) {
  if (title !== conversation.title) throw new FieldError("title", "This is not the title of this group.");
  await remove(path());
  sheet.close();
}

function drawFrame(isManaged) {
  wasManaged = isManaged;
  find("participants-title").textContent = neutralizeDirection(getTitle(conversation));
  for (const part of ["group-title", "add-part", "group-end"]) find(part).hidden = !isManaged;
}

async function refresh() {
  const mine = sheet;
  try {
    const [now, people] = await Promise.all([get(path()), getAll(`${path()}/participants`)]);
    if (mine !== sheet || !mine.open) return;
    conversation = now;
    const role = people.find((one) => one.user_id === getUser().id)?.role;
    const account = listAccounts().find((one) => one.id === conversation.account_id);
    const isManaged = conversation.kind === "group" && (role === "owner" || (account !== undefined && mayManage(account)));
    drawFrame(isManaged);
    drawItems(find("people"), people.map((person) => ({ ...person, id: person.user_id, isManaged })), makePerson);
    if (isManaged) await showAddable(mine, people);
  } catch (error) {
    if (error.status === 404) mine.close(); // the user takes part no more
    else throw error;
  }
}

async function showAddable(mine, people) {
  const members = await getAll(`/v1/accounts/${conversation.account_id}/members`);
  if (mine !== sheet) return;
  const there = new Set(people.map((person) => person.user_id));
  choice.draw(members.filter((member) => !there.has(member.user_id)));
}

function makePerson(person) {
  const isMe = person.id === getUser().id;
  const name = nameOf(person);
  const where = `${path()}/participants/${person.id}`;
  const role = el("select", { "aria-label": `Role of ${name}`, onchange: (event) => act(() => patch(where, { role: event.target.value }), "Changed") },
    ...ROLES.map((one) => el("option", { value: one, selected: one === person.role }, one)));
  const isGroup = conversation.kind === "group";
  return el("li", {},
    el("div", {},
      el("p", {}, bdi(name), ...makeTags(person, isMe)),
      el("p", { class: "muted small" }, `since ${formatDay(person.joined_at).toLowerCase()}`)),
    isGroup && el("span", { class: "row-end" },
      person.isManaged ? role : el("span", { class: "muted small" }, person.role),
      isMe ? makeCarefulButton("Leave", "Leave this group", () => act(() => remove(where), "You have left"))
        : person.isManaged && makeCarefulButton("Remove", `Remove ${name}`, () => act(() => remove(where), "Removed"))));
}

const makeAddable = (member) =>
  el("li", {}, el("p", {}, bdi(nameOf(member)), ...makeTags(member)),
    el("button", { type: "button", class: "plain", "aria-label": `Add ${nameOf(member)}`, onclick: () => act(() => post(`${path()}/participants`, { user_id: member.id }), "Added") }, "Add"));

const act = (work, said) => actIn(sheet, work, said, () => sheet.pane.load(refresh));

const refreshSoon = debounce(100, () => sheet?.open && sheet.pane.load(refresh));
const refreshIfHere = ({ conversation_id: id }) => sheet?.open && id === conversation.id && refreshSoon();
subscribe("participant.added participant.updated participant.removed", refreshIfHere);
subscribe("conversation.deleted", ({ conversation_id: id }) => sheet?.open && id === conversation.id && sheet.close());
subscribe("conversation.updated", ({ conversation: { id } }) => refreshIfHere({ conversation_id: id }));
subscribe("member.added member.updated member.removed", () => sheet?.open && refreshSoon());
