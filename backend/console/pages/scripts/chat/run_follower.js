// run_follower.js -- follows the events of a run; after a lost connection it resumes at the last event.
import { openStream } from "../api.js";
import { announce, bdi } from "../dom.js";
import { GrowingText } from "./markdown.js";
import { AgentItem } from "./messages.js";
import { waitForRetry } from "../stream.js";

const FINAL_EVENTS = new Set(["run.completed", "run.failed", "run.cancelled"]);

export class RunFollower {
  // `onEvent(type, data, follower)` gets every event; `opened` is a stream that a POST has already opened.
  constructor(runId, onEvent, opened = null) {
    this.id = runId;
    this.onEvent = onEvent;
    this.opened = opened;
    this.agent = new AgentItem(runId);
    this.item = this.agent.item;
    this.item.classList.add("live");
    this.agent.showThinking("Thinking …");
    this.text = "";
    this.words = null;
    this.lastId = null;
    this.ended = false;
    this.isQueued = false;
    this.leaving = new AbortController();
    this.onVisible = () => this.reading?.abort();
    document.addEventListener("visibilitychange", this.onVisible);
    this.follow();
  }

  // Stops following; the run goes on.
  leave() {
    this.leaving.abort();
    this.reading?.abort();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  async follow() {
    for (let tries = 0; !this.ended && !this.leaving.signal.aborted; tries += 1) {
      // A hidden tab closes its connection: a browser opens only six to a host.
      if (document.hidden && !this.opened) await waitUntilVisible(this.leaving.signal);
      this.reading = new AbortController();
      try {
        const stream = this.opened || (await this.open());
        this.opened = null;
        for await (const frame of stream.events()) {
          if (this.leaving.signal.aborted || (document.hidden && this.reading.signal.aborted)) break;
          if (frame.type === "heartbeat") continue;
          tries = 0;
          this.handleFrame(frame);
          if (this.ended) break;
        }
      } catch (error) {
        if (error.status === 404 || error.status === 401) break;
      }
      if (this.ended || this.leaving.signal.aborted) break;
      if (!document.hidden) await waitForRetry(Math.min(8_000, 250 * 2 ** tries), this.leaving.signal);
    }
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  open() {
    return openStream("GET", `/v1/runs/${this.id}/events`, { lastId: this.lastId, signal: this.reading.signal });
  }

  handleFrame({ id, type, data }) {
    const seq = Number(id);
    if (this.lastId !== null && seq <= this.lastId) return; // handled before the connection broke
    this.lastId = seq;
    this[type]?.(data);
    if (FINAL_EVENTS.has(type)) this.ended = true;
    this.onEvent(type, data, this);
  }

  nameAwaited(name) {
    if (this.isQueued && !this.ended) this.agent.showThinking(["Waiting for ", bdi(name), " …"]);
  }

  // Handlers, named as the events.

  "run.queued"() {
    this.isQueued = true;
    this.agent.showThinking("Waiting …");
  }

  "run.started"() {
    this.isQueued = false;
    this.agent.showThinking("Thinking …");
  }

  "message.delta"({ text }) {
    this.text += text;
    this.agent.showThinking(null);
    this.paint();
  }

  "message.reset"({ content }) {
    this.text = content;
    this.paint();
  }

  "tool.call"({ id, name, arguments: given }) {
    this.agent.showThinking("Working …");
    this.agent.cards.update(id, { name, arguments: given });
  }

  "approval.requested"({ id, name, arguments: given, shown: rows, digest, expires_at }) {
    this.agent.showThinking(null);
    const again = Boolean(this.agent.cards.calls.get(id)?.approval);
    const approval = { decision: null, shown: rows, digest, expires_at, again };
    this.agent.cards.update(id, { name, arguments: given, approval });
  }

  "approval.decided"({ id, decision, decided_at }) {
    this.agent.showThinking("Working …");
    const { approval } = this.agent.cards.calls.get(id) || {};
    this.agent.cards.update(id, { approval: { ...approval, decision, decided_at } });
  }

  "tool.result"({ id, name, result, error, started_at, finished_at }) {
    this.agent.showThinking("Thinking …");
    this.agent.cards.update(id, { name, result, error, started_at, finished_at });
  }

  "message.completed"({ message }) {
    cancelAnimationFrame(this.frame);
    this.agent.settle(message);
    announce(`${message.sender.name ?? "The agent"} answered: ${message.content}`);
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.words ??= new GrowingText(this.agent.body);
      this.words.set(this.text);
    });
  }
}

function waitUntilVisible(signal) {
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });
}
