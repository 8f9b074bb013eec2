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
import { ECHO } from "./requests";
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

/** Milliseconds of the same command on our JSON and on a hand-written configuration, taken in turn. */
interface Compared {
  readonly ours: readonly number[];
  readonly handWritten: readonly number[];
}

/** Milliseconds of each kind of run, and of `terraform plan` of a root that only reads one data source. */
export type ApplyTimes = Readonly<Record<(typeof KINDS)[number]["key"], Compared>> & {
  readonly empty: readonly number[];
};

/**
 * Plans with a refresh in which each run starts the provider, as a person's does; everything else with a provider that
 * is running already and only knows the types in use, and updates without a refresh.
 */
const KINDS = [
  { key: "plan", title: "plan", isBounded: true },
  { key: "update", title: "apply of an update", isBounded: true },
  { key: "keptPlan", title: "plan, provider running already", isBounded: false },
  { key: "validate", title: "validate, provider running already", isBounded: false },
] as const;

/**
 * Plans and applies our JSON and a hand-written configuration of the same resources, with the real provider against an
 * emulator. Exit code 1 where ours takes more than 1.05 times as long.
 */
export async function benchApply(context: CommandContext): Promise<BenchResult> {
  const folder = mkdtempSync(join(tmpdir(), "quickturn-apply-"));
  const emulator = await startEmulator({ directory: folder, env: bareEnvironment(context.environment, folder) });
  try {
    const plain = sandboxEnvironment(context.environment, emulator.endpoint, folder);
    const ours = await synthesizeOurs(context, folder);
    const { signal, progress } = context;
    await progress.step("terraform init", () => new Terraform({ directory: ours, env: plain, signal }).init());
    const provider = await keepProvider({ directory: ours, env: plain, configurations: [folder] });
    try {
      const sides = { ours, handWritten: join(folder, "hand-written"), empty: join(folder, "empty") };
      const kept = { ...plain, ...provider.variables };
      return judgeApply(await new ApplyBench(context, sides, { plain, kept }).measure());
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
  makeThrowAway(directory, { agents: [ECHO] });
  writeFileSync(join(directory, "left_out_override.tf.json"), JSON.stringify(LEFT_OUT));
  return directory;
}

class ApplyBench {
  constructor(
    private readonly context: CommandContext,
    /** Folders of the configurations that are compared. */
    private readonly sides: Readonly<Record<"ours" | "handWritten" | "empty", string>>,
    /** Environments of terraform: one in which each run starts the provider, and one of a provider that is kept. */
    private readonly environments: Readonly<Record<"plain" | "kept", NodeJS.ProcessEnv>>,
  ) {}

  async measure(): Promise<ApplyTimes> {
    const { ours, handWritten: theirs, empty } = this.sides;
    const { plain, kept } = this.environments;
    const { progress, signal } = this.context;
    await progress.step("terraform apply", () => this.terraform(ours).apply());
    const before = await this.writtenByHand();
    await this.terraform(ours).apply({ refresh: false, vars: FLIP });
    const flipped = await this.writtenByHand();
    await this.terraform(ours).apply({ refresh: false });
    await progress.step("Write the same by hand", () => this.takeOver(before));
    mkdirSync(empty);
    writeFileSync(join(empty, "main.tf"), 'data "aws_partition" "current" {}\n');
    await new Terraform({ directory: empty, env: plain }).init();
    const runIn = (args: readonly string[], env: NodeJS.ProcessEnv) => (cwd: string) =>
      run("terraform", args, { cwd, env, signal });
    const emptyPlans = await measureInTurn([{ name: "empty" }], { rounds: ROUNDS.plan, signal }, () =>
      timeMs(() => runIn(PLAN, plain)(empty)),
    );
    return {
      empty: emptyPlans[0]!,
      plan: await this.compare("plan", ROUNDS.plan, runIn(PLAN, plain)),
      keptPlan: await this.compare("plan, provider running", ROUNDS.keptProvider, runIn(PLAN, kept)),
      validate: await this.compare("validate", ROUNDS.keptProvider, runIn(["validate", "-no-color"], kept)),
      update: await this.compare("apply of an update", ROUNDS.update, (directory, round) => {
        const isFlipped = round % 2 === 0;
        if (directory === theirs) this.write(isFlipped ? flipped : before);
        const vars = isFlipped && directory === ours ? FLIP : [];
        return this.terraform(directory).apply({ refresh: false, vars });
      }),
    };
  }

  /** The applied stack as a person would write it. */
  private async writtenByHand(): Promise<object> {
    const shown = (await this.terraform(this.sides.ours).show()) as {
      values: { root_module: { resources: readonly AppliedResource[] } };
    };
    const stack = JSON.parse(readFileSync(join(this.sides.ours, "cdk.tf.json"), "utf8")) as WrittenStack;
    return handWritten(stack, shown.values.root_module.resources, REGION);
  }

  private write(configuration: object): void {
    writeFileSync(join(this.sides.handWritten, "main.tf.json"), JSON.stringify(configuration, null, 2));
  }

  /**
   * Gives the hand-written root our zips and our state.
   * @throws Error where terraform would change anything, because then it is not the same deployment
   */
  private async takeOver(configuration: object): Promise<void> {
    const { ours, handWritten: theirs } = this.sides;
    mkdirSync(theirs);
    cpSync(join(ours, "assets"), join(theirs, "assets"), { recursive: true });
    this.write(configuration);
    const state = JSON.parse(readFileSync(join(ours, "terraform.tfstate"), "utf8")) as StateFile;
    writeFileSync(join(theirs, "terraform.tfstate"), JSON.stringify(handWrittenState(state)));
    await new Terraform({ directory: theirs, env: this.environments.plain }).init();
    // The emulator returns some values in another spelling; those change ours too.
    const known = new Set((await this.terraform(ours).apply({ refresh: false })).map(({ address }) => address));
    const changes = (await this.terraform(theirs).apply({ refresh: false }))
      .filter(({ address }) => !known.has(address))
      .map(({ action, address }) => `${action} ${address}`);
    if (changes.length > 0)
      throw new Error(`The hand-written configuration differs from ours: terraform would ${changes.join(", ")}`);
  }

  private compare(
    title: string,
    rounds: number,
    work: (directory: string, round: number) => Promise<unknown>,
  ): Promise<Compared> {
    const { progress, signal } = this.context;
    const subjects = (["ours", "handWritten"] as const).map((name) => ({ name, directory: this.sides[name] }));
    return progress.step(`terraform ${title}`, async (detail) => {
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
  return benchResult("apply", {
    method:
      "terraform with the real provider against an emulator; our synthesized JSON, and a configuration (in JSON too) " +
      "of what was applied, as a person writes it: the same resources and references between them, literals instead " +
      "of settings, without variables, locals, data sources, checks and outputs. terraform finds nothing to change " +
      "when it takes our state over. In turn, medians. The bucket's lifecycle and the queue's redrive policy, whose " +
      "creation takes a minute and a half with the emulator, are left out on both sides; the firewall is off.",
    figures: KINDS.map(({ key, title, isBounded }): BenchFigure => {
      const { ours, handWritten: theirs } = times[key];
      const ratio = median(ours) / median(theirs);
      return {
        compares: `${title}, ours / hand-written HCL`,
        measured: `${ratio.toFixed(2)}x (${secondsOf(ours)} / ${secondsOf(theirs)})`,
        ...(key === "plan" && { limit: `${secondsOf(times.empty)} (terraform and provider alone)` }),
        ...(isBounded && { mustReach: `<= ${MAX_RATIO}x`, holds: ratio <= MAX_RATIO, cause: CAUSE }),
      };
    }),
    data: { samples: times },
  });
}
