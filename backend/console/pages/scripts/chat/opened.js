// opened.js -- what is open in the page: a conversation, or none while the next message begins one.

// `id` is null for a new conversation, whose name is `unbegun` once something is written that waits for it. `turn` counts
// the openings: what was asked for in an earlier one is dropped. `room` shows what people say to each other, and is null
// in a conversation with an agent alone. `isWhole` says whether
// the last message of the list is the last of the conversation; `isReady` resolves once it is known whether it is one of
// people, and `isKnown` says whether it is. `back` is { id, place } of a conversation that is to be opened again where the
// reader was.
export const opened = { id: null, unbegun: null, turn: 0, room: null, isWhole: true, isReady: Promise.resolve(), isKnown: true, back: null };
