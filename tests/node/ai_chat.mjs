// ai_chat.mjs -- the AI SDK's chat, as useChat drives it: its transport and its class, with a state of plain values.
const { AbstractChat, DefaultChatTransport, lastAssistantMessageIsCompleteWithApprovalResponses } = await import(process.argv[2]);

class State {
  status = "ready";
  error = undefined;
  messages;
  constructor(messages) {
    this.messages = messages;
  }
  pushMessage = (message) => (this.messages = [...this.messages, message]);
  popMessage = () => (this.messages = this.messages.slice(0, -1));
  replaceMessage = (index, message) => (this.messages = this.messages.map((each, place) => (place === index ? structuredClone(message) : each)));
  snapshot = (value) => structuredClone(value);
}

class Chat extends AbstractChat {
  constructor({ messages = [], ...init }) {
    super({ ...init, state: new State(messages) });
  }
}

const api = `${process.env.PARLEY}/ai-sdk/chat`;
const headers = { Authorization: `Bearer ${process.env.KEY}` };
const transport = new DefaultChatTransport({ api, headers });
const makeChat = (id, messages) => new Chat({
  id, messages, transport, sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
});
const settle = async (chat) => {
  while (chat.status === "submitted" || chat.status === "streaming") await new Promise((resolve) => setTimeout(resolve, 10));
};
const show = (chat) => chat.messages.map(({ id, role, parts }) => ({ id, role, parts: parts.map(({ type, state, text, toolName }) => [type, state, text ?? toolName].filter(Boolean).join(" ")) }));
const history = async (id) => (await fetch(`${api}/${id}/messages`, { headers })).json();

const found = {};
const chat = makeChat("my-chat");
await chat.sendMessage({ text: "add buy milk" });
found.added = show(chat);
found.metadata = chat.lastMessage.metadata;
await chat.sendMessage({ text: "delete buy milk" });
found.asked = show(chat).at(-1);
const part = chat.lastMessage.parts.find((each) => each.state === "approval-requested");
if (part) {
  const early = makeChat("my-chat", await history("my-chat")); // a page that is loaded anew meanwhile
  await early.resumeStream();
  found.resumed = show(early).at(-1);
  await chat.addToolApprovalResponse({ id: part.approval.id, approved: process.argv[3] !== "deny" });
  await settle(chat);
  found.decided = show(chat).at(-1);
}
found.status = chat.status;
found.error = chat.error?.message ?? null;
found.history = show({ messages: await history("my-chat") });
found.same = JSON.stringify(found.history.map((each) => each.id)) === JSON.stringify(chat.messages.map((each) => each.id));
found.idle = (await fetch(`${api}/my-chat/stream`, { headers })).status;
await chat.regenerate();
found.regenerated = show(chat).at(-1);

const refused = new Chat({ id: "other", transport: new DefaultChatTransport({ api, headers, body: { agent_id: "3f0c4b5e-0000-4000-8000-00000000c0de" } }) });
await refused.sendMessage({ text: "hi" });
found.refused = refused.error?.message;
console.log(JSON.stringify(found));
