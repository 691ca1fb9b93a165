// live.js -- follows a run while it answers: resumed where it broke, never a word lost or doubled.
import { openStream } from  "../api.js";
import { announce } from  "../dom.js";
import { Growing } from "./markdown.js";
import { AgentItem } from "./messages.js";
import { pause } from  "../stream.js";

const LAST = new Set(["run.completed", "run.failed", "run.cancelled"]);

export class LiveRun {
  // `told(type, data)` hears of every event; `opened` is a stream that a POST has already opened.
  constructor(runId, told, opened = null) {
    this.id = runId;
    this.told = told;
    this.opened = opened;
    this.agent = new AgentItem(runId);
    this.item = this.agent.item;
    this.item.classList.add("live");
    this.agent.thinking("Thinking …");
    this.text = "";
    this.words = null;
    this.lastId = 0;
    this.ended = false;
    this.leaving = new AbortController();
    this.onVisible = () => this.breath?.abort();
    document.addEventListener("visibilitychange", this.onVisible);
    this.follow();
  }

  // The page shows something else now; the run goes on without a reader.
  leave() {
    this.leaving.abort();
    this.breath?.abort();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  async follow() {
    for (let tries = 0; !this.ended && !this.leaving.signal.aborted; tries += 1) {
      // A tab that nobody sees lets its connection go: a browser has only six to a host.
      if (document.hidden && !this.opened) await shown(this.leaving.signal);
      this.breath = new AbortController();
      try {
        const stream = this.opened || (await this.open());
        this.opened = null;
        for await (const frame of stream.events()) {
          if (this.leaving.signal.aborted || (document.hidden && this.breath.signal.aborted)) break;
          if (frame.type === "heartbeat") continue;
          tries = 0;
          this.take(frame);
          if (this.ended) break;
        }
      } catch (error) {
        if (error.status === 404 || error.status === 401) break;
      }
      if (this.ended || this.leaving.signal.aborted) break;
      if (!document.hidden) await pause(Math.min(8_000, 250 * 2 ** tries), this.leaving.signal);
    }
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  open() {
    return openStream("GET", `/v1/runs/${this.id}/events`, { lastId: this.lastId, signal: this.breath.signal });
  }

  take({ id, type, data }) {
    const seq = Number(id);
    if (seq <= this.lastId) return; // seen before the connection broke
    this.lastId = seq;
    this[type]?.(data);
    if (LAST.has(type)) this.ended = true;
    this.told(type, data, this);
  }

  // The events, each by its name.

  "message.delta"({ text }) {
    this.text += text;
    this.agent.thinking(null);
    this.paint();
  }

  "message.reset"({ content }) {
    this.text = content;
    this.paint();
  }

  "tool.call"({ id, name, arguments: given }) {
    this.agent.thinking("Working …");
    this.agent.cards.update(id, { name, arguments: given });
  }

  "approval.requested"({ id, name, arguments: given, shown: rows, digest, expires_at }) {
    this.agent.thinking(null);
    const again = Boolean(this.agent.cards.calls.get(id)?.approval);
    const approval = { decision: null, shown: rows, digest, expires_at, again };
    this.agent.cards.update(id, { name, arguments: given, approval });
  }

  "approval.decided"({ id, decision, decided_at }) {
    this.agent.thinking("Working …");
    const { approval } = this.agent.cards.calls.get(id) || {};
    this.agent.cards.update(id, { approval: { ...approval, decision, decided_at } });
  }

  "tool.result"({ id, name, result, error, started_at, finished_at }) {
    this.agent.thinking("Thinking …");
    this.agent.cards.update(id, { name, result, error, started_at, finished_at });
  }

  "message.completed"({ message }) {
    cancelAnimationFrame(this.frame);
    this.agent.settle(message);
    announce(`Parley answered: ${message.content}`);
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      this.words ??= new Growing(this.agent.body);
      this.words.set(this.text);
    });
  }
}

function shown(signal) {
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });
}
