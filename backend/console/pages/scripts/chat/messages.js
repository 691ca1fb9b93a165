// messages.js -- how one message looks: a person's, an agent's, one on its way.
import { bdi, copy, dayOf, el, icon, timeOf } from  "../dom.js";
import { showSoon } from "./markdown.js";
import { ToolCards } from "./tools.js";

const copyButton = (text) => {
  const button = el("button", { type: "button", class: "icon-button", "aria-label": "Copy the message", title: "Copy" }, icon("copy"));
  button.addEventListener("click", () => copy(text(), button));
  return button;
};

const STATES = {
  sending: "Sending …",
  sent: "Sent",
  queued: "Queued: its turn comes after the answer at work",
};

// Everybody sees that it was a program and not its person.
function sayer(sender) {
  if (sender?.type !== "program") return el("span", { class: "sr" }, ...(sender?.name ? [bdi(sender.name), " said:"] : ["You said:"]));
  return el("p", { class: "sayer" }, bdi(sender.name), " (a program)", el("span", { class: "sr" }, " said:"));
}

// What a person said. `message` is as the server has it, or a draft with `client_id` and `content` only.
export function personItem(message) {
  const foot = el("div", { class: "foot" });
  const item = el(
    "li", { class: "message from-user", data: { client: message.client_id || "" } },
    sayer(message.sender),
    el("div", { class: "bubble", dir: "auto" }, message.content),
    foot,
  );
  item.message = message;
  if (message.id) stored(item, message);
  else date(item, new Date());
  return item;
}

export function stored(item, message) {
  item.message = { ...item.message, ...message };
  item.dataset.id = message.id;
  if (message.run_id) item.dataset.run = message.run_id;
  item.dataset.state = item.dataset.state === "queued" ? "queued" : "sent";
  date(item, message.created_at);
  showState(item);
}

export function setState(item, state, { why, retry, discard } = {}) {
  item.dataset.state = state;
  showState(item, why, retry, discard);
}

function showState(item, why, retry, discard) {
  const { state } = item.dataset;
  const foot = item.querySelector(".foot");
  const { created_at: at, content } = item.message;
  if (state === "failed") {
    foot.replaceChildren(
      el("span", { class: "failed", role: "alert" }, icon("warn"), why || "Not sent."),
      el("button", { type: "button", class: "link", onclick: retry }, "Retry"),
      el("button", { type: "button", class: "link", onclick: discard }, "Edit"),
    );
    return;
  }
  foot.replaceChildren(
    ...[
      el("span", { class: "state", title: STATES[state] },
        state === "sent" ? icon("check") : null,
        el("span", { class: state === "sent" ? "sr" : "" }, STATES[state])),
      at && timeOf(at),
      copyButton(() => content),
    ].filter(Boolean),
  );
}

function date(item, at) {
  item.dataset.day = at ? dayOf(at) : "";
}

// What an agent said: its tool cards, its words, and a line on how it ended where that was not well.
export class AgentItem {
  constructor(runId) {
    this.cards = new ToolCards(runId);
    this.body = el("div", { class: "markdown", dir: "auto" });
    this.ending = el("div", { class: "ending" });
    this.foot = el("div", { class: "foot" });
    this.item = el("li", { class: "message from-agent", data: { run: runId || "" } },
      el("span", { class: "sr" }, "Parley said:"), this.cards.box, this.body, this.ending, this.foot);
    this.item.agent = this;
  }

  // The message as it is stored.
  settle(message) {
    this.item.classList.remove("live");
    this.item.dataset.id = message.id;
    this.item.message = message;
    date(this.item, message.created_at);
    this.cards.set(message.tool_calls || []);
    this.body.hidden = message.content === "";
    if (this.body.text !== message.content) showSoon(this.body, message.content);
    this.foot.replaceChildren(copyButton(() => message.content), timeOf(message.created_at));
    this.foot.hidden = message.content === "";
  }

  thinking(words) {
    if (words) this.ending.replaceChildren(el("p", { class: "thinking" }, el("span", { class: "dots", "aria-hidden": "true" }), words));
    else this.ending.replaceChildren();
  }

  // `run` has ended in another way than with an answer; `retry` asks once more.
  ended(run, retry) {
    const failed = run.status === "failed";
    const said = failed ? run.error || "The answer failed." : "You stopped this answer.";
    this.ending.replaceChildren(
      el("p", { class: failed ? "failed" : "muted small" }, failed ? icon("warn") : null, bdi(said),
        retry && el("button", { type: "button", class: "link", onclick: retry }, "Try again")),
    );
  }
}

export function agentItem(message) {
  const agent = new AgentItem(message.run_id);
  agent.settle(message);
  return agent.item;
}

export const itemOf = (message) => (message.role === "user" ? personItem(message) : agentItem(message));

// A line with the day stands where it differs from the dated message before.
export function markDay(item) {
  if (!item?.classList.contains("message")) return;
  const { day } = item.dataset;
  let before = item.previousElementSibling;
  while (before && !before.dataset.day) before = before.previousElementSibling;
  if (day && day !== before?.dataset.day) item.setAttribute("data-new-day", day);
  else item.removeAttribute("data-new-day");
}
