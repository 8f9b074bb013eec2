import type { AgentInput } from "./agent";

/** What an agent that takes JSON is sent: `{"prompt","context","instructions"?}`. */
export function payloadOf({ prompt, context }: AgentInput, instructions: string | undefined): string {
  return JSON.stringify({ prompt, context, instructions });
}
