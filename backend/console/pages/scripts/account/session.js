// session.js -- the session: an access token in memory, renewed with a cookie that no script can read.
// No token goes over a BroadcastChannel, since every page of this host can listen: each tab gets its own.
import { ApiError, requestWithoutToken } from "../http.js";
import { isKept, forget, keep, read } from "../storage.js";
import { openChannel, runExclusively } from "./locks.js";

const PATH = "/v1/web/session";
const CONSOLE = { "X-Parley-Console": "1" };
const MARK = "parley.signed-in"; // set while there is a session cookie, which scripts cannot see
const LOCK = "parley.session"; // only one tab at a time uses the cookie
const EARLY = 0.2; // the part of a token's life that is left when it is renewed

let current = null; // { token, until, early }: times in ms
let hasEnded = false;
let renewing = null;
let notifyEnd = () => {};
const tabs = openChannel("parley.session");

tabs.onmessage = ({ data }) => {
  if (data.kind === "out" && current) endSession("You signed out in another tab.", true);
  if (data.kind === "in") location.reload();
};

// Where nothing is kept, only the server knows.
export const mayBeSignedIn = () => read(MARK) !== null || !isKept();
export const onEnd = (work) => (notifyEnd = work);

function storeToken(answer) {
  const life = answer.expires_in * 1000;
  current = { token: answer.access_token, until: Date.now() + life, early: Date.now() + life * (1 - EARLY) };
  hasEnded = false;
  keep(MARK, "1");
  return current.token;
}

export async function signIn(email, password) {
  storeToken(await runExclusively(LOCK, () => requestWithoutToken("POST", PATH, { email, password }, CONSOLE)));
  tabs.postMessage({ kind: "in" });
}

export async function signOut() {
  await runExclusively(LOCK, () => requestWithoutToken("DELETE", PATH, undefined, CONSOLE));
  tabs.postMessage({ kind: "out" });
  endSession(undefined, true);
}

// `isByHand`: the user has left, and leaves nothing behind in this browser.
export function endSession(why, isByHand = false) {
  current = null;
  hasEnded = true;
  forget(MARK);
  notifyEnd(why, isByHand);
}

// A token that is valid for at least two more seconds.
export async function getAccessToken() {
  return current && current.until > Date.now() + 2_000 ? current.token : renewToken(current?.token);
}

// A new token in place of `stale`. One tab at a time: each use of the cookie replaces it and invalidates the old one.
export async function renewToken(stale) {
  if (current && current.token !== stale && current.until > Date.now()) return current.token;
  renewing ??= runExclusively(LOCK, refreshToken).finally(() => (renewing = null));
  return renewing;
}

async function refreshToken() {
  try {
    return storeToken(await requestWithoutToken("POST", `${PATH}/refresh`, undefined, CONSOLE));
  } catch (error) {
    // What was on its way when the session ended says nothing new, and would take away the reason that was given.
    if (!hasEnded && error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      endSession(read(MARK) === null ? undefined : "Your session has ended. Sign in again.");
    }
    throw error;
  }
}

// Renew ahead of time, so that no request has to wait for it.
setInterval(() => {
  if (current && current.early < Date.now()) renewToken(current.token).catch(() => {}); // the next request tries again
}, 5_000);
