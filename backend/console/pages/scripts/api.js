// api.js -- requests to the REST API and its streams, with the bearer token.
import { getAccessToken, renewToken } from "./account/session.js";
import { readAnswer, readFrames, readProblem, sendRequest, Unreachable, Watch } from "./http.js";
import { readKept } from "./frame/kept_answers.js";

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
  const watch = new Watch({ outer: options.signal });
  try {
    return await readAnswer(await sendAuthorized(method, path, { ...options, body, signal: watch.signal }));
  } finally {
    watch.end();
  }
}

export function get(path, params = {}) {
  const query = new URLSearchParams(Object.entries(params).filter(([, value]) => value || value === false));
  const asked = query.size ? `${path}?${query}` : path;
  return readKept(asked, () => request("GET", asked));
}
// The items of a list that has one page.
export const getList = async (path) => (await get(path)).data;
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

// With a `key` of its own it may be sent again, and happens once.
export const post = (path, body, key) => request("POST", path, body, key ? { headers: { "Idempotency-Key": key } } : {});
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

// Opens a stream and returns its headers, `events()`, an async iterator, and `end()`. Throws if it cannot be opened;
// `events()` throws when the stream breaks or has fallen silent.
export async function openStream(method, path, { body, lastId, signal } = {}) {
  const headers = { Accept: "text/event-stream", ...(lastId ? { "Last-Event-ID": String(lastId) } : {}) };
  const watch = new Watch({ outer: signal, isStream: true });
  try {
    const response = await sendAuthorized(method, path, { body, headers, signal: watch.signal });
    return { headers: response.headers, events: () => readFrames(response.body, watch), end: () => watch.end() };
  } catch (error) {
    watch.end();
    throw error;
  }
}
