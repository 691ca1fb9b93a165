// tools.js -- a card for each tool call, and the approvals that the user is asked for.
import { post } from "../api.js";
import { canUndo, makeUndo, noteCall } from "../undo/card_undo.js";
import { setHint } from "../chat/composer.js";
import { opened } from "../chat/opened.js";
import { fetchData } from "../later.js";
import { formatName, getApprovalTitle, getQuestion, makeApprovalFields } from "./approval_fields.js";
import { readConsent } from "./consent.js";
import { announce, bdi, formatClock, formatCount, el, showFailure, makeIcon, formatJson, formatDuration } from "../dom.js";

const TITLES = {
  add_task: ["Adding a task", "Added a task"],
  list_tasks: ["Looking at the tasks", "Looked at the tasks"],
  complete_task: ["Completing a task", "Completed a task"],
  update_task: ["Changing a task", "Changed a task"],
  delete_task: ["Deleting a task", "Deleted a task"],
  describe_data: ["Looking at the data", "Looked at the data"],
  query_data: ["Querying the data", "Queried the data"],
};
// What has not come of a call, and why: nothing has gone wrong.
const UNDONE = { add_task: "not added", update_task: "not changed", complete_task: "not completed", delete_task: "not deleted" };
const REFUSED = { denied: "You said no", expired: "Nobody answered in time", cancelled: "Stopped" };
const DECISIONS = { approved: "Approved", denied: "Denied", expired: "Nobody answered in time", cancelled: "Stopped before an answer" };

const isOpen = (call) => call.result === undefined || call.result === null ? !call.error && !call.finished_at : false;
const isWaiting = (call) => Boolean(call.approval) && !call.approval.decision && isOpen(call);
// With an agent alone what is written answers the question; among people it is said to all.
const isTalk = () => !opened.room;
const isRefused = (call) => call.approval?.decision in REFUSED;

function describeCall(call) {
  if (isWaiting(call)) return getQuestion(call.name);
  const words = TITLES[call.name];
  if (isRefused(call)) return `${REFUSED[call.approval.decision]}: ${UNDONE[call.name] ?? "not done"}`;
  if (call.error) return `${formatName(call.name)}: did not work`;
  return words ? words[isOpen(call) ? 0 : 1] : formatName(call.name);
}

// A few words on a call: the title in its result or arguments.
function summarizeCall(call) {
  const found = call.result?.title ?? (call.arguments && getApprovalTitle(call)) ?? call.arguments?.q;
  if (typeof found === "string") return found;
  if (Array.isArray(call.result?.tasks)) return formatCount(call.result.tasks.length, "task");
  return "";
}

const formatValue = (value) => (typeof value === "string" ? value : formatJson(value));

const makeDetail = (name, value) => [el("dt", {}, name), el("dd", {}, el("pre", { tabindex: "0" }, formatValue(value)))];

function getState(call) {
  if (isRefused(call)) return "refused";
  if (call.error) return "error";
  if (isWaiting(call)) return "waiting";
  return isOpen(call) ? "working" : "done";
}

const MARKS = { error: "warn", refused: "close", waiting: "wait", working: "retry", done: "check" };

function makeCard(runId, call) {
  const now = getState(call);
  return el("div", { class: `tool is-${now}`, data: { tool: call.id } }, makeRecord(call, now), canUndo(runId, call) && makeUndo(runId, call));
}

// `call`: as in a message or, while the run is active, as far as its events go.
function makeRecord(call, now) {
  const took = call.started_at && call.finished_at ? formatDuration(call.started_at, call.finished_at) : "";
  const about = summarizeCall(call);
  // Among people the others see that a tool was used, and no more.
  const isCut = call.arguments === undefined;
  const details = isCut ? [el("dd", {}, "What it was about is shown to who has asked.")] : [...makeDetail("Arguments", call.arguments)];
  if (isCut) return makeDetails(call, now, about, took, details);
  if (call.error && !isRefused(call)) details.push(...makeDetail("Error", call.error));
  else if (!call.error && !isOpen(call)) details.push(...makeDetail("Result", call.result));
  if (call.approval?.decision) {
    const at = call.approval.decided_at ? ` at ${formatClock(call.approval.decided_at)}` : "";
    details.push(el("dt", {}, "Approval"), el("dd", {}, `${DECISIONS[call.approval.decision]}${at}`, ...quoteWords(call), makeApprovalFields(call)));
  }
  return makeDetails(call, now, about, took, details);
}

// What the user has said to it.
const quoteWords = ({ approval }) => (approval?.words ? [": “", bdi(approval.words), "”"] : []);

function makeDetails(call, now, about, took, details) {
  return el(
    "details", {},
    el("summary", {}, el("span", { class: "tool-mark" }, makeIcon(MARKS[now])), el("span", { class: "tool-title" }, describeCall(call)),
      about && el("span", { class: "tool-gist", dir: "auto" }, about), took && now !== "refused" && el("span", { class: "tool-time" }, took), makeIcon("chevron")),
    el("dl", {}, ...details),
  );
}

// Shows the calls of a CallBox in its `box`. An open card stays open; a call that awaits approval is shown as a question.
export class ToolCards {
  constructor(holder) {
    this.holder = holder;
    this.box = holder.box;
    this.calls = holder.calls;
  }

