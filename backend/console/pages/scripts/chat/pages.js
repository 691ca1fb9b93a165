// pages.js -- the pages of the open conversation's messages: its end, those around a place, older and newer ones.
import { get } from "../api.js";
import { $, showFailure } from "../dom.js";
import { opened } from "./opened.js";

const PAGE = 50;
const AROUND = 25;

let span = { before: "end" }; // what `cursor` goes on from
let cursor = null; // of older messages
let hasMissed = false; // whether a message came while the list did not reach the end
let loading = false;

// Of the branch that is shown.
const fetchPage = (params) => get(`/v1/conversations/${opened.id}/messages`, { branch: "shown", ...params });

export const fetchEnd = async () => ({ ...(await fetchPage({ before: "end", limit: PAGE })), span: { before: "end" }, isWhole: true });
export const fetchRunPage = (id) => get(`/v1/conversations/${id}/runs`, { limit: PAGE });

// The messages before one, and from it on: it is the first that comes after the last of those before.
export async function fetchAround(messageId) {
  const before = await fetchPage({ before: messageId, limit: AROUND });
  const after = await fetchPage({ after: before.data.at(-1)?.id, limit: AROUND });
  const data = [...before.data, ...after.data];
  return { data, next_cursor: before.next_cursor, span: { before: messageId }, isWhole: after.next_cursor === null };
}

// From here on a page is shown.
export function beginWith(page) {
  ({ span, next_cursor: cursor } = page);
  opened.isWhole = page.isWhole;
}

export function clear() {
  cursor = null;
  opened.isWhole = true;
  hasMissed = loading = false;
}

export const noteMissed = () => (hasMissed = true);

async function loadPage(params, show) {
  if (loading) return;
  loading = true;
  const { turn } = opened;
  try {
    const page = await fetchPage({ limit: PAGE, ...params });
    if (turn === opened.turn) show(page);
  } catch (error) {
    showFailure(error);
  } finally {
    if (turn === opened.turn) loading = false;
  }
}

// `show(messages)` gets the next older ones.
export async function loadOlder(show) {
  if (!cursor || loading) return;
  $("older").hidden = false;
  await loadPage({ ...span, cursor }, (page) => {
    cursor = page.next_cursor;
    show(page.data);
  });
  $("older").hidden = true;
}

// `show(messages)` gets those that follow the last one, `opened.isWhole` says whether they are all.
export async function loadNewer(last, show) {
  if (opened.isWhole || loading || !last) return;
  hasMissed = false;
  await loadPage({ after: last }, (page) => {
    opened.isWhole = page.next_cursor === null && !hasMissed;
    show(page.data);
  });
}
