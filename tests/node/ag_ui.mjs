// ag_ui.mjs -- AG-UI's own client: runs in a thread, an interrupt that is resolved, and what the client makes of them.
import { HttpAgent } from "@ag-ui/client";

const headers = { Authorization: `Bearer ${process.env.KEY}` };
const url = `${process.env.PARLEY}/ag-ui`;
const agent = new HttpAgent({ url, headers, threadId: "my-thread" });
const found = { events: [], interrupts: [] };
const subscriber = {
  onEvent: ({ event }) => void found.events.push(event.type),
  onRunFinishedEvent: ({ event }) => void (found.outcome = event.outcome),
  onRunErrorEvent: ({ event }) => void (found.error = event.message),
};
const say = async (text) => {
  agent.addMessage({ id: crypto.randomUUID(), role: "user", content: text });
  await agent.runAgent({}, subscriber);
};
const show = () => agent.messages.map(({ role, content, toolCalls }) => [role, content ?? "", ...(toolCalls ?? []).map((call) => `${call.function.name} ${call.function.arguments}`)]);

await say("add buy milk");
found.first = { events: found.events.splice(0), messages: show() };
await say("delete buy milk");
found.asked = found.outcome;
found.ids = agent.messages.map((message) => message.id);
const [interrupt] = found.outcome.interrupts ?? [];
if (interrupt) {
  await agent.runAgent({ resume: [{ interruptId: interrupt.id, status: "resolved", payload: { approve: process.argv[2] !== "deny" } }] }, subscriber);
}
found.last = found.outcome;
found.messages = show();
found.distinct = new Set(agent.messages.map((message) => message.id)).size === agent.messages.length;
const lost = new HttpAgent({ url, headers: { Authorization: "Bearer parley_x" } });
lost.addMessage({ id: "1", role: "user", content: "hi" });
found.refused = await lost.runAgent().then(() => null, (error) => String(error.message).slice(0, 200));
console.log(JSON.stringify(found));
