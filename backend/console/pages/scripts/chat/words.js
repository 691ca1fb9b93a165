// words.js -- puts the words of messages into their boxes; what reads Markdown is fetched with the first that has some.
import { neutralizeDirection, showFailure } from "../dom.js";
import { fetchFolding, fetchReading } from "../later.js";

// One paragraph without Markdown, and without an address.
const PLAIN = /^(?![-+=\s]|\d+[.)]|.*(?:\bwww\.|:\/\/|mailto:))[^\n*_`#[\]<>|~\\&$]*$/;

function showPlain(box, text) {
  box.classList.add("raw");
  box.textContent = neutralizeDirection(text);
  box.decorate?.();
}

// A whole text: at once as it was written, and rendered when the box comes near the screen. Resolves when it is shown as
// what it was while it grew.
export async function showWords(box, text) {
  [box.text, box.isGrowing] = [text, false];
  if (!box.reader) showPlain(box, text);
  if (!box.reader && PLAIN.test(text)) return;
  try {
    const reading = await fetchReading();
    if (box.text === text) reading.showSoon(box);
  } catch (error) {
    showFailure(error);
  }
}

// A text that grows.
export function growWords(box, text) {
  [box.text, box.isGrowing] = [text, true];
  if (!box.reader) showPlain(box, text);
  if (!box.reader && PLAIN.test(text)) return;
  fetchReading().then((reading) => box.text === text && box.isGrowing && reading.showText(box, text, false), showFailure);
}

// Words of the page in place of the text.
export function replaceWords(box, words) {
  [box.text, box.isGrowing, box.reader] = ["", false, null];
  box.replaceChildren(words);
}

// The words of a box as they are read aloud: without marks, and without what the model thought before.
export const getSpoken = (box) =>
  [...box.childNodes].filter((node) => !node.classList?.contains("thought")).map((node) => node.textContent).join(" ").replace(/\s+/g, " ").trim();

const LONG = 400;

// A message of many lines is folded once it has a height; one that is short on any screen is left alone.
export function foldWords(bubble, text) {
  if (text.length > LONG || text.split("\n").length > 8) fetchFolding().then(({ foldLong }) => foldLong(bubble), showFailure);
}
