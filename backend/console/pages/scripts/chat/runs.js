// runs.js -- the user's runs in the open conversation: those that are followed, those that wait, and how others ended.
import { get, post } from "../api.js";
import { announce, showFailure, wait } from "../dom.js";
import { answerAgain, cutFrom } from "./branches.js";
import * as composer from "./composer.js";
import { loadConversation } from "./conversations.js";
import { makeItem, markDay, markStored, setState } from "./messages.js";
import { opened } from "./opened.js";
import { isWithdrawn, markWithdrawn } from "./queue.js";
import { RunFollower } from "./run_follower.js";
import { findItem, list, placeItem } from "./thread.js";
import { findAgent, getUser } from "../team/accounts.js";
import { sendMessage } from "../unsent/sending.js";

const ACTIVE = new Set(["queued", "running", "awaiting_approval"]);
// With an agent alone one answer follows the other. Among people several agents may answer at once; a browser opens six
// connections to a host, and each follower has one.
const MOST_AMONG_PEOPLE = 3;
// How long an answer's own stream may take to tell of the end that the user stream has told, and then once more after it
// was asked anew; and how long a stopped one may take to end.
const LATE_MS = 1_000;
const TOO_LATE_MS = 3_000;
const STOP_MS = 5_000;

let runs = new Map();
let followers = new Map(); // by run

// Whether the message of this run is shown as it grows.
export const isFollowed = (runId) => Boolean(followers.get(runId)) && !followers.get(runId).ended;
const listFollowed = () => [...followers.values()].filter((follower) => !follower.ended);
// Among people the runs of others are seen, too; only who has asked follows one, and decides about its calls.
const isOwn = (run) => !run.user_id || run.user_id === getUser()?.id;

export function setRuns(history) {
  runs = new Map(history.filter(isOwn).map((run) => [run.id, run]));
  for (const run of history) if (!isOwn(run)) opened.room?.tellWorking(run, ACTIVE.has(run.status));
}

export function leaveRuns() {
  for (const follower of followers.values()) follower.leave();
  followers = new Map();
  runs = new Map();
  updateButtons();
}

// A run that the user has just asked for.
export function addRun(runId) {
  if (!runs.has(runId)) runs.set(runId, { id: runId, status: "queued", created_at: new Date().toISOString() });
}

export function showEndings() {
  for (const run of runs.values()) showEnding(run);
}

function showEnding(run) {
  if (run.status !== "failed" && run.status !== "cancelled") return;
  const asked = findAsked(run);
  if (isWithdrawn(run) && asked && !opened.room) {
    markWithdrawn(asked);
    return;
  }
  let answer = list.querySelector(`.from-agent[data-run="${run.id}"]`);
  if (!answer) {
    if (!asked || isAnsweredAnew(asked)) return;
    answer = makeMissingAnswer(run.id);
    opened.room?.dressFollower(answer, run);
    placeItem(answer);
  }
  const again = asked?.dataset.id && asked === [...list.querySelectorAll(".from-user")].at(-1);
  const retry = opened.room ? () => sendMessage(asked.message.content) : () => answerAgain(asked.dataset.id);
  answer.agent.showEnding(run, again ? retry : null);
}

// A run that left no answer has no place where another answer to its message is shown, or on its way.
const isAnsweredAnew = (asked) =>
  !opened.room && (asked.nextElementSibling?.matches(".from-agent")
    || [...runs.values()].some((run) => ACTIVE.has(run.status) && run.user_message_id === asked.dataset.id));

// The message that asked for a run: among people it may ask for several.
const findAsked = (run) => list.querySelector(`.from-user[data-run="${run.id}"]`) ?? (run.user_message_id ? findItem(run.user_message_id) : null);

// Stands in for the answer of a run that ended without one.
function makeMissingAnswer(runId) {
  const standIn = { id: "", run_id: runId, role: "agent", content: "", tool_calls: [], created_at: new Date().toISOString() };
  const item = makeItem(standIn);
  item.dataset.day = "";
  delete item.dataset.id;
  return item;
}

