// messages.js -- the item of one message: the user's, the agent's, or one that is being sent.
import { bdi, copyText, formatDay, el, makeIcon, makeTime, neutralizeDirection } from "../dom.js";
import { CallBox } from "../calls/call_box.js";
import { focusUnlessTouch, sendWords } from "./composer.js";
import { foldWords, showWords } from "./words.js";

export const makeCopyButton = (text) => {
  const button = el("button", { type: "button", class: "icon-button", "aria-label": "Copy the message", title: "Copy" }, makeIcon("copy"));
  button.addEventListener("click", () => copyText(text(), button));
  return button;
};

// `work(item)` adds to the foot of a message how it is asked or answered anew; it is fetched later.
let dressFoot = () => {};
export const onFoot = (work) => (dressFoot = work);

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

// The replies that a question offers. They are shown below the last message only (chat.css): whatever is said next answers.
function makeChoice(words) {
  const press = async () => {
    await sendWords(words);
    focusUnlessTouch(); // the button is gone
  };
  return el("button", { type: "button", class: "plain", dir: "auto", onclick: press }, words);
}

// The agent's message: its tool cards and its text, in the order in which they came, and a line if the run failed or was
// cancelled. A part of it has the calls that were made after so many characters, and what was said then.
export class AgentItem {
  constructor(runId) {
    this.runId = runId;
    this.parts = [];
    const first = this.makePart(0);
    this.cutOff = el("p", { class: "muted small", hidden: true }, "This answer reached the model's largest length and was cut off.");
    this.ending = el("div", { class: "ending" });
    this.offered = el("div", { class: "offered", role: "group", "aria-label": "Replies", hidden: true });
    this.foot = el("div", { class: "foot" });
    this.speaker = el("span", { class: "sr" }, "The agent says:");
    this.item = el("li", { class: "message from-agent", data: { run: runId || "" } },
      this.speaker, first.cards.box, first.body, this.cutOff, this.offered, this.ending, this.foot);
    this.item.agent = this;
  }

  makePart(from) {
    const part = { from, cards: new CallBox(this.runId), body: el("div", { class: "markdown", dir: "auto" }) };
    part.cards.isLive = this.isLive;
    part.body.decorate = this.parts.at(-1)?.body.decorate;
    this.parts.push(part);
    return part;
  }

  get body() {
    return this.parts.at(-1).body;
  }

  get bodies() {
    return this.parts.map(({ body }) => body);
  }

  setLive() {
    this.isLive = true; // whether the user sees the calls being made
    for (const { cards } of this.parts) cards.isLive = true;
  }

  getCall(id) {
    return this.parts.find(({ cards }) => cards.calls.has(id))?.cards.calls.get(id);
  }

  // Merges a change into a call, and shows it below what was said before it.
  updateCall(id, change) {
    const part = this.parts.find(({ cards }) => cards.calls.has(id)) ?? this.findPart(change.said_before ?? 0);
    part.cards.update(id, change);
  }

  findPart(from) {
    const last = this.parts.at(-1);
    if (from <= last.from) return last;
    const part = this.makePart(from);
    last.body.after(part.cards.box, part.body);
    return part;
  }

  // `show(body, text)` shows a text that grows, or one that is whole.
  showText(text, show) {
    const letters = this.parts.length > 1 ? [...text] : null;
    return Promise.all(this.parts.map(({ from, body }, index) => {
      const words = letters ? letters.slice(from, this.parts[index + 1]?.from).join("").replace(/^\n+/, "") : text;
      if (words || body.text) return show(body, words);
      return null;
    }));
  }

  // Where the parts are not those of the stored message, as after a text was withdrawn, they are made anew.
  arrangeParts(calls) {
    const wanted = [...new Set([0, ...calls.map((call) => call.said_before ?? 0)])];
    if (String(this.parts.map(({ from }) => from)) === String(wanted)) return;
    const { decorate } = this.body;
    for (const { cards, body } of this.parts) {
      cards.box.remove();
      body.remove();
    }
    this.parts = [];
    const first = this.makePart(0);
    first.body.decorate = decorate;
    this.speaker.after(first.cards.box, first.body);
  }

  // Shows the message as it is stored.
  settle(message) {
    this.item.classList.remove("live");
    this.item.dataset.id = message.id;
    this.item.message = message;
    this.speaker.textContent = neutralizeDirection(`${message.sender?.name ?? "The agent"} said:`);
    setDay(this.item, message.created_at);
    const calls = message.tool_calls || [];
    this.arrangeParts(calls);
    for (const call of calls) this.updateCall(call.id, call);
    this.body.hidden = message.content === "";
    this.cutOff.hidden = message.finish_reason !== "length";
    this.shown = this.showText(message.content, (body, text) => (body.text !== text || body.isGrowing ? showWords(body, text) : null));
    this.offered.replaceChildren(...(message.choices ?? []).map(makeChoice));
    this.offered.hidden = !message.choices;
    this.foot.replaceChildren(makeCopyButton(() => message.content), makeTime(message.created_at));
    this.foot.hidden = message.content === "";
    dressFoot(this.item);
    this.onSettled?.(message);
  }

  showThinking(words) {
    if (words) this.ending.replaceChildren(el("p", { class: "thinking" }, el("span", { class: "dots", "aria-hidden": "true" }), el("span", {}, ...[words].flat())));
    else this.ending.replaceChildren();
  }

  // `run` failed or was cancelled; `retry` has its message answered again.
  showEnding(run, retry) {
    const failed = run.status === "failed";
    const said = failed ? run.error || "The answer failed." : "You stopped this answer.";
    this.ending.replaceChildren(
      el("p", { class: failed ? "failed" : "muted small" }, failed ? makeIcon("warn") : null, bdi(said),
        retry && el("button", { type: "button", class: "link", onclick: retry }, "Try again")),
    );
  }
}

export function makeAgentItem(message) {
  const agent = new AgentItem(message.run_id);
  agent.settle(message);
  return agent.item;
}

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
