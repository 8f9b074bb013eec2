import { rehearseKills } from "../killed-applies";
import type { CommandContext, CommandResult } from "../context";
import { rehearseKilledCanaries, type KilledCanariesOptions } from "./killed-canaries";

/**
 * Kills applies and canaries, half and half; the odd one is a canary. Exit code 1 where one of both found that
 * something does not hold.
 */
export async function rehearseAllKills(
  context: CommandContext,
  options: KilledCanariesOptions,
): Promise<CommandResult> {
  const { kills, seed } = options;
  const applies = Math.floor(kills / 2);
  const canaries = await rehearseKilledCanaries(context, { ...options, kills: kills - applies });
  if (applies === 0) return { ...canaries, json: { applies: null, canaries: canaries.json } };
  const killed = await rehearseKills(context, { kills: applies, seed });
  return {
    exitCode: Math.max(killed.exitCode, canaries.exitCode),
    text: `${canaries.text}\n\nApplies: ${killed.text}`,
    json: { applies: killed.json, canaries: canaries.json },
  };
}
