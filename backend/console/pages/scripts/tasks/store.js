// store.js -- the tasks that the page knows, as they are by the newest that it was told of each.
const known = new Map();
const deletedIds = new Set(); // late events about deleted tasks are ignored
const placed = new Map(); // positions on their way to the server: what is told of them meanwhile is older
let heard = null; // what was told of tasks while the list is read: it may be newer than what was read

export const getTask = (id) => known.get(id);
export const listKnown = () => [...known.values()];
export const putTask = (task) => known.set(task.id, task);
export const dropTask = (id) => known.delete(id);

// Whether the task is as it is now, for all that is known.
export function keepNewer(task) {
  const isOld = deletedIds.has(task.id) || known.get(task.id)?.updated_at > task.updated_at;
  if (!isOld) known.set(task.id, placed.has(task.id) ? { ...task, position: placed.get(task.id) } : task);
  return !isOld;
}

// As an event or an answer tells it.
export function hearOf(task) {
  heard?.set(task.id, task);
  return keepNewer(task);
}

export function noteDeleted(id) {
  deletedIds.add(id);
  return known.delete(id);
}

export const noteReturned = (id) => deletedIds.delete(id);

// From now on the list is read: `keepRead` takes what was read, and with it what was told meanwhile.
export const beginReading = () => (heard = new Map());
export const isReading = () => heard !== null;

export function keepRead(tasks) {
  known.clear();
  for (const task of [...tasks, ...heard.values()]) keepNewer(task);
  heard = null;
}

export function placeTask(id, position) {
  placed.set(id, position);
  known.set(id, { ...known.get(id), position });
}

export const settlePlace = (id, position) => placed.get(id) === position && placed.delete(id);

export function forgetAll() {
  for (const kept of [known, deletedIds, placed]) kept.clear();
  heard = null;
}
