// conversation_items.js -- an item of the list of conversations: its title, what waits in it, and its renaming.
import { getAddress } from "../address.js";
import { el, formatClock, formatCount, formatDay, makeIcon, makeIconButton } from "../dom.js";

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
      isNew && !count && !status && el("span", { class: "badge new" }, el("span", { class: "sr" }, ", has news")),
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
