import type { Traffic } from "./traffic";
import type { Usage } from "./usage";

/** Dollars of tokens at a price a thousand. */
export const tokenCost = (
  input: number,
  output: number,
  {
    usd_per_1000_input_tokens: usdIn,
    usd_per_1000_output_tokens: usdOut,
  }: Pick<Usage, "usd_per_1000_input_tokens" | "usd_per_1000_output_tokens">,
): number => (input / 1_000) * usdIn + (output / 1_000) * usdOut;

/**
 * Dollars a month of what the agents' models take: every agent of every phase in each run, however many of them are
 * asked at once. Polls ask no model.
 */
export function modelCost(usage: Usage, { runs }: Pick<Traffic, "runs">): number {
  const agentCalls = runs * usage.agents_per_phase * usage.phases;
  return tokenCost(agentCalls * usage.input_tokens, agentCalls * usage.output_tokens, usage);
}
