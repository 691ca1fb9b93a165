// blocks.js -- where a block of Markdown ends: cuts only what the server, reading the whole text, would cut there as well.

const FENCE = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})\s*(\S*)/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const RULE = /^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$/;
const ITEM = /^( {0,3})([-*+]|\d{1,9}[.)])(?:( +)(?=\S)|[ \t]*$)/;
const QUOTE = /^ {0,3}>/;
const FORMULA = /^ {0,3}(\$\$|\\\[)/;
const CLOSERS = { $$: "$$", "\\[": "\\]" };
const NOTE = /^ {0,3}\[\^[\w.-]{1,40}\]:/;
const THOUGHT = /^\s*<think(?:ing)?>/;
const THOUGHT_END = /<\/think(?:ing)?>/;
const DELIMITERS = /^ {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*$/;
const UNDERLINE = /^ {0,3}(?:=+|-+)[ \t]*$/;
const INDENTED = /^(?: {4}|\t)/;
const MOST_LINES_OF_FORMULA = 100;
// The beginning of a line that may become the mark of another block.
const BEGUN = /^\s*(?:[-*+#>|~=$\\:]+|`+|\d{1,9}[.)]?|<\/?\w{0,8}|\[\^?[^\]]{0,8})[ \t]*$/;

const isBlank = (line) => line.trim() === "";
const indentOf = (line) => /^ */.exec(line)[0].length;
const isTable = (head, line) => line !== undefined && head.includes("|") && line.includes("-") && DELIMITERS.test(line);

// What a line begins, whatever stands before it; null where it goes on with a paragraph.
function findKind(line) {
  if (FENCE.test(line)) return "code";
  if (THOUGHT.test(line)) return "thought";
  if (HEADING.test(line)) return "heading";
  if (RULE.test(line)) return "rule";
  if (QUOTE.test(line)) return "quote";
  if (FORMULA.test(line)) return "formula";
  if (NOTE.test(line)) return "note";
  const item = ITEM.exec(line);
  // Another number than 1 in the middle of a paragraph is a part of it, and so is an item with nothing in it.
  if (item && item[3] && (!/\d/.test(item[2]) || Number.parseInt(item[2], 10) === 1)) return "item";
  return null;
}

// The next block of the text from `at` on: { kind, text, end, isClosed }, or null where nothing is left that can be shown.
// It is closed where what follows cannot change it any more; `isWhole` says that nothing follows.
export function readBlock(text, at, isWhole) {
  const lines = new Lines(text, at);
  while (lines.has(0) && isBlank(lines.get(0))) lines.skip();
  if (!lines.has(0)) return null;
  const first = lines.get(0);
  if (THOUGHT.test(first)) return readThought(text, lines.start, isWhole);
  const kind = findFirstKind(first, lines.get(1));
  const { count, isClosed } = READERS[kind](lines, first);
  const end = lines.endOf(count - 1);
  if (isWhole || isClosed) return { kind, text: trimEnd(text.slice(lines.start, end)), end, isClosed: true };
  // What is not certain is not shown yet.
  const isSure = lines.isCertain(count - 1) || !BEGUN.test(lines.get(count - 1)) || kind === "code";
  const written = text.slice(lines.start, isSure ? end : count > 1 ? lines.endOf(count - 2) : lines.start);
  const shown = kind === "code" ? written : trimEnd(written);
  return shown && { kind, text: shown, end, isClosed: false };
}

const trimEnd = (text) => text.replace(/\s+$/, "");

// What a model has thought ends with its mark, wherever that stands.
function readThought(text, start, isWhole) {
  const found = THOUGHT_END.exec(text.slice(start));
  const end = found ? start + found.index + found[0].length : text.length;
  return { kind: "thought", text: text.slice(start, end).replace(THOUGHT, "").replace(THOUGHT_END, ""), end, isClosed: isWhole || found !== null };
}

function findFirstKind(first, second) {
  if (INDENTED.test(first)) return "indented";
  if (ITEM.test(first) && !RULE.test(first)) return "item";
  const kind = findKind(first);
  if (kind) return kind;
  // From its first row on it looks like one. What turns out to be none is a paragraph.
  const looksLikeOne = /^ {0,3}\|/.test(first) && (second === undefined || "|:- ".includes(second[0] ?? "|"));
  return isTable(first, second) || looksLikeOne ? "table" : "text";
}

// The lines of a text behind `at`; the last one may still grow.
class Lines {
  constructor(text, at) {
    [this.text, this.start, this.ends] = [text, at, []];
  }

  endOf(index) {
    while (this.ends.length <= index) {
      const from = this.ends.length ? this.ends.at(-1) : this.start;
      if (from >= this.text.length) return this.text.length;
      const found = this.text.indexOf("\n", from);
      this.ends.push(found < 0 ? this.text.length : found + 1);
    }
    return this.ends[index];
  }

  has(index) {
    return index === 0 ? this.start < this.text.length : this.endOf(index - 1) < this.text.length;
  }

  // Undefined behind the end.
  get(index) {
    if (!this.has(index)) return undefined;
    return this.text.slice(index ? this.endOf(index - 1) : this.start, this.endOf(index)).replace(/\r?\n$/, "");
  }

  isComplete(index) {
    return this.has(index) && this.text[this.endOf(index) - 1] === "\n";
  }

  // Whether enough of a line is there to tell what it begins.
  isCertain(index) {
    return this.isComplete(index) || this.get(index)?.trim().length > 9 || FENCE.test(this.get(index) ?? "");
  }

  skip() {
    this.start = this.endOf(0);
    this.ends = [];
  }
}

// Each returns how many lines the block has, and whether it is closed. A line that is not certain belongs to the block.

const readLine = (lines) => ({ count: 1, isClosed: lines.isComplete(0) });

// Up to the line for which `isEnd(line, index)` holds, which is not part of the block.
function readUntil(lines, isEnd) {
  let count = 1;
  for (; lines.has(count); count += 1) {
    if (lines.isCertain(count) && isEnd(lines.get(count), count)) return { count, isClosed: true };
  }
  return { count, isClosed: false };
}

// Up to the line for which `isLast(line)` holds, which is part of it.
function readThrough(lines, isLast) {
  for (let count = 1; lines.has(count); count += 1) {
    if (lines.isComplete(count) && isLast(lines.get(count))) return { count: count + 1, isClosed: true };
  }
  return readUntil(lines, () => false);
}

function readCode(lines, first) {
  const [, fence] = FENCE.exec(first);
  return readThrough(lines, (line) => indentOf(line) < 4 && line.trim().startsWith(fence) && /^(?:`+|~+)$/.test(line.trim()));
}

function readFormula(lines, first) {
  const closer = CLOSERS[FORMULA.exec(first)[1]];
  if (first.trim().slice(2).includes(closer)) return readLine(lines);
  for (let index = 1; lines.has(index) && index < MOST_LINES_OF_FORMULA; index += 1) {
    if (lines.get(index).includes(closer)) return { count: index + 1, isClosed: lines.isComplete(index) };
  }
  return lines.has(MOST_LINES_OF_FORMULA) ? readParagraph(lines) : readUntil(lines, () => false);
}

function readParagraph(lines) {
  for (let count = 1; lines.has(count); count += 1) {
    const line = lines.get(count);
    if (!lines.isCertain(count)) continue;
    if (isBlank(line)) return { count, isClosed: true };
    if (UNDERLINE.test(line)) {
      if (lines.isComplete(count)) return { count: count + 1, isClosed: true };
      continue;
    }
    if (findKind(line) || (lines.isComplete(count + 1) && isTable(line, lines.get(count + 1)))) return { count, isClosed: true };
  }
  return readUntil(lines, () => false);
}

const readTable = (lines, first) => {
  if (lines.isComplete(1) && !isTable(first, lines.get(1))) return readParagraph(lines);
  return readUntil(lines, (line, index) => index > 1 && (isBlank(line) || findKind(line) !== null));
};

const readQuote = (lines) => readUntil(lines, (line) => isBlank(line) || (!QUOTE.test(line) && findKind(line) !== null));

const readNote = (lines) => readUntil(lines, (line) => isBlank(line) || NOTE.test(line));

const readIndented = (lines) => readUntil(lines, (line) => !isBlank(line) && !INDENTED.test(line));

// One item of a list, with all that is in it. The lists that belong together are put together where they are shown.
function readItem(lines, first) {
  const [whole, , , space = " "] = ITEM.exec(first);
  const inside = space.length > 4 ? whole.length - space.length + 1 : whole.length;
  let fence = FENCE.exec(first.slice(inside))?.[1] ?? null;
  let isAfterBlank = false;
  return readUntil(lines, (line) => {
    if (isBlank(line)) {
      isAfterBlank = true;
      return false;
    }
    const isInside = indentOf(line) >= inside || line.startsWith("\t");
    if (isInside) {
      const found = FENCE.exec(line.slice(inside))?.[1];
      if (fence && line.trim().startsWith(fence)) fence = null;
      else if (!fence && found) fence = found;
    }
    const goesOn = isInside || (!isAfterBlank && !fence && findKind(line) === null && !ITEM.test(line));
    isAfterBlank = false;
    return !goesOn;
  });
}

const READERS = {
  code: readCode, formula: readFormula, heading: readLine, indented: readIndented, item: readItem, note: readNote,
  quote: readQuote, rule: readLine, table: readTable, text: readParagraph,
};

// What an item begins with: where its content begins, and of which list it can be a part.
export function readMarker(text) {
  const [whole, , marker, space = " "] = ITEM.exec(text.split("\n", 1)[0]);
  const isOrdered = /\d/.test(marker);
  return {
    isOrdered,
    number: isOrdered ? Number.parseInt(marker, 10) : 0,
    list: marker.at(-1),
    inside: space.length > 4 ? whole.length - space.length + 1 : whole.length,
  };
}

// The language is known as soon as its line is complete.
export function readFence(text) {
  const [, fence, language] = FENCE.exec(text.split("\n", 1)[0]);
  return { fence, language: text.includes("\n") ? language : "" };
}
