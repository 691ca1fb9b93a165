// settings.js -- the user's settings: profile, password, sessions, and the deletion of the account.
import { get, patch, remove } from "../api.js";
import { choose, getChoice } from "./enter_key.js";
import { announce, bdi, drawItems, el, formatClock, formatDay, showFailure } from "../dom.js";
import { FieldError } from "../forms.js";
import { makeDangerZone, makeField, makeForm, makeList, makeSection, openSheet } from "../sheet.js";
import { sendConfirmed } from "./confirm.js";
import { describeDevice } from "./devices.js";
import { endSession } from "./session.js";
import { makeTokens, showTokens } from "./tokens.js";
import { makeTransfers } from "./transfers.js";

const APPROVALS = [
  ["always", "Always", "before everything that adds or changes something"],
  ["destructive", "Before deleting", "before what cannot be undone"],
  ["never", "Never", "it just does what you say"],
];

let me = null;
let notifyChange = () => {};
let sessions = null; // their list

export async function open(user, onChange) {
  [me, notifyChange, sessions] = [user, onChange, makeList("sessions")];
  const sheet = openSheet("settings", "Settings", { leave: "Close settings" },
    makeProfile(), makeDevice(), makePassword(), makeSection("sessions-part", "Where you are signed in", sessions), makeTokens(), makeTransfers(), makeGoodbye());
  await sheet.pane.load(() => Promise.all([showSessions(), showTokens()]));
}

function makeProfile() {
  const zone = makeField("profile-zone", "timezone", "Time zone", { value: me.timezone, list: "zones", spellcheck: "false" });
  const zones = Intl.supportedValuesOf?.("timeZone") ?? [];
  zone.append(el("datalist", { id: "zones" }, ...zones.map((name) => el("option", { value: name }))));
  return makeForm("profile", "Save", async (fields) => {
    const profile = {
      display_name: fields.display_name.value.trim() || null,
      timezone: fields.timezone.value.trim(),
      approval: fields.approval.value,
    };
    me = await sendConfirmed((password) => patch("/v1/me", { ...profile, ...password }));
    notifyChange(me);
    return "Saved.";
  },
  el("h3", {}, "Profile"), el("p", { class: "muted", id: "profile-email" }, bdi(me.email)),
  makeField("profile-name", "display_name", "Name", { value: me.display_name ?? "", dir: "auto", autocomplete: "name", maxlength: "100" }),
  zone,
  el("fieldset", { class: "field choices", data: { field: "approval" } }, el("legend", {}, "Ask before the agent acts"),
    ...APPROVALS.map(([value, name, what]) =>
      el("label", {}, el("input", { type: "radio", name: "approval", value, checked: me.approval === value }), el("span", {}, name, el("small", {}, what))))));
}

const ENTER = [["", "As usual on this device"], ["send", "Sends the message"], ["line", "Starts a new line"]];

// What is chosen for this browser alone.
function makeDevice() {
  const options = ENTER.map(([value, name]) => el("option", { value }, name));
  const field = makeField("enter", "enter", "The Enter key in the message box", { value: getChoice() }, "select", ...options);
  field.addEventListener("change", ({ target }) => {
    choose(target.value);
    announce("Saved");
  });
  return makeSection("device", "This device", field);
}

function makePassword() {
  const makePasswordField = (id, name, label, autocomplete) => makeField(id, name, label, { type: "password", autocomplete });
  return makeForm("password", "Change password", async ({ current_password: now, new_password: next }) => {
    await patch("/v1/me", { current_password: now.value, new_password: next.value });
    now.value = next.value = "";
    await showSessions();
    return "Changed. All other sign-ins have ended.";
  },
  el("h3", {}, "Password"), el("p", { class: "muted" }, "A new password signs out everywhere else."),
  el("input", { class: "sr", name: "username", autocomplete: "username", tabindex: "-1", "aria-hidden": "true", value: me.email }),
  makePasswordField("password-now", "current_password", "Current password", "current-password"),
  makePasswordField("password-new", "new_password", "New password", "new-password"));
}

const makeGoodbye = () =>
  makeDangerZone("goodbye", "email", {
    title: "Delete account",
    warning: "Deletes your account with all conversations and tasks, at once and for good.",
    label: "Type your email to confirm",
    button: "Delete my account",
  }, async (email) => {
    if (email.toLowerCase() !== me.email.toLowerCase()) throw new FieldError("email", "This is not the email of this account.");
    await sendConfirmed((password) => remove("/v1/me", password));
    endSession("Your account is deleted.", true);
  });

async function showSessions() {
  const { data } = await get("/v1/me/sessions");
  drawItems(sessions, data, makeSession);
}

function makeSession(session) {
  const device = describeDevice(session.user_agent);
  const used = `last used ${formatDay(session.last_used_at).toLowerCase()} at ${formatClock(session.last_used_at)}`;
  return el("li", {},
    el("div", {},
      el("p", {}, bdi(device), session.current && el("span", { class: "tag" }, "this one")),
      el("p", { class: "muted small" }, [session.address, used].filter(Boolean).join(" · "))),
    !session.current &&
      el("button", { type: "button", class: "plain", "aria-label": `Sign out ${device}`, onclick: () => revokeSession(session) }, "Sign out"));
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
