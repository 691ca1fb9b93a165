// frames.js -- what stands around code and tables: the language, buttons that copy and wrap, a box that scrolls.
import { copyText, el, makeIcon } from "../dom.js";

let made = 0;

export function frameCode(pre) {
  pre.tabIndex = 0; // keyboard users must be able to scroll it
  const language = /language-(\S+)/.exec(pre.firstElementChild?.className ?? "")?.[1] ?? "";
  made += 1;
  const id = `code-${made}`;
  const copy = el("button", { type: "button", class: "icon-button", "aria-label": "Copy the code", title: "Copy" }, makeIcon("copy"));
  copy.addEventListener("click", () => copyText(pre.textContent, copy));
  const wrap = el("button", { type: "button", class: "icon-button", "aria-label": "Wrap long lines", title: "Wrap long lines", "aria-pressed": "false" }, makeIcon("wrap"));
  wrap.addEventListener("click", () => wrap.setAttribute("aria-pressed", String(frame.classList.toggle("wraps"))));
  const frame = el("div", { class: "code", role: "group", "aria-labelledby": language ? id : null, "aria-label": language ? null : "Code" },
    el("div", { class: "code-head" }, el("span", { class: "code-language", id }, language), wrap, copy));
  frame.append(pre);
  return frame;
}

export function frameTable(table) {
  return el("div", { class: "table", tabindex: "0", role: "region", "aria-label": "Table" }, table);
}
