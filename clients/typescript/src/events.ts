// events.ts -- reads a stream of server-sent events, and goes on after the last one when the connection is lost.
import { Problem } from "./problem.js";

export interface StreamedEvent {
  id: string | null;
  data: string;
}

export interface StreamOptions {
  /** Ends the stream. */
  signal?: AbortSignal;
  /** Hears of a lost connection, and of when it is opened again. */
  onLost?: (error: unknown, milliseconds: number) => void;
}

/** The server says something every 15 seconds: a connection that is silent for longer is dead. */
const MOST_SILENCE = 40_000;
const FIRST_WAIT = 1_000;
const LONGEST_WAIT = 30_000;

/**
 * The events of a stream, to the one that `isLast`. `open` opens it after the event with this id, from its beginning for
 * null. What the server refuses for good is thrown as a Problem; anything else is tried again, later each time.
 */
export async function* readStream(
  open: (lastEventId: string | null, signal: AbortSignal) => Promise<Response>,
  isLast: (event: StreamedEvent) => boolean,
  { signal, onLost }: StreamOptions = {},
): AsyncGenerator<StreamedEvent, void, undefined> {
  let last: string | null = null;
  let wait = FIRST_WAIT;
  for (;;) {
    const connection = new AbortController();
    const stop = () => connection.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", stop, { once: true });
    let lost: unknown = new Error("The stream has ended.");
    try {
      const response = await open(last, connection.signal);
      for await (const event of parseEvents(response, connection)) {
        wait = FIRST_WAIT;
        last = event.id ?? last;
        yield event;
        if (isLast(event)) return;
      }
    } catch (error) {
      if (signal?.aborted || (error instanceof Problem && !error.mayPass)) throw error;
      lost = error;
    } finally {
      signal?.removeEventListener("abort", stop);
      connection.abort();
    }
    const milliseconds = Math.max(wait * (0.5 + Math.random() / 2), lost instanceof Problem ? lost.retryAfter : 0);
    onLost?.(lost, milliseconds);
    await sleep(milliseconds, signal);
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
}

async function* parseEvents(response: Response, connection: AbortController): AsyncGenerator<StreamedEvent, void, undefined> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array<ArrayBuffer>>).getReader();
  let rest = "";
  let id: string | null = null;
  let data: string[] = [];
  for (;;) {
    const silence = setTimeout(() => connection.abort(new Error("The server has fallen silent.")), MOST_SILENCE);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const lines = (rest + value).split("\n");
    rest = lines.pop() ?? "";
    for (const each of lines) {
      const line = each.endsWith("\r") ? each.slice(0, -1) : each;
      if (line.startsWith("id:")) id = line.slice(3).trimStart();
      else if (line.startsWith("data:")) data.push(line.slice(line[5] === " " ? 6 : 5));
      else if (line === "" && data.length) {
        yield { id, data: data.join("\n") };
        data = [];
      }
    }
  }
}

function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
