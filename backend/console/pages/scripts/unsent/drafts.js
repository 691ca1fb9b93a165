// drafts.js -- what is written and not sent, kept in this browser over a reload, a crash and an ended session.
import { forget, keep, listNames, onChange, own, read } from "../storage.js";

const PREFIX = "draft.";

// A place is the id of a conversation, the name of one that has not begun, or `edit/` and the id of a message.
export const getDraft = (place) => read(own(PREFIX + place)) ?? "";
export const countDrafts = () => listNames(own(PREFIX)).length;

export function keepDraft(place, text) {
  if (text) keep(own(PREFIX + place), text);
  else forget(own(PREFIX + place));
}

// Another tab has written something else for a place: `work(place, text)`.
export const onDraft = (work) => onChange(PREFIX, (name, text) => work(name.slice(own(PREFIX).length), text ?? ""));
