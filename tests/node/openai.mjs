// openai.mjs -- OpenAI's own client for JavaScript: what it says to a server, and what it makes of the answers.
import OpenAI from "openai";

const client = new OpenAI({ baseURL: `${process.env.PARLEY}/openai/v1`, apiKey: process.env.KEY, maxRetries: 0 });
const model = "parley";

const models = [];
for await (const each of client.models.list()) models.push(each.id);

const messages = [{ role: "user", content: "add buy milk" }];
const whole = await client.chat.completions.create({ model, messages });
messages.push(whole.choices[0].message, { role: "user", content: "what is on my list?" });
let streamed = "";
let usage = null;
const chunks = await client.chat.completions.create({ model, messages, stream: true, stream_options: { include_usage: true } });
for await (const chunk of chunks) {
  streamed += chunk.choices[0]?.delta.content ?? "";
  usage = chunk.usage ?? usage;
}

const types = [];
const events = await client.responses.create({ model, input: "add call mom", stream: true });
let response = null;
for await (const event of events) {
  types.push(event.type);
  response = event.response ?? response;
}
const again = await client.responses.retrieve(response.id);
const resumed = [];
for await (const event of await client.responses.retrieve(response.id, { stream: true, starting_after: types.length - 3 })) resumed.push(event.type);

const failures = [];
for (const attempt of [
  () => client.chat.completions.create({ model: "gpt-9", messages: messages.slice(0, 1) }),
  () => client.responses.retrieve("resp_x"),
  () => new OpenAI({ baseURL: `${process.env.PARLEY}/openai/v1`, apiKey: "parley_x", maxRetries: 0 }).models.list(),
]) {
  await attempt().catch((error) => failures.push([error.constructor.name, error.status, error.code]));
}

console.log(JSON.stringify({
  models, whole: whole.choices[0].message.content, streamed, usage, types, items: response.output.map((item) => item.type),
  text: again.output_text, resumed, failures,
}));
