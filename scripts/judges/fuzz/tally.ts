import type { WireAnswer } from "./answer";
import type { FuzzCase } from "./request";

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
