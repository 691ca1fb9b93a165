// hey_api.ts -- hey-api's client: the same by the functions that it makes of the document.
import { client } from "./client/client.gen.js";
import { getTask, listTasks, postChat, register, signIn, streamChat } from "./client/sdk.gen.js";

const [, , baseUrl = "", email = "", password = ""] = process.argv;
client.setConfig({ baseUrl });
const registered = await register({ body: { email, password } });
const signed = await signIn({ body: { email, password } });
client.setConfig({ baseUrl, auth: () => signed.data?.access_token });
const chat = await postChat({ body: { message: "add buy milk" } });
const { stream } = await streamChat({ body: { message: "what is on my list?" } });
const types: string[] = [];
let text = "";
for await (const event of stream) {
  types.push(event.type);
  if (event.type === "message.delta") text += event.text;
  if (event.type === "run.completed") break;
}
const tasks = await listTasks({ query: { limit: 1, completed: false } });
const missing = await getTask({ path: { task_id: "00000000-0000-0000-0000-000000000000" } });
console.log(JSON.stringify({
  registered: registered.data?.email, answer: chat.data?.message?.content, types, text,
  titles: tasks.data?.data.map((task) => task.title), problem: missing.error && "detail" in missing.error ? missing.error.detail : null,
}));
