// roving.js -- a list that Tab enters at one place: from there the arrow keys lead to the other items and controls.

const isText = (field) => field.matches("textarea, input:not([type=checkbox])");

// `item` is the selector of the items of `box`; their controls are links, buttons and fields.
export function keepOneStop(box, item) {
  const listItems = () => [...box.querySelectorAll(item)].filter((one) => !one.closest("[hidden]"));
  const listControls = (one) => [...one.querySelectorAll("a, button, input")];
  let stop = null; // the control that Tab leads to

  function settle() {
    if (!stop || !box.contains(stop)) {
      const first = box.querySelector(`:is(${item}) [aria-current]`) ?? listItems().flatMap(listControls)[0];
      stop = box.contains(document.activeElement) ? document.activeElement : first;
    }
    for (const control of listItems().flatMap(listControls)) control.tabIndex = control === stop ? 0 : -1;
  }

  function findNext(key, from) {
    const items = listItems();
    const here = items.indexOf(from.closest(item));
    const controls = listControls(items[here]);
    const at = controls.indexOf(from);
    if (key === "ArrowRight" || key === "ArrowLeft") return controls[at + (key === "ArrowRight" ? 1 : -1)];
    const next = { ArrowDown: items[here + 1], ArrowUp: items[here - 1], Home: items[0], End: items.at(-1) }[key];
    const like = next && listControls(next)[at];
    return like?.getClientRects().length ? like : next && listControls(next)[0]; // some show in the item at hand alone
  }

  box.addEventListener("focusin", ({ target }) => {
    if (!target.closest(item)) return;
    stop = target;
    settle();
  });
  box.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (!/^(Arrow|Home$|End$)/.test(key) || !target.closest(item) || isText(target)) return;
    event.preventDefault();
    findNext(key, target)?.focus();
  });
  new MutationObserver(settle).observe(box, { childList: true, subtree: true });
}
