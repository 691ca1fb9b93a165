// api.js -- requests to the REST API and its streams, with the bearer token and errors in words.
import { accessToken, renew } from  "./account/session.js";

export class ApiError extends Error {
  constructor(status, problem = {}, headers = new Headers()) {
    super(problem.detail || "The server did not answer as it should.");
    this.status = status;
    this.type = problem.type;
    this.errors = problem.errors;
    this.retryAfter = Number(headers.get("retry-after")) || 0;
  }
}

// No answer at all: the network, or the server is away. The same request may be sent again.
export class Unreachable extends Error {
  constructor() {
    super("The server cannot be reached.");
    this.status = 0;
  }
}

async function send(method, path, { body, headers = {}, signal, token } = {}) {
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

async function problemOf(response) {
  const problem = await response.json().catch(() => ({}));
  return new ApiError(response.status, problem, response.headers);
}

// The answer, with a token that still counts: a refused one is renewed once.
async function authorized(method, path, options) {
  let token = await accessToken();
  let response = await send(method, path, { ...options, token });
  if (response.status === 401) {
    token = await renew(token);
    response = await send(method, path, { ...options, token });
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

export async function request(method, path, body, options = {}) {
  const response = await authorized(method, path, { body, ...options });
  return response.status === 204 ? null : response.json();
}

export const get = (path, params = {}) => {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value || value === false));
  return request("GET", query.size ? `${path}?${query}` : path);
};
export const post = (path, body) => request("POST", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path, body) => request("DELETE", path, body);

// Without a token: what everybody may ask, and the console's own session.
export async function open(method, path, body, headers) {
  const response = await send(method, path, { body, headers });
  if (!response.ok) throw await problemOf(response);
  return response.status === 204 ? null : response.json();
}

// A stream, opened: its headers, and `events()` as they come. Throws where it could not be opened.
export async function openStream(method, path, { body, lastId, signal } = {}) {
  const headers = { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": String(lastId) } : {}) };
  const response = await authorized(method, path, { body, headers, signal });
  return { headers: response.headers, events: () => framesOf(response.body) };
}

// Server-sent events by the book: fields by line, a blank line ends an event, a colon starts a comment.
async function* framesOf(stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let frame = {};
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
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
    reader.cancel().catch(() => {}); // a stream that broke has nothing left to cancel
  }
}
