// back.js -- the Back key closes what lies over the conversation, a drawer or a sheet, before it leaves the conversation.
// As long as something lies there, the history has an entry of its own for it, at the same address.

const closers = []; // how each thing that lies there is closed; the last one is on top
let isLeaving = false; // whether the entry is being left by the page itself

export const isOver = () => history.state?.isOver === true;
const addEntry = () => isOver() || history.pushState({ isOver: true }, "");

// Something lies there from now on. Returns what to call once it has been closed, however that was.
export function lieOver(close) {
  closers.push(close);
  addEntry();
  return () => {
    const place = closers.lastIndexOf(close);
    if (place < 0) return;
    closers.splice(place, 1);
    if (closers.length || !isOver()) return;
    isLeaving = true;
    history.back();
  };
}

addEventListener("popstate", () => {
  if (!isLeaving) closers.pop()?.();
  isLeaving = false;
  if (closers.length) addEntry();
});
