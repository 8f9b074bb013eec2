import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepProvider } from "../scripts/emulator/kept-provider";
import { startEmulator, bareEnvironment, sandboxEnvironment } from "../scripts/emulator/moto";
import { makeThrowAway } from "../scripts/kit/loopback";
import type { CommandContext } from "../scripts/kit/context";
import { run } from "../scripts/kit/process";
import { median } from "../scripts/kit/quantiles";
import { stackDirectory, synth } from "../scripts/kit/synth";
import { Terraform } from "../scripts/kit/terraform";
import { REGION } from "../scripts/local/local-stack";
import { handWritten, handWrittenState, type AppliedResource, type StateFile, type WrittenStack } from "./hand-written";
import { type BenchFigure, benchResult, type BenchResult, measureInTurn, timeMs } from "./results";

/** Largest ratio of ours to hand-written HCL. */
const MAX_RATIO = 1.05;
/** How often each command runs; an update there and back counts as two. */
const ROUNDS = { plan: 3, keptProvider: 3, update: 4 };
const PLAN = ["plan", "-input=false", "-no-color"];
/** Settings that the update changes and takes back. */
const FLIP = ["memory_size=1024", "reserved_concurrent_executions=10"];

/** The provider waits a minute for the creation of one, half a minute for the other. Nothing refers to them. */
const LEFT_OUT = {
  resource: {
    aws_s3_bucket_lifecycle_configuration: { store_results_lifecycle: { count: 0 } },
    aws_sqs_queue_redrive_policy: { work_redrive: { count: 0 } },
  },
};

/**
 * Measured on 2026-11-22 by taking parts out of the configuration, provider running; processor seconds of terraform on
 * two busy cores. Plan without refresh: everything 3.8; without the firewall 2.8; also without validations, checks,
 * conditions and outputs 2.1; hand-written 1.4. `rule_json` would spare the schema of the rules, and with it the
 * provider sees no drift of the rules (its documentation), so the rules stay blocks.
 */
const CAUSE =
  "terraform checks the firewall's five rules against the provider's largest schema though it makes no firewall (a " +
  "quarter of its own work), and evaluates the settings' validations, conditions, checks and outputs (a fifth); HCL " +
  "with literals has neither";

/** Milliseconds of the same command on our JSON and on hand-written HCL, taken in turn. */
export interface Compared {
  readonly ours: readonly number[];
  readonly handWritten: readonly number[];
}

/** Times in milliseconds. */
export interface ApplyTimes {
  /** `terraform plan` with its refresh; each run starts the provider, as a person's does. */
  readonly plan: Compared;
  /** The same with a provider that is running already and only knows the types in use. */
  readonly keptPlan: Compared;
  /** `terraform validate`, provider running already. */
  readonly validate: Compared;
  /** `terraform apply` of other settings without refresh, provider running already. */
  readonly update: Compared;
  /** `terraform plan` of a root that has the provider and reads one data source. */
  readonly empty: readonly number[];
}

const KINDS = [
  { key: "plan", title: "plan", isBounded: true },
  { key: "update", title: "apply of an update", isBounded: true },
  { key: "keptPlan", title: "plan, provider running already", isBounded: false },
  { key: "validate", title: "validate, provider running already", isBounded: false },
] as const;

/**
 * Plans and applies our JSON and hand-written HCL of the same resources, with the real provider against an emulator.
 * Exit code 1 where ours takes more than 1.05 times as long.
 */
