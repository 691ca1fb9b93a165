// choosing.js -- members of an account to choose from: found by a part of their name, and not all shown where there are many.
import { drawItems, el } from "../dom.js";
import { makeField, makeList } from "../sheet.js";
import { nameOf } from "./names.js";

const MOST = 100;

// `makeRow(member)` makes the item of a member. Returns the parts of the sheet, and `draw(members, more)`; `more` is what
// the items depend on besides.
export function makeChoice(id, makeRow) {
  let members = [];
  let more = {};
  const list = makeList(id);
  const note = el("p", { class: "muted small", role: "status" });
  const field = makeField(`${id}-find`, "find", "Find somebody", { type: "search", dir: "auto", maxlength: "100", oninput: show });
  const input = field.querySelector("input");
  function show() {
    const wanted = input.value.trim().toLowerCase();
    const fits = members.filter((member) => nameOf(member).toLowerCase().includes(wanted));
    drawItems(list, fits.slice(0, MOST).map((member) => ({ ...member, ...more, id: member.user_id })), makeRow);
    note.textContent = !members.length ? "There is nobody else." : !fits.length ? "Nobody has such a name."
      : fits.length > MOST ? `The first ${MOST} of ${fits.length}: write more of the name.` : "";
  }
  function draw(chosen, given = {}) {
    [members, more] = [chosen, given];
    field.hidden = members.length < 8;
    show();
  }
  return { parts: [field, list, note], draw };
}

// What follows the name of whoever is no other person of the account.
export const makeTags = (member, isMe) => [isMe && el("span", { class: "tag" }, "you"), member.kind === "agent" && el("span", { class: "tag" }, "agent")];
