// names.js -- what people and their conversations are called.
import { getUser } from "../team/accounts.js";

export const nameOf = (person) => person?.name || "Somebody";

// Whom the user talks to in a direct conversation; undefined where they have left the account.
export const findOther = (conversation) => conversation.participants?.find((one) => one.user_id !== getUser()?.id);

export function getTitle(conversation) {
  if (conversation?.kind !== "direct") return conversation?.title || "Untitled";
  const other = findOther(conversation);
  return other ? nameOf(other) : "Somebody who has left";
}
