// stream.js -- the user stream, one for all tabs: the tab with the lock reads it and broadcasts it to the others.
import { openStream } from "./api.js";
import { openChannel, runExclusively } from "./account/locks.js";

const LONGEST_WAIT_MS = 15_000;

const listeners = new Map();
let channel = null;
let lastId = null; // this tab knows everything up to there
let stop = null;

// `work(data, type)`; types are those of GET /v1/events/stream, and "connection" with true or false.
export function subscribe(types, work) {
  for (const type of types.split(" ")) listeners.set(type, [...(listeners.get(type) || []), work]);
}

function notifyListeners(type, data) {
  for (const work of listeners.get(type) || []) work(data, type);
}

// `position` is `next_after` of GET /v1/changes; what the page reads later is as it was then, or newer.
export function start(userId, position) {
  lastId = String(position);
  const name = `parley.events.${userId}`;
  const aborted = new AbortController();
  stop = aborted;
  channel = openChannel(name);
  channel.onmessage = ({ data }) => receiveFrame(data);
  leadInTurn(name, aborted.signal).catch((error) => {
    if (error.name !== "AbortError") throw error; // signed out while another tab was leading
  });
}

// A tab that has lost the lock waits for it again.
async function leadInTurn(name, signal) {
  let over = false;
  while (!over) over = await runExclusively(name, (lost) => leadTabs(signal, lost), signal);
}

export function end() {
  stop?.abort();
  channel?.close();
  stop = channel = lastId = null;
}

// `after` is where the leading tab goes on from.
function receiveFrame({ id, type, data, after }) {
  const missed = Number(after) > Number(lastId); // the tab that led before never told of what came between
  if (id || missed) lastId = id || after;
  notifyListeners(type, data);
  if (missed) notifyListeners("reset", {});
}

function broadcast(frame) {
  channel?.postMessage(frame);
  receiveFrame(frame);
}

// True if the user signed out, false if another tab leads now.
async function leadTabs(leaving, lost) {
  const signal = AbortSignal.any([leaving, lost]);
  for (let tries = 0; !signal.aborted; ) {
    try {
      await readStream(signal, () => (tries = 0));
    } catch (error) {
      if (!signal.aborted && error.status === 401) return true; // signed out
    }
    if (signal.aborted) break;
    broadcast({ type: "connection", data: false });
    await waitForRetry(Math.min(LONGEST_WAIT_MS, 400 * 2 ** tries) * (0.75 + Math.random() / 2), signal);
    tries += 1;
  }
  return leaving.aborted;
}

async function readStream(signal, opened) {
  const stream = await openStream("GET", "/v1/events/stream", { lastId, signal });
  opened();
  broadcast({ type: "connection", data: true, after: lastId });
  for await (const { id, type, data } of stream.events()) {
    if (type !== "heartbeat") broadcast({ id, type, data });
  }
}

// Resolves after `ms`, or as soon as the network is back.
export function waitForRetry(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    }
    addEventListener("online", done);
    signal?.addEventListener("abort", done, { once: true });
  });
}
