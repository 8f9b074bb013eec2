import { AgentApiClient } from "../scripts/kit/api-client";
import { startAgentServer, type AgentBehaviour, type AgentCall } from "../__tests__/support/agent-server";
import type { CommandContext } from "../scripts/kit/context";
import { CALLERS, REGION, type LocalStack } from "../scripts/local/local-stack";
import { inLanes, agentsVar, beginRequest, completed } from "./agents";
import { benchResult, type BenchResult } from "./results";

/** Requests that come at once. */
const BURST = 200;
/** Workers that may run at once: profile baseline, and optimized. */
const RESERVED = { narrow: 10, wide: 50 } as const;
/**
 * Milliseconds that the agent of a request takes: so long that the machine's own work for fifty at once stays a small
 * part.
 */
const AGENT_MS = 6_000;
/**
 * Requests that are sent at once: two hundred front doors would start on this machine first, which is not what is
 * measured.
 */
const SENDERS = 16;
/** What must be reached, of 5: the workers alone would allow 5. */
export const MIN_RATIO = 4.8;
/** Else a burst would be refused with 429. */
const VARS = ["timeout=120", "throttling_rate_limit=10000", "throttling_burst_limit=5000"];

/** Milliseconds from a burst's first request to its last agent's answer. */
export interface CapacityBench {
  readonly narrowMs: number;
  readonly wideMs: number;
}

/**
 * A burst of requests with ten workers and with fifty: the same deployment, flipped by
 * `reserved_concurrent_executions`.
 * One burst each, whose time is that of twenty and of four rounds. Exit code 1 where the ratio misses its bound.
 */
export async function benchCapacity(context: CommandContext, stack: LocalStack): Promise<BenchResult> {
  const agent = new BurstAgent();
  const server = await startAgentServer((call) => agent.behave(call));
  const vars = [
    ...VARS,
    agentsVar([{ name: "slow", kind: "http", target: `${server.url}/slow`, timeout_seconds: 90, phases: [1] }]),
  ];
  try {
    const wideMs = await measure(context, stack, vars, RESERVED.wide, agent);
    const narrowMs = await measure(context, stack, vars, RESERVED.narrow, agent);
    return verdict({ narrowMs, wideMs });
  } finally {
    await server.stop();
  }
}

const WARM_UP = "warm up";

/** Answers after its time; of the warm-up only when all workers ask, so that each has to be started. */
export class BurstAgent {
  /** When it has answered last, on the clock of `performance`. */
  lastMs = 0;
  private waiting: (() => void)[] = [];
  private workers = 1;

  /** Waits for so many workers in the next warm-up. */
  expect(workers: number): void {
    [this.workers, this.waiting] = [workers, []];
  }

  async behave({ prompt }: Pick<AgentCall, "prompt">): Promise<AgentBehaviour> {
    if (prompt === WARM_UP) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        if (this.waiting.length === this.workers) for (const go of this.waiting) go();
      });
      return { kind: "answer", delayMs: 0, text: "ready" };
    }
    this.lastMs = performance.now() + AGENT_MS;
    return { kind: "answer", delayMs: AGENT_MS, text: "done" };
  }
}

async function measure(
  { progress }: CommandContext,
  stack: LocalStack,
  vars: readonly string[],
  reserved: number,
  agent: BurstAgent,
): Promise<number> {
  await stack.flip([...vars, `reserved_concurrent_executions=${reserved}`]);
  const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
  const burst = async (prompt: string, requests: number) => {
    const ids = await inLanes(SENDERS, Array.from({ length: requests }), () => beginRequest(client, prompt));
    for (const id of ids) await completed(client, id);
  };
  agent.expect(reserved);
  await progress.step(`Start ${reserved} workers`, () => burst(WARM_UP, reserved));
  return progress.step(
    `${BURST} requests at once, ${reserved} workers`,
    async () => {
      const began = performance.now();
      await burst("go", BURST);
      return agent.lastMs - began;
    },
    seconds,
  );
}

/** What the figures say. */
export function verdict({ narrowMs, wideMs }: CapacityBench): BenchResult {
  const limit = RESERVED.wide / RESERVED.narrow;
  const ratio = narrowMs / wideMs;
  const least = (reserved: number) => (BURST / reserved) * AGENT_MS;
  const holds = ratio >= MIN_RATIO;
  return benchResult("capacity", {
    method: `${BURST} requests as fast as ${SENDERS} senders are answered, each an agent's ${AGENT_MS / 1_000} s; time to the last agent's answer, of which the agents alone take ${seconds(least(RESERVED.narrow))} and ${seconds(least(RESERVED.wide))}; one burst each; one deployment, flipped by reserved_concurrent_executions.`,
    figures: [
      {
        compares: `burst of ${BURST}: ${RESERVED.narrow} / ${RESERVED.wide} workers (${seconds(narrowMs)} / ${seconds(wideMs)})`,
        measured: `${ratio.toFixed(2)}x`,
        mustReach: `>= ${MIN_RATIO}x`,
        limit: `${limit}x`,
        holds,
        ...(!holds && { cause: causeOf(narrowMs - least(RESERVED.narrow), wideMs - least(RESERVED.wide)) }),
      },
    ],
    charts: [
      {
        title: `A burst of ${BURST} requests`,
        unit: "s",
        kind: "bars",
        categories: [`${RESERVED.narrow} workers`, `${RESERVED.wide} workers`],
        series: [
          { name: "the agents alone", values: [least(RESERVED.narrow) / 1_000, least(RESERVED.wide) / 1_000] },
          { name: "measured", values: [narrowMs, wideMs].map(tenths) },
        ],
      },
    ],
    data: { ratio, limit, narrowMs, wideMs, burst: BURST, reserved: RESERVED },
  });
}

/**
 * What the machine adds is the same whatever an agent takes: told with the agents' time beside which it would be small
 * enough.
 */
function causeOf(narrowExtraMs: number, wideExtraMs: number): string {
  const rounds = (reserved: number) => BURST / reserved;
  const enoughMs =
    (MIN_RATIO * wideExtraMs - narrowExtraMs) / (rounds(RESERVED.narrow) - MIN_RATIO * rounds(RESERVED.wide));
  return `fifty workers and one emulator share this machine's processors: ${(wideExtraMs / BURST).toFixed(0)} ms of theirs a request; beside agents of ${Math.ceil(enoughMs / 1_000)} s it would be small enough`;
}

const tenths = (ms: number): number => Math.round(ms / 100) / 10;
const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
