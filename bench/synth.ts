import { type BenchChart, type BenchFigure, benchResult, type BenchResult } from "./results";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { median } from "../scripts/kit/quantiles";
import { run } from "../scripts/kit/process";
import type { CommandContext } from "../scripts/kit/context";
import { packageFunctions } from "../scripts/kit/package-functions";

/** Peers by the folder of their program, with what a person calls them. */
export const PEERS = { "aws-cdk": "aws-cdk with Solutions Constructs", terraconstructs: "TerraConstructs" } as const;
export type PeerName = keyof typeof PEERS;

/** What one program took and wrote. */
export interface SynthTime {
  /** Median of its wall time, in milliseconds. */
  readonly ms: number;
  /** In what it wrote. */
  readonly resources: number;
}

/** By program; `start` is node and tsx with an empty program. Peers that are not installed are missing. */
export type SynthTimes = { readonly ours: SynthTime; readonly start: SynthTime } & {
  readonly [Peer in PeerName]?: SynthTime;
};

const names = Object.keys(PEERS) as PeerName[];

/** A row for each peer, and the bars of all. */
export function synthFigures(times: SynthTimes): {
  readonly figures: readonly BenchFigure[];
  readonly charts: readonly BenchChart[];
} {
  const programs = [
    { name: "Quickturn", time: times.ours },
    ...names.map((name) => ({ name: PEERS[name], time: times[name] })),
    { name: "node and tsx alone", time: times.start },
  ];
  const chart: BenchChart = {
    title: "Synthesis of the agents' API",
    unit: "s",
    kind: "bars",
    categories: programs.map(({ name }) => name),
    series: [{ name: "wall time", values: programs.map(({ time }) => (time === undefined ? null : time.ms / 1_000)) }],
  };
  return { figures: names.map((name) => figure(name, times)), charts: [chart] };
}

function figure(name: PeerName, { ours, start, [name]: peer }: SynthTimes): BenchFigure {
  const row = {
    compares: `synth, ours / ${PEERS[name]}`,
    mustReach: "< 1x",
    limit: `${seconds(start.ms)} (node and tsx alone)`,
  };
  if (peer === undefined)
    return { ...row, measured: "not measured", cause: `it is not installed: npm ci --prefix bench/peers/${name}` };
  return {
    ...row,
    measured: `${(ours.ms / peer.ms).toFixed(2)}x (${seconds(ours.ms)} / ${seconds(peer.ms)})`,
    holds: ours.ms < peer.ms,
  };
}

