// index.ts -- what this package gives.
export { Parley, type ParleyOptions, type Tokens } from "./client.js";
export { Problem } from "./problem.js";
export type { StreamOptions } from "./events.js";
export type { ChangeEvent, RunEvent, Schemas } from "./types.js";
