import type { FuzzCase, FuzzRequest } from "./request";
import type { WireAnswer } from "./raw-http";
import type { DocumentedAnswers } from "./documented";
import { leaksIn, type Secrets } from "./leaks";

/** What may be wrong, worst first. */
export type FindingKind =
  | "leak"
  | "server_error"
  | "hang"
  | "no_answer"
  | "unfinished"
  | "poisoned"
  | "undocumented"
  | "unexpected"
  | "schema"
  | "header"
  | "log";

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

/** A request that shows a problem, as JSON. */
interface Reproduction extends Omit<FuzzRequest, "body"> {
  /** Index of the case; with the seed it makes the same request again. */
  readonly index: number;
  readonly mutations: readonly string[];
  readonly caller: number;
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
  if (answer.status < 500) return [...leaks, ...documented.problems(fuzzed, answer)];
  if (fuzzed.malformed && [501, 505].includes(answer.status)) return leaks;
  const what = `${answer.status}; a request never leads to a fault of the service`;
  return [...leaks, { kind: "server_error", what }];
}

/** Counts of cases and their answers. */
export class Tally {
  requests = 0;
  /** How many different mutations were sent. */
  mutations = 0;
  /** By operation, then by status; `closed` and `hang` stand for no status. */
  readonly byRoute: Record<string, Record<string, number>> = {};
  /** By what was to come of a request: accepted, refused, either, or malformed HTTP. */
  readonly byExpectation: Record<string, number> = {};
  readonly #seen = new Set<string>();

  add(fuzzed: FuzzCase, answer: WireAnswer): void {
    this.requests += 1;
    const statuses = (this.byRoute[fuzzed.operationId] ??= {});
    const status = answer.kind === "answer" ? String(answer.status) : answer.kind;
    statuses[status] = (statuses[status] ?? 0) + 1;
    const expected = expectationOf(fuzzed);
    this.byExpectation[expected] = (this.byExpectation[expected] ?? 0) + 1;
    for (const name of fuzzed.mutations) this.#seen.add(name);
    this.mutations = this.#seen.size;
  }
}

function expectationOf({ allowed, malformed }: FuzzCase): string {
  if (malformed) return "malformed";
  if (!allowed.some((status) => status < 300)) return "refused";
  return allowed.length > 1 ? "either" : "accepted";
}
