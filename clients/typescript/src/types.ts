// types.ts -- what each request takes and gives, read from the types that are made of the server's OpenAPI document.
import type { components, paths } from "./schema.js";

export type Schemas = components["schemas"];
export type RunEvent = Schemas["RunEvent"];
export type ChangeEvent = Schemas["ChangeEvent"];
export type Method = "get" | "post" | "patch" | "delete" | "put";

/** The paths that have the method. */
export type PathOf<M extends Method> = {
  [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never;
}[keyof paths];

type Operation<M extends Method, P extends keyof paths> = paths[P] extends Record<M, infer O> ? O : never;
type Json<T> = T extends { content: { "application/json": infer B } } ? B : undefined;
type Defined<T> = [T] extends [never] ? unknown : T;
type Parameter<O, K extends string> = O extends { parameters: infer P } ? (P extends Partial<Record<K, infer V>> ? V : never) : never;
type Given<K extends string, V> = [V] extends [never] ? unknown : V extends undefined ? unknown : { [key in K]: Defined<V> };
type Offered<K extends string, V> = [Exclude<V, undefined>] extends [never] ? unknown : { [key in K]?: Exclude<V, undefined> };
type Sent<O> = O extends { requestBody: infer R } ? { body: Json<R> } : O extends { requestBody?: infer R } ? Offered<"body", Json<R>> : unknown;
type Successful<O> = O extends { responses: infer R } ? R[Extract<keyof R, 200 | 201 | 202 | 204>] : never;

/** What a request takes: `path` for what stands in braces, `query` and `body` as the route has them. */
export type RequestOptions<M extends Method, P extends keyof paths> = Given<"path", Parameter<Operation<M, P>, "path">> &
  Offered<"query", Parameter<Operation<M, P>, "query">> &
  Sent<Operation<M, P>> & { headers?: Record<string, string>; signal?: AbortSignal };

export type Answer<M extends Method, P extends keyof paths> = Json<Successful<Operation<M, P>>>;
