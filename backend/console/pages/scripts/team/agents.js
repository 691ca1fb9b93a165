// agents.js -- an agent of an account in a sheet: what it is called and told, and its keys.
import { get, getList, patch, post, remove } from "../api.js";
import { sendConfirmed } from "../account/confirm.js";
import { announce, bdi, drawItems, el, formatDay, neutralizeDirection, showFailure } from "../dom.js";
import { FieldError } from "../forms.js";
import { makeCarefulButton, makeDangerZone, makeField, makeForm, makeList, makeOptional, makeSecret, makeSection, openSheet } from "../sheet.js";

const KINDS = { hosted: "Parley, with a model", external: "A program of yours, with a key" };
const SCOPES = { write: "read and write", read: "only read" };

let account = null;
let agent = null; // null while a new one is made
let sheet = null;

const path = () => (agent ? `/v1/accounts/${account.id}/agents/${agent.id}` : `/v1/accounts/${account.id}/agents`);
const find = (id) => sheet.querySelector(`#${id}`);
const makeOptions = (names) => Object.entries(names).map(([value, words]) => el("option", { value }, words));

export async function open(where, chosen) {
  const [tools, models] = await Promise.all([getList("/v1/tools"), getList("/v1/models")]);
  [account, agent] = [where, chosen];
  sheet = openSheet("agent", "", { leave: "Close this agent" },
    makeAgentForm(tools, models),
    makeSection("keys-part", "Keys", el("p", { class: "muted" }, "With a key a program comes in as this agent."),
      makeList("keys"), makeKeyForm(), el("div", { id: "key-made", role: "status" })),
    makeDangerZone("agent-end", "name", {
      title: "Delete agent",
      warning: "Deletes the agent with its keys and everybody's conversations with it, at once and for good.",
      label: "Type the name of the agent to confirm",
      button: "Delete this agent",
    }, deleteAgent));
  drawFrame();
  if (agent) await sheet.pane.load(showKeys);
}

function makeAgentForm(tools, models) {
  const kind = makeField("agent-kind", "kind", "Who thinks", { value: agent?.kind ?? "hosted", onchange: drawFrame }, "select", ...makeOptions(KINDS));
  return makeForm("agent-form", "Save", saveAgent,
    makeField("agent-name", "name", "Name of the agent", { value: agent?.name, dir: "auto", maxlength: "100" }),
    kind,
    makeField("agent-description", "description", makeOptional("What it is for"), { value: agent?.description ?? "", dir: "auto", maxlength: "1000" }),
    el("div", { id: "of-hosted" },
      makeField("agent-instructions", "instructions", makeOptional("Instructions"), { value: agent?.instructions ?? "", dir: "auto", rows: "5", maxlength: "8000" }, "textarea"),
      makeModelField(models.map((model) => model.name)),
      makeToolsField(tools)));
}

// The first model is the operator's own, with which an agent answers that names none, or one that is offered no more.
function makeModelField([own, ...others]) {
  const names = [own, ...others];
  const value = names.includes(agent?.model) ? agent.model : "";
  const options = { "": `The operator's own (${own})`, ...Object.fromEntries(names.map((name) => [name, name])) };
  const field = makeField("agent-model", "model", "Model", { value }, "select", ...makeOptions(options));
  field.hidden = !others.length && !value;
  return field;
}

function makeToolsField(tools) {
  const chosen = agent?.tools ?? null; // null: all, with those to come
  const makeCheck = (props, words) => el("label", {}, el("input", { type: "checkbox", ...props }), el("span", {}, words));
  const some = tools.map((tool) => makeCheck({ name: "tool", value: tool.name, checked: chosen?.includes(tool.name) ?? true }, tool.title));
  return el("fieldset", { class: "field choices", data: { field: "tools" } }, el("legend", {}, "Tools"),
    makeCheck({ id: "agent-tools", name: "all_tools", checked: chosen === null, onchange: drawFrame }, "All, with those to come"),
    el("fieldset", { class: "choices some", id: "some-tools", "aria-label": "Some of the tools" }, ...some));
}

function drawFrame() {
  const { kind, all_tools: all } = find("agent-form").elements;
  find("agent-title").textContent = neutralizeDirection(agent?.name ?? "New agent");
  kind.disabled = agent !== null;
  find("of-hosted").hidden = kind.value !== "hosted";
  find("some-tools").disabled = all.checked;
  if (all.checked) for (const box of find("some-tools").querySelectorAll("input")) box.checked = true;
  find("keys-part").hidden = find("agent-end").hidden = agent === null;
}

async function saveAgent(fields) {
  const text = (name) => fields[name].value.trim() || null;
  const given = { name: fields.name.value.trim(), description: text("description") };
  if (!agent) given.kind = fields.kind.value;
  if (fields.kind.value === "hosted") {
    const chosen = [...find("some-tools").querySelectorAll(":checked")].map((box) => box.value);
    Object.assign(given, { instructions: text("instructions"), model: text("model"), tools: fields.all_tools.checked ? null : chosen });
  }
  const isNew = agent === null;
  agent = await (isNew ? post : patch)(path(), given);
  announce("Saved");
  // An external agent is nothing without a key: the sheet stays, and offers one.
  if (!isNew || agent.kind === "hosted") {
    sheet.close();
    return;
  }
  drawFrame();
  await showKeys();
}

const makeKeyForm = () =>
  makeForm("key-new", "Make a key", async ({ name, scopes }) => {
    const wanted = { name: name.value.trim(), scopes: scopes.value === "read" ? ["read"] : ["read", "write"] };
    const made = await sendConfirmed((password) => post(`${path()}/tokens`, { ...wanted, ...password }));
    find("key-made").replaceChildren(el("p", {}, "The key is shown only now."), makeSecret("Key", made.token));
    name.value = "";
    await showKeys();
  },
  makeField("key-name", "name", "Name of the key", { dir: "auto", maxlength: "100" }),
  makeField("key-scopes", "scopes", "It may", { value: "write" }, "select", ...makeOptions(SCOPES)));

async function showKeys() {
  const list = find("keys");
  const { data } = await get(`${path()}/tokens`);
  drawItems(list, data, makeKey);
}

function makeKey(key) {
  const used = key.last_used_at ? `last used ${formatDay(key.last_used_at).toLowerCase()}` : "never used";
  const known = [`${key.prefix}…`, key.expires_at && `until ${formatDay(key.expires_at)}`, used];
  return el("li", {},
    el("div", {},
      el("p", {}, bdi(key.name), el("span", { class: "tag" }, key.scopes.join(", "))),
      el("p", { class: "muted small" }, known.filter(Boolean).join(" · "))),
    makeCarefulButton("Revoke", `Revoke the key ${key.name}`, () => revokeKey(key)));
}

async function revokeKey(key) {
  try {
    await remove(`${path()}/tokens/${key.id}`);
    announce("Revoked");
    await showKeys();
  } catch (error) {
    showFailure(error);
  }
}

async function deleteAgent(name) {
  if (name !== agent.name) throw new FieldError("name", "This is not the name of this agent.");
  await remove(path());
  announce("Deleted");
  sheet.close();
}
