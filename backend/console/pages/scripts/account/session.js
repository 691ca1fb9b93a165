// session.js -- who is signed in: the access token in memory, renewed by a cookie that no script can read.
// Every page of this host can hear a BroadcastChannel: no token goes over one, each tab gets its own.
import { ApiError, open } from  "../api.js";
import { alone } from "./locks.js";

const PATH = "/v1/web/session";
const CONSOLE = { "X-Parley-Console": "1" };
const MARK = "parley.signed-in"; // only that there is a cookie to ask with; the cookie itself cannot be seen
const LOCK = "parley.session"; // the cookie is one tab's at a time
const EARLY = 0.2; // of a token's life is left when it is renewed

let held = null; // { token, until, early }: times in ms
let renewing = null;
let ended = () => {};
const tabs = new BroadcastChannel("parley.session");

tabs.onmessage = ({ data }) => {
  if (data.kind === "out" && held) leave("You signed out in another tab.");
  if (data.kind === "in") location.reload();
};

export const mayBeSignedIn = () => localStorage.getItem(MARK) !== null;
export const onEnd = (work) => (ended = work);

function take(answer) {
  const life = answer.expires_in * 1000;
  held = { token: answer.access_token, until: Date.now() + life, early: Date.now() + life * (1 - EARLY) };
  localStorage.setItem(MARK, "1");
  return held.token;
}

export async function signIn(email, password) {
  take(await alone(LOCK, () => open("POST", PATH, { email, password }, CONSOLE)));
  tabs.postMessage({ kind: "in" });
}

export async function signOut() {
  await alone(LOCK, () => open("DELETE", PATH, undefined, CONSOLE));
  tabs.postMessage({ kind: "out" });
  leave();
}

export function leave(why) {
  held = null;
  localStorage.removeItem(MARK);
  ended(why);
}

// A token that will last a while.
export async function accessToken() {
  return held && held.until > Date.now() + 2_000 ? held.token : renew(held?.token);
}

// A new token in place of `stale`. One tab at a time: each use of the cookie replaces it, and an old one counts no more.
export async function renew(stale) {
  if (held && held.token !== stale && held.until > Date.now()) return held.token;
  renewing ??= alone(LOCK, refresh).finally(() => (renewing = null));
  return renewing;
}

async function refresh() {
  try {
    return take(await open("POST", `${PATH}/refresh`, undefined, CONSOLE));
  } catch (error) {
    if (error instanceof ApiError && (error.status === 401 || error.status === 403)) {
      leave("Your session has ended. Sign in again.");
    }
    throw error;
  }
}

// Ahead of time, so that no request has to wait for it.
setInterval(() => {
  if (held && held.early < Date.now()) renew(held.token).catch(() => {}); // the next request tries again
}, 5_000);
