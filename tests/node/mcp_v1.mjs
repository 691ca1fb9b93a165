// mcp_v1.mjs -- the first official SDK of MCP, with a token (KEY) or by OAuth: it prints what it saw.
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { UnauthorizedError } from "@modelcontextprotocol/sdk/client/auth.js";
import { connectByOAuth, useClient } from "./mcp_shared.mjs";

const url = new URL("/mcp", process.env.PARLEY);
const headers = { Authorization: `Bearer ${process.env.KEY}` };
const open = (options) => ({ client: new Client({ name: "sdk-1", version: "1.0.0" }), transport: new StreamableHTTPClientTransport(url, options) });

if (process.argv[2] === "oauth") await connectByOAuth(open, UnauthorizedError);
else await useClient(open({ requestInit: { headers } }));
