import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CommandContext } from "../scripts/kit/context";
import { packageFunctions } from "../scripts/kit/package-functions";
import { run } from "../scripts/kit/process";
import { median } from "../scripts/kit/quantiles";
import { type BenchFigure, benchResult, type BenchResult, measureInTurn, timeMs } from "./results";

/** How often each program runs; the slowest takes ten seconds each time. */
const RUNS = 3;
/** The same API in other frameworks, by the folder of the program. */
const PEERS = { "aws-cdk": "aws-cdk with Solutions Constructs", terraconstructs: "TerraConstructs" } as const;
const PEERS_FOLDER = join("bench", "peers");

/** A program that writes a deployment. */
interface Program {
  readonly name: string;
  readonly directory: string;
  /** Its arguments, after those of node and tsx. */
  readonly arguments: readonly string[];
}

/**
 * Median milliseconds by name: `ours`, `start` (node and tsx with an empty program), and each peer that is installed.
 */
type SynthMedians = Readonly<Record<string, number>> & { readonly ours: number; readonly start: number };

/**
 * Measures how long our stack and the same API in other frameworks take to synthesize, each in a process of its own. A
 * peer that is not installed is reported as not measured. Exit code 1 where one is as fast as ours.
 */
export async function benchSynth(context: CommandContext): Promise<BenchResult> {
  const { projectDirectory, progress, signal } = context;
  // The programs of the peers use the same zips as ours.
  await packageFunctions(context);
  const programs: readonly Program[] = [
    { name: "start", directory: projectDirectory, arguments: ["--eval", ""] },
    { name: "ours", directory: projectDirectory, arguments: [join("stacks", "app.ts")] },
    ...Object.keys(PEERS)
      .map((name) => ({ name, directory: join(projectDirectory, PEERS_FOLDER, name), arguments: ["app.ts"] }))
      .filter(({ directory }) => existsSync(join(directory, "node_modules"))),
  ];
  const samples = await progress.step("Synthesize, in turn", (detail) =>
    measureInTurn(programs, { rounds: RUNS, signal, detail }, (program) => synthesize(context, program)),
  );
  const medians = Object.fromEntries(programs.map(({ name }, index) => [name, median(samples[index]!)]));
  return judgeSynth({ ...medians, ours: medians["ours"]!, start: medians["start"]! });
}

/** @returns milliseconds */
async function synthesize({ environment, signal }: CommandContext, program: Program): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-synth-"));
  try {
    const env: NodeJS.ProcessEnv = { ...environment, CDKTF_OUTDIR: folder, PEER_OUTDIR: folder };
    delete env["QUICKTURN_STACKS"];
    return await timeMs(() =>
      run(process.execPath, ["--import", "tsx", ...program.arguments], { cwd: program.directory, env, signal }),
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compares ours with each peer. */
export function judgeSynth(medians: SynthMedians): BenchResult {
  const { ours, start } = medians;
  return benchResult("synth", {
    method:
      `Each program run by node with tsx in a process of its own, with the same zips, ${RUNS} times in turn; medians ` +
      "of wall time. The peers' programs (bench/peers) have the same API, tables, queue and functions, 12 of our " +
      "alarms, and no settings that Terraform decides.",
    figures: Object.entries(PEERS).map(([name, title]): BenchFigure => {
      const peer = medians[name];
      const row = {
        compares: `synth, ours / ${title}`,
        mustReach: "< 1x",
        limit: `${secondsText(start)} (node and tsx alone)`,
      };
      if (peer === undefined) {
        const install = `npm ci --prefix ${PEERS_FOLDER}/${name}`;
        return { ...row, measured: "not measured", cause: `it is not installed: ${install}` };
      }
      return {
        ...row,
        measured: `${(ours / peer).toFixed(2)}x (${secondsText(ours)} / ${secondsText(peer)})`,
        holds: ours < peer,
      };
    }),
    data: { medians },
  });
}

const secondsText = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;
