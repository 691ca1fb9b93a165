// markdown.js -- shows Markdown as the server renders it, and plain until then.
import { post } from "../api.js";
import { copyText, el, makeIcon, neutralizeDirection } from "../dom.js";

const MAX_CHARACTERS = 50_000;
const CACHE_SIZE = 400;
const PLAIN = /^[^\n*_`#[\]<>|~\\&:]*$/; // text without Markdown
const PIECES = "p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote, a, strong, em, s";
const known = new Map();

// The page inserts no HTML but that of /v1/render, which is safe.
const trusted = window.trustedTypes
  ? window.trustedTypes.createPolicy("parley", { createHTML: (html) => html })
  : { createHTML: (html) => html };

async function renderMarkdown(text) {
  let html = known.get(text);
  if (html === undefined) {
    html = (await post("/v1/render", { text })).html;
    if (known.size >= CACHE_SIZE) known.delete(known.keys().next().value);
    known.set(text, html);
  }
  return html;
}

function fillBox(box, html) {
  box.innerHTML = trusted.createHTML(html);
  box.classList.remove("raw");
  // Each piece has its own direction, and no control that affects the next.
  for (const piece of box.querySelectorAll(PIECES)) piece.dir = "auto";
  for (const nodes = document.createTreeWalker(box, NodeFilter.SHOW_TEXT); nodes.nextNode(); ) {
    nodes.currentNode.data = neutralizeDirection(nodes.currentNode.data);
  }
  box.decorate?.();
  for (const block of box.querySelectorAll("pre")) {
    block.tabIndex = 0; // keyboard users must be able to scroll it
    const button = el("button", { type: "button", class: "icon-button copy-code", "aria-label": "Copy the code" }, makeIcon("copy"));
    button.addEventListener("click", () => copyText(block.textContent, button));
    const frame = el("div", { class: "code" });
    block.replaceWith(frame);
    frame.append(block, button);
  }
  for (const table of box.querySelectorAll("table")) {
    const frame = el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" });
    table.replaceWith(frame);
    frame.append(table);
  }
}

function fillPlain(box, text) {
  box.classList.add("raw");
  box.textContent = neutralizeDirection(text);
  box.decorate?.();
}

// Shows the text at once and its rendering when it arrives; `box.text` is the current text, and `box.decorate()` is called
// each time that it has been filled.
export async function showMarkdown(box, text) {
  box.text = text;
  if (known.has(text)) return fillBox(box, known.get(text));
  fillPlain(box, text);
  if (PLAIN.test(text) || text.length > MAX_CHARACTERS) return undefined;
  try {
    const html = await renderMarkdown(text);
    if (box.text === text) fillBox(box, html);
  } catch {
    // Without a rendering the text stays plain.
  }
  return undefined;
}

const soon = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      soon.unobserve(target);
      showMarkdown(target, target.text);
    }
  },
  // The thread scrolls in a box of its own, which cuts off what `rootMargin` alone would add.
  { rootMargin: "1200px 0px", scrollMargin: "1200px 0px" },
);

// Like showMarkdown, but renders only when the box comes near the screen.
export function showSoon(box, text) {
  box.text = text;
  if (known.has(text) || PLAIN.test(text)) {
    showMarkdown(box, text);
    return;
  }
  fillPlain(box, text);
  soon.observe(box);
}

// The end of the part that further text cannot change: the last empty line outside a block of code.
function findSettledEnd(text) {
  let end = 0;
  let fence = false;
  let at = 0;
  for (const line of text.split("\n")) {
    if (/^\s*(```|~~~)/.test(line)) fence = !fence;
    at += line.length + 1;
    if (line.trim() === "" && !fence && at <= text.length) end = at;
  }
  return end;
}

// Text that grows: the settled part is rendered, the rest is plain.
export class GrowingText {
  constructor(box) {
    this.head = el("div", { class: "markdown" });
    this.tail = el("div", { class: "markdown raw", dir: "auto" });
    box.replaceChildren(this.head, this.tail);
    this.shown = "";
    this.rendering = false;
  }

  set(text) {
    this.text = text;
    if (!text.startsWith(this.shown)) {
      this.shown = "";
      this.head.replaceChildren();
    }
    this.tail.textContent = neutralizeDirection(text.slice(this.shown.length));
    this.settle();
  }

  async settle() {
    const part = this.text.slice(0, findSettledEnd(this.text));
    if (this.rendering || part.length <= this.shown.length || part.length > MAX_CHARACTERS || part.trim() === "") return;
    this.rendering = true;
    try {
      const html = await renderMarkdown(part);
      if (this.text.startsWith(part) && part.startsWith(this.shown)) {
        fillBox(this.head, html);
        this.shown = part;
        this.tail.textContent = neutralizeDirection(this.text.slice(part.length));
      }
    } catch {
      return; // the next piece of text tries again
    } finally {
      this.rendering = false;
    }
    this.settle();
  }
}
