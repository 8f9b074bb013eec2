import { startAgentServer, type AgentBehaviour, type AgentCall } from "../__tests__/support/agent-server";
import { AgentApiClient } from "../scripts/kit/api-client";
import type { CommandContext } from "../scripts/kit/context";
import { median } from "../scripts/kit/quantiles";
import { CALLERS, REGION, type LocalStack } from "../scripts/local/local-stack";
import { agentsSetting, awaitResult, beginRequest } from "./requests";
import { benchResult, type BenchResult } from "./results";

const AGENT_NAMES = ["flights", "rebooking", "care", "baggage", "crew", "compensation", "communication"] as const;
const PHASES = [1, 2] as const;

/** Milliseconds an agent takes: so long that a noisy machine's few milliseconds stay below a percent. */
const AGENT_MS = 1_500;
/** Time-out of an agent, for the one that hangs. */
const TIMEOUT_SECONDS = 3;

/** Least ratio of one after the other to all at once; without any overhead it would be 7. */
const MIN_SPEED_UP = 6.9;
/** Percent that a request may take over the sum of each phase's slowest agent. */
const MAX_OVERHEAD_PERCENT = 3;
/** Percent that one agent which fails at once may add. */
const MAX_FAILING_PERCENT = 3;
/** Milliseconds of noise beside the percentage, where an agent hangs. */
const HANGING_NOISE_MS = 50;

/** Milliseconds that the worker took for the agents, a value a run. */
export interface AgentsTimes {
  readonly sequential: readonly number[];
  readonly parallel: readonly number[];
  /** One agent hangs in both phases. */
  readonly hanging: readonly number[];
  /** One agent fails at once in both phases. */
  readonly failing: readonly number[];
}

/**
 * Runs seven agents in two phases one after the other (`max_parallel_agents=1`) and all at once (`0`) on the same
 * deployment. Exit code 1 where a bound is missed.
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
    return judgeAgents(await measure(context, stack, [agentsSetting(agents), "timeout=120"]));
  } finally {
    await server.stop();
  }
}

/** The prompt says what one of the agents does. */
function behave({ agent, prompt }: AgentCall): AgentBehaviour {
  if (prompt === `hang ${agent}`) return { kind: "hang" };
  if (prompt === `fail ${agent}`) return { kind: "refuse", status: 400 };
  return { kind: "answer", delayMs: AGENT_MS, text: `${agent} says so` };
}

async function measure({ progress }: CommandContext, stack: LocalStack, vars: readonly string[]): Promise<AgentsTimes> {
  const runs = (title: string, prompt: string, times: number) =>
    progress.step(
      title,
      async (detail) => {
        const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
        const durations: number[] = [];
        for (let run = 1; run <= times; run++) {
          detail(`run ${run} of ${times}`);
          const result = await awaitResult(client, await beginRequest(client, prompt));
          durations.push((result as { duration_ms: number }).duration_ms);
        }
        return durations;
      },
      (durations) => `${durationText(median(durations))} (median of ${times})`,
    );
  await stack.flip(vars);
  await runs("Warm up", "warm up", 1);
  const before = await runs("All at once", "go", 3);
  const hanging = await runs("All at once, one agent hangs", `hang ${AGENT_NAMES[3]}`, 3);
  const failing = await runs("All at once, one agent fails at once", `fail ${AGENT_NAMES[3]}`, 3);
  await stack.flip([...vars, "max_parallel_agents=1"]);
  await runs("Warm up", `fail ${AGENT_NAMES[0]}`, 1);
  const sequential = await runs("One after the other", "go", 2);
  await stack.flip(vars);
  await runs("Warm up", "warm up", 1);
  return { sequential, parallel: [...before, ...(await runs("All at once, again", "go", 3))], hanging, failing };
}

/** Compares the medians with the bounds. */
export function judgeAgents(times: AgentsTimes): BenchResult {
  const medians = {
    sequential: median(times.sequential),
    parallel: median(times.parallel),
    hanging: median(times.hanging),
    failing: median(times.failing),
  };
  const { sequential, parallel, hanging, failing } = medians;
  const speedUp = sequential / parallel;
  const overheadPercent = (parallel / (AGENT_MS * PHASES.length) - 1) * 100;
  const failingPercent = (failing / parallel - 1) * 100;
  const hangingMs = hanging - TIMEOUT_SECONDS * 1_000 * PHASES.length;
  return benchResult("agents", {
    method:
      `Worker time of ${AGENT_NAMES.length} agents in ${PHASES.length} phases; medians of ${times.sequential.length} ` +
      `and ${times.parallel.length} runs; one deployment, flipped by max_parallel_agents.`,
    figures: [
      {
        compares:
          `${AGENT_NAMES.length} agents of ${AGENT_MS / 1_000} s x ${PHASES.length} phases: ` +
          `one after the other / all at once (${durationText(sequential)} / ${durationText(parallel)})`,
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
        measured: durationText(hanging),
        mustReach: `its time-outs, and no more than ${MAX_OVERHEAD_PERCENT} % beside them`,
        limit: `${TIMEOUT_SECONDS * PHASES.length} s`,
        holds: Math.abs(hangingMs) <= (parallel * MAX_OVERHEAD_PERCENT) / 100 + HANGING_NOISE_MS,
      },
      {
        compares: "more if one agent fails at once",
        measured: `${Math.max(0, failingPercent).toFixed(1)} %`,
        mustReach: `<= ${MAX_FAILING_PERCENT} %`,
        limit: "0 %",
        holds: failingPercent <= MAX_FAILING_PERCENT,
      },
    ],
    data: { speedUp, overheadPercent, failingPercent, hangingMs, medians, samples: times },
  });
}

const durationText = (ms: number): string => (ms >= 1_000 ? `${(ms / 1_000).toFixed(2)} s` : `${ms.toFixed(0)} ms`);
