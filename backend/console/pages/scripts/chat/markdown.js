// markdown.js -- shows text as the server renders it, and as it is until then.
import { post } from  "../api.js";
import { copy, el, icon, plain } from  "../dom.js";

const MOST = 50_000;
const KEPT = 400;
const PLAIN = /^[^\n*_`#[\]<>|~\\&:]*$/; // nothing here that Markdown would change
const PIECES = "p, li, h1, h2, h3, h4, h5, h6, td, th, blockquote, a, strong, em, s";
const known = new Map();

// The only HTML that this page takes is what /v1/render has made safe.
const trusted = window.trustedTypes
  ? window.trustedTypes.createPolicy("parley", { createHTML: (html) => html })
  : { createHTML: (html) => html };

async function render(text) {
  let html = known.get(text);
  if (html === undefined) {
    html = (await post("/v1/render", { text })).html;
    if (known.size >= KEPT) known.delete(known.keys().next().value);
    known.set(text, html);
  }
  return html;
}

function fill(box, html) {
  box.innerHTML = trusted.createHTML(html);
  box.classList.remove("raw");
  // Every piece has its own direction; nothing in it turns what follows.
  for (const piece of box.querySelectorAll(PIECES)) piece.dir = "auto";
  for (const nodes = document.createTreeWalker(box, NodeFilter.SHOW_TEXT); nodes.nextNode(); ) {
    nodes.currentNode.data = plain(nodes.currentNode.data);
  }
  for (const block of box.querySelectorAll("pre")) {
    block.tabIndex = 0; // it may scroll sideways
    const button = el("button", { type: "button", class: "icon-button copy-code", "aria-label": "Copy the code" }, icon("copy"));
    button.addEventListener("click", () => copy(block.textContent, button));
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

// Text at once, its rendering as soon as it is there; `box.text` says which text it is.
export async function show(box, text) {
  box.text = text;
  if (known.has(text)) return fill(box, known.get(text));
  box.classList.add("raw");
  box.textContent = plain(text);
  if (PLAIN.test(text) || text.length > MOST) return undefined;
  try {
    const html = await render(text);
    if (box.text === text) fill(box, html);
  } catch {
    // Without a rendering the words stand as they are written.
  }
  return undefined;
}

const soon = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      soon.unobserve(target);
      show(target, target.text);
    }
  },
  { rootMargin: "1200px 0px" },
);

// The same, but only when it comes near the screen.
export function showSoon(box, text) {
  box.text = text;
  if (known.has(text) || PLAIN.test(text)) {
    show(box, text);
    return;
  }
  box.classList.add("raw");
  box.textContent = plain(text);
  soon.observe(box);
}

// Where the part ends that no further text changes: the last empty line outside a block of code.
function settled(text) {
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

// Text that grows: what has settled is rendered, the rest follows as it is written.
export class Growing {
  constructor(box) {
    this.head = el("div", { class: "markdown" });
    this.tail = el("div", { class: "markdown raw", dir: "auto" });
    box.replaceChildren(this.head, this.tail);
    this.shown = "";
    this.asked = false;
  }

  set(text) {
    this.text = text;
    if (!text.startsWith(this.shown)) {
      this.shown = "";
      this.head.replaceChildren();
    }
    this.tail.textContent = plain(text.slice(this.shown.length));
    this.settle();
  }

  async settle() {
    const part = this.text.slice(0, settled(this.text));
    if (this.asked || part.length <= this.shown.length || part.length > MOST || part.trim() === "") return;
    this.asked = true;
    try {
      const html = await render(part);
      if (this.text.startsWith(part) && part.startsWith(this.shown)) {
        fill(this.head, html);
        this.shown = part;
        this.tail.textContent = plain(this.text.slice(part.length));
      }
    } catch {
      return; // the next piece of text asks again
    } finally {
      this.asked = false;
    }
    this.settle();
  }
}
