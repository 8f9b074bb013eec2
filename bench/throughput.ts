import type { CommandContext } from "../scripts/kit/context";
import { mean, quantile } from "../scripts/kit/quantiles";
import { endedPoll } from "../__tests__/support/function-calls";
import { withFunctionVariants, type FunctionVariant } from "./function-variants";
import { type BenchFigure, benchResult, type BenchResult, measureInTurn } from "./results";
import { RunningFunction } from "./running-function";

/** Milliseconds that a handler may take beyond one that makes the same AWS calls, at P99. */
const MAX_OVERHEAD_MS = 1;
/** Calls of each function in a turn. */
const TURN = 50;
const TURNS = 40;
/** Turns that do not count: until then the optimizing compiler has not done its work. */
const WARM_UP_TURNS = 6;
const CAUSE =
  "each AWS call goes through the SDK's connection handler, signature and retries, and a guard, which a request " +
  "signed by hand does without";

/** Milliseconds of one call's answers. */
export interface WarmTimes {
  readonly call: string;
  /** Of a handler that answers at once. */
  readonly empty: readonly number[];
  /** Of one that only makes the same AWS calls, signed by hand; undefined where the call makes none. */
  readonly same?: readonly number[];
  readonly ours: readonly number[];
}

const NAMES: Readonly<Record<string, string>> = {
  invoke: "invoke",
  status: "poll of a request under way",
  ended: "poll of an ended request",
};

/**
 * Measures polls and invocations a second of one instance, and what its handler takes beyond an empty one. Exit code 1
 * where the overhead exceeds its bound.
 */
export async function benchThroughput(context: CommandContext): Promise<BenchResult> {
  const { progress, signal } = context;
  return withFunctionVariants(context, async (all) => {
    const variants = [...all, ...all.flatMap(pollOfEndedRequest)].filter(
      ({ call, variant }) => call in NAMES && variant !== "default",
    );
    const running: { readonly name: string; readonly instance: RunningFunction }[] = [];
    try {
      for (const { name, start } of variants) running.push({ name, instance: await RunningFunction.start(start) });
      const turns = await progress.step("Call warm functions", (detail) =>
        measureInTurn(running, { rounds: WARM_UP_TURNS + TURNS, signal, detail }, async ({ instance }) => {
          const times: number[] = [];
          for (let call = 0; call < TURN; call++) times.push(await instance.call());
          return times;
        }),
      );
      const timesOf = (call: string, variant: string) =>
        turns[variants.findIndex((each) => each.call === call && each.variant === variant)]
          ?.slice(WARM_UP_TURNS)
          .flat();
      return judgeThroughput(
        Object.keys(NAMES).map((call) => {
          const same = timesOf(call, "by hand");
          return {
            call: NAMES[call]!,
            empty: timesOf(call, "bare") ?? [],
            ours: timesOf(call, "ours") ?? [],
            ...(same && { same }),
          };
        }),
      );
    } finally {
      await Promise.all(running.map(({ instance }) => instance.stop()));
    }
  });
}

/** The poll of an ended request makes no AWS calls, so there is nothing to sign by hand. */
function pollOfEndedRequest({ call, variant, start }: FunctionVariant): FunctionVariant[] {
  if (call !== "status" || variant === "by hand") return [];
  return [{ name: `ended, ${variant}`, call: "ended", variant, start: { ...start, call: endedPoll(start.call) } }];
}

/** Compares the overhead with its bound. */
export function judgeThroughput(measured: readonly WarmTimes[]): BenchResult {
  const rows = measured.map(({ call, empty, same, ours }) => ({
    call,
    callsAws: same !== undefined,
    empty: summarize(empty),
    same: summarize(same ?? empty),
    ours: summarize(ours),
  }));
  return benchResult("throughput", {
    method:
      "Warm calls of one function instance through Lambda's runtime interface on loopback, DynamoDB and SQS " +
      `answering at once over TLS; ${measured[0]?.ours.length ?? 0} calls of each, in turn.`,
    figures: rows.flatMap(({ call, callsAws, empty, same, ours }): BenchFigure[] => {
      const overheadMs = ours.p99 - same.p99;
      return [
        {
          compares:
            `${call}: beyond an empty handler that makes the same AWS calls, at P99 ` +
            `(P50 ${microseconds(ours.p50 - same.p50)}; an empty one without them answers in ` +
            `${microseconds(empty.p50)}, at P99 ${microseconds(empty.p99)})`,
          measured: microseconds(overheadMs),
          mustReach: `<= ${microseconds(MAX_OVERHEAD_MS)}`,
          limit: microseconds(0),
          holds: overheadMs <= MAX_OVERHEAD_MS,
          ...(callsAws && { cause: CAUSE }),
        },
        {
          compares: `${call}: a second, one instance, one after the other`,
          measured: (1_000 / ours.mean).toFixed(0),
          limit: (1_000 / empty.mean).toFixed(0),
        },
      ];
    }),
    data: { rows },
  });
}

function summarize(times: readonly number[]): { readonly p50: number; readonly p99: number; readonly mean: number } {
  const sorted = [...times].sort((left, right) => left - right);
  return { p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), mean: mean(times) };
}

const microseconds = (ms: number): string => `${(ms * 1_000).toFixed(0)} us`;
