// kept_answers.js -- answers of the API that this browser keeps, to be read while there is no network.
import { Unreachable } from "../http.js";

const NAME = "parley-answers";
const MOST = 200; // the oldest ones go
const cache = "caches" in window ? window.caches : null; // pages without https have none

// Whether something of it has been shown that may have changed since.
let isShown = false;

// What `read()` gives, the answer to GET `path`. While there is no network it is what that gave the last time.
export async function readKept(path, read) {
  try {
    const answer = await read();
    keepAnswer(path, answer);
    return answer;
  } catch (error) {
    const kept = error instanceof Unreachable && !navigator.onLine ? await findAnswer(path) : undefined;
    if (kept === undefined) throw error;
    isShown = true;
    return kept;
  }
}

async function keepAnswer(path, answer) {
  if (!cache) return;
  try {
    const kept = await cache.open(NAME);
    await kept.delete(path); // what was read last stands at the end
    await kept.put(path, new Response(JSON.stringify(answer), { headers: { "Content-Type": "application/json" } }));
    const paths = await kept.keys();
    await Promise.all(paths.slice(0, -MOST).map((old) => kept.delete(old)));
  } catch {
    await forgetAnswers(); // there is no room for them
  }
}

const findAnswer = async (path) => (await cache?.match(path, { cacheName: NAME }))?.json();

// Somebody signs in or out: what another user has read is not for them.
export const forgetAnswers = async () => cache?.delete(NAME);

// Whether what is shown has to be read anew, once.
export function takeShown() {
  const was = isShown;
  isShown = false;
  return was;
}
