// sending.js -- sends messages one after the other, in the order of writing, and keeps those that do not arrive.
import { get, openStream } from "../api.js";
import { $, showFailure } from "../dom.js";
import { fetchRuns } from "../later.js";
import * as composer from "./composer.js";
import { makeUserItem, markDay, setState } from "./messages.js";
import { opened } from "./opened.js";
import { list, scrollToEnd } from "./thread.js";
import { getPlace } from "../team/accounts.js";

let delivery = Promise.resolve(null); // the messages being sent; resolves to their conversation
let notifyBegun = () => {};

export const onBegun = (work) => (notifyBegun = work);
export const startAt = (id) => (delivery = Promise.resolve(id));

const makeClientId = () => crypto.randomUUID?.() ?? String(Math.random()).slice(2) + Date.now();

export function sendMessage(text) {
  const draft = { client_id: makeClientId(), content: text, role: "user" };
  const item = opened.room ? opened.room.makeDraft(draft) : makeUserItem(draft);
  list.append(item);
  markDay(item);
  $("welcome").hidden = true;
  scrollToEnd();
  queueMessage(item, opened.id, opened.room?.deliver ?? askAgent);
}

function queueMessage(item, to, deliver) {
  const { turn } = opened;
  setState(item, "sending");
  delivery = delivery.then((here) => deliverMessage(item, to ?? here, turn, deliver));
}

// Returns the conversation that the message is in.
async function deliverMessage(item, to, turn, deliver) {
  try {
    return await deliver(item, to, turn);
  } catch (error) {
    if (turn === opened.turn) {
      const retry = () => queueMessage(item, to, deliver);
      setState(item, "failed", { why: error.message, retry, discard: () => discardMessage(item) });
    } else {
      composer.setDraft(to, item.message.content);
      showFailure(new Error("A message was not sent. It is back in the box of its conversation."));
    }
    return to;
  }
}

async function askAgent(item, to, turn) {
  const runs = await fetchRuns();
  const { client_id, content } = item.message;
  const [path, body] = to
    ? [`/v1/conversations/${to}/messages`, { content, client_id }]
    : ["/v1/chat", { message: content, client_id, ...getPlace() }];
  const stream = await openStream("POST", path, { body });
  const runId = stream.headers.get("X-Run-ID");
  item.dataset.run = runId;
  const here = to ?? (await get(`/v1/runs/${runId}`)).conversation_id;
  if (turn !== opened.turn) {
    stream.end(); // another conversation is open now; the message is stored
    return here;
  }
  runs.addRun(runId);
  if (opened.id === null) adoptConversation(here, content);
  setState(item, "sent");
  if (!runs.followRun(stream, runId)) {
    stream.end();
    runs.markWaiting(runId);
  }
  return here;
}

// The first message has created its conversation.
function adoptConversation(id, content) {
  composer.setDraft(null, "");
  opened.id = id;
  $("open-audit").hidden = false;
  notifyBegun(id, content);
}

function discardMessage(item) {
  composer.setText([item.message.content, composer.getText()].filter(Boolean).join("\n"));
  item.remove();
  composer.focus();
}