// Follows a run, by default the oldest that is at work; false where no more are followed at once, or none is there.
export function followRun(stream = null, runId = null) {
  if (!opened.isWhole || listFollowed().length >= (opened.room ? MOST_AMONG_PEOPLE : 1)) return false;
  const next = runId || [...runs.values()].filter((run) => ACTIVE.has(run.status) && !followers.has(run.id)).sort(compareStart)[0]?.id;
  if (!next) {
    updateButtons();
    return false;
  }
  const follower = new RunFollower(next, handleRunEvent, stream);
  followers.set(next, follower);
  const run = runs.get(next);
  // Of a message that is answered anew nothing is shown any more that came after it.
  if (run?.user_message_id && !opened.room) cutFrom(findAsked(run)?.nextElementSibling);
  list.querySelector(`.from-agent[data-run="${next}"]`)?.remove();
  list.append(follower.item);
  opened.room?.dressFollower(follower.item, run);
  placeItem(follower.item);
  for (const other of runs.values()) markQueued(other);
  updateButtons();
  if (opened.room) followRun();
  return true;
}

const compareStart = (a, b) => (a.created_at < b.created_at ? -1 : 1);

export const markWaiting = (runId) => markQueued(runs.get(runId));

// Marks the message of a queued run, until the run starts.
function markQueued(run) {
  const userItem = list.querySelector(`.from-user[data-run="${run.id}"]`);
  if (!userItem) return;
  if (run.status === "queued" && !followers.has(run.id)) setState(userItem, "queued");
  else if (userItem.dataset.state === "queued") setState(userItem, "sent");
}

function handleRunEvent(type, data, source) {
  if (source !== followers.get(source.id)) return;
  if (type === "run.queued") nameAwaited(source, data.conversation_id).catch((error) => error.status === 404 || showFailure(error));
  if (type === "run.queued" || type === "run.started") {
    const userItem = list.querySelector(`.from-user[data-run="${source.id}"]`);
    if (userItem && !userItem.dataset.id) {
      markStored(userItem, { id: data.user_message_id, run_id: source.id, created_at: new Date().toISOString() });
      markDay(userItem);
    }
  }
  if (!source.ended) return;
  const known = runs.get(source.id);
  // What was followed had begun, even where the user stream has not told so.
  runs.set(source.id, { ...known, started_at: known?.started_at || undefined, id: source.id, status: data.status, error: data.error ?? null });
  source.item.classList.remove("live");
  if (data.status === "completed") source.agent.showThinking(null);
  else {
    showEnding(runs.get(source.id));
    announce(data.status === "failed" ? `The answer failed. ${data.error || ""}` : "Stopped");
  }
  followRun();
}

// A hosted agent's run waits for its turn, an external agent's for the agent.
async function nameAwaited(source, id) {
  const agent = await findAgent(await loadConversation(id));
  if (agent?.kind === "external") source.nameAwaited(agent.name);
}

export function updateRun(run) {
  if (run.conversation_id !== opened.id) return;
  if (!isOwn(run)) {
    opened.room?.tellWorking(run, ACTIVE.has(run.status));
    return;
  }
  const known = runs.get(run.id);
  if (known && !ACTIVE.has(known.status)) return;
  runs.set(run.id, { ...known, ...run });
  if (ACTIVE.has(run.status)) followRun();
  else if (isFollowed(run.id)) expectEnd(followers.get(run.id), run).catch(showProblem);
  else showEnding(run);
  markQueued(run);
}

// Where the server cannot be reached, the follower goes on trying.
const showProblem = (error) => error.status && showFailure(error);

// A run has ended, and its own stream has not told so: its connection may be silent.
async function expectEnd(follower, run) {
  const isOver = () => follower.ended || follower !== followers.get(run.id);
  await Promise.race([follower.over, wait(LATE_MS)]);
  if (isOver()) return;
  follower.resume();
  await Promise.race([follower.over, wait(TOO_LATE_MS)]);
  if (isOver()) return;
  const { data } = await get(`/v1/conversations/${run.conversation_id}/messages`, { before: "end" });
  if (isOver()) return;
  const message = data.find((one) => one.run_id === run.id && one.role === "agent");
  follower.end(message);
  handleRunEvent(`run.${run.status}`, run, follower);
}

function updateButtons() {
  const isWorking = listFollowed().length > 0;
  composer.setWorking(isWorking, isWorking && !opened.room);
}

async function stopRun(follower) {
  follower.setStopping(true);
  try {
    const cancelled = post(`/v1/runs/${follower.id}/cancel`).then(updateRun).then(() => follower.over);
    const tooLong = wait(STOP_MS).then(() => {
      throw new Error("The server has not said that it has stopped.");
    });
    await Promise.race([cancelled, tooLong]);
  } finally {
    follower.setStopping(false);
  }
}

composer.onStop(() => Promise.all(listFollowed().map(stopRun)));
