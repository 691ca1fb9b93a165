// rendering.js -- asks the server for the HTML of blocks: each once, several in a request, one request at a time.
import { post } from "../api.js";

const MOST_TEXTS = 100;
const MOST_CHARACTERS = 8_000; // of several in one request
const LONGEST = 50_000; // of one, as the server takes it
const KEPT_CHARACTERS = 1_000_000;

const known = new Map(); // HTML by text
const waiting = new Map(); // by text: those who wait for it
let kept = 0;
let isAsking = false;

export const getKnown = (text) => known.get(text);

// Resolves to the HTML, or to null where the server gives none.
export function render(text) {
  if (known.has(text)) return Promise.resolve(known.get(text));
  if (text.length > LONGEST) return Promise.resolve(null);
  return new Promise((resolve) => {
    waiting.set(text, [...(waiting.get(text) ?? []), resolve]);
    // What is asked for at the same moment goes together.
    queueMicrotask(ask);
  });
}

async function ask() {
  if (isAsking || !waiting.size) return;
  isAsking = true;
  const texts = takeTexts();
  try {
    const { htmls } = await post("/v1/render", { texts });
    htmls.forEach((html, index) => html !== null && settle(texts[index], html));
  } catch {
    for (const text of texts) settle(text, null); // they stay as the page has drawn them
  } finally {
    isAsking = false;
  }
  ask();
}

// As many as a request may have: the first one, and those that fit beside it.
function takeTexts() {
  const texts = [];
  let characters = 0;
  for (const text of waiting.keys()) {
    characters += text.length;
    if (texts.length && (characters > MOST_CHARACTERS || texts.length === MOST_TEXTS)) break;
    texts.push(text);
  }
  return texts;
}

function settle(text, html) {
  if (html !== null) keep(text, html);
  for (const resolve of waiting.get(text) ?? []) resolve(html);
  waiting.delete(text);
}

function keep(text, html) {
  known.set(text, html);
  kept += text.length;
  while (kept > KEPT_CHARACTERS) {
    const [oldest] = known.keys();
    known.delete(oldest);
    kept -= oldest.length;
  }
}
