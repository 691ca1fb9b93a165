// door.js -- sign up and sign in.
import { open as ask } from  "../api.js";
import { $, clearErrors, showErrors } from  "../dom.js";
import { signIn } from "./session.js";

const form = $("door-form");
let joining = false;
let entered = () => {};

export const onEntered = (work) => (entered = work);

export function show({ note, registration = "open" } = {}) {
  $("door").hidden = false;
  $("door-switch").hidden = registration === "closed";
  turn(false);
  if (note) $("door-note").textContent = note;
  form.elements.email.focus();
}

export const hide = () => ($("door").hidden = true);

function turn(toJoin) {
  joining = toJoin;
  clearErrors(form);
  say(null);
  $("door-title").textContent = joining ? "Create your account" : "Welcome back";
  $("door-note").textContent = joining ? "An agent that keeps your list, and a record of all it does." : "Sign in to go on where you stopped.";
  $("door-submit").textContent = joining ? "Create account" : "Sign in";
  $("door-question").textContent = joining ? "Been here before?" : "New here?";
  $("door-other").textContent = joining ? "Sign in" : "Create an account";
  form.querySelector('[data-field="display_name"]').hidden = !joining;
  form.elements.password.autocomplete = joining ? "new-password" : "current-password";
  document.title = joining ? "Create an account · Parley" : "Sign in · Parley";
}

function say(text) {
  $("door-error").hidden = !text;
  $("door-error").textContent = text || "";
}

async function join({ email, password, display_name }) {
  const profile = { email: email.value.trim(), password: password.value };
  if (display_name.value.trim()) profile.display_name = display_name.value.trim();
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  try {
    await ask("POST", "/v1/auth/register", { ...profile, ...(timeZone ? { timezone: timeZone } : {}) });
  } catch (error) {
    const unknownZone = error.errors?.length === 1 && error.errors[0].loc[1] === "timezone";
    if (unknownZone) await ask("POST", "/v1/auth/register", profile);
    else if (error.status === 409) throw Object.assign(error, { field: "email" });
    else throw error;
  }
}

function missing({ email, password }) {
  const errors = [];
  if (!email.value.trim()) errors.push({ loc: ["body", "email"], msg: "Enter your email." });
  else if (!email.value.includes("@")) errors.push({ loc: ["body", "email"], msg: "An email looks like ann@example.com." });
  if (!password.value) errors.push({ loc: ["body", "password"], msg: "Enter a password." });
  else if (joining && [...password.value].length < 8) errors.push({ loc: ["body", "password"], msg: "At least 8 characters." });
  return errors.length ? { errors, message: "" } : null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  clearErrors(form);
  say(null);
  const fields = form.elements;
  const gap = missing(fields);
  if (gap) {
    showErrors(form, gap);
    return;
  }
  $("door-submit").disabled = true;
  try {
    if (joining) await join(fields);
    await signIn(fields.email.value.trim(), fields.password.value);
    form.reset();
    await entered();
  } catch (error) {
    if (error.status === 401) error.field = "password";
    say(showErrors(form, error));
  } finally {
    $("door-submit").disabled = false;
  }
});

$("door-other").addEventListener("click", () => {
  turn(!joining);
  form.elements[joining ? "display_name" : "email"].focus();
});
