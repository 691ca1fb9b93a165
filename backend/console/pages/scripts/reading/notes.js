// notes.js -- from the mark of a note to the note, and back.
import { el } from "../dom.js";

// The mark of a note becomes a button. The address of the page is that of the conversation, so there is no link to a place.
export function linkNotes(content) {
  for (const mark of content.querySelectorAll(".note-mark")) {
    const name = mark.textContent;
    mark.replaceChildren(el("button", { type: "button", class: "link", "aria-label": `Note ${name}`, onclick: () => showNote(mark, name) }, name));
  }
}

function showNote(mark, name) {
  const notes = [...mark.closest(".message, .markdown").querySelectorAll(".note")];
  const note = notes.find((one) => one.querySelector("sup").textContent === name);
  if (!note) return;
  note.tabIndex = -1;
  note.scrollIntoView({ block: "nearest" });
  note.focus({ preventScroll: true });
  note.addEventListener("keydown", (event) => event.key === "Escape" && mark.firstElementChild.focus(), { once: true });
}
