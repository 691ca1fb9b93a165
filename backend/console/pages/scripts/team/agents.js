// agents.js -- an agent of an account: what it is called and told, and its keys.
import { get, patch, post, remove } from "../api.js";
import { NotConfirmed, sendConfirmed } from "../account/confirm.js";
import { $, announce, bdi, clearErrors, copyText, el, formatDay, makeCarefulButton, neutralizeDirection, setUpDialog, showErrors, showFailure } from "../dom.js";

const sheet = setUpDialog("agent");
const form = $("agent-form");
const HOSTED = ["instructions", "model", "tools"];

let account = null;
let agent = null; // null while a new one is made

const agents = () => `/v1/accounts/${account.id}/agents`;
const path = () => (agent ? `/v1/accounts/${account.id}/agents/${agent.id}` : agents());

export async function open(where, chosen) {
  [account, agent] = [where, chosen];
  for (const one of sheet.querySelectorAll("form")) (one.reset(), clearErrors(one));
  $("keys").replaceChildren();
  const { elements } = form;
  for (const name of ["name", "description", "instructions", "model"]) elements[name].value = agent?.[name] ?? "";
  elements.tools.value = (agent?.tools ?? []).join(", ");
  elements.all_tools.checked = !agent || agent.tools === null;
  elements.kind.value = agent?.kind ?? "hosted";
  drawFrame();
  sheet.showModal();
  if (agent) await showKeys();
}

export const close = () => sheet.open && sheet.close();

function drawFrame() {
  const { elements } = form;
  $("agent-title").textContent = neutralizeDirection(agent?.name ?? "New agent");
  elements.kind.disabled = agent !== null;
  for (const name of HOSTED) form.querySelector(`[data-field="${name}"]`).hidden = elements.kind.value !== "hosted";
  elements.tools.disabled = elements.all_tools.checked;
  $("keys-part").hidden = $("agent-end").hidden = agent === null;
}

form.elements.kind.addEventListener("change", drawFrame);
form.elements.all_tools.addEventListener("change", drawFrame);

function readForm() {
  const { elements } = form;
  const text = (name) => elements[name].value.trim() || null;
  const given = { name: elements.name.value.trim(), description: text("description") };
  if (!agent) given.kind = elements.kind.value;
  if (elements.kind.value === "hosted") {
    given.instructions = text("instructions");
    given.model = text("model");
    given.tools = elements.all_tools.checked ? null : elements.tools.value.split(",").map((name) => name.trim()).filter(Boolean);
  }
  return given;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(form);
  const button = form.querySelector("button.primary");
  button.disabled = true;
  try {
    const isNew = agent === null;
    agent = await (isNew ? post : patch)(path(), readForm());
    announce("Saved");
    // An external agent is nothing without a key: the sheet stays, and offers one.
    if (isNew && agent.kind === "external") {
      drawFrame();
      await showKeys();
    } else sheet.close();
  } catch (error) {
    if (showErrors(form, error)) showFailure(error);
  } finally {
    button.disabled = false;
  }
});

async function showKeys() {
  const mine = agent;
  const { data } = await get(`${path()}/tokens`);
  if (mine !== agent) return;
  $("keys").replaceChildren(
    ...data.map((key) =>
      el("li", {},
        el("div", {},
          el("p", {}, bdi(key.name), el("span", { class: "tag" }, key.scopes.join(", "))),
          el("p", { class: "muted small" }, [`${key.prefix}…`, key.expires_at && `until ${formatDay(key.expires_at)}`, key.last_used_at ? `last used ${formatDay(key.last_used_at).toLowerCase()}` : "never used"].filter(Boolean).join(" · "))),
        makeCarefulButton("Revoke", `Revoke the key ${key.name}`, () => revoke(key)))),
  );
}

// A secret that is shown once, with a button that copies it.
export function makeSecret(label, secret) {
  const shown = el("input", { readonly: true, value: secret, "aria-label": label, class: "secret" });
  const copy = el("button", { type: "button", class: "plain" }, el("span", {}, "Copy"));
  copy.addEventListener("click", () => copyText(secret, copy));
  return el("div", { class: "row" }, shown, copy);
}

async function revoke(key) {
  try {
    await remove(`${path()}/tokens/${key.id}`);
    announce("Revoked");
    await showKeys();
  } catch (error) {
    showFailure(error);
  }
}

$("key-new").addEventListener("submit", async (event) => {
  event.preventDefault();
  const box = event.target;
  clearErrors(box);
  const scopes = box.elements.scopes.value === "read" ? ["read"] : ["read", "write"];
  const button = box.querySelector("button.primary");
  button.disabled = true;
  try {
    const made = await sendConfirmed((password) => post(`${path()}/tokens`, { name: box.elements.name.value.trim(), scopes, ...password }));
    $("key-made").replaceChildren(el("p", {}, "The key is shown only now."), makeSecret("Key", made.token));
    box.reset();
    await showKeys();
  } catch (error) {
    if (!(error instanceof NotConfirmed) && showErrors(box, error)) showFailure(error);
  } finally {
    button.disabled = false;
  }
});
sheet.addEventListener("close", () => $("key-made").replaceChildren());

$("agent-end").addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(event.target);
  try {
    if (event.target.elements.name.value.trim() !== agent.name) {
      throw Object.assign(new Error("This is not the name of this agent."), { field: "name" });
    }
    await remove(path());
    announce("Deleted");
    sheet.close();
  } catch (error) {
    if (showErrors(event.target, error)) showFailure(error);
  }
});
