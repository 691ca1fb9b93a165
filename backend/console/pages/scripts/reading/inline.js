// inline.js -- the marks in a line, drawn as far as they are certain: emphasis, code, links.
import { el } from "../dom.js";

const LONGEST = 5_000;
// Code, strong, emphasis, deleted, a link or picture, the mark of a note, an escape, an address.
const MARK = new RegExp([
  "(?<tick>`+)(?<code>[^`\\n]+)\\k<tick>(?!`)",
  "(?<two>\\*\\*|__)(?=\\S)(?<strong>[^*_\\n]{1,500}?)(?<=\\S)\\k<two>",
  "(?<![*\\w])\\*(?=[^\\s*])(?<em>[^*\\n]{1,500}?)(?<=[^\\s*])\\*(?!\\*)",
  "~~(?=\\S)(?<gone>[^~\\n]{1,500}?)~~",
  "!?\\[(?<words>[^\\]\\n]{0,500})\\]\\((?<href>https?://[^\\s()]{1,2000})(?: \"[^\"\\n]*\")?\\)",
  "\\[\\^(?<note>[\\w.-]{1,40})\\]",
  "\\\\(?<escaped>[!-/:-@[-`{-~])",
  "(?<address>https?://[^\\s<>\"'`]{1,2000}[^\\s<>\"'`.,:;!?)\\]])",
].join("|"), "g");

// The pieces of a line as nodes.
export function drawInline(text) {
  if (text.length > LONGEST) return [text];
  const pieces = [];
  let done = 0;
  for (const found of text.matchAll(MARK)) {
    pieces.push(text.slice(done, found.index), drawMark(found.groups));
    done = found.index + found[0].length;
  }
  return [...pieces, text.slice(done)].filter((piece) => piece !== "");
}

function drawMark({ code, strong, em, gone, note, words, href, escaped, address }) {
  if (code !== undefined) return el("code", {}, code.trim() || code);
  if (strong !== undefined) return el("strong", { dir: "auto" }, ...drawInline(strong));
  if (em !== undefined) return el("em", { dir: "auto" }, ...drawInline(em));
  if (gone !== undefined) return el("s", { dir: "auto" }, ...drawInline(gone));
  if (note !== undefined) return el("sup", { class: "note-mark" }, note);
  if (escaped !== undefined) return escaped;
  const props = { href: href ?? address, target: "_blank", rel: "noopener nofollow", dir: "auto" };
  return el("a", props, ...(href ? drawInline(words || href) : [address]));
}
