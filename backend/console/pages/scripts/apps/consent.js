// consent.js -- asks a person whether an app may work with Parley for them, and sends them back to it with the answer.
import { post } from "../api.js";
import { announce, bdi, el } from "../dom.js";
import { openSheet } from "../sheet.js";

const NAMES = ["client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "resource", "scope", "state"];
const SCOPES = {
  read: ["See everything", "your tasks, conversations and events"],
  write: ["Change things for you", "tasks, messages, events; deleting asks you first"],
  "tasks:read": ["See your tasks"],
  "tasks:write": ["Change your tasks"],
  chat: ["Read and write in your conversations"],
  "events:read": ["See your events"],
  "events:write": ["Post events"],
};

function readRequest() {
  const given = new URLSearchParams(location.hash.slice("#authorize?".length));
  return Object.fromEntries(NAMES.filter((name) => given.get(name)).map((name) => [name, given.get(name)]));
}

export async function open(me) {
  const asked = readRequest();
  const body = el("div", { id: "consent-body" });
  const sheet = openSheet("consent", "Let an app in?", { leave: "Close without an answer", size: "small-sheet" }, body);
  await sheet.pane.load(async () => {
    try {
      body.replaceChildren(...draw(await post("/v1/web/consent", asked), asked, me, sheet));
    } catch (error) {
      if (![404, 422].includes(error.status)) throw error;
      body.replaceChildren(...drawRefusal(error));
    }
  });
  return sheet;
}

// A name stands beside who vouches for it, since anybody may call a program what they like.
function draw(shown, asked, me, sheet) {
  const boxes = shown.scopes.map((scope) => {
    const [name, what] = SCOPES[scope];
    return el("label", {}, el("input", { type: "checkbox", name: "scope", value: scope, checked: true }), el("span", {}, name, what && el("small", {}, what)));
  });
  const allow = el("button", { class: "primary", id: "consent-allow" }, "Let it in");
  const deny = el("button", { type: "button", class: "plain", id: "consent-deny", onclick: () => decide(false) }, "Do not");
  const failure = el("p", { class: "form-error", role: "alert", hidden: true });
  const form = el("form", { id: "consent-form" },
    el("fieldset", { class: "field choices" }, el("legend", {}, "It may"), ...boxes),
    failure, el("div", { class: "row" }, allow, deny));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    decide(true);
  });
  let isSeen = false;
  const choose = () => (allow.disabled = !isSeen || !form.querySelector("input:checked"));
  form.addEventListener("change", choose);
  choose();
  // A click that was meant for what stood here before lets nobody in.
  setTimeout(() => {
    isSeen = true;
    choose();
  }, 500);

  async function decide(approve) {
    const scopes = [...form.querySelectorAll("input:checked")].map((box) => box.value);
    allow.disabled = deny.disabled = true;
    failure.hidden = true;
    try {
      const { redirect_to: where } = await post("/v1/web/consent/decision", { ...asked, approve, ...(approve ? { scopes } : {}) });
      sheet.querySelector("#consent-body").replaceChildren(...drawEnd(approve, shown, where));
      history.replaceState(history.state, "", "#/");
      location.assign(where);
    } catch (error) {
      failure.textContent = error.message;
      failure.hidden = false;
      deny.disabled = false;
      choose();
    }
  }

  return [
    el("p", {}, el("strong", {}, bdi(shown.client_name)), " wants to work with Parley for ", bdi(me.email), "."),
    el("dl", { class: "payload" },
      el("dt", {}, "Who it is"),
      el("dd", {}, shown.client_host ? bdi(shown.client_host) : "It has named itself: any program can take such a name."),
      el("dt", {}, "Where you are sent with the answer"),
      el("dd", { id: "consent-redirect" }, bdi(shown.redirect_host))),
    el("p", { class: "muted small" }, "Let it in only if you have just asked it to connect. You can take this back in the settings."),
    form,
  ];
}

function drawEnd(approve, shown, where) {
  announce(approve ? "It is let in" : "It is not let in");
  return [
    el("p", { role: "status" }, approve ? "It is let in." : "It is not let in.", " You are sent back to ", bdi(shown.redirect_host), "."),
    el("p", {}, el("a", { href: where, rel: "noreferrer" }, "Nothing happens? Go there yourself")),
  ];
}

// Where it is safe to tell the app, the person may go back to it with the refusal.
function drawRefusal(error) {
  const back = error.redirectTo && el("a", { href: error.redirectTo, rel: "noreferrer", id: "consent-back" }, "Go back to the app");
  return [
    el("p", { role: "alert" }, error.message),
    el("p", { class: "muted" }, "The app was not let in, and got nothing."),
    back && el("p", {}, back),
  ].filter(Boolean);
}
