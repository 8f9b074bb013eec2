import { AgentApiClient } from "../../tools/agent-api-client";
import { startAgentServer, type AgentBehaviour, type AgentCall } from "../../tools/agent-server";
import type { CommandContext, CommandResult } from "../context";
import { CALLERS, LocalStack, REGION } from "../local-stack";
import { beginRequest, completed } from "./requests";

/** Requests that come at once. */
const BURST = 200;
/** Workers that may run at once: profile baseline, and optimized. */
const RESERVED = { narrow: 10, wide: 50 } as const;
/** Milliseconds that the agent of a request takes: so long that the machine's own work for fifty at once stays a small part. */
const AGENT_MS = 10_000;
/** Milliseconds of the requests that start the workers, so that no process starts while it counts. */
const WARM_UP_MS = 2_000;
/** What must be reached, of 5: the workers alone would allow 5. */
export const MIN_RATIO = 4.8;
/** Else a burst would be refused with 429. */
const VARS = ["timeout=60", "throttling_rate_limit=10000", "throttling_burst_limit=5000"];

/** Milliseconds from a burst's first request to its last agent's answer. */
export interface CapacityBench {
  readonly narrowMs: number;
  readonly wideMs: number;
}

/**
 * A burst of requests with ten workers and with fifty: the same deployment, flipped by `reserved_concurrent_executions`.
 * One burst each, whose time is that of twenty and of four rounds. Exit code 1 where the ratio misses its bound.
 */
export async function benchCapacity(context: CommandContext): Promise<CommandResult> {
  const ends: number[] = [];
  const server = await startAgentServer((call) => behave(call, ends));
  const agents = [{ name: "slow", kind: "http", target: `${server.url}/slow`, timeout_seconds: 30, phases: [1] }];
  try {
    return await LocalStack.with(context, { settings: { agents }, vars: VARS }, async (stack) => {
      const wideMs = await measure(context, stack, RESERVED.wide, ends);
      const narrowMs = await measure(context, stack, RESERVED.narrow, ends);
      return verdict({ narrowMs, wideMs });
    });
  } finally {
    await server.stop();
  }
}

/** Notes when it will have answered. */
function behave({ prompt }: AgentCall, ends: number[]): AgentBehaviour {
  const delayMs = prompt === "warm up" ? WARM_UP_MS : AGENT_MS;
  ends.push(performance.now() + delayMs);
  return { kind: "answer", delayMs, text: "done" };
}

async function measure({ progress }: CommandContext, stack: LocalStack, reserved: number, ends: number[]): Promise<number> {
  await stack.flip([`reserved_concurrent_executions=${reserved}`]);
  const client = new AgentApiClient(stack.runtime.url, REGION, CALLERS[0]!);
  const burst = async (prompt: string, requests: number) => {
    const began = performance.now();
    const ids = await Promise.all(Array.from({ length: requests }, () => beginRequest(client, prompt)));
    for (const id of ids) await completed(client, id);
    return Math.max(...ends) - began;
  };
  await progress.step(`Start ${reserved} workers`, () => burst("warm up", reserved));
  return progress.step(`${BURST} requests at once, ${reserved} workers`, () => burst("go", BURST), seconds);
}

/** What the figures say. */
export function verdict({ narrowMs, wideMs }: CapacityBench): CommandResult {
  const limit = RESERVED.wide / RESERVED.narrow;
  const ratio = narrowMs / wideMs;
  const holds = ratio >= MIN_RATIO;
  const least = (reserved: number) => (BURST / reserved) * AGENT_MS;
  const text = [
    `${BURST} requests at once, each an agent's ${AGENT_MS / 1_000} s; time to the last agent's answer; one burst each; one deployment, flipped by reserved_concurrent_executions`,
    `       ${RESERVED.narrow} workers   ${seconds(narrowMs).padStart(8)}   the agents alone take ${seconds(least(RESERVED.narrow))}`,
    `       ${RESERVED.wide} workers   ${seconds(wideMs).padStart(8)}   the agents alone take ${seconds(least(RESERVED.wide))}`,
    `  ${holds ? "ok  " : "MISS"} as fast        ${`${ratio.toFixed(2)}x`.padStart(8)}   >= ${MIN_RATIO} of ${limit}`,
  ].join("\n");
  return { exitCode: holds ? 0 : 1, text, json: { bench: "capacity", holds, ratio, limit, narrowMs, wideMs, burst: BURST, reserved: RESERVED } };
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;
