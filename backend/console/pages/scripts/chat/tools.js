// tools.js -- what the agent did: one card for each tool call, with the question where it has to ask.
import { post } from  "../api.js";
import { fieldsAsked, titleAsked } from "./asked.js";
import { announce, clock, count, el, fail, icon, json, lasted } from  "../dom.js";

const WORDS = {
  add_task: ["Adding a task", "Added a task"],
  list_tasks: ["Looking at the tasks", "Looked at the tasks"],
  complete_task: ["Completing a task", "Completed a task"],
  update_task: ["Changing a task", "Changed a task"],
  delete_task: ["Deleting a task", "Deleted a task"],
  search: ["Searching", "Searched"],
};
const ASKS = { delete_task: "Delete a task?", add_task: "Add a task?", update_task: "Change a task?", complete_task: "Complete a task?" };
const DECIDED = { approved: "Approved", denied: "Denied", expired: "Nobody answered in time", cancelled: "Stopped before an answer" };

const plainName = (name) => name.replaceAll("_", " ");
const isOpen = (call) => call.result === undefined || call.result === null ? !call.error && !call.finished_at : false;
const isWaiting = (call) => Boolean(call.approval) && !call.approval.decision && isOpen(call);

function title(call) {
  if (isWaiting(call)) return ASKS[call.name] || `Run “${plainName(call.name)}”?`;
  const words = WORDS[call.name];
  if (call.error) return `${plainName(call.name)}: did not work`;
  return words ? words[isOpen(call) ? 0 : 1] : plainName(call.name);
}

// What it is about, in a few words: the title of the thing that came back or was asked for.
function gist(call) {
  const found = call.result?.title ?? titleAsked(call) ?? call.arguments?.q;
  if (typeof found === "string") return found;
  if (Array.isArray(call.result?.tasks)) return count(call.result.tasks.length, "task");
  return "";
}

const text = (value) => (typeof value === "string" ? value : json(value));

const part = (name, value) => [el("dt", {}, name), el("dd", {}, el("pre", { tabindex: "0" }, text(value)))];

function state(call) {
  if (call.error) return "error";
  if (isWaiting(call)) return "waiting";
  return isOpen(call) ? "working" : "done";
}

const MARKS = { error: "warn", waiting: "wait", working: "retry", done: "check" };

// `call`: as in a message or, while it runs, as the events have told so far.
function card(call) {
  const now = state(call);
  const took = call.started_at && call.finished_at ? lasted(call.started_at, call.finished_at) : "";
  const about = gist(call);
  const details = [...part("Arguments", call.arguments)];
  if (call.error) details.push(...part("Error", call.error));
  else if (!isOpen(call)) details.push(...part("Result", call.result));
  if (call.approval?.decision) {
    const at = call.approval.decided_at ? ` at ${clock(call.approval.decided_at)}` : "";
    details.push(el("dt", {}, "Approval"), el("dd", {}, `${DECIDED[call.approval.decision]}${at}`, fieldsAsked(call)));
  }
  return el(
    "details", { class: `tool is-${now}`, data: { tool: call.id } },
    el("summary", {}, el("span", { class: "tool-mark" }, icon(MARKS[now])), el("span", { class: "tool-title" }, title(call)),
      about && el("span", { class: "tool-gist", dir: "auto" }, about), took && el("span", { class: "tool-time" }, took), icon("chevron")),
    el("dl", {}, ...details),
  );
}

export class ToolCards {
  constructor(runId) {
    this.runId = runId;
    this.box = el("div", { class: "tools" });
    this.calls = new Map();
  }

  // Adds to what is known of a call; a card that is open stays open. Where it asks, the question stands for it.
  update(id, change) {
    const call = { ...this.calls.get(id), ...change, id };
    this.calls.set(id, call);
    const before = this.box.querySelector(`[data-tool="${CSS.escape(id)}"]`);
    if (isWaiting(call)) before?.remove();
    else {
      const made = card(call);
      if (before?.open) made.open = true;
      if (before) before.replaceWith(made);
      else this.box.insertBefore(made, this.questions || null);
    }
    this.ask();
  }

  set(calls) {
    for (const call of calls) this.update(call.id, call);
  }

  waiting() {
    return [...this.calls.values()].filter(isWaiting);
  }

  // The questions stand together below the cards, with one button for all where there are several.
  ask() {
    const open = this.waiting();
    const ids = open.map((call) => `${call.id} ${call.approval.digest}`).join(" ");
    if (this.asked === ids) return;
    this.asked = ids;
    const had = this.questions?.contains(document.activeElement);
    this.questions?.remove();
    this.questions = null;
    if (!open.length) {
      if (had) document.getElementById("composer-text").focus();
      return;
    }
    this.questions = el("div", { class: "questions" }, ...open.map((call) => this.question(call)));
    if (open.length > 1) {
      const all = () => this.decide(open, true);
      this.questions.append(el("div", { class: "row" },
        el("button", { type: "button", class: "primary", onclick: all }, `Approve all ${open.length}`)));
    }
    this.box.append(this.questions);
    announce(`Parley asks: ${title(open[0])} ${gist(open[0])}`);
  }

  question(call) {
    const until = call.approval.expires_at;
    const about = gist(call);
    return el(
      "div", { class: "question", role: "group", "aria-label": title(call) },
      el("p", { class: "question-title" }, icon("wait"), title(call)),
      about && el("p", { class: "question-gist", dir: "auto" }, about),
      fieldsAsked(call),
      call.approval.again && el("p", { class: "muted small" }, "It has changed since you answered, so nothing was done yet."),
      el("details", {}, el("summary", {}, `Arguments of ${call.name}`), el("pre", { tabindex: "0" }, text(call.arguments))),
      el("div", { class: "row" },
        el("button", { type: "button", class: "primary", onclick: () => this.decide([call], true) }, "Approve"),
        el("button", { type: "button", class: "plain", onclick: () => this.decide([call], false) }, "Deny"),
        until && el("span", { class: "muted small" }, `Waits until ${clock(until)}`)),
    );
  }

  async decide(calls, approve) {
    for (const button of this.questions.querySelectorAll("button")) button.disabled = true;
    for (const call of calls) {
      try {
        const { digest } = call.approval;
        await post(`/v1/runs/${this.runId}/approvals/${encodeURIComponent(call.id)}`, { approve, digest });
        const { approval } = this.calls.get(call.id);
        if (approval.decision || approval.digest !== digest) continue; // the stream was faster
        const said = { decision: approve ? "approved" : "denied", decided_at: new Date().toISOString() };
        this.update(call.id, { approval: { ...approval, ...said } });
      } catch (error) {
        if (error.status !== 409) fail(error); // decided elsewhere: the stream says how
        for (const button of this.questions?.querySelectorAll("button") ?? []) button.disabled = false;
      }
    }
  }
}
