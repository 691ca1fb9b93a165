// client.ts -- a Parley server: typed requests in a user's name, chats and changes as streams.
import { readStream, type StreamOptions } from "./events.js";
import { Problem, readProblem } from "./problem.js";
import type { Answer, ChangeEvent, Method, PathOf, RequestOptions, RunEvent, Schemas } from "./types.js";

export interface Tokens {
  access_token: string;
  refresh_token?: string;
}

export interface ParleyOptions {
  /** Where the server is, by default where the page comes from. */
  baseUrl?: string;
  /** An API token, or the tokens of an earlier sign-in. */
  tokens?: Tokens | string;
  /** Hears of each new pair of tokens, and of their end: keep them where your users expect it. */
  onTokens?: (tokens: Tokens | null) => void;
  fetch?: typeof fetch;
}

interface Parts {
  path?: Record<string, unknown>;
  query?: Record<string, unknown>;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

const LAST_EVENTS = new Set(["run.completed", "run.failed", "run.cancelled"]);

export class Parley {
  readonly #base: string;
  readonly #fetch: typeof fetch;
  readonly #onTokens: (tokens: Tokens | null) => void;
  #tokens: Tokens | null;
  #refreshing: Promise<void> | null = null;

  constructor({ baseUrl = "", tokens, onTokens = () => {}, fetch: send = globalThis.fetch.bind(globalThis) }: ParleyOptions = {}) {
    this.#base = baseUrl.replace(/\/+$/, "");
    this.#tokens = typeof tokens === "string" ? { access_token: tokens } : (tokens ?? null);
    this.#onTokens = onTokens;
    this.#fetch = send;
  }

  /** A route by its path, as the OpenAPI document has it. Throws a Problem where the server refuses. */
  async request<M extends Method, P extends PathOf<M>>(method: M, path: P, options: RequestOptions<M, P>): Promise<Answer<M, P>> {
    const response = await this.#send(method, path as string, options as Parts);
    return (response.status === 204 ? undefined : await response.json()) as Answer<M, P>;
  }

  get<P extends PathOf<"get">>(path: P, options: RequestOptions<"get", P>): Promise<Answer<"get", P>> {
    return this.request("get", path, options);
  }

  post<P extends PathOf<"post">>(path: P, options: RequestOptions<"post", P>): Promise<Answer<"post", P>> {
    return this.request("post", path, options);
  }

  patch<P extends PathOf<"patch">>(path: P, options: RequestOptions<"patch", P>): Promise<Answer<"patch", P>> {
    return this.request("patch", path, options);
  }

  delete<P extends PathOf<"delete">>(path: P, options: RequestOptions<"delete", P>): Promise<Answer<"delete", P>> {
    return this.request("delete", path, options);
  }

  async signIn(email: string, password: string): Promise<void> {
    const response = await this.#sendOnce("post", "/v1/auth/token", { body: { email, password } }, null);
    if (!response.ok) throw await readProblem(response);
    this.#setTokens((await response.json()) as Tokens);
  }

  /**
   * Says something to an agent and reads its answer, to the end of the run. A run that waits for an approval goes on in the
   * same stream once it is decided. The message is stored once, however often the connection is lost.
   */
  async *chat(message: Schemas["ChatCreate"], options: StreamOptions = {}): AsyncGenerator<RunEvent, void, undefined> {
    const body = { ...message, client_id: message.client_id ?? makeId() };
    let run: string | null = null;
    const open = async (lastEventId: string | null, signal: AbortSignal) => {
      const headers = lastEventId === null ? {} : { "Last-Event-ID": lastEventId };
      const response: Response = run
        ? await this.#send("get", `/v1/runs/${run}/events`, { headers, signal })
        : await this.#send("post", "/v1/chat/stream", { body, signal });
      run = response.headers.get("X-Run-ID") ?? run;
      return response;
    };
    const isLast = ({ data }: { data: string }) => LAST_EVENTS.has((JSON.parse(data) as RunEvent).type);
    for await (const { data } of readStream(open, isLast, options)) yield JSON.parse(data) as RunEvent;
  }

  /** All that changes for the user, from now on; `reset` says that lists are to be read again. */
  async *changes(options: StreamOptions = {}): AsyncGenerator<ChangeEvent, void, undefined> {
    const open = (lastEventId: string | null, signal: AbortSignal) =>
      this.#send("get", "/v1/events/stream", { headers: lastEventId === null ? {} : { "Last-Event-ID": lastEventId }, signal });
    for await (const { data } of readStream(open, () => false, options)) yield JSON.parse(data) as ChangeEvent;
  }

  async #send(method: Method, path: string, parts: Parts): Promise<Response> {
    const used = this.#tokens;
    let response = await this.#sendOnce(method, path, parts, used);
    if (response.status === 401 && used?.refresh_token) {
      // Another request may have renewed the tokens meanwhile.
      if (this.#tokens === used) await this.#refresh(used.refresh_token);
      response = await this.#sendOnce(method, path, parts, this.#tokens);
    }
    if (!response.ok) throw await readProblem(response);
    return response;
  }

  #sendOnce(method: Method, path: string, { path: names = {}, query = {}, body, headers = {}, signal }: Parts, tokens: Tokens | null): Promise<Response> {
    const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(names[name])));
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined && value !== null) asked.append(name, String(value));
    const search = asked.size ? `?${asked.toString()}` : "";
    return this.#fetch(this.#base + filled + search, {
      method: method.toUpperCase(),
      headers: {
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(tokens ? { Authorization: `Bearer ${tokens.access_token}` } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  }

  /** Once for all requests that find their token expired. */
  #refresh(refreshToken: string): Promise<void> {
    this.#refreshing ??= this.#askForTokens(refreshToken).finally(() => (this.#refreshing = null));
    return this.#refreshing;
  }

  async #askForTokens(refreshToken: string): Promise<void> {
    const response = await this.#sendOnce("post", "/v1/auth/refresh", { body: { refresh_token: refreshToken } }, null);
    if (response.ok) {
      this.#setTokens((await response.json()) as Tokens);
      return;
    }
    const problem = await readProblem(response);
    if (problem.status === 401) this.#setTokens(null); // the sign-in has ended
    throw problem;
  }

  #setTokens(tokens: Tokens | null): void {
    this.#tokens = tokens;
    this.#onTokens(tokens);
  }
}

/** Pages without https have no randomUUID. */
function makeId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export { Problem };
