import { cpSync, mkdirSync, readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { handWritten, handWrittenState, type AppliedResource, type StateFile, type WrittenStack } from "./hand-written";
import { REGION } from "../scripts/local/local-stack";
import { tmpdir } from "node:os";
import { applyFigures, applyText, type ApplyTimes, type Compared } from "./apply-figures";
import { startEmulator } from "../scripts/emulator/moto";
import { keepProvider } from "../scripts/emulator/kept-provider";
import { run } from "../scripts/kit/process";
import { Terraform } from "../scripts/kit/terraform";
import { bareEnvironment, sandboxEnvironment } from "../scripts/emulator/sandbox";
import { makeThrowAway } from "../scripts/kit/throw-away";
import type { CommandContext } from "../scripts/kit/context";
import { stackDirectory, synth } from "../scripts/kit/synth";
import { benchResult, type BenchResult } from "./results";

/** The applied stack of a folder as HCL that a person writes. @param shown what `terraform show -json` says of it */
export function handWrittenText(stackDirectory: string, shown: unknown): string {
  const { values } = shown as { values: { root_module: { resources: readonly AppliedResource[] } } };
  return handWritten(
    JSON.parse(readFileSync(join(stackDirectory, "cdk.tf.json"), "utf8")) as WrittenStack,
    values.root_module.resources,
    REGION,
  );
}

/** Writes a root of that text, which has the applied stack's zips, and its state as its own. */
export function writeHandWrittenRoot(stackDirectory: string, text: string, root: string): void {
  mkdirSync(root);
  cpSync(join(stackDirectory, "assets"), join(root, "assets"), { recursive: true });
  writeFileSync(join(root, "main.tf"), text);
  const state = JSON.parse(readFileSync(join(stackDirectory, "terraform.tfstate"), "utf8")) as StateFile;
  writeFileSync(join(root, "terraform.tfstate"), JSON.stringify(handWrittenState(state)));
}

/** How often `bench apply` measures. */
export interface ApplyBenchOptions {
  /** Plans that start the provider, of each. Default: 3; they take ten seconds each. */
  readonly plans?: number;
  /** Plans and validations with the running provider, of each. Default: 3. */
  readonly ownPlans?: number;
  /** Updates there and back, of each. Default: 2. */
  readonly updates?: number;
}

/** What a deployment is flipped to. */
const FLIP = ["memory_size=1024", "reserved_concurrent_executions=10"];

/**
 * For the creation of the one the provider waits for a minute, of the other for half of one. Nothing refers to them.
 */
const LEFT_OUT = {
  resource: {
    aws_s3_bucket_lifecycle_configuration: { store_results_lifecycle: { count: 0 } },
    aws_sqs_queue_redrive_policy: { work_redrive: { count: 0 } },
  },
};

const METHOD =
  "terraform with the real provider against an emulator; our synthesized JSON, and HCL that is written from what was applied: the same resources and references between them, literals instead of settings, without variables, locals, data sources, checks and outputs. terraform finds nothing to change when it takes our state over (but what the emulator spells otherwise on both sides). In turn, medians. The bucket's lifecycle and the queue's redrive policy, whose creation takes a minute and a half with the emulator, are left out on both sides; the firewall is off.";

/**
 * Plans and applies ours and hand-written HCL of the same resources. Exit code 1 where ours takes more than 1.05 times
 * as long.
 */
export async function benchApply(
  context: CommandContext,
  { plans = 3, ownPlans = 3, updates = 2 }: ApplyBenchOptions = {},
): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-apply-"));
  const emulator = await startEmulator({ directory: folder, env: bareEnvironment(context.environment, folder) });
  try {
    const env = sandboxEnvironment(context.environment, emulator.endpoint, folder);
    const ours = await makeOurs(context, folder, env);
    const provider = await keepProvider({ directory: ours, env, configurations: [folder] });
    try {
      const bench = new ApplyBench(context, folder, ours, env, { ...env, ...provider.variables });
      const times = await bench.measure(plans, ownPlans, updates);
      const { figures, charts } = applyFigures(times);
      return benchResult("apply", {
        method: METHOD,
        figures,
        charts,
        text: applyText(times, figures),
        data: { samples: times },
      });
    } finally {
      await provider.stop();
    }
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the folder of our stack, initialized */
async function makeOurs(context: CommandContext, folder: string, env: NodeJS.ProcessEnv): Promise<string> {
  const output = join(folder, "cdktf.out");
  await synth({ ...context, environment: bareEnvironment(context.environment, folder) }, { outputDirectory: output });
  const directory = stackDirectory(output, "agent-api");
  makeThrowAway(directory, { agents: [{ name: "echo", kind: "scripted", target: "1ms done", phases: [1] }] });
  writeFileSync(join(directory, "left_out_override.tf.json"), JSON.stringify(LEFT_OUT));
  await context.progress.step("terraform init", () => new Terraform({ directory, env, signal: context.signal }).init());
  return directory;
}

/** Both configurations in one folder, and their turns. */
class ApplyBench {
  private readonly theirs: string;

  constructor(
    private readonly context: CommandContext,
    private readonly folder: string,
    private readonly ours: string,
    /** Each run of terraform starts the provider. */
    private readonly plain: NodeJS.ProcessEnv,
    /** It is running. */
    private readonly kept: NodeJS.ProcessEnv,
  ) {
    this.theirs = join(folder, "hand-written");
  }

  async measure(plans: number, ownPlans: number, updates: number): Promise<ApplyTimes> {
    const { progress } = this.context;
    const everything = await progress.step(
      "terraform apply, ours",
      () => this.time(() => this.terraform(this.ours).apply()),
      ms,
    );
    const before = await this.written();
    await this.terraform(this.ours).apply({ refresh: false, vars: FLIP });
    const after = await this.written();
    await this.terraform(this.ours).apply({ refresh: false });
    await progress.step("Write the same by hand", () => this.takeOver(before));
    const start = await this.startUp(plans);
    const plan = await this.turns("plan", plans, (directory) =>
      run("terraform", PLAN, this.options(directory, this.plain)),
    );
    const ownPlan = await this.turns("plan, provider running", ownPlans, (directory) =>
      run("terraform", PLAN, this.options(directory, this.kept)),
    );
    const validate = await this.turns("validate, provider running", ownPlans, (directory) =>
      run("terraform", ["validate", "-no-color"], this.options(directory, this.kept)),
    );
    const update = await this.turns("apply of an update", updates * 2, async (directory, turn) => {
      const [vars, text] = turn % 2 === 0 ? [FLIP, after] : [[], before];
      if (directory === this.theirs) writeFileSync(join(this.theirs, "main.tf"), text);
      await this.terraform(directory).apply({ refresh: false, ...(directory === this.ours && { vars }) });
    });
    return { plan, ownPlan, validate, update, start, everything };
  }

  /** What is applied now, as HCL. */
  private async written(): Promise<string> {
    return handWrittenText(this.ours, await this.terraform(this.ours).show());
  }

  /** @throws Error where terraform would change anything: then it is not the same */
  private async takeOver(text: string): Promise<void> {
    writeHandWrittenRoot(this.ours, text, this.theirs);
    await new Terraform({ directory: this.theirs, env: this.plain }).init();
    // What the emulator gives back otherwise than it was applied, ours would change too.
    const known = new Set((await this.terraform(this.ours).apply({ refresh: false })).map(({ address }) => address));
    const changes = (await this.terraform(this.theirs).apply({ refresh: false })).filter(
      ({ address }) => !known.has(address),
    );
    if (changes.length > 0)
      throw new Error(
        `The hand-written HCL is not the same as ours: terraform would ${changes.map(({ action, address }) => `${action} ${address}`).join(", ")}`,
      );
  }

  /** Terraform and the provider with next to nothing to do. */
  private async startUp(runs: number): Promise<number[]> {
    const directory = join(this.folder, "next-to-nothing");
    mkdirSync(directory);
    writeFileSync(join(directory, "main.tf"), 'data "aws_partition" "current" {}\n');
    await new Terraform({ directory, env: this.plain }).init();
    const times: number[] = [];
    for (let index = 0; index < runs; index++)
      times.push(await this.time(() => run("terraform", PLAN, this.options(directory, this.plain))));
    return times;
  }

  /** Whoever was second is first in the next turn. */
  private turns(
    title: string,
    runs: number,
    work: (directory: string, turn: number) => Promise<unknown>,
  ): Promise<Compared> {
    const compared = { ours: [] as number[], handWritten: [] as number[] };
    const sides = [
      ["ours", this.ours],
      ["handWritten", this.theirs],
    ] as const;
    return this.context.progress.step(`terraform ${title}`, async (detail) => {
      for (let turn = 0; turn < runs; turn++) {
        detail(`${turn + 1} of ${runs}`);
        for (const [side, directory] of turn % 2 === 0 ? sides : sides.toReversed())
          compared[side].push(await this.time(() => work(directory, turn)));
      }
      return compared;
    });
  }

  private async time(work: () => Promise<unknown>): Promise<number> {
    this.context.signal.throwIfAborted();
    const began = performance.now();
    await work();
    return performance.now() - began;
  }

  private terraform(directory: string): Terraform {
    return new Terraform({ directory, env: this.kept, signal: this.context.signal });
  }

  private options(cwd: string, env: NodeJS.ProcessEnv) {
    return { cwd, env, signal: this.context.signal };
  }
}

const PLAN = ["plan", "-input=false", "-no-color"];
const ms = (value: number): string => `${value.toFixed(0)} ms`;
