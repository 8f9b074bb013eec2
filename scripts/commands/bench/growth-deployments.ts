import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DeploymentsSize } from "../../judges/benches/growth";
import { plannedChanges } from "../../tools/terraform-messages";
import { startEmulator } from "../../tools/emulator";
import { keepProvider } from "../../tools/kept-provider";
import { watchPeakMemory } from "../../tools/peak-memory";
import { run } from "../../tools/process";
import { Terraform } from "../../tools/terraform";
import type { CommandContext } from "../context";
import { MODULES, modules } from "../modules";
import { bareEnvironment, sandboxEnvironment } from "../sandbox";
import { synth } from "../synth";

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
