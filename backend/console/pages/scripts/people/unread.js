// unread.js -- how many messages of people are unread, by conversation: as the API counted them, and what came since.

// conversation id -> { unread, mentioned, last, later, noted }: of messages the id and the time, and in `noted` the ids of
// those up to which the user has read on this page, until the stream tells of it.
const counts = new Map();
const keep = (message) => message && { id: message.id, created_at: message.created_at };

// Begins anew with a conversation as the API shows it. What came while it was on its way is counted once.
export function setCount({ id, unread_count: unread, mentioned, last_message: last }) {
  const { later: before = [], noted } = counts.get(id) ?? {};
  const index = before.findIndex((message) => message.id === last?.id);
  const later = index < 0 ? before.filter((message) => !last || message.created_at > last.created_at) : before.slice(index + 1);
  counts.set(id, { unread, mentioned, last: keep(last), later, noted });
}

// A message has come; `isMine` says whether it moved the user's own mark, as posting does.
export function addMessage(message, isMine) {
  const count = counts.get(message.conversation_id);
  if (!count || count.last?.id === message.id) return;
  if (count.last && message.created_at < count.last.created_at) return; // the API has counted it
  if (isMine) Object.assign(count, { unread: 0, mentioned: false, last: keep(message), later: [] });
  else if (!count.later.some(({ id }) => id === message.id)) count.later.push(keep(message));
}

// The user has read up to a message, on this page: `left` says what is unread behind it. Null takes that back.
export function setRead(conversationId, messageId, left) {
  const count = counts.get(conversationId) ?? {};
  counts.set(conversationId, { ...count, ...left, later: [], noted: new Set([...(count.noted ?? []), messageId].filter(Boolean)) });
}

// The user has read up to a message, here or elsewhere. False where only the API knows how many are left.
export function markRead(conversationId, messageId) {
  const count = counts.get(conversationId);
  if (!count || count.noted?.delete(messageId) || count.unread + count.later.length === 0) return true;
  const index = count.later.findIndex(({ id }) => id === messageId);
  if (index < 0 && messageId !== count.last?.id) return false;
  const mentioned = count.mentioned;
  Object.assign(count, { unread: 0, mentioned: false, later: count.later.slice(index + 1) });
  return !(mentioned && count.later.length);
}

export function getCount(id) {
  const { unread = 0, mentioned = false, later = [] } = counts.get(id) ?? {};
  return { unread: unread + later.length, mentioned };
}

export const forgetCount = (id) => counts.delete(id);
export const reset = () => counts.clear();
