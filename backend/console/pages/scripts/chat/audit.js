// audit.js -- the record of a conversation: messages, runs, tool calls and approvals by time; and how to take it along.
import { get, getAll } from "../api.js";
import { bdi, downloadText, el, formatCount, formatDuration, formatTime, makeIcon, showFailure } from "../dom.js";
import { fetchWhole } from "../later.js";
import { openSheet } from "../sheet.js";

const PAGE = 100;

let sheet = null;
let record = null; // { id, title, cursor, messages, runs }

const DECISIONS = { approved: "Approved", denied: "Denied", expired: "Expired", cancelled: "Cancelled" };

async function getRunsSince(id, oldest) {
  const found = [];
  let cursor;
  do {
    const page = await get(`/v1/conversations/${id}/runs`, { limit: PAGE, cursor });
    found.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor && found.at(-1).created_at >= oldest);
  return found;
}

export async function open(id, title) {
  record = { id, title, cursor: null, messages: [], runs: [] };
  const makeTool = (icon, words, work) =>
    el("button", { type: "button", class: "plain", onclick: () => work(id, title).catch(showFailure) }, makeIcon(icon), words);
  sheet = openSheet("audit", "Audit", { leave: "Close the audit", size: "wide-sheet" },
    el("p", { class: "muted", id: "audit-note" }, bdi(title)),
    el("div", { class: "row" },
      makeTool("download", "Download Markdown", async (...which) => (await fetchWhole()).downloadMarkdown(...which)),
      makeTool("print", "Print", async (...which) => {
        const whole = await fetchWhole();
        sheet.close(); // it would lie over the paper
        await whole.printConversation(...which);
      }),
      makeTool("download", "Download JSON", downloadRecord)),
    el("ol", { class: "timeline", id: "timeline" }),
    el("button", { type: "button", class: "link", id: "audit-more", hidden: true, onclick: () => loadMore().catch(showFailure) }, "Show older"));
  await sheet.pane.load(loadMore);
}

async function loadMore() {
  const mine = record;
  const page = await get(`/v1/conversations/${mine.id}/messages`, { before: "end", limit: PAGE, cursor: mine.cursor });
  mine.messages.unshift(...page.data);
  mine.cursor = page.next_cursor;
  mine.runs = await getRunsSince(mine.id, mine.cursor ? mine.messages[0].created_at : "");
  if (mine === record) drawTimeline();
}

const nameSender = (sender) => (sender?.type === "program" ? `${sender.name} (a program)` : sender?.name || "You");

// The arguments of a call, and the rows that it touches.
const describeCall = (given, rows) => [given, rows].filter((part) => part && Object.keys(part).length).map((part) => JSON.stringify(part)).join(" on ");

// All moments as [time, kind, title, detail], oldest first.
function listMoments({ messages, runs }) {
  const found = [];
  for (const message of messages) {
    const person = message.role === "user";
    found.push([message.created_at, person ? "person" : "agent", [bdi(nameSender(message.sender)), " wrote"], message.content]);
    for (const call of message.tool_calls || []) {
      const { approval } = call;
      if (approval) {
        found.push([approval.requested_at, "approval", `Approval asked for ${call.name}`, describeCall(call.arguments, approval.shown)]);
        if (approval.decided_at) found.push([approval.decided_at, "approval", `${DECISIONS[approval.decision]}: ${call.name}`, ""]);
      }
      if (call.started_at) {
        found.push([call.started_at, "tool", `${call.name} called`, JSON.stringify(call.arguments)]);
        const took = formatDuration(call.started_at, call.finished_at || call.started_at);
        const outcome = call.error ? `Error: ${call.error}` : JSON.stringify(call.result);
        if (call.finished_at) found.push([call.finished_at, call.error ? "failure" : "tool", `${call.name} ${call.error ? "failed" : "returned"} after ${took}`, outcome]);
      }
    }
  }
  const here = new Set(messages.map((message) => message.run_id));
  for (const run of runs) {
    if (!here.has(run.id)) continue;
    if (run.started_at) found.push([run.started_at, "run", `Run started, ${formatDuration(run.created_at, run.started_at)} after it was asked for`, ""]);
    for (const waits of run.pending_approvals || []) {
      found.push([run.started_at, "approval", `Waits for approval: ${waits.name}`, describeCall(waits.arguments, waits.shown)]);
    }
    if (run.finished_at) {
      const took = formatDuration(run.started_at || run.created_at, run.finished_at);
      const tokens = run.input_tokens + run.output_tokens;
      const detail = [run.error, tokens ? `${run.input_tokens} tokens read, ${run.output_tokens} written` : ""].filter(Boolean).join(" · ");
      found.push([run.finished_at, run.status === "completed" ? "run" : "failure", `Run ${run.status} after ${took}`, detail]);
    }
  }
  return found.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
}

function drawTimeline() {
  const { messages, runs, title, cursor } = record;
  sheet.querySelector("#audit-note").replaceChildren(
    bdi(title), ` · ${formatCount(messages.length, "message")}, ${formatCount(runs.length, "run")}${cursor ? " (newest)" : ""}`);
  const more = sheet.querySelector("#audit-more");
  if (!cursor && more === document.activeElement) sheet.querySelector(".sheet-body").focus(); // the button goes
  more.hidden = cursor === null;
  sheet.querySelector("#timeline").replaceChildren(
    ...listMoments(record).map(([at, kind, what, detail]) =>
      el("li", { class: `moment of-${kind}` },
        el("time", { datetime: at }, formatTime(at)),
        el("p", { class: "moment-title" }, ...[what].flat()),
        detail && el("p", { class: "moment-detail", dir: "auto" }, detail))),
  );
}

async function downloadRecord(id) {
  const [conversation, messages, runs] = await Promise.all([
    get(`/v1/conversations/${id}`),
    getAll(`/v1/conversations/${id}/messages`),
    getAll(`/v1/conversations/${id}/runs`),
  ]);
  const text = JSON.stringify({ conversation, messages, runs, downloaded_at: new Date().toISOString() }, null, 2);
  downloadText(`parley-${id}.json`, "application/json", text);
}
