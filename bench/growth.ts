import { mkdirSync, mkdtempSync, rmSync, writeFileSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type DeploymentsSize, growthFigures, growthText } from "./growth-figures";
import { plannedChanges } from "../scripts/kit/terraform-messages";
import { startEmulator } from "../scripts/emulator/moto";
import { keepProvider } from "../scripts/emulator/kept-provider";
import { run } from "../scripts/kit/process";
import { Terraform } from "../scripts/kit/terraform";
import type { CommandContext } from "../scripts/kit/context";
import { MODULES, modules } from "../scripts/publish/modules";
import { bareEnvironment, sandboxEnvironment } from "../scripts/emulator/sandbox";
import { synth } from "../scripts/kit/synth";
import { measureRequests } from "./growth-requests";
import { benchResult, type BenchResult } from "./results";
import { setInterval } from "node:timers";

/**
 * Deployments in one root, as many as each size has: one call of the module with `for_each`, as its example of teams
 * has it.
 */
const root = (deployments: number): string => `provider "aws" {
  region = "us-east-1"
}

module "team" {
  source   = "../modules/${MODULES[0]!.name}"
  for_each = toset([for index in range(${deployments}) : format("team-%03d", index)])

  name        = each.key
  environment = "dev"
  agents      = [{ name = "echo", kind = "scripted", target = "1ms done" }]
}
`;

/**
 * Plans roots of many deployments of the module as `quickturn modules` writes it: what `terraform plan` takes where
 * nothing is there yet.
 */
export async function measureDeployments(
  context: CommandContext,
  sizes: readonly number[],
): Promise<DeploymentsSize[]> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-growth-"));
  const emulator = await startEmulator({ directory: folder, env: bareEnvironment(context.environment, folder) });
  try {
    const env = sandboxEnvironment(context.environment, emulator.endpoint, folder);
    await writeModules(context, folder);
    const roots = sizes.map((deployments) => makeRoot(folder, deployments));
    for (const directory of roots) await new Terraform({ directory, env, signal: context.signal }).init();
    const provider = await keepProvider({
      directory: roots[0]!,
      env,
      configurations: [join(folder, "modules", MODULES[0]!.name)],
    });
    try {
      const measured: DeploymentsSize[] = [];
      for (const [index, deployments] of sizes.entries())
        measured.push(await plan(context, roots[index]!, { ...env, ...provider.variables }, deployments));
      return measured;
    } finally {
      await provider.stop();
    }
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Below the folder alone: the project's own output stays as it is. */
async function writeModules(context: CommandContext, folder: string): Promise<void> {
  const stacks = MODULES.map(({ stack }) => stack).join(",");
  const synthesized = join(folder, "cdktf.out");
  await synth(
    { ...context, environment: { ...bareEnvironment(context.environment, folder), QUICKTURN_STACKS: stacks } },
    { outputDirectory: synthesized },
  );
  await modules(context, { out: join(folder, "modules"), synthesized });
}

function makeRoot(folder: string, deployments: number): string {
  const directory = join(folder, `root-${deployments}`);
  mkdirSync(directory);
  writeFileSync(join(directory, "main.tf"), root(deployments));
  return directory;
}

function plan(
  { progress, signal }: CommandContext,
  cwd: string,
  env: NodeJS.ProcessEnv,
  deployments: number,
): Promise<DeploymentsSize> {
  return progress.step(
    `terraform plan of ${deployments} deployments`,
    async () => {
      let peak: () => number | undefined = () => undefined;
      const began = performance.now();
      const { stdout } = await run("terraform", ["plan", "-json", "-input=false"], {
        cwd,
        env,
        signal,
        onStart: (pid) => (peak = watchPeakMemory(pid)),
      }).finally(() => peak());
      return { deployments, ms: performance.now() - began, peakMiB: peak(), resources: plannedChanges(stdout).length };
    },
    ({ ms, resources }) => `${(ms / 1_000).toFixed(1)} s, ${resources} resources`,
  );
}

/** What `bench growth` measures. */
export interface GrowthBenchOptions {
  /** Deployments in one root, ascending. Default: 1, 10, 50. */
  readonly deployments?: readonly number[];
  /** Requests in the table, ascending. Default: 1,000, 10,000 and 100,000. */
  readonly requests?: readonly number[];
}

const METHOD =
  "Deployments: one root calls the module with for_each; terraform plan of nothing that is there yet, with a real provider that is running already, once for each size. Requests: the functions' own store over a database in memory (dynalite), in a process of its own for each size; one in ten requests has not ended, and twenty are due; medians, and the calls and items that each operation asks for, which is what DynamoDB's time and price follow.";

/**
 * How plans grow with deployments, and what the functions ask of the table with requests. Exit code 1 where anything
 * grows faster than linearly, or calls or items grow at all.
 */
export async function benchGrowth(
  context: CommandContext,
  { deployments = [1, 10, 50], requests = [1_000, 10_000, 100_000] }: GrowthBenchOptions = {},
): Promise<BenchResult> {
  const growth = {
    requests: await measureRequests(context, requests),
    deployments: await measureDeployments(context, deployments),
  };
  const { figures, charts } = growthFigures(growth);
  return benchResult("growth", {
    method: METHOD,
    figures,
    charts,
    text: growthText(growth, figures),
    data: { growth },
  });
}

/**
 * Milliseconds between two looks: the system keeps the peak itself, so only what comes after the last look is missed.
 */
const LOOK_MS = 100;

/**
 * Watches the most memory that a process has had.
 * @returns what ends the watch and gives the peak of resident memory in MiB; undefined where the system does not tell
 */
export function watchPeakMemory(pid: number): () => number | undefined {
  let peak = peakMiB(pid);
  const timer = setInterval(() => (peak = peakMiB(pid) ?? peak), LOOK_MS);
  return () => {
    clearInterval(timer);
    return peak;
  };
}

/** As Linux counts it; undefined elsewhere, and where the process is gone. */
function peakMiB(pid: number): number | undefined {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? undefined : Number(match[1]) / 1024;
  } catch {
    return undefined;
  }
}
