import type { WireAnswer } from "./answer";
import type { DocumentedAnswers } from "./documented";
import type { Problem } from "./finding";
import { leaksIn, type Secrets } from "./leaks";
import type { FuzzCase } from "./request";

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
  const leaks = leaksIn(answer, caller, secrets, ownerOf);
  // A fault of the service is one finding, however it is told.
  if (answer.status >= 500 && !(fuzzed.malformed && [501, 505].includes(answer.status)))
    return [
      ...leaks,
      { kind: "server_error", what: `${answer.status}; a request never leads to a fault of the service` },
    ];
  if (answer.status >= 500) return leaks;
  return [...leaks, ...documented.problems(fuzzed, answer)];
}
