import { pause } from "../deadline";
import { AgentFailure, type Agent } from "./agent";

const SCRIPT = /^(\d{1,7})ms (!?)([^!][\s\S]*)$/;

/** What a scripted agent does: it waits, and then answers or fails with the text. */
export interface Script {
  readonly delayMs: number;
  readonly fails: boolean;
  readonly text: string;
}

/**
 * Parses a scripted agent's target, `<milliseconds>ms <answer>` or `<milliseconds>ms !<error message>`. Undefined if it
 * is neither.
 */
export function parseScript(target: string): Script | undefined {
  const match = SCRIPT.exec(target);
  return match ? { delayMs: Number(match[1]), fails: match[2] === "!", text: match[3] ?? "" } : undefined;
}

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
