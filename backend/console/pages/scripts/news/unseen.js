// unseen.js -- answers and questions of agents that the user has not seen: this browser keeps of which conversations.
import { opened } from "../chat/opened.js";
import { showFailure } from "../dom.js";
import { fetchNotices } from "../later.js";
import { forget, keep, listNames, onChange, own, read } from "../storage.js";
import { subscribe } from "../stream.js";
import { getUser } from "../team/accounts.js";

const PREFIX = "unseen.";
const ASKED = "notices"; // what the user has said to being told
const LONG_MS = 10_000;

const begun = new Map(); // run id -> when it was asked for, as this page has heard
let notify = () => {};

// Something was seen, or has come.
export const onUnseen = (work) => (notify = work);
export const isUnseen = (id) => read(own(PREFIX + id)) !== null;
export const listUnseen = () => listNames(own(PREFIX)).map((name) => name.slice(own(PREFIX).length));
const isInSight = (id) => !document.hidden && opened.id === id;

// The conversation is before the user's eyes.
export function markSeen(id = opened.id) {
  if (!id || document.hidden || !isUnseen(id)) return;
  forget(own(PREFIX + id));
  notify();
}

export function forgetUnseen(id) {
  forget(own(PREFIX + id));
}

// `what` is the text of an answer, or the call of a question.
function markUnseen(id, key, what) {
  if (isInSight(id)) return;
  keep(own(PREFIX + id), "");
  notify();
  const wish = read(own(ASKED));
  if (document.hidden && wish === "yes") fetchNotices().then(({ tell }) => tell(id, key, what)).catch(showFailure);
}

// Only where an answer has taken so long that one may have gone elsewhere, and once.
function offerNotices(runId) {
  const took = Date.now() - (begun.get(runId) ?? Date.now());
  begun.delete(runId);
  if (took < LONG_MS || !document.hidden || read(own(ASKED)) !== null) return;
  fetchNotices().then(({ offer }) => offer(own(ASKED))).catch(showFailure);
}

subscribe("run.queued run.started", ({ run }) => begun.has(run.id) || begun.set(run.id, Date.now()));
// What people say has a number, and is counted elsewhere; of a program's calls there are no words.
subscribe("message.created", ({ message, message_seq: seq }) => {
  if (message.role !== "agent" || seq !== undefined || !message.content) return;
  markUnseen(message.conversation_id, message.id, message.content);
  offerNotices(message.run_id);
});
subscribe("approval.requested", ({ run }) => {
  if (run.user_id && run.user_id !== getUser()?.id) return;
  for (const call of run.pending_approvals ?? []) markUnseen(run.conversation_id, call.tool_call_id + (call.digest ?? ""), call);
});
subscribe("run.completed run.failed run.cancelled", ({ run }) => begun.delete(run.id));
onChange(PREFIX, () => {
  markSeen(); // another tab does not know that it is in sight here
  notify();
});
document.addEventListener("visibilitychange", () => markSeen());

const icon = document.querySelector('link[rel="icon"]');
const plain = icon.href;

// The title of the page has the number, and its icon a dot.
export function showNumber(number) {
  const counted = number ? `(${number}) ` : "";
  document.title = counted + document.title.replace(/^\(\d+\) /, "");
  icon.href = number ? new URL("../../icon-news.svg", import.meta.url).href : plain;
}
