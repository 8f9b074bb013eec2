import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepProvider } from "../scripts/emulator/kept-provider";
import { startEmulator, bareEnvironment, sandboxEnvironment } from "../scripts/emulator/moto";
import type { CommandContext } from "../scripts/kit/context";
import { run } from "../scripts/kit/process";
import { synth } from "../scripts/kit/synth";
import { Terraform } from "../scripts/kit/terraform";
import { MODULES, MODULE_STACKS, modules } from "../scripts/publish/modules";
import { measureRequests, OPERATIONS, type Operation, type RequestsSize } from "./growth-store";
import { type BenchFigure, benchResult, type BenchResult, timeMs } from "./results";

/** Deployments in one root, and requests in one table, ascending. */
const DEPLOYMENTS = [1, 10, 50];
const REQUESTS = [1_000, 10_000, 100_000];
/** Largest power of growth that counts as linear; the tenth is for what a machine does beside. */
const MAX_EXPONENT = 1.1;

/** The plan of so many deployments in one root. */
interface DeploymentsSize {
  readonly deployments: number;
  /** Of `terraform plan`. */
  readonly ms: number;
}

/** Measurements of all sizes, ascending. */
interface Growth {
  readonly deployments: readonly DeploymentsSize[];
  readonly requests: readonly RequestsSize[];
}

/**
 * Measures how plans grow with deployments, and what the functions ask of the table as requests grow. Exit code 1
 * where plans grow faster than linearly, or calls or items grow at all.
 */
export async function benchGrowth(context: CommandContext): Promise<BenchResult> {
  const requests = await measureRequests(context, REQUESTS);
  return judgeGrowth({ requests, deployments: await measureDeployments(context, DEPLOYMENTS) });
}

/** A root that calls the module with `for_each`, as its example of teams does. */
const rootOf = (deployments: number): string => `provider "aws" {
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

/** Plans roots with many deployments of the module, of which nothing exists yet. */
async function measureDeployments(context: CommandContext, sizes: readonly number[]): Promise<DeploymentsSize[]> {
  const { environment, progress, signal } = context;
  const folder = mkdtempSync(join(tmpdir(), "quickturn-growth-"));
  const emulator = await startEmulator({ directory: folder, env: bareEnvironment(environment, folder) });
  try {
    const env = sandboxEnvironment(environment, emulator.endpoint, folder);
    // Below the folder, so that the project's own output stays unchanged.
    const synthesized = join(folder, "cdktf.out");
    const synthEnvironment = { ...bareEnvironment(environment, folder), ...MODULE_STACKS };
    await synth({ ...context, environment: synthEnvironment }, { outputDirectory: synthesized });
    await modules(context, { out: join(folder, "modules"), synthesized });
    const roots = sizes.map((deployments) => {
      const directory = join(folder, `root-${deployments}`);
      mkdirSync(directory);
      writeFileSync(join(directory, "main.tf"), rootOf(deployments));
      return { deployments, directory };
    });
    for (const { directory } of roots) await new Terraform({ directory, env, signal }).init();
    const configurations = [join(folder, "modules", MODULES[0]!.name)];
    const provider = await keepProvider({ directory: roots[0]!.directory, env, configurations });
    try {
      const measured: DeploymentsSize[] = [];
      for (const { deployments, directory: cwd } of roots) {
        const options = { cwd, env: { ...env, ...provider.variables }, signal };
        const ms = await progress.step(`terraform plan of ${deployments} deployments`, () =>
          timeMs(() => run("terraform", ["plan", "-json", "-input=false"], options)),
        );
        measured.push({ deployments, ms });
      }
      return measured;
    } finally {
      await provider.stop();
    }
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

type Point = readonly [size: number, value: number];

/** The power by which a value grows from one size to another: 1 is linear, 0 is constant. */
const exponentOf = ([size, value]: Point, [nextSize, nextValue]: Point): number =>
  Math.log(nextValue / value) / Math.log(nextSize / size);

/** Compares the growth of plans and of the table's use with their bounds. */
export function judgeGrowth({ deployments, requests }: Growth): BenchResult {
  const operations = Object.entries(OPERATIONS) as [Operation, string][];
  return benchResult("growth", {
    method:
      "Deployments: one root calls the module with for_each; terraform plan of nothing that is there yet, with a " +
      "real provider that is running already, once for each size. Requests: the functions' own store over a database " +
      "in memory (dynalite); one in ten requests has not ended, and twenty are due; medians, " +
      "and the calls and items that each operation asks for, which determine DynamoDB's time and price.",
    figures: [figureOfPlans(deployments), ...operations.map((operation) => figureOfOperation(operation, requests))],
    data: { growth: { deployments, requests } },
  });
}

function figureOfPlans(deployments: readonly DeploymentsSize[]): BenchFigure {
  const points = deployments.map(({ deployments: size, ms }): Point => [size, ms / 1_000]);
  // The steepest part counts, so that the cost of a start cannot hide how the rest grows.
  const exponent = Math.max(...points.slice(1).map((point, index) => exponentOf(points[index]!, point)));
  const [size, seconds] = points.at(-1) ?? [NaN, NaN];
  return {
    compares: `plan time, ${points.map(([each]) => each).join(", ")} deployments in one root`,
    measured:
      `${points.map(([, value]) => value.toFixed(1)).join(", ")} s ` +
      `(power up to ${exponent.toFixed(2)}; ${(seconds / size).toFixed(1)} s a deployment)`,
    mustReach: `power <= ${MAX_EXPONENT}`,
    limit: "power 1: linear",
    holds: exponent <= MAX_EXPONENT,
  };
}

function figureOfOperation([key, title]: [Operation, string], requests: readonly RequestsSize[]): BenchFigure {
  const uses = requests.map((each) => each[key]);
  const { calls, items } = uses[0]!;
  const sizes = requests.map((each) => each.requests.toLocaleString("en-US"));
  return {
    compares: `${title}, ${sizes.join(" / ")} requests in the table`,
    measured:
      `${uses.map((use) => `${use.calls} calls, ${use.items} items`).join(" / ")}; ` +
      `${uses.map(({ ms }) => ms.toFixed(1)).join(" / ")} ms`,
    mustReach: "as many calls and items at each size",
    limit: "constant",
    holds: uses.every((use) => use.calls === calls && use.items === items),
  };
}
