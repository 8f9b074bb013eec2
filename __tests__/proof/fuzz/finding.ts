import type { FuzzCase, FuzzRequest } from "./request";
import type { WireAnswer } from "./raw-http";
import type { DocumentedAnswers } from "./documented";
import { leaksIn, type Secrets } from "./leaks";

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

/** What an answer is judged by. */
export interface Judgement {
  readonly documented: DocumentedAnswers;
  readonly secrets: Secrets;
  /** Index of the caller whose request has that id; grows while the run goes on. */
  readonly ownerOf: ReadonlyMap<string, number>;
  /** Milliseconds from which on an answer counts as a hang. */
  readonly patienceMs: number;
  /** Whether anybody may call: callers are then not told apart. */
  readonly isOpen: boolean;
}

/** Everything that is wrong with an answer; empty: it is as it should be. */
export function judgeAnswer(
  fuzzed: FuzzCase,
  answer: WireAnswer,
  { documented, secrets, ownerOf, patienceMs, isOpen }: Judgement,
): Problem[] {
  if (answer.kind === "hang" || answer.ms > patienceMs)
    return [{ kind: "hang", what: `no answer within ${patienceMs / 1_000} s` }];
  if (answer.kind === "closed")
    return fuzzed.malformed ? [] : [{ kind: "no_answer", what: `no answer: ${answer.reason}` }];
  const caller = isOpen || fuzzed.request.credentials === "good" ? fuzzed.caller : undefined;
  const leaks = leaksIn(answer, caller, { ...secrets, ownerOf });
  // A fault of the service is one finding, however it is told.
  if (answer.status >= 500 && !(fuzzed.malformed && [501, 505].includes(answer.status)))
    return [
      ...leaks,
      { kind: "server_error", what: `${answer.status}; a request never leads to a fault of the service` },
    ];
  if (answer.status >= 500) return leaks;
  return [...leaks, ...documented.problems(fuzzed, answer)];
}

/** Counts of a run. */
export interface Tally {
  readonly requests: number;
  /** By operation, then by status; `closed` and `hang` are no statuses. */
  readonly byRoute: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What requests were to come to: accepted, refused, either, or malformed HTTP. */
  readonly byExpectation: Readonly<Record<string, number>>;
  /** How many different mutations were sent. */
  readonly mutations: number;
}

/** Counts cases and their answers. */
export class TallyKeeper {
  private requests = 0;
  private readonly byRoute: Record<string, Record<string, number>> = {};
  private readonly byExpectation: Record<string, number> = {};
  private readonly mutations = new Set<string>();

  add(fuzzed: FuzzCase, answer: WireAnswer): void {
    this.requests += 1;
    const statuses = (this.byRoute[fuzzed.operationId] ??= {});
    const seen = answer.kind === "answer" ? String(answer.status) : answer.kind;
    statuses[seen] = (statuses[seen] ?? 0) + 1;
    const expected = expectationOf(fuzzed);
    this.byExpectation[expected] = (this.byExpectation[expected] ?? 0) + 1;
    for (const name of fuzzed.mutations) this.mutations.add(name);
  }

  get tally(): Tally {
    return {
      requests: this.requests,
      byRoute: this.byRoute,
      byExpectation: this.byExpectation,
      mutations: this.mutations.size,
    };
  }
}

function expectationOf({ allowed, malformed }: FuzzCase): string {
  if (malformed) return "malformed";
  const accepted = allowed.some((status) => status < 300);
  if (accepted && allowed.length > 1) return "either";
  return accepted ? "accepted" : "refused";
}
