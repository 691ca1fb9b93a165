// stream.js -- the caller's stream, one for all tabs: the tab that holds the lock reads it and tells the others.
import { openStream } from "./api.js";
import { alone } from  "./account/locks.js";

const LONGEST_WAIT_MS = 15_000;
const SILENCE_MS = 40_000; // the server says something every 15 s

const listeners = new Map();
let channel = null;
let lastId = null;
let stop = null;

// `work(data, type)`; types are those of GET /v1/events/stream, and "connection" with true or false.
export function on(types, work) {
  for (const type of types.split(" ")) listeners.set(type, [...(listeners.get(type) || []), work]);
}

function tell(type, data) {
  for (const work of listeners.get(type) || []) work(data, type);
}

export function start(userId) {
  const name = `parley.events.${userId}`;
  const aborted = new AbortController();
  stop = aborted;
  channel = new BroadcastChannel(name);
  channel.onmessage = ({ data }) => receive(data);
  leadInTurn(name, aborted.signal).catch((error) => {
    if (error.name !== "AbortError") throw error; // signed out while another tab was leading
  });
}

// Who has lost the lead waits for it again.
async function leadInTurn(name, signal) {
  let over = false;
  while (!over) over = await alone(name, (lost) => lead(signal, lost), signal);
}

export function end() {
  stop?.abort();
  channel?.close();
  stop = channel = lastId = null;
}

function receive({ id, type, data }) {
  if (id) lastId = id; // where to go on, should this tab have to lead
  tell(type, data);
}

function pass(frame) {
  channel?.postMessage(frame);
  receive(frame);
}

// True where there is nothing more to lead, false where another tab leads now.
async function lead(leaving, lost) {
  const signal = AbortSignal.any([leaving, lost]);
  for (let tries = 0; !signal.aborted; ) {
    try {
      await read(signal, () => (tries = 0));
    } catch (error) {
      if (!signal.aborted && error.status === 401) return true; // signed out
    }
    if (signal.aborted) break;
    pass({ type: "connection", data: false });
    await pause(Math.min(LONGEST_WAIT_MS, 400 * 2 ** tries) * (0.75 + Math.random() / 2), signal);
    tries += 1;
  }
  return leaving.aborted;
}

async function read(signal, opened) {
  const connection = new AbortController();
  const give_up = () => connection.abort();
  signal.addEventListener("abort", give_up);
  let quiet = setTimeout(give_up, SILENCE_MS);
  try {
    const stream = await openStream("GET", "/v1/events/stream", { lastId, signal: connection.signal });
    opened();
    pass({ type: "connection", data: true });
    for await (const { id, type, data } of stream.events()) {
      clearTimeout(quiet);
      quiet = setTimeout(give_up, SILENCE_MS);
      if (type !== "heartbeat") pass({ id, type, data });
    }
  } finally {
    clearTimeout(quiet);
    signal.removeEventListener("abort", give_up);
  }
}

// Resolves after so long, or as soon as the network is back.
export function pause(ms, signal) {
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
