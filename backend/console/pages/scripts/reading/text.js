// text.js -- a text in its box, block by block: what is closed is rendered once and stays, the open block grows.
import { el, neutralizeDirection } from "../dom.js";
import { readBlock, readMarker } from "./blocks.js";
import { drawBlock, extendBlock, makeList } from "./drawing.js";
import { frameCode, frameTable } from "./frames.js";
import { linkNotes } from "./notes.js";
import { render } from "./rendering.js";

const PIECES = "p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote, a, strong, em, s";
// A paragraph in which nothing is Markdown, nor an address.
const PLAIN = /^(?!.*(?:\bwww\.|:\/\/|mailto:| {2}\n|\n {0,3}(?:=+|-+)\s*$))[^*_`#[\]<>|~\\&$]*$/s;
const DEFINITION = /^ {0,3}\[([^\]^][^\]]*)\]:\s*\S.*$/gm;
const NAMED = /\[([^[\]^]+)\](?![(:])/g;

// The page inserts no HTML but that of /v1/render, which is safe.
const trusted = window.trustedTypes
  ? window.trustedTypes.createPolicy("parley", { createHTML: (html) => html })
  : { createHTML: (html) => html };

function parseHtml(html) {
  const template = document.createElement("template");
  template.innerHTML = trusted.createHTML(html);
  const { content } = template;
  // Each piece has its own direction, and no control that affects the next.
  for (const piece of content.querySelectorAll(PIECES)) piece.dir = "auto";
  for (const nodes = document.createTreeWalker(content, NodeFilter.SHOW_TEXT); nodes.nextNode(); ) {
    nodes.currentNode.data = neutralizeDirection(nodes.currentNode.data);
  }
  for (const pre of content.querySelectorAll("pre")) {
    const place = document.createComment("");
    pre.replaceWith(place);
    place.replaceWith(frameCode(pre));
  }
  for (const table of content.querySelectorAll("table")) {
    const place = document.createComment("");
    table.replaceWith(place);
    place.replaceWith(frameTable(table));
  }
  linkNotes(content);
  return [...content.childNodes].filter((node) => node.nodeType === Node.ELEMENT_NODE || node.data.trim());
}

// The text of a box; `box.decorate()` is called when something new is shown.
export class BlockText {
  constructor(box) {
    this.box = box;
    this.restart();
  }

  restart() {
    this.text = "";
    this.end = 0; // of what is closed
    this.open = null; // the node of the open block
    this.kind = null;
    this.isWhole = false;
    this.definitions = new Map(); // lines by the names that they define
    this.missed = new Set(); // names that were not defined when their block was closed
    this.box.replaceChildren();
    this.box.classList.remove("raw");
  }

  // `isWhole`: nothing follows. What is closed has to be as it was.
  set(text, isWhole) {
    if (this.isWhole && this.text === text) return;
    const definitions = isWhole ? [...text.matchAll(DEFINITION)] : [];
    const comesLate = definitions.some(([, name]) => this.missed.has(name.toLowerCase()));
    if (this.isWhole || comesLate || !text.startsWith(this.text.slice(0, this.end))) this.restart();
    [this.text, this.isWhole] = [text, isWhole];
    definitions.forEach((found) => this.define(found));
    for (let block = readBlock(text, this.end, isWhole); block; block = readBlock(text, this.end, isWhole)) {
      this.draw(block);
      if (!block.isClosed) break;
      this.close(block);
    }
    this.box.decorate?.();
  }

  define([line, name]) {
    this.definitions.set(name.toLowerCase(), line);
  }

  draw(block) {
    if (block.kind === "thought") {
      this.drawThought(block);
      return;
    }
    const isSame = this.open && this.kind === block.kind;
    if (isSame && extendBlock(this.open, block)) return;
    const drawn = drawBlock(block);
    if (isSame) this.open.replaceWith(drawn);
    else {
      this.removeOpen();
      this.place(drawn, block);
    }
    [this.open, this.kind] = [drawn, block.kind];
  }

  // A block may turn out to be another one than it seemed to be.
  removeOpen() {
    const list = this.open?.localName === "li" ? this.open.parentElement : null;
    this.open?.remove();
    if (list?.childElementCount === 0) list.remove();
    this.open = null;
  }

  place(node, block) {
    const last = this.box.lastElementChild;
    if (block.kind !== "item") this.box.append(node);
    else if (last?.dataset.list === readMarker(block.text).list) last.append(node);
    else this.box.append(makeList(block.text, node));
  }

  // What a model has thought stands folded before its answer.
  drawThought(block) {
    if (this.kind !== "thought" || !this.open) {
      this.removeOpen();
      this.open = el("details", { class: "thought" }, el("summary", {}, "Thoughts"), el("div", { class: "markdown" }));
      this.open.reader = new BlockText(this.open.lastElementChild);
      this.box.append(this.open);
      this.kind = "thought";
    }
    this.open.reader.set(block.text, block.isClosed);
  }

  close(block) {
    this.end = block.end;
    const node = this.open;
    [this.open, this.kind] = [null, null];
    if (!this.isWhole && block.kind === "text") [...block.text.matchAll(DEFINITION)].forEach((found) => this.define(found));
    if (block.kind === "thought" || block.kind === "rule" || (block.kind === "text" && PLAIN.test(block.text))) return;
    render(this.withDefinitions(block)).then((html) => {
      if (html === null || !node.isConnected) return;
      replaceBlock(node, block, parseHtml(html));
      this.box.decorate?.();
    });
  }

  // A link may have its address in another block.
  withDefinitions({ kind, text }) {
    if (kind === "code") return text;
    const names = [...new Set([...text.matchAll(NAMED)].map(([, name]) => name.toLowerCase()))];
    for (const name of names) if (!this.definitions.has(name)) this.missed.add(name);
    const lines = names.map((name) => this.definitions.get(name)).filter((line) => line && !text.includes(line));
    return lines.length ? `${text}\n\n${lines.join("\n")}` : text;
  }
}

// Shows what the server has made of a block in place of what the page has drawn. Frames stay, with the focus in them.
function replaceBlock(node, { kind }, made) {
  if (kind === "item") {
    const items = made.length === 1 && ["OL", "UL"].includes(made[0].tagName) ? [...made[0].children] : [];
    if (items.length) node.replaceWith(...items);
    return;
  }
  const code = kind === "code" && made.length === 1 ? made[0].querySelector("code") : null;
  if (code) node.querySelector("code").replaceChildren(...code.childNodes);
  else if (made.length !== 1 || !made[0].isEqualNode(node)) node.replaceWith(...made);
}

const soon = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      soon.unobserve(target);
      if (target.text) showText(target, target.text, true);
    }
  },
  // The thread scrolls in a box of its own, which cuts off what `rootMargin` alone would add.
  { rootMargin: "1200px 0px", scrollMargin: "1200px 0px" },
);

// Shows a text in a box, as far as it is there; `isWhole`: nothing follows.
export function showText(box, text, isWhole) {
  box.reader ??= new BlockText(box);
  box.reader.set(text, isWhole);
}

// Shows it when the box comes near the screen.
export const showSoon = (box) => (box.reader ? showText(box, box.text, true) : soon.observe(box));
