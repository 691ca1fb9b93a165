// whole_conversation.js -- a conversation to take along, with all its messages: as a Markdown file, or on paper.
import { getAll } from "../api.js";
import { bdi, downloadText, el, formatTime, neutralizeDirection } from "../dom.js";
import { showText } from "./text.js";

const readMessages = (id) => getAll(`/v1/conversations/${id}/messages`);
const nameSender = (message) => message.sender?.name || (message.role === "user" ? "You" : "Agent");
const isSaid = (message) => message.content && !message.retracted_at;

function describeCall({ name, arguments: given, error, result }) {
  const outcome = error ? `failed: ${error}` : JSON.stringify(result ?? null);
  return `- \`${name}\` ${JSON.stringify(given ?? {})} → ${outcome}`;
}

export async function downloadMarkdown(id, title) {
  const messages = await readMessages(id);
  const parts = messages.map((message) => {
    const calls = (message.tool_calls ?? []).map(describeCall).join("\n");
    const said = isSaid(message) ? message.content : "*retracted*";
    return [`**${nameSender(message)}**, ${formatTime(message.created_at)}`, calls, said].filter(Boolean).join("\n\n");
  });
  downloadText(`parley-${id}.md`, "text/markdown", `${[`# ${title}`, ...parts].join("\n\n---\n\n")}\n`);
}

function makeMessage(message) {
  const text = isSaid(message) ? message.content : "retracted";
  const said = el("div", { class: message.role === "agent" ? "markdown" : "as-written", dir: "auto" });
  if (message.role === "agent") showText(said, text, true);
  else said.textContent = neutralizeDirection(text);
  return el("section", {},
    el("h2", {}, bdi(nameSender(message)), " ", el("time", { datetime: message.created_at }, formatTime(message.created_at))), said);
}

export async function printConversation(id, title) {
  const messages = await readMessages(id);
  const paper = el("article", { id: "paper" }, el("h1", { dir: "auto" }, title), ...messages.map(makeMessage));
  document.body.append(paper);
  addEventListener("afterprint", () => paper.remove(), { once: true });
  window.print();
}
