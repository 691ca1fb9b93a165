// client.ts -- the client for TypeScript: what its types know, and what it does when connections and tokens end.
import { Parley, Problem, type RunEvent } from "parley-client";

const [, , baseUrl = "", email = "", password = ""] = process.argv;
const kept: (string | null)[] = [];
const lost: string[] = [];

// A network that cuts each stream after some bytes, as often as it is told to.
let cuts = 0;
const cutting: typeof fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (cuts === 0 || !response.headers.get("Content-Type")?.startsWith("text/event-stream") || response.body === null) return response;
  cuts -= 1;
  let left = 900;
  const cut = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      controller.enqueue(chunk.slice(0, left));
      left -= chunk.length;
      if (left <= 0) controller.error(new Error("The network is gone."));
    },
  });
  return new Response(response.body.pipeThrough(cut), { status: response.status, headers: response.headers });
};

const parley = new Parley({ baseUrl, fetch: cutting, onTokens: (tokens) => kept.push(tokens?.access_token ?? null) });
await parley.signIn(email, password);

async function read(message: string, conversation_id?: string) {
  const events: RunEvent[] = [];
  const options = { onLost: (error: unknown) => void lost.push(String(error)) };
  for await (const event of parley.chat({ message, ...(conversation_id ? { conversation_id } : {}) }, options)) events.push(event);
  const text = events.flatMap((event) => (event.type === "message.delta" ? [event.text] : [])).join("");
  const started = events.find((event) => event.type === "run.started");
  return { text, types: events.map((event) => event.type), seqs: events.map((event) => event.seq), conversation: started?.conversation_id };
}

const whole = await read("add buy milk");
cuts = 2;
const cut = await read("what is on my list?", whole.conversation);
const messages = await parley.get("/v1/conversations/{conversation_id}/messages", { path: { conversation_id: whole.conversation ?? "" } });

const made = await parley.post("/v1/tasks", { body: { title: "Call mom", priority: "high" } });
const changed = await parley.patch("/v1/tasks/{task_id}", { path: { task_id: made.id }, body: { completed: true } });
const stopped = new AbortController();
const changes: string[] = [];
try {
  for await (const change of parley.changes({ signal: stopped.signal })) {
    changes.push(change.type);
    if (change.type === "reset") await parley.delete("/v1/tasks/{task_id}", { path: { task_id: made.id } });
    if (change.type === "task.deleted") stopped.abort(new Error("enough"));
  }
} catch (error) {
  changes.push(String(error));
}

const problem = await parley.get("/v1/tasks/{task_id}", { path: { task_id: made.id } }).catch((error: unknown) => error);

// An access token that has ended is renewed once, for all requests that find out.
const renewed: (string | null)[] = [];
const old = new Parley({
  baseUrl,
  tokens: { access_token: "x", refresh_token: await refreshToken() },
  onTokens: (tokens) => renewed.push(tokens && "new"),
});
const pages = await Promise.all([1, 2, 3].map(() => old.get("/v1/tasks", { query: { limit: 1 } })));
const ended = new Parley({ baseUrl, tokens: { access_token: "x", refresh_token: "y" }, onTokens: (tokens) => renewed.push(tokens && "new") });
const refused = await ended.get("/v1/tasks", {}).catch((error: unknown) => (error instanceof Problem ? error.status : null));

async function refreshToken(): Promise<string> {
  const response = await fetch(`${baseUrl}/v1/auth/token`, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ email, password }),
  });
  return ((await response.json()) as { refresh_token: string }).refresh_token;
}

export function typesKnowWhatIsWrong(): void {
  // @ts-expect-error there is no such path
  void parley.get("/v1/nothing", {});
  // @ts-expect-error the path has no POST
  void parley.post("/v1/tasks/{task_id}", { path: { task_id: "" }, body: {} });
  // @ts-expect-error the id is missing
  void parley.get("/v1/tasks/{task_id}", {});
  // @ts-expect-error a task has a title
  void parley.post("/v1/tasks", { body: {} });
  // @ts-expect-error there is no such parameter
  void parley.get("/v1/tasks", { query: { nothing: 1 } });
}

console.log(JSON.stringify({
  whole, cut, lost, messages: messages.data.map((message) => message.content), completed: changed.completed, priority: made.priority,
  changes, problem: problem instanceof Problem ? [problem.status, problem.type, problem.message] : String(problem),
  kept: kept.length, renewed, pages: pages.map((page) => page.data.length), refused,
}));
