// call_box.js -- the tool calls of one message; what shows them is fetched with the first.
import { el, showFailure } from "../dom.js";
import { fetchCards } from "../later.js";

export class CallBox {
  constructor(runId) {
    this.runId = runId;
    this.box = el("div", { class: "tools" });
    this.calls = new Map();
    this.cards = null;
    this.isLive = false; // whether the user sees the calls being made
  }

  // Merges a change into a call, and shows it.
  update(id, change) {
    this.calls.set(id, { ...this.calls.get(id), ...change, id });
    this.show(id).catch(showFailure);
  }

  async show(id) {
    const { ToolCards } = await fetchCards();
    this.cards ??= new ToolCards(this);
    this.cards.show(id);
  }
}
