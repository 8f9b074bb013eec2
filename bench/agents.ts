import { setTimeout as wait } from "node:timers/promises";
import { AgentApiClient } from "../scripts/kit/api-client";
import { startAgentServer, type AgentBehaviour, type AgentCall } from "../__tests__/support/agent-server";
import { type BenchChart, type BenchFigure, benchResult, type BenchResult } from "./results";
import { median } from "../scripts/kit/quantiles";
import type { CommandContext } from "../scripts/kit/context";
import { CALLERS, REGION, type LocalStack } from "../scripts/local/local-stack";

/**
 * Does the work for every item, at most `lanes` at once, and gives the results in the items' order. Rejects with the
 * first rejection.
 */
export async function inLanes<Item, Result>(
  lanes: number,
  items: readonly Item[],
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  // The lanes share one iterator: each takes the next item that nobody has taken.
  const next = items.entries();
  const lane = async () => {
    for (const [index, item] of next) results[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(lanes, items.length) }, lane));
  return results;
}

/** Milliseconds between two looks at a request that has not ended. */
const POLL_MS = 500;

/** A request's answer once it has ended well, as the status route gives it. */
export interface CompletedRequest {
  readonly status: "completed";
  readonly result: unknown;
}

/** The setting `agents`, for an apply. */
export const agentsVar = (agents: readonly object[]): string => `agents=${JSON.stringify(agents)}`;

/** Begins a request. @returns its id @throws Error where it is not accepted */
export async function beginRequest(client: Pick<AgentApiClient, "invoke">, prompt: string): Promise<string> {
  const { status, body } = await client.invoke(prompt);
  const { request_id: id } = (body ?? {}) as { request_id?: string };
  if (id === undefined)
    throw new Error(`The invocation was answered ${status}: ${JSON.stringify(body)}; expected 202 with a request_id`);
  return id;
}

/** Polls until a request has completed. @throws Error where it ends otherwise */
export async function completed(
  client: Pick<AgentApiClient, "status">,
  id: string,
  sleep: (ms: number) => Promise<unknown> = wait,
): Promise<CompletedRequest> {
  for (;;) {
    const body = ((await client.status(id)).body ?? {}) as { status?: string; result?: unknown };
    if (body.status === "completed") return body as CompletedRequest;
    if (body.status !== "queued" && body.status !== "processing")
      throw new Error(`Request ${id} ended ${String(body.status)}; expected completed`);
    await sleep(POLL_MS);
  }
}

const AGENT_NAMES = ["flights", "rebooking", "care", "baggage", "crew", "compensation", "communication"] as const;
const PHASES = [1, 2] as const;

/** Milliseconds an agent takes: long enough that a noisy machine's few milliseconds stay below a percent. */
const AGENT_MS = 1_500;
/** Seconds after which an agent that hangs is given up. */
const TIMEOUT_SECONDS = 3;

/** What must be reached, of 7: the agents alone would allow 7. */
export const MIN_SPEED_UP = 6.9;
/** Percent over the slowest agents of the phases, one after the other. */
export const MAX_OVERHEAD_PERCENT = 3;
/** Percent that one agent which fails at once may add. */
export const MAX_THROWING_PERCENT = 3;

/** Milliseconds that the worker took for the agents, a value a run. */
export interface AgentsBench {
  readonly sequential: readonly number[];
  readonly parallel: readonly number[];
  /** One agent hangs in both phases. */
  readonly hanging: readonly number[];
  /** One agent fails at once in both phases. */
  readonly throwing: readonly number[];
  /** Longest agent of each phase, summed, of the parallel runs. */
  readonly slowest: readonly number[];
}

/**
 * Seven agents in two phases, one after the other (`max_parallel_agents=1`) and all at once (`0`): the same deployment,
 * flipped, in one run. Exit code 1 where a bound is missed.
 */
export async function benchAgents(context: CommandContext, stack: LocalStack): Promise<BenchResult> {
  const server = await startAgentServer(behave);
  const agents = AGENT_NAMES.map((name) => ({
    name,
    kind: "http",
    target: `${server.url}/${name}`,
    timeout_seconds: TIMEOUT_SECONDS,
    phases: [...PHASES],
  }));
  try {
    return verdict(await measure(context, stack, [agentsVar(agents), "timeout=120"]));
  } finally {
    await server.stop();
  }
}

/** The prompt says what one of the agents does. */
function behave({ agent, prompt }: AgentCall): AgentBehaviour {
  if (prompt === `hang ${agent}`) return { kind: "hang" };
  if (prompt === `throw ${agent}`) return { kind: "refuse", status: 400 };
  return { kind: "answer", delayMs: AGENT_MS, text: `${agent} says so` };
}

