import { type BenchFigure, benchResult, type BenchResult } from "./results";
import { quantile } from "../scripts/kit/quantiles";
import type { CommandContext } from "../scripts/kit/context";
import { packageFunctions } from "../scripts/kit/package-functions";
import { endedPoll } from "./cold-calls";
import type { ColdStart } from "./cold-process";
import { openColdRig, type ColdCase } from "./cold-rig";
import { measureWarm } from "./pool";

/** Milliseconds over an empty handler that makes the same calls of AWS, at P99. */
export const MAX_OVERHEAD_MS = 1;
/** Calls of each. */
const CALLS = 2_000;
const CAUSE =
  "each call of AWS goes through the SDK's connection handler, signature and retries, and a guard, which a request signed by hand does without";
const ENDED = "poll of an ended request";
/** Times of one call's answers, in milliseconds. */
export interface Throughput {
  readonly call: string;
  /** By a handler that answers at once. */
  readonly empty: readonly number[];
  /** By one that makes the same calls of AWS, signed by hand, and nothing else; as `empty` where there are none. */
  readonly same: readonly number[];
  readonly ours: readonly number[];
}

/**
 * Polls and invocations a second of one instance, and what its handler takes beyond an empty one. DynamoDB and SQS are
 * servers on loopback that answer at once. Exit code 1 where the overhead is beyond its bound.
 */
export async function benchThroughput(context: CommandContext, { calls = CALLS } = {}): Promise<BenchResult> {
  await packageFunctions(context);
  const rig = await context.progress.step("Bundle the handlers", () => openColdRig(context));
  try {
    const subjects = subjectsOf(rig.cases);
    const times = await context.progress.step("Call warm functions", (detail) =>
      measureWarm(
        subjects.map(({ start }) => start),
        { calls, signal: context.signal, detail },
      ),
    );
    return verdict(throughputOf(subjects, times));
  } finally {
    await rig.close();
  }
}

interface Subject {
  readonly call: string;
  readonly variant: string;
  readonly start: ColdStart;
}

const NAMES: Readonly<Record<string, string>> = { status: "poll of a request under way", invoke: "invoke" };

function subjectsOf(cases: readonly ColdCase[]): Subject[] {
  const bounded = cases.filter(
    ({ protocol, call, variant }) =>
      protocol === "TLS" && call in NAMES && ["bare", "by hand", "ours"].includes(variant),
  );
  const polls = bounded.filter(({ call, variant }) => call === "status" && variant !== "by hand");
  return [
    ...polls.map(({ variant, start }) => ({ call: ENDED, variant, start: { ...start, call: endedPoll(start.call) } })),
    ...bounded.map(({ call, variant, start }) => ({ call: NAMES[call]!, variant, start })),
  ];
}

function throughputOf(subjects: readonly Subject[], times: readonly (readonly number[])[]): Throughput[] {
  const of = (call: string, variant: string) =>
    times[subjects.findIndex((subject) => subject.call === call && subject.variant === variant)];
  return [...new Set(subjects.map(({ call }) => call))].map((call) => ({
    call,
    empty: of(call, "bare")!,
    same: of(call, "by hand") ?? of(call, "bare")!,
    ours: of(call, "ours")!,
  }));
}

/** What the times say. */
export function verdict(measured: readonly Throughput[]): BenchResult {
  const rows = measured.map(({ call, empty, same, ours }) => ({
    call,
    callsAws: same !== empty,
    perSecond: 1_000 / mean(ours),
    empty: summary(empty),
    same: summary(same),
    ours: summary(ours),
  }));
  const figures = rows.flatMap(({ call, callsAws, perSecond, empty, same, ours }): BenchFigure[] => {
    const overheadMs = ours.p99 - same.p99;
    return [
      {
        ...(overheadMs > MAX_OVERHEAD_MS && callsAws && { cause: CAUSE }),
        compares: `${call}: beyond an empty handler that makes the same calls of AWS, at P99 (P50 ${us(ours.p50 - same.p50)}; an empty one without them answers in ${us(empty.p50)}, at P99 ${us(empty.p99)})`,
        measured: us(overheadMs),
        mustReach: `<= ${us(MAX_OVERHEAD_MS)}`,
        limit: us(0),
        holds: overheadMs <= MAX_OVERHEAD_MS,
      },
      {
        compares: `${call}: a second, one instance, one after the other`,
        measured: perSecond.toFixed(0),
        limit: (1_000 / empty.mean).toFixed(0),
      },
    ];
  });
  return benchResult("throughput", {
    method: `Warm calls of one function instance through Lambda's runtime interface on loopback, DynamoDB and SQS answering at once over TLS; ${measured[0]?.ours.length ?? 0} calls of each, in turn.`,
    figures,
    charts: [
      {
        title: "A warm call, median",
        unit: "ms",
        kind: "bars",
        categories: rows.map(({ call }) => call),
        series: [
          ["empty handler", "empty"],
          ["same calls, by hand", "same"],
          ["ours", "ours"],
        ].map(([name, of]) => ({
          name: name!,
          values: rows.map((row) => Math.round(row[of as "ours"].p50 * 1_000) / 1_000),
        })),
      },
    ],
    data: { rows },
  });
}

function summary(times: readonly number[]): { readonly p50: number; readonly p99: number; readonly mean: number } {
  const sorted = [...times].sort((left, right) => left - right);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), mean: mean(times) };
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const us = (ms: number): string => `${(ms * 1_000).toFixed(0)} us`;
