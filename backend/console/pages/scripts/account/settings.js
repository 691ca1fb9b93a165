// settings.js -- the user's settings: profile, password, sessions, and the deletion of the account.
import { get, patch, remove } from "../api.js";
import { NotConfirmed, sendConfirmed } from "./confirm.js";
import { $, announce, bdi, clearErrors, formatDay, formatClock, setUpDialog, el, showFailure, neutralizeDirection, showErrors } from "../dom.js";
import { endSession } from "./session.js";

const sheet = setUpDialog("settings");
let me = null;
let notifyChange = () => {};

export const onChanged = (work) => (notifyChange = work);

export function open(user) {
  me = user;
  fillForms();
  sheet.showModal();
  showSessions().catch(showFailure);
}

export const close = () => sheet.open && sheet.close();

function fillForms() {
  for (const form of sheet.querySelectorAll("form")) {
    form.reset();
    clearErrors(form);
    for (const note of form.querySelectorAll(".saved")) note.textContent = "";
  }
  const { elements } = $("profile");
  elements.display_name.value = me.display_name || "";
  elements.timezone.value = me.timezone;
  elements.approval.value = me.approval;
  $("password").elements.username.value = me.email;
  $("profile-email").textContent = neutralizeDirection(me.email);
  if (!$("zones").childElementCount && Intl.supportedValuesOf) {
    $("zones").append(...Intl.supportedValuesOf("timeZone").map((zone) => el("option", { value: zone })));
  }
}

// Runs `work` when the form is submitted, and then shows `confirmation` in it.
function saveOnSubmit(form, work, confirmation) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    clearErrors(form);
    const button = form.querySelector("button.primary, button.danger");
    button.disabled = true;
    try {
      await work(form.elements);
      const note = form.querySelector(".saved");
      if (note) note.textContent = confirmation;
    } catch (error) {
      if (!(error instanceof NotConfirmed) && showErrors(form, error)) showFailure(error);
    } finally {
      button.disabled = false;
    }
  });
}

saveOnSubmit($("profile"), async (fields) => {
  const profile = {
    display_name: fields.display_name.value.trim() || null,
    timezone: fields.timezone.value.trim(),
    approval: fields.approval.value,
  };
  me = await sendConfirmed((password) => patch("/v1/me", { ...profile, ...password }));
  notifyChange(me);
}, "Saved.");

saveOnSubmit($("password"), async (fields) => {
  await patch("/v1/me", { current_password: fields.current_password.value, new_password: fields.new_password.value });
  fields.current_password.value = fields.new_password.value = "";
  await showSessions();
}, "Changed. All other sign-ins have ended.");

saveOnSubmit($("goodbye"), async (fields) => {
  if (fields.email.value.trim().toLowerCase() !== me.email.toLowerCase()) {
    throw Object.assign(new Error("This is not the email of this account."), { field: "email" });
  }
  await sendConfirmed((password) => remove("/v1/me", password));
  sheet.close();
  endSession("Your account is deleted.");
});

async function showSessions() {
  const { data } = await get("/v1/me/sessions");
  $("sessions").replaceChildren(
    ...data.map((session) =>
      el("li", {},
        el("div", {},
          el("p", {}, bdi(describeDevice(session.user_agent)), session.current ? el("span", { class: "tag" }, "this one") : null),
          el("p", { class: "muted small" }, [session.address, `last used ${formatDay(session.last_used_at).toLowerCase()} at ${formatClock(session.last_used_at)}`].filter(Boolean).join(" · "))),
        !session.current &&
          el("button", { type: "button", class: "plain", "aria-label": `Sign out ${describeDevice(session.user_agent)}`, onclick: () => revokeSession(session) }, "Sign out"))),
  );
}

async function revokeSession(session) {
  try {
    await remove(`/v1/me/sessions/${session.id}`);
    announce("Signed out there");
    await showSessions();
  } catch (error) {
    showFailure(error);
  }
}

const BROWSERS = [[/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(e|ium)\//, "Chrome"], [/Safari\//, "Safari"]];
const SYSTEMS = [[/Android/, "Android"], [/iPhone|iPad/, "iOS"], [/Mac OS X/, "macOS"], [/Windows/, "Windows"], [/Linux/, "Linux"]];

// A short name for a browser; another program keeps its user agent.
function describeDevice(agent) {
  if (!agent) return "Unknown device";
  const name = (table) => table.find(([sign]) => sign.test(agent))?.[1];
  const browser = name(BROWSERS);
  return browser ? [browser, name(SYSTEMS)].filter(Boolean).join(" on ") : agent.slice(0, 60);
}
