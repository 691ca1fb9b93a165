// forms.js -- forms: what runs when one is submitted, and each error beside its field.
import { el, showFailure } from "./dom.js";

// The user closed a question without an answer: nothing was done, and no message is needed.
export class NotConfirmed extends Error {}

// An error of one field, by its name.
export class FieldError extends Error {
  constructor(field, message) {
    super(message);
    this.field = field;
  }
}

// Runs `work(fields)` when the form is submitted. Until it is done the form cannot be submitted again; an error stands
// at its field, and `showRest` shows one that belongs to none.
export function runOnSubmit(form, work, showRest = showFailure) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const button = form.querySelector("button.primary, button.danger");
    const hadFocus = document.activeElement === button;
    button.disabled = true;
    try {
      await work(form.elements);
      form.dispatchEvent(new Event("saved", { bubbles: true }));
    } catch (error) {
      if (!(error instanceof NotConfirmed) && showErrors(form, error)) showRest(error);
    } finally {
      button.disabled = false;
      // A disabled button loses the focus.
      if (hadFocus && document.activeElement === document.body) button.focus();
    }
  });
}

// Shows each error at its field; true if one belongs to no field.
function showErrors(form, error) {
  clearErrors(form);
  let isRest = false;
  const problems = error.errors?.length ? error.errors : [{ loc: ["body", error.field], msg: error.message }];
  for (const { loc, msg } of problems) {
    const field = form.querySelector(`[data-field="${CSS.escape(String(loc[1] ?? ""))}"]`);
    const input = field?.querySelector("input, textarea, select");
    if (!input) {
      isRest = true;
      continue;
    }
    const id = `${input.id}-error`;
    field.append(el("p", { class: "field-error", id }, toSentence(msg)));
    input.setAttribute("aria-invalid", "true");
    input.setAttribute("aria-describedby", id);
  }
  form.querySelector("[aria-invalid]")?.focus();
  return isRest;
}

export function clearErrors(form) {
  for (const said of form.querySelectorAll(".field-error")) said.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

function toSentence(text) {
  const words = text.replace(/^Value error, /, "").replace(/^String should have/, "It should have");
  return words.charAt(0).toUpperCase() + words.slice(1) + (/[.!?]$/.test(words) ? "" : ".");
}
