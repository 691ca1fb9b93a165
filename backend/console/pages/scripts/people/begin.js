// begin.js -- a sheet in which a conversation with people begins: a direct one with somebody, or a group.
import { goTo } from "../address.js";
import { getAll, post } from "../api.js";
import { focusUnlessTouch } from "../chat/composer.js";
import { announce, bdi, el, showFailure } from "../dom.js";
import { FieldError } from "../forms.js";
import { makeField, makeForm, openSheet } from "../sheet.js";
import { getHere, getUser } from "../team/accounts.js";
import { makeChoice, makeTags } from "./choosing.js";
import { nameOf } from "./names.js";

const KINDS = [["direct", "One person"], ["group", "A group"]];

let sheet = null;
let account = null;
let members = [];
let choice = null;
let chosen = new Set(); // ids of those who will be in the group

export async function open() {
  account = getHere();
  chosen = new Set();
  choice = makeChoice("begin-list", makeRow);
  const kind = el("fieldset", { class: "field choices side-by-side" }, el("legend", {}, "With whom"),
    ...KINDS.map(([value, words]) => el("label", {}, el("input", { type: "radio", name: "kind", value, checked: value === "direct", onchange: draw }), el("span", {}, words))));
  const title = el("div", { id: "begin-name", hidden: true },
    makeField("begin-name-text", "title", "Title of the group", { dir: "auto", maxlength: "255" }));
  const form = makeForm("begin-form", "Make the group", makeGroup, kind, title, ...choice.parts);
  sheet = openSheet("begin", "Write to people", { leave: "Close" },
    el("p", { class: "muted" }, "Members of ", bdi(account.kind === "personal" ? "your personal account" : account.name), ". In a team, which you make or join under Account, you meet others."),
    form);
  sheet.querySelector("#begin-form button.primary").closest(".row").id = "begin-end";
  draw();
  await sheet.pane.load(loadMembers);
}

async function loadMembers() {
  const mine = sheet;
  const found = await getAll(`/v1/accounts/${account.id}/members`);
  if (mine !== sheet) return;
  members = found.filter((member) => member.user_id !== getUser().id);
  draw();
}

const isGroup = () => sheet.querySelector("[name=kind]:checked").value === "group";

function draw() {
  sheet.querySelector("#begin-name").hidden = sheet.querySelector("#begin-end").hidden = !isGroup();
  choice.draw(members, { isGroup: isGroup() });
}

function makeRow(member) {
  const words = [bdi(nameOf(member)), ...makeTags(member)];
  if (!member.isGroup) return el("li", {}, el("button", { type: "button", class: "choice", onclick: () => begin({ kind: "direct" }, [member.id]).catch(showFailure) }, ...words));
  const check = el("input", { type: "checkbox", checked: chosen.has(member.id), onchange: () => (check.checked ? chosen.add(member.id) : chosen.delete(member.id)) });
  return el("li", { class: "choices" }, el("label", {}, check, el("span", {}, ...words)));
}

async function makeGroup({ title }) {
  if (!isGroup()) return; // Enter in the field that finds somebody
  if (!title.value.trim()) throw new FieldError("title", "A group has a title.");
  await begin({ kind: "group", title: title.value.trim() }, [...chosen]);
}

async function begin(what, ids) {
  const conversation = await post("/v1/conversations", { ...what, account_id: account.id, participant_ids: ids });
  sheet.close();
  goTo(conversation.id);
  focusUnlessTouch(); // also where it was open already
  announce(what.kind === "group" ? "The group is made" : "Write your message");
}
