// conversation_changes.js -- renames and deletes conversations of the list; both can be taken back.
import { goTo } from "../address.js";
import { opened } from "../chat/opened.js";
import { readPlace } from "../chat/thread.js";
import { bdi, el, isComposing, showFailure } from "../dom.js";
import { getTitle } from "../people/names.js";
import { change } from "./changes.js";

// `side` is the list: what it knows, and how it is drawn.
export function rename(item, { id, title }, side) {
  const done = () => {
    side.drawList();
    side.findItem(id)?.querySelector("a").focus();
  };
  editTitle(item, title, done, async (written) => {
    await sendChange(id, "PATCH", ["Renamed to “", bdi(written), "”"], { title: written }).then(side.applyChange, showFailure);
  });
}

async function sendChange(id, method, said, fields, comeBack) {
  const [changed] = await change([[method, `/v1/conversations/${id}`, fields]], { said, comeBack });
  return changed;
}

export async function deleteConversation(conversation, side) {
  const { id } = conversation;
  const next = side.findItem(id)?.nextElementSibling || side.list.firstElementChild;
  const place = side.selected === id ? readPlace() : null;
  side.leaving.add(id);
  side.drawList();
  if (place) side.notifyGone(id);
  next?.querySelector("a")?.focus();
  try {
    await sendChange(id, "DELETE", ["Deleted “", bdi(getTitle(conversation)), "”"], undefined, () => showAgain(id, place, side));
    side.known.delete(id);
  } catch (error) {
    if (error.status !== 404) showFailure(error);
  }
  side.leaving.delete(id);
  side.drawList();
}

// The conversation is back: where it was open, it is so again, at the same place.
async function showAgain(id, place, side) {
  await side.loadConversation(id);
  if (!place) {
    side.findItem(id)?.querySelector("a").focus();
    return;
  }
  opened.back = { id, place };
  goTo(id);
}

// The user writes another title in place of the item: `save(title)` where there is one; `done()` shows the list again.
function editTitle(item, title, done, save) {
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
