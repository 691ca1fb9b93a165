// messages.js -- the item of one message: the user's, the agent's, or one that is being sent.
import { bdi, copyText, formatDay, el, makeIcon, makeTime } from "../dom.js";
import { foldWords } from "./words.js";

export const makeCopyButton = (text) => {
  const button = el("button", { type: "button", class: "icon-button", "aria-label": "Copy the message", title: "Copy" }, makeIcon("copy"));
  button.addEventListener("click", () => copyText(text(), button));
  return button;
};

// `work(item)` adds to the foot of a message how it is asked or answered anew; it is fetched later.
let dress = () => {};
export const dressFoot = (item) => dress(item);
export const onFoot = (work) => (dress = work);

export const STATES = {
  sending: "Sending …",
  waiting: "Waits to be sent.",
  sent: "Sent",
  queued: "Queued: its turn comes after the answer at work",
  withdrawn: "Withdrawn: it is not answered",
};

// With an agent nobody but the user speaks, and the user's programs, which have names.
function makeSender(sender) {
  if (sender?.type !== "program") return el("span", { class: "sr" }, "You said:");
  return el("p", { class: "sayer" }, bdi(sender.name), " (a program)", el("span", { class: "sr" }, " said:"));
}

// The user's message, as the server has it or as a draft with only `client_id` and `content`.
export function makeUserItem(message) {
  const foot = el("div", { class: "foot" });
  const item = el(
    "li", { class: "message from-user", data: { client: message.client_id || "" } },
    makeSender(message.sender),
    el("div", { class: "bubble", dir: "auto" }, message.content),
    foot,
  );
  foldWords(item.querySelector(".bubble"), message.content);
  item.message = message;
  if (message.id) markStored(item, message);
  else setDay(item, new Date());
  return item;
}

export function markStored(item, message) {
  item.message = { ...item.message, ...message };
  item.dataset.id = message.id;
  if (message.run_id) item.dataset.run = message.run_id;
  if (!["queued", "withdrawn"].includes(item.dataset.state)) item.dataset.state = "sent";
  setDay(item, message.created_at);
  showState(item);
}

export function setState(item, state, { why, retry, discard } = {}) {
  item.dataset.state = state;
  showState(item, why, retry, discard);
}

// What stands below a message of the user; `item.makeFoot()` makes it where they talk to people.
export function showState(item, why, retry, discard) {
  const { state } = item.dataset;
  const foot = item.querySelector(".foot");
  const { created_at: at, content } = item.message;
  if (state === "failed" || state === "waiting") {
    const hasFailed = state === "failed";
    foot.replaceChildren(
      el("span", { class: hasFailed ? "failed" : "state", role: hasFailed ? "alert" : "status" },
        makeIcon(hasFailed ? "warn" : "wait"), hasFailed ? why : `${STATES.waiting} ${why}`),
      el("button", { type: "button", class: "link", onclick: retry }, hasFailed ? "Retry" : "Send now"),
      el("button", { type: "button", class: "link", onclick: discard }, "Edit"),
    );
    return;
  }
  if (item.makeFoot) {
    foot.replaceChildren(...item.makeFoot().filter(Boolean));
    return;
  }
  foot.replaceChildren(
    ...[
      el("span", { class: "state", title: STATES[state] },
        state === "sent" ? makeIcon("check") : null,
        el("span", { class: state === "sent" ? "sr" : "" }, STATES[state])),
      at && makeTime(at),
      makeCopyButton(() => content),
    ].filter(Boolean),
  );
  dressFoot(item);
}

export function setDay(item, at) {
  item.dataset.day = at ? formatDay(at) : "";
}

// What makes the agent's messages is fetched with the first of them.
let makeAgentItem = null;
export const onAgentItem = (make) => (makeAgentItem = make);

export const makeItem = (message) => (message.role === "user" ? makeUserItem(message) : makeAgentItem(message));

// Marks the first message of each day.
export function markDay(item) {
  if (!item?.classList.contains("message")) return;
  const { day } = item.dataset;
  let before = item.previousElementSibling;
  while (before && !before.dataset.day) before = before.previousElementSibling;
  if (day && day !== before?.dataset.day) item.setAttribute("data-new-day", day);
  else item.removeAttribute("data-new-day");
}
