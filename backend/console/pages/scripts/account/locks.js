// locks.js -- what tabs of one browser do together: work that one runs at a time, and channels between them.
// Locks are Web Locks or, without https, leases in IndexedDB. A browser that keeps nothing for the page may refuse all of
// these: then each tab works for itself.

const LEASE_MS = 4_000;
const ASK_MS = 400;

// Runs `work(lost)` while no other tab runs work of this name. The signal `lost` aborts when a lease has run out.
export async function runExclusively(name, work, signal) {
  if (!navigator.locks || !(await mayLock())) return runWithLease(name, work, signal);
  const never = new AbortController().signal;
  return navigator.locks.request(name, signal ? { signal } : {}, () => work(never));
}

let allowed = null;

function mayLock() {
  allowed ??= navigator.locks.query().then(() => true, () => false);
  return allowed;
}

// A channel to the other tabs; one that nobody hears where there is none.
export function openChannel(name) {
  try {
    return new BroadcastChannel(name);
  } catch {
    return { postMessage() {}, close() {} };
  }
}

async function runWithLease(name, work, signal) {
  const owner = crypto.getRandomValues(new Uint32Array(4)).join("-");
  while (!(await claimLease(name, owner, LEASE_MS))) {
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
    signal?.throwIfAborted();
  }
  const lost = new AbortController();
  const beat = setInterval(async () => {
    if (!(await claimLease(name, owner, LEASE_MS))) lost.abort(); // the browser suspended this tab for longer than the lease
  }, LEASE_MS / 4);
  try {
    return await work(lost.signal);
  } finally {
    clearInterval(beat);
    await claimLease(name, owner, 0);
  }
}

// Takes or renews the lease for `ms`; false if another owner has it. Transactions of several tabs run one by one.
async function claimLease(name, owner, ms) {
  const db = await openDatabase();
  if (!db) return true; // without IndexedDB tabs are not coordinated
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

function openDatabase() {
  opened ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open("parley.locks", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("leases");
    asked.onsuccess = () => {
      asked.result.onclose = () => (opened = null); // the user cleared the browser's data
      resolve(asked.result);
    };
    asked.onerror = reject;
  }).catch(() => null);
  return opened;
}
