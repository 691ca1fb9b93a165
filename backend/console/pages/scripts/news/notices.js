// notices.js -- tells by the system of answers and questions while the page is hidden; fetched when there is something.
import { runExclusively } from "../account/locks.js";
import { goTo } from "../address.js";
import { getApprovalTitle, getQuestion } from "../calls/approval_fields.js";
import { getConversation, getTitle } from "../chat/conversations.js";
import { showToast, wait } from "../dom.js";
import { forget, keep, listNames, own, read } from "../storage.js";
import { isUnseen } from "./unseen.js";

const TOLD = "told.";
const MOST_KEPT = 20;
const LONGEST = 120;
const SOON_MS = 300;

const readFirstLine = (text) => text.split("\n").find((line) => /\p{L}|\p{N}/u.test(line))?.replace(/^[#>*\-\s]+|[*_`]/g, "").slice(0, LONGEST);

const describe = (what) => (typeof what === "string" ? readFirstLine(what) ?? what.slice(0, LONGEST) : describeQuestion(what));
const describeQuestion = (call) => `${getQuestion(call.name)} ${getApprovalTitle({ ...call, approval: call }) ?? ""}`.trim();

// Asks quietly and once whether the user wants that; the answer is kept under `name`. Browsers have it over https alone.
export function offer(name) {
  if (!("Notification" in window) || !isSecureContext) return;
  keep(name, "asked");
  showToast("This answer took a while.", {
    seconds: 600,
    label: "Tell me when answers are ready",
    action: async () => keep(name, (await Notification.requestPermission()) === "granted" ? "yes" : "no"),
  });
}

// Once in all tabs: `key` names what is told of.
export async function tell(id, key, what) {
  if (Notification.permission !== "granted") return;
  await wait(SOON_MS);
  if (!isUnseen(id)) return; // it is in sight in another tab
  const isFirst = await runExclusively(own("telling"), () => {
    if (read(own(TOLD + key)) !== null) return false;
    keep(own(TOLD + key), String(Date.now()));
    forgetOldest();
    return true;
  });
  if (!isFirst) return;
  const notice = new Notification(getTitle(getConversation(id)) || "Parley", {
    body: describe(what), tag: key, icon: new URL("../../icon.svg", import.meta.url).href,
  });
  notice.addEventListener("click", () => {
    window.focus();
    goTo(id);
    notice.close();
  });
}

function forgetOldest() {
  const names = listNames(own(TOLD)).sort((one, other) => Number(read(one)) - Number(read(other)));
  for (const name of names.slice(0, -MOST_KEPT)) forget(name);
}
