// locks.js -- runs work in one tab at a time: with Web Locks or, without https, with a lease in IndexedDB.

const LEASE_MS = 4_000;
const ASK_MS = 400;

// Runs `work(lost)` while no other tab runs work of this name. The signal `lost` aborts when a lease has run out.
export function runExclusively(name, work, signal) {
  if (!navigator.locks) return runWithLease(name, work, signal);
  const never = new AbortController().signal;
  return navigator.locks.request(name, signal ? { signal } : {}, () => work(never));
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
  opened ??= new Promise((resolve) => {
    const asked = indexedDB.open("parley.locks", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore("leases");
    asked.onsuccess = () => {
      asked.result.onclose = () => (opened = null); // the user cleared the browser's data
      resolve(asked.result);
    };
    asked.onerror = () => resolve(null);
  });
  return opened;
}
