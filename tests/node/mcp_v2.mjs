// mcp_v2.mjs -- the second official SDK of MCP, with a token (KEY) or by OAuth: it prints what it saw.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { connectByOAuth, useClient } from "./mcp_shared.mjs";

const url = new URL("/mcp", process.env.PARLEY);
const headers = { Authorization: `Bearer ${process.env.KEY}` };
const open = (options) => ({ client: new Client({ name: "sdk-2", version: "1.0.0" }), transport: new StreamableHTTPClientTransport(url, options) });

if (process.argv[2] === "oauth") await connectByOAuth(open, UnauthorizedError);
else await useClient(open({ requestInit: { headers } }));
