// dropped_files.js -- takes files that were dropped or pasted: a text goes into the message box, anything else is refused in
// words.
import { addToDraft, focus, getPlace } from "../chat/composer.js";
import { announce, formatCount, showToast } from "../dom.js";

const MAX_BYTES = 100_000; // more is no message, whatever its characters are

// The text of a file; null if it is none.
async function readText(file) {
  if (file.size > MAX_BYTES) return null;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
    return text.includes("\0") ? null : text.trimEnd();
  } catch {
    return null;
  }
}

const isPicture = (file) => file.type.startsWith("image/");

function refuse(file) {
  const why = isPicture(file)
    ? "Pictures cannot be sent here. Write what matters in them."
    : file.size > MAX_BYTES
      ? "It is too long for a message. Paste the part that matters."
      : "Only texts can be sent here.";
  showToast(`${file.name || "What you pasted"}: ${why}`, { kind: "error", seconds: 8 });
}

// Longer fences than any in the text, so that it is shown as it is.
function fence(file, text) {
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${file.name}:\n${ticks}\n${text}\n${ticks}`;
}

export async function takeFiles(files) {
  const place = getPlace();
  const texts = await Promise.all([...files].map(async (file) => [file, isPicture(file) ? null : await readText(file)]));
  const taken = texts.filter(([, text]) => text !== null);
  texts.filter(([, text]) => text === null).forEach(([file]) => refuse(file));
  if (!taken.length) return;
  addToDraft(place, taken.map(([file, text]) => fence(file, text)).join("\n"));
  announce(`${formatCount(taken.length, "file")} put into the message`);
  focus();
}
