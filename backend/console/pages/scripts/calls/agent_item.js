// agent_item.js -- the item of an agent's message: its calls and its words.
import { focusUnlessTouch, sendWords } from "../chat/composer.js";
import { dressFoot, makeCopyButton, onAgentItem, setDay } from "../chat/messages.js";
import { showWords } from "../chat/words.js";
import { bdi, el, makeIcon, makeTime, neutralizeDirection } from "../dom.js";
import { CallBox } from "./call_box.js";

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

onAgentItem(makeAgentItem);
