// drawing.js -- draws a block as the page understands it: while it is open, and where the server has not rendered it.
import { el, neutralizeDirection } from "../dom.js";
import { readBlock, readFence, readMarker } from "./blocks.js";
import { frameCode, frameTable } from "./frames.js";
import { drawInline } from "./inline.js";

const DEEPEST = 6;
const CELL = /(?:^|(?<=\|))((?:[^|\\]|\\.)*)(?=\||$)/g;

const drawLines = (text) => text.split("\n").flatMap((line, index) => (index ? ["\n", ...drawInline(line.trim())] : drawInline(line.trim())));

const DRAWN = {
  code: (text) => drawCode(...takeCode(text)),
  indented: (text) => drawCode(text.replace(/^(?: {4}|\t)/gm, ""), ""),
  formula: (text) => el("p", { class: "formula" }, text.replace(/^\s*(?:\$\$|\\\[)\s*|\s*(?:\$\$|\\\])\s*$/g, "")),
  heading: (text) => el(`h${/#+/.exec(text)[0].length}`, { dir: "auto" }, ...drawInline(text.replace(/^\s*#+\s*|\s+#+\s*$/g, ""))),
  item: (text, depth) => drawItem(text, depth),
  note: (text) => {
    const [whole, name] = /^\s*\[\^([^\]]*)\]:\s*/.exec(text);
    return el("p", { class: "note", dir: "auto" }, el("sup", {}, name), " ", ...drawLines(text.slice(whole.length)));
  },
  quote: (text, depth) => el("blockquote", { dir: "auto" }, ...drawBlocks(text.replace(/^ {0,3}> ?/gm, ""), depth + 1)),
  rule: () => el("hr"),
  table: (text) => drawTable(text),
  text: (text) => drawParagraph(text),
};

export function drawBlock({ kind, text }, depth = 0) {
  return DRAWN[kind](text, depth);
}

// All blocks of a text that stands in another one.
function drawBlocks(text, depth) {
  if (depth > DEEPEST) return [text];
  const nodes = [];
  for (let block = readBlock(text, 0, true); block; block = readBlock(text, block.end, true)) {
    placeBlock(nodes, block.kind === "thought" ? el("p", {}, block.text) : drawBlock(block, depth), block);
  }
  return nodes;
}

function placeBlock(nodes, node, block) {
  if (block.kind !== "item") nodes.push(node);
  else if (nodes.at(-1)?.dataset?.list === readMarker(block.text).list) nodes.at(-1).append(node);
  else nodes.push(makeList(block.text, node));
}

// The list that begins with this item.
export function makeList(text, ...items) {
  const { isOrdered, number, list } = readMarker(text);
  return el(isOrdered ? "ol" : "ul", { data: { list }, start: isOrdered && number !== 1 && number }, ...items);
}

function drawItem(text, depth) {
  const { inside } = readMarker(text);
  const [first, ...rest] = text.split("\n");
  const content = [first.slice(inside), ...rest.map((line) => line.replace(new RegExp(`^ {0,${inside}}`), ""))].join("\n");
  const [whole, box] = /^\[([ xX])\](?:\s+|$)/.exec(content) ?? ["", null];
  const parts = drawBlocks(content.slice(whole.length), depth + 1);
  // The words of an item stand in it, as the server has it; what follows them are blocks.
  const words = parts[0]?.localName === "p" && !parts[0].className ? [...parts.shift().childNodes] : [];
  return el("li", { dir: "auto" }, box !== null && el("span", { class: "task-box" }, box === " " ? "☐" : "☑"), box !== null && " ", ...words, ...parts);
}

function drawParagraph(text) {
  const [, words, mark] = /^([^]*)\n {0,3}(=+|-+)[ \t]*$/.exec(text) ?? [];
  return mark ? el(mark[0] === "=" ? "h1" : "h2", { dir: "auto" }, ...drawLines(words)) : el("p", { dir: "auto" }, ...drawLines(text));
}

// The code and its language.
function takeCode(text) {
  const { language, fence } = readFence(text);
  const [, ...lines] = text.split("\n");
  if (lines.length && lines.at(-1).trim().startsWith(fence)) lines.pop();
  return [lines.join("\n").replace(/\n$/, ""), language];
}

function drawCode(code, language) {
  return frameCode(el("pre", {}, el("code", { class: language ? `language-${language}` : null }, code)));
}

const readCells = (line) => {
  const row = line.trim().replace(/^\|/, "").replace(/(?<!\\)\|$/, "");
  return [...row.matchAll(CELL)].map(([, cell]) => cell.trim().replaceAll("\\|", "|"));
};

function drawTable(text) {
  const [head, delimiters = "", ...rows] = text.split("\n");
  const aligned = readCells(delimiters).map((mark) => (/^:-+:$/.test(mark) ? "center" : /^-+:$/.test(mark) ? "right" : /^:-+$/.test(mark) && "left"));
  const heads = readCells(head);
  const makeRow = (tag, cells) => el("tr", {}, ...heads.map((_, index) => el(tag, { align: aligned[index], dir: "auto" }, ...drawInline(cells[index] ?? ""))));
  return frameTable(el("table", {}, el("thead", {}, makeRow("th", heads)),
    rows.length > 0 && el("tbody", {}, ...rows.map((row) => makeRow("td", readCells(row))))));
}

// Makes a node that was drawn of the same block, when less of it was there, show what has been added. What is there already
// stays, and with it the reader's selection; false where the node has to be drawn anew.
export function extendBlock(node, block) {
  if (block.kind !== "code") return growNode(node, drawBlock(block));
  const [code, language] = takeCode(block.text);
  const shown = node.querySelector("code").firstChild;
  const added = neutralizeDirection(code);
  if (node.querySelector(".code-language").textContent !== language || !shown || !added.startsWith(shown.data)) return false;
  if (added.length > shown.data.length) shown.appendData(added.slice(shown.data.length));
  return true;
}

// False where the nodes differ in more than their children.
function growNode(old, fresh) {
  if (!old.cloneNode(false).isEqualNode(fresh.cloneNode(false))) return false;
  let at = 0;
  while (at < old.childNodes.length && at < fresh.childNodes.length && old.childNodes[at].isEqualNode(fresh.childNodes[at])) at += 1;
  const [before, after] = [old.childNodes[at], fresh.childNodes[at]];
  if (before && after && growChild(before, after)) at += 1;
  while (old.childNodes.length > at) old.lastChild.remove();
  old.append(...[...fresh.childNodes].slice(at));
  return true;
}

function growChild(before, after) {
  if (before.nodeType !== after.nodeType) return false;
  if (before.nodeType !== Node.TEXT_NODE) return growNode(before, after);
  if (!after.data.startsWith(before.data)) return false;
  before.appendData(after.data.slice(before.data.length));
  return true;
}
