// http.js -- requests as the browser sends them, their errors, and the events of a stream.

// The server sends a heartbeat every 15 s; whatever has been silent for longer will not come any more.
const SILENCE_MS = 25_000;
// Of the session: a renewal whose answer was lost may be repeated within 30 s.
const SHORT_SILENCE_MS = 12_000;

export class ApiError extends Error {
  constructor(status, problem = {}, headers = new Headers()) {
    super(problem.detail || "The server did not answer as it should.");
    this.status = status;
    this.type = problem.type;
    this.errors = problem.errors;
    this.redirectTo = problem.redirect_to;
    this.retryAfter = Number(headers.get("retry-after")) || 0;
  }
}

// There was no answer: the network or the server is down. The same request may be sent again.
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached.");
    this.status = 0;
  }
}

// Its `signal` aborts when nothing is heard for too long, and with `outer`. Of a stream also when the network comes back:
// connections from before may be silent for ever. It is over with `end()`, which aborts what is still open.
export class Watch {
  constructor({ outer, isStream = false, silence = SILENCE_MS } = {}) {
    this.silence = silence;
    this.ending = new AbortController();
    this.signal = this.ending.signal;
    const giveUp = () => this.ending.abort(new Unreachable());
    this.giveUp = giveUp;
    const once = { once: true, signal: this.signal };
    if (outer?.aborted) this.ending.abort(outer.reason);
    outer?.addEventListener("abort", () => this.ending.abort(outer.reason), once);
    if (isStream) {
      addEventListener("online", giveUp, once);
      addEventListener("pageshow", (event) => event.persisted && giveUp(), { signal: this.signal });
    }
    this.hear();
  }

  hear() {
    clearTimeout(this.timer);
    if (!this.signal.aborted) this.timer = setTimeout(this.giveUp, this.silence);
  }

  end() {
    clearTimeout(this.timer);
    this.ending.abort();
  }
}

// Throws Unreachable if there is no answer.
export async function sendRequest(method, path, { body, headers = {}, signal, token } = {}) {
  const sent = { ...headers, ...(token ? { Authorization: `Bearer ${token}` } : {}) };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  try {
    return await fetch(path, {
      method, signal, headers: sent, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable();
  }
}

export async function readProblem(response) {
  const problem = await response.json().catch(() => ({}));
  return new ApiError(response.status, problem, response.headers);
}

// The JSON of a good answer; null where there is none.
export async function readAnswer(response) {
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Unreachable(); // it broke off
  }
}

// For public routes, and for those of the console's session, which use a cookie.
export async function requestWithoutToken(method, path, body, headers) {
  const watch = new Watch({ silence: SHORT_SILENCE_MS });
  try {
    const response = await sendRequest(method, path, { body, headers, signal: watch.signal });
    if (!response.ok) throw await readProblem(response);
    return await readAnswer(response);
  } finally {
    watch.end();
  }
}

// Parses server-sent events: one field a line, a blank line ends an event, a colon starts a comment.
export async function* readFrames(stream, watch) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let frame = {};
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      watch.hear();
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        if (line === "") {
          if (frame.data !== undefined) yield { id: frame.id, type: frame.event || "message", data: JSON.parse(frame.data) };
          frame = {};
          continue;
        }
        const colon = line.indexOf(":");
        if (colon === 0) {
          yield { type: "heartbeat" };
          continue;
        }
        const name = colon < 0 ? line : line.slice(0, colon);
        const text = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
        frame[name] = name === "data" && frame.data !== undefined ? `${frame.data}\n${text}` : text;
      }
    }
  } finally {
    watch.end();
    reader.cancel().catch(() => {}); // the stream is broken already
  }
}