export async function benchApply(context: CommandContext): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-apply-"));
  const emulator = await startEmulator({ directory: folder, env: bareEnvironment(context.environment, folder) });
  try {
    const env = sandboxEnvironment(context.environment, emulator.endpoint, folder);
    const ours = await synthesizeOurs(context, folder);
    const { signal, progress } = context;
    await progress.step("terraform init", () => new Terraform({ directory: ours, env, signal }).init());
    const provider = await keepProvider({ directory: ours, env, configurations: [folder] });
    try {
      const sides = { ours, handWritten: join(folder, "hand-written"), empty: join(folder, "empty") };
      return judgeApply(
        await new ApplyBench(context, sides, { plain: env, kept: { ...env, ...provider.variables } }).measure(),
      );
    } finally {
      await provider.stop();
    }
  } finally {
    await emulator.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @returns the folder of our stack */
async function synthesizeOurs(context: CommandContext, folder: string): Promise<string> {
  const output = join(folder, "cdktf.out");
  await synth({ ...context, environment: bareEnvironment(context.environment, folder) }, { outputDirectory: output });
  const directory = stackDirectory(output, "agent-api");
  makeThrowAway(directory, { agents: [{ name: "echo", kind: "scripted", target: "1ms done", phases: [1] }] });
  writeFileSync(join(directory, "left_out_override.tf.json"), JSON.stringify(LEFT_OUT));
  return directory;
}

/** Folders of the configurations that are compared. */
interface Sides {
  readonly ours: string;
  readonly handWritten: string;
  readonly empty: string;
}

/** Environments of terraform. */
interface Environments {
  /** Each run starts the provider. */
  readonly plain: NodeJS.ProcessEnv;
  /** The provider is running already. */
  readonly kept: NodeJS.ProcessEnv;
}

class ApplyBench {
  constructor(
    private readonly context: CommandContext,
    private readonly sides: Sides,
    private readonly environments: Environments,
  ) {}

  async measure(): Promise<ApplyTimes> {
    const { ours, handWritten: theirs } = this.sides;
    const { progress, signal } = this.context;
    await progress.step("terraform apply", () => this.terraform(ours).apply());
    const before = await this.writtenByHand();
    await this.terraform(ours).apply({ refresh: false, vars: FLIP });
    const flipped = await this.writtenByHand();
    await this.terraform(ours).apply({ refresh: false });
    await progress.step("Write the same by hand", () => this.takeOver(before));
    mkdirSync(this.sides.empty);
    writeFileSync(join(this.sides.empty, "main.tf"), 'data "aws_partition" "current" {}\n');
    await new Terraform({ directory: this.sides.empty, env: this.environments.plain }).init();
    const runIn = (args: readonly string[], env: NodeJS.ProcessEnv) => (cwd: string) =>
      run("terraform", args, { cwd, env, signal });
    const plan = await this.compare("plan", ROUNDS.plan, runIn(PLAN, this.environments.plain));
    const empty: number[] = [];
    for (let round = 0; round < ROUNDS.plan; round++)
      empty.push(await timeMs(() => runIn(PLAN, this.environments.plain)(this.sides.empty)));
    const keptPlan = await this.compare(
      "plan, provider running",
      ROUNDS.keptProvider,
      runIn(PLAN, this.environments.kept),
    );
    const validate = await this.compare(
      "validate",
      ROUNDS.keptProvider,
      runIn(["validate", "-no-color"], this.environments.kept),
    );
    const update = await this.compare("apply of an update", ROUNDS.update, (directory, round) => {
      const isFlipped = round % 2 === 0;
      if (directory === theirs) {
        writeFileSync(join(theirs, "main.tf"), isFlipped ? flipped : before);
        return this.terraform(theirs).apply({ refresh: false });
      }
      return this.terraform(ours).apply({ refresh: false, vars: isFlipped ? FLIP : [] });
    });
    return { plan, keptPlan, validate, update, empty };
  }

  /** The applied stack as HCL. */
  private async writtenByHand(): Promise<string> {
    const shown = (await this.terraform(this.sides.ours).show()) as {
      values: { root_module: { resources: readonly AppliedResource[] } };
    };
    const stack = JSON.parse(readFileSync(join(this.sides.ours, "cdk.tf.json"), "utf8")) as WrittenStack;
    return handWritten(stack, shown.values.root_module.resources, REGION);
  }

  /**
   * Gives a root of the HCL our zips and our state.
   * @throws Error where terraform would change anything, because then it is not the same deployment
   */
  private async takeOver(text: string): Promise<void> {
    const { ours, handWritten: theirs } = this.sides;
    mkdirSync(theirs);
    cpSync(join(ours, "assets"), join(theirs, "assets"), { recursive: true });
    writeFileSync(join(theirs, "main.tf"), text);
    const state = JSON.parse(readFileSync(join(ours, "terraform.tfstate"), "utf8")) as StateFile;
    writeFileSync(join(theirs, "terraform.tfstate"), JSON.stringify(handWrittenState(state)));
    await new Terraform({ directory: theirs, env: this.environments.plain }).init();
    // The emulator returns some values in another spelling; those change ours too.
    const known = new Set((await this.terraform(ours).apply({ refresh: false })).map(({ address }) => address));
    const changes = (await this.terraform(theirs).apply({ refresh: false }))
      .filter(({ address }) => !known.has(address))
      .map(({ action, address }) => `${action} ${address}`);
    if (changes.length > 0)
      throw new Error(`The hand-written HCL is not the same as ours: terraform would ${changes.join(", ")}`);
  }

  private compare(
    title: string,
    rounds: number,
    work: (directory: string, round: number) => Promise<unknown>,
  ): Promise<Compared> {
    const { progress, signal } = this.context;
    return progress.step(`terraform ${title}`, async (detail) => {
      const subjects = (["ours", "handWritten"] as const).map((name) => ({ name, directory: this.sides[name] }));
      const [ours = [], written = []] = await measureInTurn(
        subjects,
        { rounds, signal, detail },
        ({ directory }, round) => timeMs(() => work(directory, round)),
      );
      return { ours, handWritten: written };
    });
  }

  private terraform(directory: string): Terraform {
    return new Terraform({ directory, env: this.environments.kept, signal: this.context.signal });
  }
}

/** Compares the medians with their bounds. */
export function judgeApply(times: ApplyTimes): BenchResult {
  const secondsOf = (values: readonly number[]) => `${(median(values) / 1_000).toFixed(2)} s`;
  const valuesOf = (side: keyof Compared) => KINDS.map(({ key }) => median(times[key][side]) / 1_000);
  return benchResult("apply", {
    method:
      "terraform with the real provider against an emulator; our synthesized JSON, and HCL that is written from what " +
      "was applied: the same resources and references between them, literals instead of settings, without variables, " +
      "locals, data sources, checks and outputs. terraform finds nothing to change when it takes our state over. In " +
      "turn, medians. The bucket's lifecycle and the queue's redrive policy, whose creation takes a minute and a " +
      "half with the emulator, are left out on both sides; the firewall is off.",
    figures: KINDS.map(({ key, title, isBounded }): BenchFigure => {
      const { ours, handWritten: theirs } = times[key];
      const ratio = median(ours) / median(theirs);
      const holds = ratio <= MAX_RATIO;
      return {
        compares: `${title}, ours / hand-written HCL`,
        measured: `${ratio.toFixed(2)}x (${secondsOf(ours)} / ${secondsOf(theirs)})`,
        ...(key === "plan" && { limit: `${secondsOf(times.empty)} (terraform and provider alone)` }),
        ...(isBounded && { mustReach: `<= ${MAX_RATIO}x`, holds, ...(!holds && { cause: CAUSE }) }),
      };
    }),
    charts: [
      {
        title: "Terraform on our JSON and on hand-written HCL",
        unit: "s",
        kind: "bars",
        categories: KINDS.map(({ title }) => title),
        series: [
          { name: "Quickturn", values: valuesOf("ours") },
          { name: "hand-written HCL", values: valuesOf("handWritten") },
        ],
      },
    ],
    data: { samples: times },
  });
}
