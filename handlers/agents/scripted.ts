import { pause } from "../pause";
import { AgentFailure, type Agent } from "./agent";
import type { Script } from "./script";

/** An agent that gives a canned answer, or fails, after a delay: for tests and first deployments. */
export function scriptedAgent({ delayMs, fails, text }: Script): Agent {
  return {
    async run(_input, signal) {
      await pause(delayMs, signal);
      if (fails) throw new AgentFailure(text);
      return { text };
    },
  };
}
