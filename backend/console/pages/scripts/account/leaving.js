// leaving.js -- asks before a sign-out that would lose what is written and not sent.
import { el, formatCount } from "../dom.js";
import { makeForm, openSheet } from "../sheet.js";
import { signOut } from "./session.js";

// `messages` wait to be sent, and `drafts` are written and not sent.
export function open({ messages, drafts }) {
  const parts = [messages && formatCount(messages, "message"), drafts && formatCount(drafts, "draft")].filter(Boolean);
  const sheet = openSheet("leaving", "Sign out?", { leave: "Stay signed in", size: "small-sheet" },
    el("p", {}, `${parts.join(" and ")} that you have written here ${messages + drafts === 1 ? "is" : "are"} not sent. `,
      "This browser alone has them, and forgets them when you sign out."),
    makeForm("leaving-form", "Sign out and forget them", signOut));
  const stay = el("button", { type: "button", class: "plain", autofocus: true, onclick: () => sheet.close() }, "Stay");
  const leave = sheet.querySelector("button.primary");
  leave.className = "danger";
  leave.before(stay);
  stay.focus();
}
