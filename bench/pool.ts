import { type ColdStart, environmentOf } from "./cold-process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FunctionProcess } from "../scripts/emulator/functions/function-process";
import { RuntimeApi } from "../scripts/emulator/functions/runtime-api";
import { type BenchFigure, benchResult, type BenchResult } from "./results";
import { median } from "../scripts/kit/quantiles";
import type { CommandContext } from "../scripts/kit/context";
import { packageFunctions } from "../scripts/kit/package-functions";
import { openColdRig } from "./cold-rig";
import { makePerCallCode } from "./cold-variants";

/** Calls of a function before the next one's turn: a busy moment of the machine meets all. */
const TURN = 50;
/** Calls before it counts: the optimizing compiler has done its work. */
const WARM_UP = 300;

/** How warm functions are measured. */
export interface WarmOptions {
  /** Of each function. */
  readonly calls: number;
  readonly signal: AbortSignal;
  readonly detail: (text: string) => void;
}

/**
 * Starts every function, calls them in turn, and ends them.
 * @returns the times of the answers in milliseconds, in the functions' order
 */
export async function measureWarm(
  starts: readonly ColdStart[],
  { calls, signal, detail }: WarmOptions,
): Promise<number[][]> {
  const functions: WarmFunction[] = [];
  try {
    for (const start of starts) functions.push(await WarmFunction.open(start));
    for (const each of functions) for (let call = 0; call < Math.min(WARM_UP, calls); call++) await each.call();
    const times = functions.map((): number[] => []);
    for (let done = 0; done < calls; done += TURN) {
      detail(`${done} of ${calls} calls of each of ${functions.length}`);
      for (const [index, each] of functions.entries()) {
        signal.throwIfAborted();
        for (let call = 0; call < Math.min(TURN, calls - done); call++) times[index]!.push(await each.call());
      }
    }
    return times;
  } finally {
    await Promise.all(functions.map((each) => each.close()));
  }
}

const LIMIT_MS = 30_000;

interface Answer {
  readonly payload: string;
  readonly failed: boolean;
}

/** One instance of a function that stays, as a busy function's does: it is never frozen between calls. */
export class WarmFunction {
  private waits: Promise<void>;
  private ready!: () => void;
  private answered: (answer: Answer) => void = () => undefined;

  private constructor(
    private readonly start: ColdStart,
    private readonly api: RuntimeApi,
    private readonly process: FunctionProcess,
    private readonly log: number,
  ) {
    this.waits = this.nextReady();
    const end = (failed: boolean) => (payload: string) => this.answered({ payload, failed });
    api.connect({ next: () => this.ready(), response: end(false), error: end(true), initError: end(true) });
    void process.exited.then((how) => end(true)(`nothing: ${how}`));
  }

  static async open(start: ColdStart): Promise<WarmFunction> {
    const api = await RuntimeApi.listen();
    const log = openSync(join(start.code, "warm.log"), "w");
    const { nodePath, code } = start;
    return new WarmFunction(
      start,
      api,
      FunctionProcess.start({ nodePath, taskRoot: code, environment: environmentOf(start, api.address), log }),
      log,
    );
  }

  /**
   * Gives it the call once more.
   * @returns milliseconds from its delivery to the answer
   * @throws Error where that is not the right one
   */
  async call(): Promise<number> {
    await this.waits;
    this.waits = this.nextReady();
    const { call, code, expectsAnswer } = this.start;
    let limit: NodeJS.Timeout | undefined;
    const beganMs = performance.now();
    const { payload, failed } = await new Promise<Answer>((resolve) => {
      this.answered = resolve;
      limit = setTimeout(() => resolve({ payload: `nothing within ${LIMIT_MS} ms`, failed: true }), LIMIT_MS);
      this.api.deliver({
        requestId: "warm",
        deadlineMs: Date.now() + LIMIT_MS,
        functionArn: "arn:aws:lambda:us-east-1:123456789012:function:warm",
        traceId: "Root=1-0-0",
        payload: JSON.stringify(call.event),
      });
    });
    const ms = performance.now() - beganMs;
    clearTimeout(limit);
    if (failed || (expectsAnswer && !payload.includes(call.answerHolds)))
      throw new Error(
        `The function ${call.name} in ${code} answered ${payload}; expected ${call.answerHolds}. Its log: ${readFileSync(join(code, "warm.log"), "utf8").slice(-2_000)}`,
      );
    return ms;
  }

  async close(): Promise<void> {
    this.process.kill();
    await this.process.exited;
    this.api.close();
    closeSync(this.log);
  }

  private nextReady(): Promise<void> {
    return new Promise((resolve) => (this.ready = resolve));
  }
}

/** Calls of each handler. */
const CALLS = 400;

/** Times of a warm status poll in milliseconds, by where the connection to DynamoDB comes from. */
export interface PoolTimes {
  /** A client of the SDK for each call, and with it a TLS handshake. */
  readonly perCall: readonly number[];
  /** The functions' own pool. */
  readonly pooled: readonly number[];
  /** A request signed by hand over one kept socket, and nothing else. */
  readonly socket: readonly number[];
}

/**
 * A client for each call, the functions' pool, and a bare kept socket: warm `GetItem`s over TLS on loopback. Only told;
 * exit code 1 where the pool saves nothing.
 */
export async function benchPool(context: CommandContext, { calls = CALLS } = {}): Promise<BenchResult> {
  await packageFunctions(context);
  const rig = await context.progress.step("Bundle the handlers", () => openColdRig(context));
  try {
    const startOf = (variant: string) =>
      rig.cases.find((each) => each.protocol === "TLS" && each.call === "status" && each.variant === variant)!.start;
    const perCall = {
      ...startOf("by hand"),
      code: await makePerCallCode(context.projectDirectory, join(rig.folder, "per-call")),
    };
    const measured = await context.progress.step("Call warm functions", (detail) =>
      measureWarm([perCall, startOf("ours"), startOf("by hand")], { calls, signal: context.signal, detail }),
    );
    return verdict({ perCall: measured[0]!, pooled: measured[1]!, socket: measured[2]! });
  } finally {
    await rig.close();
  }
}

/** What the times say. */
export function verdict({ perCall, pooled, socket }: PoolTimes): BenchResult {
  const [each, pool, bare] = [median(perCall), median(pooled), median(socket)];
  const figure: BenchFigure = {
    compares: `status poll over TLS: a client for each call / the pool (${ms(each)} / ${ms(pool)}); ${ms(each - pool)} saved a call`,
    measured: `${(each / pool).toFixed(1)}x`,
    mustReach: "> 1x",
    limit: `${(each / bare).toFixed(1)}x, a bare kept socket (${ms(bare)})`,
    holds: each > pool,
  };
  return benchResult("pool", {
    method: `Warm polls of one function instance through Lambda's runtime interface on loopback, a GetItem over TLS each; medians of ${pooled.length} calls, in turn. The pool's include all that the front door does besides.`,
    figures: [figure],
    charts: [
      {
        title: "A status poll by where its connection comes from, median",
        unit: "ms",
        kind: "bars",
        categories: ["a client for each call", "the pool", "a bare kept socket"],
        series: [{ name: "median", values: [each, pool, bare].map((value) => Math.round(value * 100) / 100) }],
      },
    ],
    data: { medians: { perCall: each, pooled: pool, socket: bare }, calls: pooled.length },
  });
}

const ms = (value: number): string => `${value.toFixed(2)} ms`;
