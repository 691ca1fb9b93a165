// working.js -- in which conversations an agent is at work for the user, or waits for what they decide.
import { get } from "../api.js";
import { subscribe } from "../stream.js";
import { getUser } from "../team/accounts.js";

const ACTIVE = new Set(["queued", "running", "awaiting_approval"]);
const working = new Map(); // conversation id -> status by id of active runs
let notify = () => {};

// `work(conversationId)`: what `getStatus` says of it may have changed.
export const onWork = (work) => (notify = work);

// As the server has it: what was asked for in another tab, or before this page was loaded.
export async function loadWorking() {
  const { data } = await get("/v1/runs");
  working.clear();
  for (const run of data) note(run);
}

function note(run) {
  const runs = working.get(run.conversation_id) || new Map();
  if (ACTIVE.has(run.status)) runs.set(run.id, run.status);
  else runs.delete(run.id);
  working.set(run.conversation_id, runs);
}

export function getStatus(id) {
  const statuses = [...(working.get(id)?.values() || [])];
  if (statuses.includes("awaiting_approval")) return { kind: "asks", words: ", waits for your approval" };
  return statuses.length ? { kind: "works", words: ", is being answered" } : null;
}

export const forgetWorking = () => working.clear();

subscribe("run.queued run.started run.completed run.failed run.cancelled approval.requested approval.decided", ({ run }) => {
  if (run.user_id && run.user_id !== getUser()?.id) return; // somebody else has asked, and decides
  note(run);
  notify(run.conversation_id);
});
