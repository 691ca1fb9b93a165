// sheet.js -- the sheets over the page and what they are made of: each is made when it opens, and gone once it is closed.
import { lieOver } from "./frame/back.js";
import { $, announce, el, copyText, isComposing, makeIconButton, showFailure } from "./dom.js";
import { runOnSubmit } from "./forms.js";
import { Pane } from "./pane.js";

// `leave` names the cross. A click beside the sheet and Escape close it, too, and all three ask first where something was
// changed and not saved; Enter with Ctrl saves. `tools` stand in its head. What is in it is loaded by `load(work)` of its `pane`.
export function openSheet(id, title, { leave, size = "", tools = [] }, ...parts) {
  const pane = new Pane();
  const box = el("dialog", { id, class: `sheet ${size}`, "aria-labelledby": `${id}-title` },
    el("header", {}, el("h2", { id: `${id}-title` }, title), ...tools, makeIconButton("close", leave, leaveBox)),
    el("div", { class: "sheet-body", tabindex: "0", role: "region", "aria-labelledby": `${id}-title` }, pane.note, ...parts));
  box.pane = pane;
  const isChanged = watchFields(box);
  function leaveBox() {
    if (isChanged()) askToDiscard(box);
    else box.close();
  }
  box.addEventListener("click", (event) => event.target === box && leaveBox());
  // What asks first lies there still.
  function goBack() {
    if (isChanged()) noteClosed = lieOver(goBack);
    leaveBox();
  }
  let noteClosed = lieOver(goBack);
  box.addEventListener("keydown", (event) => {
    const form = event.target.closest("form") ?? box.querySelector("form:only-of-type");
    const isSaving = event.key === "Enter" && (event.ctrlKey || event.metaKey) && form;
    if (!(isSaving || event.key === "Escape") || event.defaultPrevented || isComposing(event)) return;
    event.preventDefault(); // the browser's own way for Escape would close what it opens as well
    event.stopPropagation(); // the page below has uses for it, too
    if (isSaving) form.requestSubmit();
    else leaveBox();
  });
  // A phone has a gesture for it.
  box.addEventListener("cancel", (event) => {
    if (event.target !== box || !isChanged()) return;
    event.preventDefault();
    leaveBox();
  });
  box.addEventListener("close", () => {
    noteClosed();
    pane.clear();
    placeNotices();
    box.remove();
  });
  document.body.append(box);
  box.showModal();
  placeNotices();
  return box;
}

// Passwords, files and what is typed to confirm something are no work that could be lost.
const FIELDS = "form:not(.danger-zone) :is(input:not([type=password], [type=file], [readonly]), textarea, select)";

const read = (field) => (/^(checkbox|radio)$/.test(field.type) ? field.checked : field.value);

// Returns `isChanged()`: whether the user has changed a field since it was shown, or saved.
function watchFields(box) {
  const kept = new WeakMap(); // the value of each field that the user has not changed
  const touched = new Set();
  const keepValues = () => box.querySelectorAll(FIELDS).forEach((field) => touched.has(field) || kept.set(field, read(field)));
  keepValues();
  box.addEventListener("focusin", keepValues); // parts of a sheet come later, and so do values
  box.addEventListener("input", ({ target }) => touched.add(target));
  box.addEventListener("saved", () => {
    touched.clear();
    keepValues();
  });
  // What is on its way is not lost by leaving.
  const isSent = ({ form }) => form.querySelector("button:is(.primary, .danger):disabled") !== null;
  return () => [...touched].some((field) => field.isConnected && field.matches(FIELDS) && kept.get(field) !== read(field) && !isSent(field));
}

function askToDiscard(box) {
  const question = openSheet("discard", "Discard your changes?", { leave: "Go on editing", size: "small-sheet" },
    el("p", {}, "What you have changed here is not saved."),
    el("div", { class: "row" },
      el("button", { type: "button", class: "primary", onclick: () => question.close() }, "Go on editing"),
      el("button", { type: "button", class: "plain danger-text", onclick: () => (question.close(), box.close()) }, "Discard")));
  question.querySelector(".primary").focus();
}

// All but the uppermost sheet is inert: notices are seen and heard there alone.
function placeNotices() {
  const [uppermost] = [...document.querySelectorAll("dialog[open]")].reverse();
  (uppermost ?? document.body).append($("notices"));
}

// Does what a button of the sheet says, tells how it went, and then shows what the sheet is about anew.
export async function actIn(sheet, work, said, refresh) {
  try {
    await work();
    announce(said);
  } catch (error) {
    showFailure(error);
  }
  if (sheet.open) await refresh();
}

export const makeSection = (id, title, ...parts) => el("section", { id }, el("h3", {}, title), ...parts);
export const makeList = (id) => el("ul", { class: "sessions", id });

// A control with its label. Its value is as it was given: texts lose no controls by being edited.
export function makeField(id, name, label, { value = "", ...props } = {}, tag = "input", ...content) {
  const control = el(tag, { id, name, autocomplete: "off", ...props }, ...content);
  control.value = value;
  return el("div", { class: "field", data: { field: name } }, el("label", { for: id }, ...[label].flat()), control);
}

export const makeOptional = (label, words = "(optional)") => [`${label} `, el("span", { class: "muted" }, words)];

// A form with these parts and a button that does `work(fields)`, what that returns is said beside the button.
export function makeForm(id, button, work, ...parts) {
  const said = el("span", { class: "saved", role: "status" });
  const form = el("form", { id, novalidate: true }, ...parts,
    el("div", { class: "row" }, el("button", { class: "primary" }, button), said));
  runOnSubmit(form, async (fields) => {
    said.textContent = "";
    said.textContent = (await work(fields)) ?? "";
  });
  return form;
}

// A form for what cannot be undone: the user types a name to confirm it, and `work` gets what was typed.
export function makeDangerZone(id, name, { title, warning, label, button }, work) {
  const form = el("form", { id, class: "danger-zone", novalidate: true },
    el("h3", {}, title), el("p", { class: "muted" }, warning),
    makeField(`${id}-${name}`, name, label, { spellcheck: "false" }),
    el("div", { class: "row" }, el("button", { class: "danger" }, button)));
  runOnSubmit(form, (fields) => work(fields[name].value.trim()));
  return form;
}

// A button for what cannot be undone: the second click within five seconds does it.
export function makeCarefulButton(text, label, work) {
  const words = el("span", {}, text);
  const button = el("button", { type: "button", class: "plain", "aria-label": label, onclick: press }, words);
  let timer = null;
  function settle() {
    timer = null;
    words.textContent = text;
    button.setAttribute("aria-label", label);
    button.classList.remove("danger-text");
  }
  function press() {
    if (timer) {
      clearTimeout(timer);
      settle();
      work();
      return;
    }
    words.textContent = "Sure?";
    button.setAttribute("aria-label", `${label}: press again to do it`);
    button.classList.add("danger-text");
    timer = setTimeout(settle, 5000);
  }
  return button;
}

// A secret that is shown once, with a button that copies it.
export function makeSecret(label, secret) {
  const shown = el("input", { readonly: true, value: secret, "aria-label": label, class: "secret" });
  const copy = el("button", { type: "button", class: "plain" }, el("span", {}, "Copy"));
  copy.addEventListener("click", () => copyText(secret, copy));
  return el("div", { class: "row" }, shown, copy);
}
