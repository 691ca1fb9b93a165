// problem.ts -- what a server answers instead of what was asked for (RFC 9457).

export class Problem extends Error {
  override readonly name = "Problem";

  constructor(
    readonly status: number,
    /** What tells faults apart, such as `urn:parley:problem:run-busy`; specs/api/problems.md lists them. */
    readonly type: string,
    detail: string,
    /** Milliseconds after which the server wants to be asked again; 0 if it has not said so. */
    readonly retryAfter = 0,
    /** The whole body, with what some types have beside. */
    readonly body: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }

  /** Whether the same request may be answered later. */
  get mayPass(): boolean {
    return this.status >= 500 || this.status === 408 || this.status === 429;
  }
}

export async function readProblem(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => "");
  const seconds = Number(response.headers.get("Retry-After") ?? 0);
  const after = Number.isFinite(seconds) ? seconds * 1000 : 0;
  try {
    const body = JSON.parse(text) as Record<string, unknown>;
    return new Problem(response.status, String(body["type"] ?? "about:blank"), String(body["detail"] ?? text), after, body);
  } catch {
    return new Problem(response.status, "about:blank", text || response.statusText || `HTTP ${response.status}`, after);
  }
}
