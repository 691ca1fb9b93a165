// approval.js -- asks a person about one call of a tool that a program wants to make, at the address that it gave them.
import { get, post } from "../api.js";
import { getApprovalTitle, getQuestion, makeApprovalFields } from "../calls/approval_fields.js";
import { announce, el, formatClock, formatJson } from "../dom.js";
import { openSheet } from "../sheet.js";

const ENDS = { completed: "It was decided on, and is done.", failed: "It was decided on, and did not work.", cancelled: "It was taken back." };

export async function open() {
  const [runId, callId] = location.hash.slice("#approve/".length).split("/").map(decodeURIComponent);
  const body = el("div", { id: "approval-body" });
  const sheet = openSheet("approval", "A program asks", { leave: "Close without an answer", size: "small-sheet" }, body);
  await sheet.pane.load(async () => {
    try {
      show(body, await get(`/v1/runs/${encodeURIComponent(runId)}`), callId);
    } catch (error) {
      if (![404, 422].includes(error.status)) throw error;
      body.replaceChildren(el("p", { role: "alert" }, "There is nothing to decide at this address."));
    }
  });
  return sheet;
}

function show(body, run, callId) {
  const pending = run.pending_approvals?.find((one) => one.tool_call_id === callId);
  body.replaceChildren(...(pending ? draw(body, run, pending) : [el("p", { role: "status" }, ENDS[run.status] ?? "It was decided on: Parley is at work on it.")]));
}

function draw(body, run, pending) {
  const call = { ...pending, approval: pending };
  const failure = el("p", { class: "form-error", role: "alert", hidden: true });
  const allow = el("button", { type: "button", class: "primary", id: "approval-approve", onclick: () => decide(true) }, "Approve");
  const deny = el("button", { type: "button", class: "plain", id: "approval-deny", onclick: () => decide(false) }, "Deny");

  // A click that was meant for what stood here before approves nothing.
  allow.disabled = true;
  setTimeout(() => (allow.disabled = deny.disabled), 500);

  async function decide(approve) {
    allow.disabled = deny.disabled = true;
    try {
      await post(`/v1/runs/${run.id}/approvals/${encodeURIComponent(pending.tool_call_id)}`, { approve, digest: pending.digest });
      const said = approve ? "Approved. Parley does it now, and the program sees what came of it." : "Denied. Nothing was done.";
      announce(said);
      body.replaceChildren(el("p", { role: "status" }, said));
    } catch (error) {
      if (error.status !== 409) {
        failure.textContent = error.message;
        failure.hidden = false;
        allow.disabled = deny.disabled = false;
        return;
      }
      // It was decided on elsewhere, or has changed since it was shown.
      show(body, await get(`/v1/runs/${run.id}`), pending.tool_call_id);
    }
  }

  const title = getApprovalTitle(call);
  return [
    el("p", {}, el("strong", {}, getQuestion(pending.name))),
    title && el("p", { dir: "auto" }, title),
    makeApprovalFields(call),
    el("details", {}, el("summary", {}, `Arguments of ${pending.name}`), el("pre", { tabindex: "0" }, formatJson(pending.arguments))),
    failure,
    el("div", { class: "row" }, allow, deny, pending.expires_at && el("span", { class: "muted small" }, `Waits until ${formatClock(pending.expires_at)}`)),
  ].filter(Boolean);
}
