// api.js -- requests to the REST API and its streams, with the bearer token, and their errors.
import { getAccessToken, renewToken } from "./account/session.js";

export class ApiError extends Error {
  constructor(status, problem = {}, headers = new Headers()) {
    super(problem.detail || "The server did not answer as it should.");
    this.status = status;
    this.type = problem.type;
    this.errors = problem.errors;
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

async function sendRequest(method, path, { body, headers = {}, signal, token } = {}) {
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

async function readProblem(response) {
  const problem = await response.json().catch(() => ({}));
  return new ApiError(response.status, problem, response.headers);
}

// The response to a request with a valid token: a refused token is renewed once.
async function sendAuthorized(method, path, options) {
  let token = await getAccessToken();
  let response = await sendRequest(method, path, { ...options, token });
  if (response.status === 401) {
    token = await renewToken(token);
    response = await sendRequest(method, path, { ...options, token });
  }
  if (!response.ok) throw await readProblem(response);
  return response;
}

export async function request(method, path, body, options = {}) {
  const response = await sendAuthorized(method, path, { body, ...options });
  return response.status === 204 ? null : response.json();
}

export const get = (path, params = {}) => {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value || value === false));
  return request("GET", query.size ? `${path}?${query}` : path);
};
// The items of all pages of a list.
export async function getAll(path, params = {}) {
  const found = [];
  let cursor;
  do {
    const page = await get(path, { limit: 200, ...params, cursor });
    found.push(...page.data);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
}

export const post = (path, body) => request("POST", path, body);
export const patch = (path, body) => request("PATCH", path, body);
export const remove = (path, body) => request("DELETE", path, body);

// A file, under the name that the server gives it.
export async function openFile(path) {
  const response = await sendAuthorized("GET", path);
  const [, name] = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "") ?? [];
  try {
    return { name, data: await response.blob() };
  } catch {
    throw new Unreachable();
  }
}

// For public routes, and for those of the console's session, which use a cookie.
export async function requestWithoutToken(method, path, body, headers) {
  const response = await sendRequest(method, path, { body, headers });
  if (!response.ok) throw await readProblem(response);
  return response.status === 204 ? null : response.json();
}

// Opens a stream and returns its headers and `events()`, an async iterator. Throws if it cannot be opened.
export async function openStream(method, path, { body, lastId, signal } = {}) {
  const headers = { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": String(lastId) } : {}) };
  const response = await sendAuthorized(method, path, { body, headers, signal });
  return { headers: response.headers, events: () => readFrames(response.body) };
}

// Parses server-sent events: one field a line, a blank line ends an event, a colon starts a comment.
async function* readFrames(stream) {
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
    reader.cancel().catch(() => {}); // the stream is broken already
  }
}
