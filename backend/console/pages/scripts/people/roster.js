// roster.js -- who takes part in the open conversation of people, and how far each of them has read.
import { get } from "../api.js";
import { getUser } from "../team/accounts.js";

// Read marks of others come on the user stream in conversations of up to so many.
const MAX_WITH_MARKS = 100;
const PAGE = 200;

let path = null;
let people = new Map(); // by id
let cursor = null; // of those who have not been asked for

export const isMe = (userId) => userId === getUser()?.id;
export const isMine = (message) => message.role === "user" && (!message.sender || isMe(message.sender.id));
export const listPeople = () => [...people.values()];
export const listOthers = () => listPeople().filter((person) => !isMe(person.user_id));
export const getPerson = (userId) => people.get(userId);
export const hasMarks = () => cursor === null && people.size <= MAX_WITH_MARKS;

export async function load(conversationId) {
  path = `/v1/conversations/${conversationId}/participants`;
  const mine = path;
  const page = await get(path, { limit: PAGE });
  if (mine !== path) return;
  people = new Map(page.data.map((person) => [person.user_id, person]));
  cursor = page.next_cursor;
}

// The rest of a large group, for those who look for somebody in it.
export async function loadAll() {
  const mine = path;
  while (cursor) {
    const page = await get(mine, { limit: PAGE, cursor });
    if (mine !== path) return;
    for (const person of page.data) people.set(person.user_id, person);
    cursor = page.next_cursor;
  }
}

export const put = (person) => people.set(person.user_id, person);
export const drop = (userId) => people.delete(userId);

export function setMark(userId, messageId) {
  const person = people.get(userId);
  if (person) person.last_read_message_id = messageId;
}

export function clear() {
  path = cursor = null;
  people = new Map();
}