/** For a terminal. */
export function synthText(times: SynthTimes, figures: readonly BenchFigure[], runs: number): string {
  const line = (mark: string, what: string, { ms, resources }: SynthTime, bound: string) =>
    `  ${mark.padEnd(4)} ${what.padEnd(34)} ${seconds(ms).padStart(8)}   ${String(resources).padStart(3)} resources   ${bound}`;
  return [
    `Synthesis by node and tsx, in turn; medians of ${runs} runs`,
    line("", "Quickturn, with its settings", times.ours, `node and tsx alone take ${seconds(times.start.ms)}`),
    ...names.map((name, index) => {
      const [peer, row] = [times[name], figures[index]];
      if (peer === undefined) return `       ${PEERS[name].padEnd(34)} not measured: ${row?.cause ?? ""}`;
      return line(
        row?.holds === false ? "MISS" : "ok",
        PEERS[name],
        peer,
        `ours takes ${(times.ours.ms / peer.ms).toFixed(2)}x of it, bound < 1x`,
      );
    }),
  ].join("\n");
}

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(2)} s`;

/** How long `bench synth` may take. */
export interface SynthBenchOptions {
  /** How often each program runs. Default: 3, of which the last peer's take a quarter of a minute each. */
  readonly runs?: number;
  /** Folder of the peers' programs, from the project's. Default: bench/peers. */
  readonly peers?: string;
}

/** A program that writes what a deployment is made from. */
interface Program {
  readonly name: "ours" | "start" | PeerName;
  /** Folder in which it runs. */
  readonly directory: string;
  /** Its arguments after those of node and tsx. */
  readonly arguments: readonly string[];
  /** Variable by which it takes its output's folder. */
  readonly output: "CDKTF_OUTDIR" | "PEER_OUTDIR";
}

/**
 * The time that our stack and the same API in other frameworks take to be written: processes of their own, one after
 * the other, run by run. A peer that is not installed is told as not measured. Exit code 1 where one is as fast as
 * ours.
 */
export async function benchSynth(
  context: CommandContext,
  { runs = 3, peers = join("bench", "peers") }: SynthBenchOptions = {},
): Promise<BenchResult> {
  const { projectDirectory, progress } = context;
  // The peers' programs take the zips as they are, as ours does.
  await packageFunctions(context);
  const installed = Object.keys(PEERS).filter((name): name is PeerName =>
    existsSync(join(projectDirectory, peers, name, "node_modules")),
  );
  const programs: readonly Program[] = [
    { name: "start", directory: projectDirectory, arguments: ["--eval", ""], output: "CDKTF_OUTDIR" },
    { name: "ours", directory: projectDirectory, arguments: [join("stacks", "app.ts")], output: "CDKTF_OUTDIR" },
    ...installed.map(
      (name): Program => ({
        name,
        directory: join(projectDirectory, peers, name),
        arguments: ["app.ts"],
        output: "PEER_OUTDIR",
      }),
    ),
  ];
  const samples: Partial<Record<Program["name"], number[]>> = {};
  const resources: Partial<Record<Program["name"], number>> = {};
  for (let round = 1; round <= runs; round++) {
    for (const program of programs) {
      const { ms, resources: counted } = await progress.step(
        `Synthesize ${program.name}, ${round} of ${runs}`,
        () => synthesize(context, program),
        (made) => `${made.ms.toFixed(0)} ms`,
      );
      (samples[program.name] ??= []).push(ms);
      resources[program.name] = counted;
    }
  }
  const times = Object.fromEntries(
    Object.entries(samples).map(([name, values]) => [
      name,
      { ms: median(values), resources: resources[name as Program["name"]] ?? 0 },
    ]),
  ) as unknown as SynthTimes;
  return synthResult(times, runs, samples);
}

function synthResult(times: SynthTimes, runs: number, samples: object): BenchResult {
  const method = `Each program run by node with tsx in a process of its own, with the same zips, ${runs} times in turn; medians of wall time. The peers' programs (bench/peers) have the same API, tables, queue and functions, 12 of our alarms, and no settings that Terraform decides.`;
  const { figures, charts } = synthFigures(times);
  return benchResult("synth", {
    method,
    figures,
    charts,
    text: synthText(times, figures, runs),
    data: { medians: times, samples },
  });
}

async function synthesize(
  { environment, signal }: CommandContext,
  program: Program,
): Promise<{ readonly ms: number; readonly resources: number }> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-synth-"));
  try {
    const env = { ...environment, [program.output]: folder };
    delete env["QUICKTURN_STACKS"];
    const began = performance.now();
    await run(process.execPath, ["--import", "tsx", ...program.arguments], { cwd: program.directory, env, signal });
    return { ms: performance.now() - began, resources: countResources(folder) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Resources in what was written: Terraform's by type and name, CloudFormation's by name. */
function countResources(folder: string): number {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) =>
    /(cdk\.tf|\.template)\.json$/.test(file),
  );
  return files.reduce((sum, file) => {
    const { resource = {}, Resources = {} } = JSON.parse(readFileSync(join(folder, file), "utf8")) as {
      resource?: Record<string, object>;
      Resources?: object;
    };
    return (
      sum +
      Object.keys(Resources).length +
      Object.values(resource).reduce((named, each) => named + Object.keys(each).length, 0)
    );
  }, 0);
}
