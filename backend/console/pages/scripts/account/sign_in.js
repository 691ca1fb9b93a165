// sign_in.js -- the page to sign in and to create an account.
import { requestWithoutToken as ask } from "../http.js";
import { $ } from "../dom.js";
import { FieldError, clearErrors, runOnSubmit } from "../forms.js";
import { showView } from "../frame.js";
import { signIn } from "./session.js";

const form = $("sign-in-form");
let registering = false;
let hasChosen = false; // between both
let notifyEntered = () => {};

export const onSignIn = (work) => (notifyEntered = work);

export function show({ note, registration = "open" } = {}) {
  showView("sign-in");
  $("sign-in-switch").hidden = registration === "closed";
  hasChosen = false;
  setMode(false);
  if (note) $("sign-in-note").textContent = note;
  form.elements.email.focus();
}

// What the server tells of itself may come when somebody is writing already. Where nobody has an account there is none to
// sign in to.
export function learn({ registration, empty }) {
  $("sign-in-switch").hidden = registration === "closed";
  const isWriting = ["email", "password"].some((name) => form.elements[name].value);
  if (!empty || hasChosen || isWriting) return;
  setMode(true);
  form.elements.display_name.focus();
}

function setMode(toJoin) {
  registering = toJoin;
  clearErrors(form);
  showError(null);
  $("sign-in-title").textContent = registering ? "Create your account" : "Welcome back";
  $("sign-in-note").textContent = registering ? "An agent that keeps your list, and a record of all it does." : "Sign in to go on where you stopped.";
  $("sign-in-submit").textContent = registering ? "Create account" : "Sign in";
  $("sign-in-question").textContent = registering ? "Been here before?" : "New here?";
  $("sign-in-other").textContent = registering ? "Sign in" : "Create an account";
  form.querySelector('[data-field="display_name"]').hidden = !registering;
  form.elements.password.autocomplete = registering ? "new-password" : "current-password";
  document.title = registering ? "Create an account · Parley" : "Sign in · Parley";
}

function showError(text) {
  $("sign-in-error").hidden = !text;
  $("sign-in-error").textContent = text || "";
}

async function register({ email, password, display_name }) {
  const profile = { email: email.value.trim(), password: password.value };
  if (display_name.value.trim()) profile.display_name = display_name.value.trim();
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  try {
    await ask("POST", "/v1/auth/register", { ...profile, ...(timeZone ? { timezone: timeZone } : {}) });
  } catch (error) {
    const unknownZone = error.errors?.length === 1 && error.errors[0].loc[1] === "timezone";
    if (unknownZone) await ask("POST", "/v1/auth/register", profile);
    else if (error.status === 409) throw new FieldError("email", error.message);
    else throw error;
  }
}

function findMissing({ email, password }) {
  const errors = [];
  if (!email.value.trim()) errors.push({ loc: ["body", "email"], msg: "Enter your email." });
  else if (!email.value.includes("@")) errors.push({ loc: ["body", "email"], msg: "An email looks like ann@example.com." });
  if (!password.value) errors.push({ loc: ["body", "password"], msg: "Enter a password." });
  else if (registering && [...password.value].length < 8) errors.push({ loc: ["body", "password"], msg: "At least 8 characters." });
  return errors.length ? { errors } : null;
}

async function enter(fields) {
  showError(null);
  const gap = findMissing(fields);
  if (gap) throw gap;
  if (registering) await register(fields);
  try {
    await signIn(fields.email.value.trim(), fields.password.value);
  } catch (error) {
    throw error.status === 401 ? new FieldError("password", error.message) : error;
  }
  form.reset();
  await notifyEntered();
}

runOnSubmit(form, enter, (error) => showError(error.message));

$("sign-in-other").addEventListener("click", () => {
  hasChosen = true;
  setMode(!registering);
  form.elements[registering ? "display_name" : "email"].focus();
});
