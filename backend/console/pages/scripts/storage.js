// storage.js -- what this browser keeps for the page: in localStorage or, where that is refused or full, in memory.

const memory = new Map(); // what could not be kept, by name; null for what is gone
const watched = []; // [prefix, work]
let owner = "";
let notifyRefused = () => {};

// Runs `work` once when something could not be kept: it is gone when the page is closed.
export const onRefused = (work) => (notifyRefused = work);

// The user of whom the names that `own` makes are.
export const setOwner = (userId) => (owner = userId);
export const own = (name) => `parley.${owner}.${name}`;

// The text that is kept under a name; null where there is none.
export function read(name) {
  if (memory.has(name)) return memory.get(name);
  try {
    return localStorage.getItem(name);
  } catch {
    return null;
  }
}

export function keep(name, text) {
  try {
    localStorage.setItem(name, text);
    memory.delete(name);
  } catch {
    memory.set(name, text);
    notifyRefused();
    notifyRefused = () => {};
  }
}

export function forget(name) {
  try {
    localStorage.removeItem(name);
    memory.delete(name);
  } catch {
    memory.set(name, null);
  }
}

// All of the owner's: they have signed out.
export const forgetOwn = () => listNames(own("")).forEach(forget);

// The names that begin with `prefix`, in order.
export function listNames(prefix) {
  let names = [];
  try {
    names = Object.keys(localStorage);
  } catch {
    // Then there is only what is in memory.
  }
  const all = new Set([...names, ...memory.keys()]);
  return [...all].filter((name) => name.startsWith(prefix) && memory.get(name) !== null).sort();
}

// Whether this browser keeps anything for the page.
export function isKept() {
  try {
    localStorage.setItem("parley.probe", "");
    localStorage.removeItem("parley.probe");
    return true;
  } catch {
    return false;
  }
}

// Another tab has kept or forgotten something whose name begins with `own(prefix)`: `work(name, text, before)`.
export const onChange = (prefix, work) => watched.push([prefix, work]);

addEventListener("storage", ({ key, newValue, oldValue }) => {
  if (key !== null) memory.delete(key);
  for (const [prefix, work] of watched) if (key?.startsWith(own(prefix))) work(key, newValue, oldValue);
});