  show(id) {
    const call = this.calls.get(id);
    const before = this.box.querySelector(`[data-tool="${CSS.escape(id)}"]`);
    const shown = JSON.stringify(call);
    if (isWaiting(call)) before?.remove();
    else if (before?.shown !== shown) {
      const made = makeCard(this.holder.runId, call);
      made.shown = shown;
      if (before?.firstChild.open) made.firstChild.open = true;
      if (before) before.replaceWith(made);
      else this.box.insertBefore(made, this.findNext(id) ?? this.questions ?? null);
      if (call.result?.rows) fetchData().then((part) => made.append(part.makeDataCard(call, this.countQueries(id)))).catch(showFailure);
    }
    this.showQuestions();
    if (this.holder.isLive && canUndo(this.holder.runId, call)) noteCall(this.holder.runId).catch(showFailure);
  }

  // The first card that stands behind that of a call: cards are in the order of the calls, not of the decisions.
  findNext(id) {
    const ids = [...this.calls.keys()];
    const later = ids.slice(ids.indexOf(id) + 1).map((one) => this.box.querySelector(`[data-tool="${CSS.escape(one)}"]`));
    return later.find(Boolean);
  }

  // How many queries there were, up to this one.
  countQueries(id) {
    const calls = [...this.calls.values()];
    return calls.slice(0, [...this.calls.keys()].indexOf(id) + 1).filter((call) => call.name === "query_data").length;
  }

  listWaiting() {
    return [...this.calls.values()].filter(isWaiting);
  }

  // Shows the questions below the cards, with one button for all of several.
  showQuestions() {
    const open = this.listWaiting();
    const ids = open.map((call) => `${call.id} ${call.approval.digest}`).join(" ");
    if (this.asked === ids) return;
    this.asked = ids;
    if (isTalk() && (open.length || this.questions)) setHint(open.length > 0);
    const had = this.questions?.contains(document.activeElement);
    this.questions?.remove();
    this.questions = null;
    if (!open.length) {
      if (had) document.getElementById("composer-text").focus();
      return;
    }
    this.questions = el("div", { class: "questions" }, ...open.map((call) => this.makeQuestion(call)));
    if (open.length > 1) {
      const all = () => this.decide(open, true);
      this.questions.append(el("div", { class: "row" },
        el("button", { type: "button", class: "primary", onclick: all }, `Approve all ${open.length}`)));
    }
    this.questions.answer = (text) => this.answer(text);
    this.box.append(this.questions);
    announce(`Parley asks: ${describeCall(open[0])} ${summarizeCall(open[0])}`);
  }

  makeQuestion(call) {
    const until = call.approval.expires_at;
    const about = summarizeCall(call);
    const press = ({ key, target, altKey, ctrlKey, metaKey }) => {
      const approve = { y: true, n: false }[key.toLowerCase()];
      if (approve === undefined || altKey || ctrlKey || metaKey || target.closest("pre")) return;
      this.decide([call], approve);
    };
    return el(
      "div", { class: "question", role: "group", tabindex: "0", "aria-label": describeCall(call), "aria-keyshortcuts": "Y N", onkeydown: press },
      el("p", { class: "question-title" }, makeIcon("wait"), describeCall(call)),
      about && el("p", { class: "question-gist", dir: "auto" }, about),
      makeApprovalFields(call),
      call.approval.again && el("p", { class: "muted small" }, "It has changed since you answered, so nothing was done yet."),
      el("details", {}, el("summary", {}, `Arguments of ${call.name}`), el("pre", { tabindex: "0" }, formatValue(call.arguments))),
      el("div", { class: "row" },
        el("button", { type: "button", class: "primary", onclick: () => this.decide([call], true) }, "Approve"),
        el("button", { type: "button", class: "plain", onclick: () => this.decide([call], false) }, "Deny"),
        el("span", { class: "muted small" }, isTalk() && "Or write yes, no, or what to do instead.", until && ` Waits until ${formatClock(until)}.`)),
    );
  }

  // What was written answers all that is asked; false where it has answered nothing.
  async answer(text) {
    const { approve, words } = readConsent(text);
    const open = this.listWaiting();
    await this.decide(open, approve, words);
    return open.some(({ id }) => !isWaiting(this.calls.get(id)));
  }

  async decide(calls, approve, words) {
    for (const button of this.questions.querySelectorAll("button")) button.disabled = true;
    for (const call of calls) {
      try {
        const { digest } = call.approval;
        await post(`/v1/runs/${this.holder.runId}/approvals/${encodeURIComponent(call.id)}`, { approve, digest, words });
        const { approval } = this.calls.get(call.id);
        if (approval.decision || approval.digest !== digest) continue; // the stream brought it first
        const said = { decision: approve ? "approved" : "denied", decided_at: new Date().toISOString(), words };
        this.holder.update(call.id, { approval: { ...approval, ...said } });
      } catch (error) {
        if (error.status !== 409) showFailure(error); // decided elsewhere: the stream brings the decision
        for (const button of this.questions?.querySelectorAll("button") ?? []) button.disabled = false;
      }
    }
  }
}
