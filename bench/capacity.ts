import { startAgentServer, type AgentBehaviour, type AgentCall } from "../__tests__/support/agent-server";
import { AgentApiClient } from "../scripts/kit/api-client";
import type { CommandContext } from "../scripts/kit/context";
import { CALLERS, REGION, type LocalStack } from "../scripts/local/local-stack";
import { agentsSetting, awaitResult, beginRequest } from "./requests";
import { benchResult, type BenchResult } from "./results";

/** Requests of a burst. */
const BURST = 200;
/** Workers that may run at once: profile baseline, and optimized. */
const RESERVED = { narrow: 10, wide: 50 } as const;
/** Milliseconds an agent takes: so long that the machine's own work for fifty at once stays a small part. */
const AGENT_MS = 6_000;
/** Requests that are sent at once: 200 would first start 200 front doors, which are not measured. */
const SENDERS = 16;
/** Least ratio of both times; the workers alone would allow 5. */
const MIN_RATIO = 4.8;
/** Without these rates a burst would be refused with 429. */
const VARS = ["timeout=120", "throttling_rate_limit=10000", "throttling_burst_limit=5000"];

/** Milliseconds from a burst's first request to its last agent's answer. */
type CapacityTimes = Readonly<Record<"narrowMs" | "wideMs", number>>;

/**
 * Sends a burst of requests to ten workers and to fifty, of the same deployment, flipped by
 * `reserved_concurrent_executions`. Exit code 1 where the ratio misses its bound.
 */
export async function benchCapacity(context: CommandContext, stack: LocalStack): Promise<BenchResult> {
  const agent = new BurstAgent();
  const server = await startAgentServer((call) => agent.behave(call));
  const agents = [{ name: "slow", kind: "http", target: `${server.url}/slow`, timeout_seconds: 90, phases: [1] }];
  const measure = async (reserved: number) => {
    await stack.flip([...VARS, agentsSetting(agents), `reserved_concurrent_executions=${reserved}`]);
    return measureBurst(context, { stack, agent }, reserved);
  };
  try {
    const wideMs = await measure(RESERVED.wide);
    return judgeCapacity({ wideMs, narrowMs: await measure(RESERVED.narrow) });
  } finally {
    await server.stop();
  }
}

const WARM_UP = "warm up";

/** An agent that answers the warm-up only when all workers ask, so that each of them has to be started. */
class BurstAgent {
  /** Time of its last answer, on the clock of `performance`. */
  lastMs = 0;
  private waiting: (() => void)[] = [];
  private workers = 1;

  /** Sets how many workers the next warm-up waits for. */
  expectWorkers(workers: number): void {
    [this.workers, this.waiting] = [workers, []];
  }

  async behave({ prompt }: AgentCall): Promise<AgentBehaviour> {
    if (prompt === WARM_UP) {
      await new Promise<void>((resolve) => {
        this.waiting.push(resolve);
        if (this.waiting.length === this.workers) for (const release of this.waiting) release();
      });
      return { kind: "answer", delayMs: 0, text: "ready" };
    }
    this.lastMs = performance.now() + AGENT_MS;
    return { kind: "answer", delayMs: AGENT_MS, text: "done" };
  }
}

/** @param reserved workers that may run at once */
async function measureBurst(
  { progress }: CommandContext,
  { stack, agent }: { readonly stack: LocalStack; readonly agent: BurstAgent },
  reserved: number,
): Promise<number> {
  const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
  const sendBurst = async (prompt: string, requests: number) => {
    const ids: string[] = [];
    let begun = 0;
    const sender = async () => {
      while (begun++ < requests) ids.push(await beginRequest(client, prompt));
    };
    await Promise.all(Array.from({ length: SENDERS }, sender));
    for (const id of ids) await awaitResult(client, id);
  };
  agent.expectWorkers(reserved);
  await progress.step(`Start ${reserved} workers`, () => sendBurst(WARM_UP, reserved));
  return progress.step(
    `${BURST} requests at once, ${reserved} workers`,
    async () => {
      const began = performance.now();
      await sendBurst("go", BURST);
      return agent.lastMs - began;
    },
    secondsText,
  );
}

/** Compares the ratio with its bound. */
export function judgeCapacity({ narrowMs, wideMs }: CapacityTimes): BenchResult {
  const limit = RESERVED.wide / RESERVED.narrow;
  const ratio = narrowMs / wideMs;
  const agentsMs = { narrow: (BURST / RESERVED.narrow) * AGENT_MS, wide: (BURST / RESERVED.wide) * AGENT_MS };
  const holds = ratio >= MIN_RATIO;
  const cause =
    "fifty workers and one emulator share this machine's processors: " +
    `${((wideMs - agentsMs.wide) / BURST).toFixed(0)} ms of theirs for each request`;
  return benchResult("capacity", {
    method:
      `${BURST} requests as fast as ${SENDERS} senders are answered, each an agent's ${AGENT_MS / 1_000} s; ` +
      "time to the last agent's answer, of which the agents alone take " +
      `${secondsText(agentsMs.narrow)} and ${secondsText(agentsMs.wide)}; one burst each; ` +
      "one deployment, flipped by reserved_concurrent_executions.",
    figures: [
      {
        compares:
          `burst of ${BURST}: ${RESERVED.narrow} / ${RESERVED.wide} workers ` +
          `(${secondsText(narrowMs)} / ${secondsText(wideMs)})`,
        measured: `${ratio.toFixed(2)}x`,
        mustReach: `>= ${MIN_RATIO}x`,
        limit: `${limit}x`,
        holds,
        cause,
      },
    ],
    data: { ratio, limit, narrowMs, wideMs, burst: BURST, reserved: RESERVED },
  });
}

const secondsText = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
