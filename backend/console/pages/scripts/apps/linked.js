// linked.js -- what an address asks a person for, to which a program has sent them: #authorize?... and #approve/RUN/CALL.
import * as approval from "./approval.js";
import * as consent from "./consent.js";

let opened = null; // the sheet that asks

export async function open(me) {
  opened?.close();
  opened = location.hash.startsWith("#authorize?") ? await consent.open(me) : await approval.open();
  opened.addEventListener("close", leave);
}

// The address is that of the console again: to load the page anew asks nothing a second time. What closes a sheet leaves its entry
// in the history first.
function leave() {
  if (history.state?.isOver) addEventListener("popstate", forget, { once: true });
  else forget();
}

function forget() {
  if (/^#(authorize\?|approve\/)/.test(location.hash)) history.replaceState(history.state, "", "#/");
}
