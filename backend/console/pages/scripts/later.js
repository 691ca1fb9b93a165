// later.js -- fetches the parts of the page that are wanted later: sheets, which it opens, what people say, tools.
import { $, el, showFailure } from "./dom.js";
import { Unreachable } from "./http.js";

const NOT_FETCHED = "This part of the page could not be fetched. Try again, or reload the page.";
const styles = new Map(); // by file: a promise, once it was asked for
let asked = 0; // a counter: of two parts that are asked for at once the last one is opened

// Opens the module that `fetchPart()` imports. Where it does not arrive, the user is told, and may ask again.
export async function openPart(fetchPart, ...given) {
  asked += 1;
  const mine = asked;
  try {
    const part = await fetchAll(fetchPart, "sheets.css");
    const isSignedIn = !$("app").hidden;
    if (mine === asked && isSignedIn) await part.open(...given);
  } catch (error) {
    showFailure(error);
  }
}

// What brings messages to the server, follows runs, makes changes that can be undone, reads, picks and moves tasks, and
// shows the messages of people, the calls of tools, the hits of a search, and files that are dropped.
export const fetchDelivery = () => fetchAll(() => import("./unsent/delivery.js"));
export const fetchRuns = () => fetchAll(() => import("./chat/runs.js"), "branches.css");
export const fetchRoom = () => fetchAll(() => import("./people/room.js"), "people.css");
export const fetchConversationChanges = () => fetchAll(() => import("./undo/conversation_changes.js"));
export const fetchChanges = () => fetchAll(() => import("./undo/changes.js"));
export const fetchTaskList = () => fetchAll(() => import("./tasks/list.js"));
export const fetchChart = () => fetchAll(() => import("./tasks/chart.js"));
export const fetchDoing = () => fetchAll(() => import("./tasks/doing.js"));
export const fetchPresses = () => fetchAll(() => import("./tasks/presses.js"));
export const fetchDue = () => fetchAll(() => import("./tasks/due.js"));
export const fetchEntry = () => fetchAll(() => import("./tasks/entry.js"));
export const fetchPicking = () => fetchAll(() => import("./tasks/picking.js"));
export const fetchMoving = () => fetchAll(() => import("./tasks/moving.js"));
export const fetchBranches = () => fetchAll(() => import("./chat/branches.js"), "branches.css");
export const fetchCards = () => fetchAll(() => import("./calls/tools.js"), "tools.css");
export const fetchData = () => fetchAll(() => import("./reading/data_card.js"), "data.css");

export const fetchNotices = () => fetchAll(() => import("./news/notices.js"));
export const fetchReading = () => fetchAll(() => import("./reading/text.js"), "reading.css");
export const fetchWhole = () => fetchAll(() => import("./reading/whole_conversation.js"), "reading.css");
export const fetchFolding = () => fetchAll(() => import("./reading/folding.js"), "reading.css");
export const fetchDropped = () => fetchAll(() => import("./unsent/dropped_files.js"));
// They open what needs the styles of a search and of sheets.
export const fetchShortcuts = () => fetchAll(() => import("./finding/shortcuts.js"), "search.css");
export const fetchSearch = () => fetchAll(() => import("./finding/search.js"), "search.css");

async function fetchAll(fetchPart, name) {
  try {
    const [part] = await Promise.all([fetchPart(), name && fetchStyles(name)]);
    return part;
  } catch (cause) {
    throw navigator.onLine ? new Error(NOT_FETCHED, { cause }) : new Unreachable();
  }
}

function fetchStyles(name) {
  if (!styles.has(name)) styles.set(name, linkStyles(name));
  return styles.get(name);
}

function linkStyles(name) {
  return new Promise((resolve, reject) => {
    const link = el("link", { rel: "stylesheet", href: new URL(`../styles/${name}`, import.meta.url).href, onload: resolve });
    link.addEventListener("error", () => {
      link.remove();
      styles.delete(name); // the next part asks again
      reject(new Error("no styles"));
    });
    document.head.append(link);
  });
}
