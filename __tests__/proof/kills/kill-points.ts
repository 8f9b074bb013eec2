import type { CanaryRecord, Release } from "../../../stacks/contract/settings";
import { weightOf } from "../../../scripts/deploy/release";
import { describeChanges, type ResourceChange } from "../../../scripts/kit/plan-changes";

/**
 * What a canary is at, in its order: terraform publishes, moves a share, moves all, and writes the end; between them
 * the metrics are watched.
 */
export const CANARY_PHASES = ["publish", "share", "watch share", "promotion", "watch all", "end"] as const;
export type CanaryPhase = (typeof CANARY_PHASES)[number];

/** When a canary is killed, and what is done about it. */
export interface KillPoint {
  readonly phase: CanaryPhase;
  /** How much of the phase, of the time that it usually takes, is over then: 0 to 1. */
  readonly fraction: number;
  readonly how: "resume" | "abort";
  /** The live file is gone too, as on another machine. */
  readonly withoutFile: boolean;
}

/** One of so many recoveries has to do without the live file. */
const WITHOUT_FILE_SHARE = 0.3;

/**
 * Points that are the same for the same random numbers. No phase comes again before each other one has come; resume and
 * abort take turns.
 */
export function killPoints(kills: number, random: () => number): readonly KillPoint[] {
  const deck: CanaryPhase[] = [];
  return Array.from({ length: kills }, (_, index) => {
    if (deck.length === 0) deck.push(...CANARY_PHASES);
    const [phase] = deck.splice(Math.floor(random() * deck.length), 1) as [CanaryPhase];
    return {
      phase,
      fraction: random(),
      how: index % 2 === 0 ? ("resume" as const) : ("abort" as const),
      withoutFile: random() < WITHOUT_FILE_SHARE,
    };
  });
}

/** What a canary is at while terraform plans and applies a release. */
export function phaseOf({ canary }: Release): CanaryPhase {
  if (canary === null) return "end";
  if (canary.phase === "publish") return "publish";
  return weightOf(canary) === 100 ? "promotion" : "share";
}

/** What a canary is at while it watches a step. */
export const watchOf = (canary: CanaryRecord): CanaryPhase => (weightOf(canary) === 100 ? "watch all" : "watch share");

/**
 * What became of a canary after its kill. `started again`: it had not begun yet, or nothing but the file knew of it.
 */
export type Recovery = "resumed" | "started again" | "taken back" | "nothing to take back";

/** What is there after a recovery, by the emulator and by the state. */
export interface AfterKill {
  readonly point: KillPoint;
  readonly recovery: Recovery;
  /** Of the command that recovered. */
  readonly exitCode: number;
  /** Versions of the worker: behind the alias before the canary, the newest now. */
  readonly stable: string;
  readonly newest: string;
  /** As the emulator has the alias. */
  readonly alias: { readonly version: string; readonly weights: Readonly<Record<string, number>> };
  /** As the state has it: the version of the worker that a release pins, null = none. */
  readonly pinned: number | null;
  /** Whether the state still has a canary on its way. */
  readonly onItsWay: boolean;
  /** What a further plan changes, with what the emulator spells in its own way left out. */
  readonly further: readonly ResourceChange[];
  /** Ids of what the emulator holds, by type: before the first canary, and now. */
  readonly before: Readonly<Record<string, readonly string[]>>;
  readonly now: Readonly<Record<string, readonly string[]>>;
}

/** One kill and what came of it. */
export interface KilledCanary {
  /** Milliseconds since the canary's process was started. */
  readonly atMs: number;
  readonly during: CanaryPhase;
  readonly point: KillPoint;
  /** null where the canary had ended before the kill: then nothing was shown. */
  readonly recovered: boolean | null;
  readonly how: Recovery | "too late" | "failed";
  /** What the recovery took. */
  readonly seconds: number;
  /** What did not hold. */
  readonly problems: readonly string[];
}

/** Says what is not as it is to be after a kill and its recovery; empty = all of it is. */
export function problemsAfterKill(after: AfterKill): readonly string[] {
  const { point, recovery, exitCode, stable, newest, alias, pinned, onItsWay, further } = after;
  const wanted = point.how === "resume" ? newest : stable;
  const weights = Object.entries(alias.weights).map(([version, weight]) => `version ${version} ${weight}`);
  const wantedPin = recovery === "taken back" ? Number(stable) : null;
  return [
    ...(exitCode === 0 ? [] : [`the command that was to recover ended with exit code ${exitCode}`]),
    ...(point.how === "resume" && newest === stable ? ["no new version was published"] : []),
    ...(alias.version === wanted ? [] : [`version ${alias.version} is live, and was to be ${wanted}`]),
    ...(weights.length === 0 ? [] : [`the alias still has weights: ${weights.join(", ")}`]),
    ...(onItsWay ? ["the state still has a canary on its way"] : []),
    ...(recovery === "nothing to take back" || pinned === wantedPin
      ? []
      : [`version ${pinned ?? "none"} is pinned, and was to be ${wantedPin ?? "none"}`]),
    ...(further.length === 0 ? [] : [`a further plan changes more:\n${describeChanges(further)}`]),
    ...inventoryProblems(after),
  ];
}

function inventoryProblems({ before, now }: Pick<AfterKill, "before" | "now">): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].sort().flatMap((type) => {
    const [was, is] = [before[type] ?? [], now[type] ?? []];
    const [more, gone] = [is.filter((id) => !was.includes(id)), was.filter((id) => !is.includes(id))];
    return [
      ...(more.length > 0 ? [`more of ${type}: ${more.join(", ")}`] : []),
      ...(gone.length > 0 ? [`gone of ${type}: ${gone.join(", ")}`] : []),
    ];
  });
}
