// pane.js -- says how a part of the page is: that it is loading, why it could not be loaded, or that there is nothing in
// it. What has failed is tried again by itself.
import { el, makeIcon } from "./dom.js";
import { subscribe } from "./stream.js";

const SLOW_MS = 400; // what comes sooner needs no word
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 30_000;

const failed = new Set();

export class Pane {
  // `what` is the subject of a sentence; `note` stands where the content would.
  constructor(what = "This", note = el("p", { class: "none", hidden: true })) {
    Object.assign(this, { what, note, turn: 0, tries: 0 });
    note.setAttribute("role", "status");
    this.clear();
  }

  // Runs `work()`, and again until it succeeds; resolves after the first time. A later call takes the place of this one.
  async load(work) {
    this.stop();
    this.work = work;
    const { turn } = this;
    const slow = setTimeout(() => this.showSlow(turn), SLOW_MS);
    try {
      await work();
      if (turn === this.turn) Object.assign(this, { tries: 0, isLoaded: true });
    } catch (error) {
      if (turn !== this.turn || error.status === 401) return; // the session has ended
      this.error = error;
      this.tries += 1;
      this.timer = setTimeout(() => this.tryAgain(), Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.tries - 1)));
      failed.add(this);
    } finally {
      clearTimeout(slow);
      if (turn === this.turn) {
        this.isSlow = false;
        this.draw();
      }
    }
  }

  stop() {
    this.turn += 1;
    clearTimeout(this.timer);
    failed.delete(this);
    Object.assign(this, { error: null, isSlow: false });
  }

  // The part is for something else from now on, or for nobody.
  clear() {
    this.stop();
    Object.assign(this, { isLoaded: false, empty: "" });
    this.draw();
  }

  // A list that is there already says nothing while it is read anew.
  showSlow(turn) {
    if (turn !== this.turn || this.isLoaded) return;
    this.isSlow = true;
    this.draw();
  }

  tryAgain() {
    if (this.note.isConnected) this.load(this.work);
    else this.clear(); // the sheet was closed
  }

  // The words for a list with nothing in it; "" while there is something.
  showEmpty(words) {
    this.empty = words;
    this.draw();
  }

  draw() {
    const { note, error } = this;
    const had = note.contains(document.activeElement);
    note.classList.toggle("failed", error !== null);
    if (error) {
      const again = el("button", { type: "button", class: "link", onclick: () => this.tryAgain() }, "Try again");
      note.replaceChildren(makeIcon("warn"), ` ${this.what} could not be loaded. ${error.message} `, again);
      if (had) again.focus();
    } else note.replaceChildren(this.isSlow ? "Loading …" : this.isLoaded ? this.empty : "");
    note.hidden = note.textContent === "";
    if (had && !error) (note.closest("[tabindex]") ?? document.getElementById("composer-text")).focus();
  }
}

const tryAll = () => [...failed].forEach((pane) => pane.tryAgain());
addEventListener("online", tryAll);
subscribe("connection", (isUp) => isUp && tryAll());
