import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seededRandom } from "../../../scripts/kit/random";
import type { CommandContext, CommandResult } from "../../../scripts/kit/context";
import { KilledStack, type Known } from "../../support/killed-stack";
import { bareEnvironment } from "../../../scripts/emulator/moto";
import { stackDirectory, synth } from "../../../scripts/kit/synth";

export interface KillsOptions {
  /** How often something is killed; 1 to 200. */
  readonly kills: number;
  /** The same one kills at the same points. */
  readonly seed: number;
}

/** One kill, and what became of what it left. */
interface KilledApply {
  /** The kill came when AWS had done so many changes of this apply. */
  readonly at: number;
  /** The last of them, of which terraform was not told. */
  readonly operation: string;
  /** What AWS then held and the state did not know, as `type id`. */
  readonly forgotten: readonly string[];
  /** Those of them that the state knows at the end. */
  readonly adopted: readonly string[];
  /** Whether these are all. */
  readonly recovered: boolean;
  readonly seconds: number;
}

export interface KillsResult {
  readonly points: readonly KilledApply[];
  /** What AWS holds at the end and the state does not know. */
  readonly orphans: readonly string[];
}

/**
 * Changes until a kill, at most, beside those that AWS refuses first because a kill before has made them already: a
 * stack has about a hundred, so twenty kills are spread over all of an apply, and over the updates after it.
 */
const MOST_CHANGES = 20;

/**
 * What is applied in turn once everything is made, so that updates are killed too; each has something to change after
 * the other.
 */
const FLIPS = ["profile=baseline", "profile=optimized"] as const;

/** Keys and their plan are among what AWS would make a second time. */
const SETTINGS = { authorization: "api_key", api_key_names: ["alice", "bob"] };

/**
 * Applies the stack to an emulator, kills terraform and its provider again and again, each time when AWS has done a
 * change and terraform is not told yet, and applies to the end with adoption. Exit code 0 where nothing is left that
 * terraform does not know.
 */
export async function rehearseKills(context: CommandContext, { kills, seed }: KillsOptions): Promise<CommandResult> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-kills-"));
  const output = join(folder, "cdktf.out");
  const environment = bareEnvironment(context.environment, folder);
  try {
    await synth({ ...context, environment }, { outputDirectory: output });
    const place = { stackDirectory: stackDirectory(output, "agent-api"), folder, environment: context.environment };
    const stack = await context.progress.step("Start the AWS emulator", () =>
      KilledStack.start({ ...place, settings: SETTINGS }),
    );
    const draws = { kills, random: seededRandom(seed) };
    const result = await killApplies(context, stack, draws).finally(() => stack.stop());
    const whole = result.orphans.length === 0 && result.points.every(({ recovered }) => recovered);
    return { exitCode: whole ? 0 : 1, text: killsText(result), json: result };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function killApplies(
  { progress, signal }: CommandContext,
  stack: KilledStack,
  { kills, random }: { readonly kills: number; readonly random: () => number },
): Promise<KillsResult> {
  const points: Omit<KilledApply, "adopted" | "recovered">[] = [];
  let [flips, refused] = [0, 0];
  // A flip has fewer changes than some kills wait for: then there is none in it.
  while (points.length < kills && flips < 4 * kills && !signal.aborted) {
    const [at, started] = [refused + 1 + Math.floor(random() * MOST_CHANGES), performance.now()];
    const vars = flips === 0 ? [] : [FLIPS[(flips - 1) % 2]!];
    const killed = await progress.step(
      `Apply, and kill it at change ${at}`,
      () => stack.applyUntilKilled({ changes: at }, { vars }),
      ({ operation, forgotten }) => `${operation ?? "it ended before"}, ${forgotten.length} forgotten`,
    );
    refused = killed.forgotten.length;
    if (killed.operation === undefined) flips += 1;
    else
      points.push({
        at,
        operation: killed.operation,
        forgotten: killed.forgotten.map(nameOf),
        seconds: Number(((performance.now() - started) / 1_000).toFixed(1)),
      });
  }
  await progress.step("Apply to the end", () => stack.converge());
  const [known, orphans] = [new Set(stack.known().map(nameOf)), await stack.forgotten()];
  return {
    points: points.map((point) => {
      const adopted = point.forgotten.filter((name) => known.has(name));
      return { ...point, adopted, recovered: adopted.length === point.forgotten.length };
    }),
    orphans: orphans.map(nameOf),
  };
}

function nameOf({ type, id }: Known): string {
  return `${type} ${id}`;
}

/** A line a kill, and what is left. */
function killsText({ points, orphans }: KillsResult): string {
  const lines = points.map(
    ({ operation, forgotten, adopted, seconds }) =>
      `  ${operation}: ${forgotten.length} forgotten, ${adopted.length} adopted, ${seconds.toFixed(1)} s`,
  );
  const left =
    orphans.length === 0
      ? "Nothing is there that terraform does not know."
      : `There, and not known to terraform:\n${orphans.map((name) => `  ${name}`).join("\n")}`;
  return `Kills: ${points.length}, each right after:\n${lines.join("\n")}\n${left}`;
}
