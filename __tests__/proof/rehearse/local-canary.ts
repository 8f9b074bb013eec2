import { setTimeout as sleep } from "node:timers/promises";
import { phaseOf, watchOf, type CanaryPhase } from "../kills/kill-points";
import { timeLapse } from "../../../scripts/emulator";
import { bareEnvironment } from "../../../scripts/emulator/moto";
import type { Terraform } from "../../../scripts/kit/terraform";
import { canary, type CanaryOptions } from "../../../scripts/deploy/canary";
import { metricsJudge, TerraformDeployment, type Deployment } from "../../../scripts/deploy/canary-target";
import type { TimelineEvent } from "../../../scripts/deploy/canary-steps";
import type { CommandContext, Progress } from "../../../scripts/kit/context";
import type { LocalStack } from "../../../scripts/local/local-stack";

/** How time passes in the metrics that a canary reads. */
export interface MetricsTime {
  /** How much faster than real minutes. */
  readonly factor: number;
  /** From when on, in milliseconds since 1970. */
  readonly originMs: number;
}

/** Where a canary runs; serializable, because another process receives it as an argument. */
export interface RunPlace extends MetricsTime {
  /** Folder of the live file. */
  readonly projectDirectory: string;
  /** Folder that terraform runs in. */
  readonly stackDirectory: string;
  /** Of the judge: where the metrics are, with keys that open nothing. */
  readonly environment: NodeJS.ProcessEnv;
}

/** The place of canaries on a local stack that records metrics. */
export function placeOn(stack: LocalStack, { environment }: CommandContext, time: MetricsTime): RunPlace {
  const { metricsUrl } = stack.runtime;
  if (metricsUrl === undefined) throw new Error("The local runtime records no metrics; start it with them.");
  return {
    ...time,
    projectDirectory: stack.folder,
    stackDirectory: stack.directory,
    environment: {
      ...bareEnvironment(environment, stack.folder),
      AWS_ENDPOINT_URL: metricsUrl,
      AWS_ENDPOINT_URL_CLOUDWATCH: metricsUrl,
      AWS_ENDPOINT_URL_LAMBDA: metricsUrl,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
    },
  };
}

/** Called while a canary runs. */
export interface RunHooks {
  /** The canary enters this phase. Default: nobody is told. */
  readonly at?: (phase: CanaryPhase) => void;
  /** Terraform has applied something; the run goes on once it is served. On AWS no such step is needed. */
  readonly applied: () => Promise<void>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What a run does: it starts a canary, or continues or takes back one that was killed. */
export type Act = "start" | "resume" | "abort";

/** The command's options. Only a start is given settings of the canary: the others must work from any machine. */
export function optionsOf(act: Act, vars: readonly string[], settings: Partial<CanaryOptions>): CanaryOptions {
  return {
    only: [],
    ...(act === "start" && settings),
    vars,
    autoApprove: true,
    resume: act === "resume",
    abort: act === "abort",
    retry: false,
    allowReplace: false,
  };
}

/** How a run of the command ended. */
export interface RunResult {
  readonly exitCode: number;
  readonly text: string;
  /** `ending`: null where there was no canary to take back. */
  readonly json: { readonly timeline: readonly TimelineEvent[]; readonly ending: unknown };
}

/** Runs the command that a pipeline runs: the same plans, applies, gate and verdicts; only its minutes are short. */
export async function runCanary(
  { terraform, place }: { readonly terraform: Terraform; readonly place: RunPlace },
  options: CanaryOptions,
  { at = () => undefined, applied, progress, signal }: RunHooks,
): Promise<RunResult> {
  const { projectDirectory, environment, factor, originMs } = place;
  const context: CommandContext = { projectDirectory, environment, progress, signal };
  const time = timeLapse(factor, originMs);
  const clock = {
    nowMs: () => time.at(Date.now()),
    sleep: (ms: number, until?: AbortSignal) => sleep<void>(time.real(ms), undefined, { signal: until }),
  };
  const terraformed = new TerraformDeployment(terraform, {
    whose: { projectDirectory },
    input: { vars: options.vars ?? [] },
    progress,
  });
  const deployment: Deployment = {
    outputs: () => terraformed.outputs(),
    plan: (release, mode) => {
      at(phaseOf(release));
      return terraformed.plan(release, mode);
    },
    keep: (release) => terraformed.keep(release),
    apply: async (release) => {
      await terraformed.apply(release);
      await applied();
    },
  };
  const metrics = metricsJudge(context, clock);
  const judge: typeof metrics = {
    open: (watched, outputs) => {
      at(watchOf(watched));
      return metrics.open(watched, outputs);
    },
  };
  const { exitCode, text, json } = await canary(context, options, () => Promise.resolve({ deployment, judge, clock }));
  return { exitCode, text, json: json as RunResult["json"] };
}
