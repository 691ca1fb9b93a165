// openapi_fetch.ts -- openapi-typescript with openapi-fetch: the first calls of the README, by types of the document.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const [, , baseUrl = "", email = "", password = ""] = process.argv;
const client = createClient<paths>({ baseUrl });
const registered = await client.POST("/v1/auth/register", { body: { email, password } });
const signed = await client.POST("/v1/auth/token", { body: { email, password } });
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${signed.data?.access_token ?? ""}`);
    return request;
  },
});
const chat = await client.POST("/v1/chat", { body: { message: "add buy milk" } });
const streamed = await client.POST("/v1/chat/stream", { body: { message: "what is on my list?" }, parseAs: "stream" });
const types: string[] = [];
let text = "";
for (const frame of (await new Response(streamed.data).text()).split("\n\n")) {
  const data = frame.split("\n").find((line) => line.startsWith("data: "));
  if (data === undefined) continue;
  const event = JSON.parse(data.slice(6)) as components["schemas"]["RunEvent"];
  types.push(event.type);
  if (event.type === "message.delta") text += event.text;
}
const tasks = await client.GET("/v1/tasks", { params: { query: { limit: 1, completed: false } } });
const missing = await client.GET("/v1/tasks/{task_id}", { params: { path: { task_id: "00000000-0000-0000-0000-000000000000" } } });
console.log(JSON.stringify({
  registered: registered.data?.email, answer: chat.data?.message?.content, types, text,
  titles: tasks.data?.data.map((task) => task.title), problem: missing.error && "detail" in missing.error ? missing.error.detail : null,
}));
