// conversation_items.js -- an item of the list of conversations: its title, what waits in it, and its renaming.
import { getAddress } from "../address.js";
import { el, formatClock, formatCount, formatDay, isComposing, makeIcon, makeIconButton } from "../dom.js";

// Each kind of conversation has its icon.
const KINDS = { assistant: "chat", direct: "person", group: "group" };
const MOST = 99;

// `rename(item, row)` and `leave(row)` are for conversations with an agent; those of people have a sheet.
export function makeConversation(row, rename, leave) {
  const { id, status, shown: title, unread: count = 0, mentioned, isNew } = row;
  const item = el("li", { class: count || isNew ? "is-unread" : "", data: { id } },
    el("a", { href: getAddress(id) },
      makeIcon(KINDS[row.kind] || "chat"),
      el("span", { class: "conversation-title", dir: "auto" }, title),
      status && el("span", { class: `badge ${status.kind}` }, el("span", { class: "sr" }, status.words)),
      count > 0 && makeUnreadMark(count, mentioned),
      isNew && !count && !status && el("span", { class: "badge new" }, el("span", { class: "sr" }, ", has an answer that you have not seen")),
      !status && !count && !isNew && el("span", { class: "conversation-time" }, formatAge(row.updated_at))),
    row.kind === "assistant" && !row.isUnbegun && el("span", { class: "actions" },
      makeIconButton("edit", `Rename “${title}”`, () => rename(item, row)),
      makeIconButton("trash", `Delete “${title}”`, () => leave(row))));
  return item;
}

function makeUnreadMark(count, mentioned) {
  const words = `, ${formatCount(count, "unread message")}${mentioned ? ", you are mentioned" : ""}`;
  return el("span", { class: "unread" }, mentioned && el("span", { class: "mentioned", "aria-hidden": "true" }, "@"),
    el("span", { class: "number", "aria-hidden": "true" }, count > MOST ? `${MOST}+` : String(count)), el("span", { class: "sr" }, words));
}

function formatAge(iso) {
  const day = formatDay(iso);
  return day === "Today" ? formatClock(iso) : day === "Yesterday" ? day : new Date(iso).toLocaleDateString(undefined, { day: "numeric", month: "short" });
}

// The user writes another title in place of the item: `save(title)` where there is one; `done()` shows the list again.
export function editTitle(item, title, done, save) {
  const input = el("input", { class: "rename", "aria-label": "Title", dir: "auto", maxlength: "255" });
  input.value = title || "";
  let over = false;
  const end = (isSaved) => {
    if (over) return;
    over = true;
    const written = input.value.trim();
    item.isHeld = false;
    item.shown = null;
    done();
    if (isSaved && written && written !== title) save(written);
  };
  input.addEventListener("keydown", (event) => {
    if (isComposing(event)) return;
    if (event.key === "Enter") end(true);
    if (event.key === "Escape") end(false);
  });
  input.addEventListener("blur", () => end(true));
  item.isHeld = true; // whatever comes while the user writes
  item.replaceChildren(input);
  input.select();
}
