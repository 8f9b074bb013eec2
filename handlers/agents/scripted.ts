import { setTimeout as sleep } from "node:timers/promises";
import { AgentFailure, type Agent } from "./agent";
import type { Script } from "./script";

/** An agent that gives a canned answer, or fails, after a delay: for tests and first deployments. */
export function scriptedAgent({ delayMs, fails, text }: Script): Agent {
  return {
    async run(_input, signal) {
      await sleep(delayMs, undefined, { signal });
      if (fails) throw new AgentFailure(text);
      return { text };
    },
  };
}
