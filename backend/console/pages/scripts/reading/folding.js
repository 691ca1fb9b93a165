// folding.js -- long messages are folded at 20 lines; a button shows the rest.
import { el } from "../dom.js";

const MOST_LINES = 20;

// A message has a height once it has been near the screen, and another one in a window of another width.
const heights = new ResizeObserver((entries) => {
  for (const { target } of entries) fold(target);
});

export const foldLong = (bubble) => heights.observe(bubble);

function fold(bubble) {
  const line = Number.parseFloat(getComputedStyle(bubble).lineHeight);
  const isLong = bubble.scrollHeight > (MOST_LINES + 2) * line;
  if (isLong === Boolean(bubble.unfold)) return;
  if (isLong) {
    bubble.unfold = el("button", { type: "button", class: "link unfold", "aria-expanded": "false", onclick: () => toggle(bubble) }, "Show all");
    bubble.after(bubble.unfold);
  } else {
    bubble.unfold.remove();
    bubble.unfold = null;
  }
  bubble.classList.toggle("is-folded", isLong);
}

function toggle(bubble) {
  const isFolded = bubble.classList.toggle("is-folded");
  bubble.unfold.setAttribute("aria-expanded", String(!isFolded));
  bubble.unfold.textContent = isFolded ? "Show all" : "Show less";
  if (isFolded) bubble.scrollIntoView({ block: "nearest" });
}
