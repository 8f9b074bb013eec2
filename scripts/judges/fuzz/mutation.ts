import type { Draw } from "./draw";
import type { FuzzRequest } from "./request";

/** What a mutation may use. */
export interface Given {
  readonly draw: Draw;
  /** A valid prompt with the canary in it. */
  readonly prompt: string;
  readonly canary: string;
  /** Stands before every canary of the run; also in what else must not be logged. */
  readonly marker: string;
  /** An Idempotency-Key that the caller has sent with `usedBody`. */
  readonly usedKey: string;
  readonly usedBody: string;
}

/** Parts of a request; of one part at most one mutation goes into a request. */
export type Part = "body" | "media" | "path" | "method" | "query" | "header" | "credentials" | "key" | "framing";

/** One way to change a request. */
export interface Mutation {
  readonly name: string;
  readonly part: Part;
  /** Ids of the operations that it fits; undefined: every one. */
  readonly operations?: readonly string[];
  /** Statuses that it may lead to; undefined: it changes nothing. */
  readonly allowed?: readonly number[];
  readonly malformed?: true;
  /** Fits no other mutation. */
  readonly alone?: true;
  /** Megabytes: once in a run is enough. */
  readonly costly?: true;
  apply(request: FuzzRequest, given: Given): FuzzRequest;
}

/** The request with a header more. */
export const withHeader = (request: FuzzRequest, name: string, value: string): FuzzRequest => ({
  ...request,
  headers: [...request.headers, [name, value]],
});

/** The request without a header, whatever its case. */
export const withoutHeader = (request: FuzzRequest, name: string): FuzzRequest => ({
  ...request,
  headers: request.headers.filter(([given]) => given.toLowerCase() !== name),
});
