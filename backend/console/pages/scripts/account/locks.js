// locks.js -- one tab at a time: by Web Locks or, on a page without https, which has none, by a lease in IndexedDB.

const LEASE_MS = 4_000;
const ASK_MS = 400;

// Does `work(lost)` when no other tab does work of this name. `lost` tells who held only a lease that it has run out.
export function alone(name, work, signal) {
  if (!navigator.locks) return leased(name, work, signal);
  const never = new AbortController().signal;
  return navigator.locks.request(name, signal ? { signal } : {}, () => work(never));
}

async function leased(name, work, signal) {
  const owner = crypto.getRandomValues(new Uint32Array(4)).join("-");
  while (!(await claim(name, owner, LEASE_MS))) {
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    signal?.throwIfAborted();
  }
  const lost = new AbortController();
  const beat = setInterval(async () => {
    if (!(await claim(name, owner, LEASE_MS))) lost.abort(); // the browser let this tab sleep for too long
  }, LEASE_MS / 4);
  try {
    return await work(lost.signal);
  } finally {
    clearInterval(beat);
    await claim(name, owner, 0);
  }
}

// Whether the lease is `owner`'s, now and for so many ms. A transaction waits for those of other tabs.
async function claim(name, owner, ms) {
  const db = await database();
  if (!db) return true; // no place for leases: each tab for itself
  return new Promise((resolve) => {
    let mine = true;
    const transaction = db.transaction("leases", "readwrite");
    const leases = transaction.objectStore("leases");
    leases.get(name).onsuccess = ({ target: { result: held } }) => {
      mine = !held || held.owner === owner || held.until <= Date.now();
      if (mine) leases.put({ owner, until: Date.now() + ms }, name);
    };
    transaction.oncomplete = transaction.onabort = () => resolve(mine);
  });
}

let opened = null;

function database() {
  opened ??= new Promise((resolve) => {
    const asked = indexedDB.open("parley.locks", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("leases");
    asked.onsuccess = () => {
      asked.result.onclose = () => (opened = null); // the person has cleared what the browser keeps
      resolve(asked.result);
    };
    asked.onerror = () => resolve(null);
  });
  return opened;
}