async function measure({ progress }: CommandContext, stack: LocalStack, vars: readonly string[]): Promise<AgentsBench> {
  await stack.flip(vars);
  const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
  const runs = (title: string, prompt: string, times: number) =>
    progress.step(
      title,
      async (detail) => {
        const ended: Ended[] = [];
        for (let run = 1; run <= times; run++) {
          detail(`run ${run} of ${times}`);
          ended.push(await ask(client, prompt));
        }
        return ended;
      },
      (ended) => `${ms(median(ended.map(({ duration_ms }) => duration_ms)))} (median of ${times})`,
    );
  await runs("Warm up", "warm up", 1);
  const before = await runs("All at once", "go", 3);
  const hanging = await runs("All at once, one agent hangs", `hang ${AGENT_NAMES[3]}`, 3);
  const throwing = await runs("All at once, one agent fails at once", `throw ${AGENT_NAMES[3]}`, 3);
  await stack.flip([...vars, "max_parallel_agents=1"]);
  await runs("Warm up", `throw ${AGENT_NAMES[0]}`, 1);
  const sequential = await runs("One after the other", "go", 2);
  await stack.flip(vars);
  await runs("Warm up", "warm up", 1);
  const parallel = [...before, ...(await runs("All at once, again", "go", 3))];
  const durations = (ended: readonly Ended[]) => ended.map(({ duration_ms }) => duration_ms);
  return {
    sequential: durations(sequential),
    parallel: durations(parallel),
    hanging: durations(hanging),
    throwing: durations(throwing),
    slowest: parallel.map(slowestOf),
  };
}

interface Ended {
  readonly duration_ms: number;
  readonly agents: readonly { readonly phase: number; readonly duration_ms: number }[];
}

async function ask(client: AgentApiClient, prompt: string): Promise<Ended> {
  return (await completed(client, await beginRequest(client, prompt))).result as Ended;
}

const slowestOf = ({ agents }: Ended): number =>
  PHASES.reduce(
    (sum, phase) =>
      sum + Math.max(...agents.filter((agent) => agent.phase === phase).map((agent) => agent.duration_ms)),
    0,
  );

/** What the figures say. */
export function verdict(bench: AgentsBench): BenchResult {
  const [sequential, parallel, hanging, throwing, slowest] = [
    bench.sequential,
    bench.parallel,
    bench.hanging,
    bench.throwing,
    bench.slowest,
  ].map(median) as [number, number, number, number, number];
  const speedUp = sequential / parallel;
  const overheadPercent = (parallel / (AGENT_MS * PHASES.length) - 1) * 100;
  const throwingPercent = (throwing / parallel - 1) * 100;
  const hangingMs = hanging - TIMEOUT_SECONDS * 1_000 * PHASES.length;
  const figures: BenchFigure[] = [
    {
      compares: `${AGENT_NAMES.length} agents of ${AGENT_MS / 1_000} s x ${PHASES.length} phases: one after the other / all at once (${ms(sequential)} / ${ms(parallel)})`,
      measured: `${speedUp.toFixed(2)}x`,
      mustReach: `>= ${MIN_SPEED_UP}x`,
      limit: `${AGENT_NAMES.length}x`,
      holds: speedUp >= MIN_SPEED_UP,
    },
    {
      compares: "all at once, over the slowest agents",
      measured: `${overheadPercent.toFixed(1)} %`,
      mustReach: `<= ${MAX_OVERHEAD_PERCENT} %`,
      limit: "0 %",
      holds: overheadPercent <= MAX_OVERHEAD_PERCENT,
    },
    {
      compares: "all at once, one agent hangs",
      measured: ms(hanging),
      mustReach: `its time-outs, and no more than ${MAX_OVERHEAD_PERCENT} % beside them`,
      limit: `${TIMEOUT_SECONDS * PHASES.length} s`,
      holds: Math.abs(hangingMs) <= (parallel * MAX_OVERHEAD_PERCENT) / 100 + 50,
    },
    {
      compares: "more if one agent fails at once",
      measured: `${Math.max(0, throwingPercent).toFixed(1)} %`,
      mustReach: `<= ${MAX_THROWING_PERCENT} %`,
      limit: "0 %",
      holds: throwingPercent <= MAX_THROWING_PERCENT,
    },
  ];
  const method = `Worker time of ${AGENT_NAMES.length} agents in ${PHASES.length} phases; medians of ${bench.sequential.length} and ${bench.parallel.length} runs; one deployment, flipped by max_parallel_agents.`;
  const chart: BenchChart = {
    title: "Worker time",
    unit: "ms",
    kind: "bars",
    categories: ["one after the other", "all at once", "one agent hangs", "one fails at once"],
    series: [{ name: "median", values: [sequential, parallel, hanging, throwing].map(Math.round) }],
  };
  return benchResult("agents", {
    method,
    figures,
    charts: [chart],
    data: {
      speedUp,
      overheadPercent,
      throwingPercent,
      hangingMs,
      medians: { sequential, parallel, hanging, throwing, slowest },
      samples: bench,
    },
  });
}

const ms = (value: number): string => (value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${value.toFixed(0)} ms`);
