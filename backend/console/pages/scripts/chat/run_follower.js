// run_follower.js -- follows the events of a run; after a lost connection it resumes at the last event.
import { openStream } from "../api.js";
import { announce, bdi } from "../dom.js";
import { AgentItem } from "../calls/agent_item.js";
import { getSpoken, growWords } from "./words.js";
import { waitForRetry } from "../stream.js";

const FINAL_EVENTS = new Set(["run.completed", "run.failed", "run.cancelled"]);

export class RunFollower {
  // `onEvent(type, data, follower)` gets every event; `opened` is a stream that a POST has already opened.
  constructor(runId, onEvent, opened = null) {
    this.id = runId;
    this.onEvent = onEvent;
    this.stream = opened;
    this.agent = new AgentItem(runId);
    this.item = this.agent.item;
    this.item.classList.add("live");
    this.agent.setLive();
    this.showThinking("Thinking …");
    this.text = "";
    this.lastId = null;
    this.ended = false;
    this.over = new Promise((resolve) => (this.endWait = resolve)); // until the end is known
    this.isQueued = false;
    this.leaving = new AbortController();
    this.onVisible = () => document.hidden && this.interrupt();
    document.addEventListener("visibilitychange", this.onVisible);
    this.follow();
  }

  // Stops following; the run goes on.
  leave() {
    this.leaving.abort();
    this.interrupt();
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  // Breaks the connection, or ends the wait for the next one.
  interrupt() {
    this.pausing?.abort();
    this.stream?.end();
  }

  // Reads again at once what there is of the run, even where its stream seems to be open.
  resume() {
    if (!document.hidden) this.interrupt();
  }

  async follow() {
    const { signal: leaving } = this.leaving;
    for (let tries = 0; !this.ended && !leaving.aborted; tries += 1) {
      try {
        // A hidden tab closes its connection: a browser opens only six to a host.
        if (document.hidden && !this.stream) await waitUntilVisible(leaving);
        this.pausing = new AbortController();
        this.stream ??= await this.open(this.pausing.signal);
        for await (const frame of this.stream.events()) {
          if (leaving.aborted) break;
          if (frame.type === "heartbeat") continue;
          tries = 0;
          this.handleFrame(frame);
        }
      } catch (error) {
        if (error.status === 404 || error.status === 401) break;
      }
      this.stream = null;
      if (this.ended || leaving.aborted) break;
      if (!document.hidden && !this.pausing.signal.aborted) await waitForRetry(Math.min(8_000, 250 * 2 ** tries), this.pausing.signal);
    }
    document.removeEventListener("visibilitychange", this.onVisible);
  }

  open(signal) {
    return openStream("GET", `/v1/runs/${this.id}/events`, { lastId: this.lastId, signal });
  }

  handleFrame({ id, type, data }) {
    const seq = Number(id);
    if (this.lastId !== null && seq <= this.lastId) return; // handled before the connection broke
    this.lastId = seq;
    this[type]?.(data);
    if (FINAL_EVENTS.has(type)) this.markEnded();
    this.onEvent(type, data, this);
  }

  markEnded() {
    this.ended = true;
    this.endWait();
  }

  // The run has ended, and its stream does not tell: `message` is what it has left, if there is something.
  end(message) {
    this.markEnded();
    this.leave();
    if (message) this["message.completed"]({ message });
  }

  // Until the end, whatever else comes: the user has stopped the answer.
  setStopping(isStopping) {
    this.isStopping = isStopping;
    if (!this.ended) this.showThinking(this.doing);
  }

  showThinking(words) {
    this.doing = words;
    this.agent.showThinking(this.isStopping ? "Stopping …" : words);
  }

  nameAwaited(name) {
    if (this.isQueued && !this.ended) this.showThinking(["Waiting for ", bdi(name), " …"]);
  }

  // Handlers, named as the events.

  "run.queued"() {
    this.isQueued = true;
    this.showThinking("Waiting …");
  }

  "run.started"() {
    this.isQueued = false;
    this.showThinking("Thinking …");
  }

  "message.delta"({ text }) {
    this.text += text;
    this.showThinking(null);
    this.paint();
  }

  "message.reset"({ content }) {
    this.text = content;
    this.paint();
  }

  "tool.call"({ id, name, arguments: given }) {
    this.showThinking("Working …");
    this.agent.updateCall(id, { name, arguments: given, said_before: [...this.text].length });
  }

  "approval.requested"({ id, name, arguments: given, shown: rows, digest, expires_at }) {
    this.showThinking(null);
    const again = Boolean(this.agent.getCall(id)?.approval);
    const approval = { decision: null, shown: rows, digest, expires_at, again };
    this.agent.updateCall(id, { name, arguments: given, approval });
  }

  "approval.decided"({ id, decision, decided_at, words }) {
    this.showThinking("Working …");
    const { approval } = this.agent.getCall(id) || {};
    this.agent.updateCall(id, { approval: { ...approval, decision, decided_at, words } });
  }

  "tool.result"({ id, name, result, error, started_at, finished_at }) {
    this.showThinking("Thinking …");
    this.agent.updateCall(id, { name, result, error, started_at, finished_at });
  }

  "message.completed"({ message }) {
    cancelAnimationFrame(this.frame);
    this.agent.settle(message);
    Promise.resolve(this.agent.shown).then(() => announce(`${message.sender.name ?? "The agent"} answered: ${this.agent.bodies.map(getSpoken).join(" ")}`));
  }

  paint() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => this.agent.showText(this.text, growWords));
  }
}

function waitUntilVisible(signal) {
  return new Promise((resolve) => {
    document.addEventListener("visibilitychange", resolve, { once: true });
    signal.addEventListener("abort", resolve, { once: true });
  });
}
