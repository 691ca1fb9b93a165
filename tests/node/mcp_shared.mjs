// mcp_shared.mjs -- what both official SDKs of MCP do here: one comes in, lists tools, makes a task, reads it.
const CALLBACK = "http://127.0.0.1:33420/callback";

export async function useClient({ client, transport }) {
  await client.connect(transport);
  const { tools } = await client.listTools();
  const made = await client.callTool({ name: "add_task", arguments: { title: "Buy milk" } });
  const { contents } = await client.readResource({ uri: "parley://tasks" });
  const { prompts } = await client.listPrompts();
  console.log(JSON.stringify({ tools: tools.map((tool) => tool.name), made: made.structuredContent?.title, read: contents[0].text, prompts: prompts.length }));
  await client.close();
}

// A provider that keeps things in memory, and whose person goes to the console by HTTP: with KEY, a session's access token.
class Provider {
  redirectUrl = CALLBACK;
  clientMetadata = { client_name: "A program of a test", redirect_uris: [CALLBACK], grant_types: ["authorization_code", "refresh_token"], response_types: ["code"], token_endpoint_auth_method: "none" };
  kept = {};
  state() {
    return "of-this-program";
  }
  clientInformation() {
    return this.kept.client;
  }
  saveClientInformation(client) {
    this.kept.client = client;
  }
  tokens() {
    return this.kept.tokens;
  }
  saveTokens(tokens) {
    this.kept.tokens = tokens;
  }
  saveCodeVerifier(verifier) {
    this.kept.verifier = verifier;
  }
  codeVerifier() {
    return this.kept.verifier;
  }
  async redirectToAuthorization(url) {
    const opened = await fetch(url, { redirect: "manual" });
    const [, query] = opened.headers.get("location").split("#authorize?");
    const names = ["client_id", "redirect_uri", "response_type", "code_challenge", "code_challenge_method", "resource", "scope", "state"];
    const asked = Object.fromEntries([...new URLSearchParams(query)].filter(([name]) => names.includes(name)));
    const decided = await fetch(new URL("/v1/web/consent/decision", process.env.PARLEY), {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${process.env.KEY}` },
      body: JSON.stringify({ ...asked, approve: true }),
    });
    this.answer = new URL((await decided.json()).redirect_to).searchParams;
  }
}

export async function connectByOAuth(open, UnauthorizedError) {
  const authProvider = new Provider();
  const first = open({ authProvider });
  try {
    await first.client.connect(first.transport);
    throw new Error("let in without a token");
  } catch (error) {
    if (!(error instanceof UnauthorizedError)) throw error;
  }
  const { answer } = authProvider;
  if (answer.get("state") !== "of-this-program") throw new Error("another state");
  await first.transport.finishAuth(answer.get("code"), answer.get("iss") ?? undefined);
  await useClient(open({ authProvider }));
}
