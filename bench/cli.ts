import { join } from "node:path";
import type { CommandContext } from "../scripts/kit/context";
import { run } from "../scripts/kit/process";
import { median } from "../scripts/kit/quantiles";
import { benchResult, measureInTurn, timeMs, type BenchFigure, type BenchResult } from "./results";

const RUNS = 10;
/** Largest ratio to an empty program: beyond it a person notices that the command starts slowly. */
const MAX_RATIO = 4;

const EMPTY = { name: "node -e 0", arguments: ["-e", "0"] };
const COMMANDS = ["--help", "--version"].map((option) => ({
  name: `quickturn ${option}`,
  arguments: [join("scripts", "bin", "quickturn.js"), option],
}));

/** Compares the start of the command line with an empty program. Exit code 1 where it takes over four times as long. */
export async function benchCli(context: CommandContext): Promise<BenchResult> {
  const { projectDirectory: cwd, environment: env, progress, signal } = context;
  const programs = [EMPTY, ...COMMANDS];
  const measured = await progress.step("Start the command line, in turn", (detail) =>
    measureInTurn(programs, { rounds: RUNS, signal, detail }, (program) =>
      timeMs(() => run(process.execPath, program.arguments, { cwd, env, signal })),
    ),
  );
  return judgeCli(measured[0]!, measured.slice(1));
}

/** @param commands milliseconds of each command, in the order of its table, a value a run; `empty` likewise */
export function judgeCli(empty: readonly number[], commands: readonly (readonly number[])[]): BenchResult {
  const medians = [empty, ...commands].map(median);
  const figures = COMMANDS.map(({ name }, index): BenchFigure => {
    // The runs of one round are neighbours in time, so their ratio depends least on the machine.
    const ratio = median(commands[index]!.map((ms, round) => ms / empty[round]!));
    return {
      compares: `${name} / ${EMPTY.name} (${medians[index + 1]!.toFixed(0)} ms / ${medians[0]!.toFixed(0)} ms)`,
      measured: `${ratio.toFixed(1)}x`,
      mustReach: `<= ${MAX_RATIO}x`,
      limit: "1x",
      holds: ratio <= MAX_RATIO,
    };
  });
  return benchResult("cli", {
    method: `Each program in a process of its own, ${empty.length} runs in turn; medians of the ratio in one round.`,
    figures,
    data: { empty, commands: Object.fromEntries(COMMANDS.map(({ name }, index) => [name, commands[index]])) },
  });
}
