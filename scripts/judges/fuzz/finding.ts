import type { FuzzCase, FuzzRequest } from "./request";

/** What may be wrong, worst first. */
export const FINDING_KINDS = [
  "leak",
  "server_error",
  "hang",
  "no_answer",
  "unfinished",
  "poisoned",
  "undocumented",
  "unexpected",
  "schema",
  "header",
  "log",
] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

export interface Problem {
  readonly kind: FindingKind;
  /** What was seen, and what is right. It repeats no other caller's text. */
  readonly what: string;
}

/** A problem, and how to see it again. */
export interface Finding extends Problem {
  /** Undefined where it is about the run as a whole. */
  readonly reproduction?: Reproduction;
}

/** A request that shows it, as JSON. */
export interface Reproduction {
  /** Index of the case; with the seed it makes the same request again. */
  readonly index: number;
  readonly mutations: readonly string[];
  readonly caller: number;
  readonly method: string;
  /** Below the stage. */
  readonly target: string;
  readonly headers: FuzzRequest["headers"];
  readonly credentials: string;
  readonly startLine?: string;
  readonly lines?: readonly string[];
  readonly contentLength?: string;
  readonly withoutHost?: true;
  /** A byte a character, cut after {@link MAX_SHOWN_BYTES}. */
  readonly body?: string;
  readonly bodyBytes?: number;
}

const MAX_SHOWN_BYTES = 2_000;

/** How to send a case again. */
export function reproductionOf({ index, mutations, caller, request }: FuzzCase): Reproduction {
  const { body, ...rest } = request;
  return {
    index,
    mutations,
    caller,
    ...rest,
    ...(body && { body: String.fromCharCode(...body.subarray(0, MAX_SHOWN_BYTES)), bodyBytes: body.length }),
  };
}
