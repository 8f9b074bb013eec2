import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  coldVerdict,
  MAX_RATIO,
  type ColdMeasurement,
  type ColdRow,
  type ColdVerdict,
  type ColdBudget,
} from "./cold-figures";
import { UsageError, type CommandContext } from "../scripts/kit/context";
import { packageFunctions } from "../scripts/kit/package-functions";
import { openColdRig, type ColdCase } from "./cold-rig";
import { benchResult, type BenchResult } from "./results";

/** How long `bench cold` may take. */
export interface ColdOptions {
  /** How often each start is measured. Default: 5. */
  readonly runs?: number;
  /** Which calls. Default: all. */
  readonly calls?: readonly string[];
}

/**
 * Starts each function on Node 22 and gives it one call: the zip, its usual ways to be made, and a bare node. Exit code
 * 1 where invoke or status takes over 1.7 times a bare node, or a call over its budget (handlers/budget.json).
 */
export async function benchCold(context: CommandContext, { runs = 5, calls }: ColdOptions = {}): Promise<BenchResult> {
  const { projectDirectory, progress } = context;
  await packageFunctions(context);
  const rig = await progress.step("Bundle the variants", () => openColdRig(context));
  try {
    const cases = rig.cases.filter(({ call }) => calls?.includes(call) ?? true);
    if (cases.length === 0)
      throw new UsageError(
        `There is no cold call ${calls?.join(", ")}. Allowed: ${[...new Set(rig.cases.map(({ call }) => call))].join(", ")}.`,
      );
    const measured = await progress.step(
      "Start each cold",
      (detail) => measure(context, cases, runs, detail),
      (all) => `${all.length} starts`,
    );
    const budget = JSON.parse(readFileSync(join(projectDirectory, "handlers", "budget.json"), "utf8")) as ColdBudget;
    const verdict = coldVerdict(measured, budget);
    const method = `Each function on Node 22 in a process of its own, one call to a DynamoDB and an SQS on loopback that answer at once; from before the process to its answer; medians of ${runs} runs, the variants in turn; ratios to the bare node of the same run.`;
    const { rows, figures, charts } = verdict;
    return benchResult("cold", {
      method,
      figures,
      charts,
      text: textOf(verdict, method),
      data: { runs, rows, measured },
    });
  } finally {
    await rig.close();
  }
}

/**
 * Round by round, so that a busy moment of the machine meets all variants. The first round fills the system's cache of
 * files and does not count.
 */
async function measure(
  { signal }: CommandContext,
  cases: readonly ColdCase[],
  runs: number,
  detail: (text: string) => void,
): Promise<ColdMeasurement[]> {
  const measured: ColdMeasurement[] = [];
  for (let round = 0; round <= runs; round++) {
    for (const each of cases) {
      signal.throwIfAborted();
      const { protocol, call, variant } = each;
      detail(`round ${round} of ${runs}: ${call}, ${protocol}, ${variant}`);
      const sample = await each.measure();
      if (round > 0) measured.push({ protocol, call, variant, round, ...sample });
    }
  }
  return measured;
}

function textOf({ rows, problems }: ColdVerdict, method: string): string {
  const line = ({ protocol, call, variant, ms, cpuMs, ratio, cpuRatio }: ColdRow) =>
    `  ${`${call}, ${protocol}`.padEnd(18)}${variant.padEnd(11)}${ms.toFixed(0).padStart(6)} ms ${ratio.toFixed(2).padStart(6)}x   processor ${cpuMs.toFixed(0).padStart(5)} ms ${cpuRatio.toFixed(2).padStart(6)}x`;
  return [
    method,
    ...rows.map(line),
    `Bound: ours <= ${MAX_RATIO}x for invoke and status. Budget: handlers/budget.json.`,
    ...problems,
  ].join("\n");
}
