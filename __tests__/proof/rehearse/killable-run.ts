import { setTimeout as sleep } from "node:timers/promises";
import { phaseOf, watchOf, type CanaryPhase } from "../kills/kill-points";
import { timeLapse, type TimeLapse } from "../../../scripts/emulator";
import type { Terraform } from "../../../scripts/kit/terraform";
import { canary } from "../../../scripts/deploy/canary";
import type { CanaryOptions } from "../../../scripts/deploy/canary-options";
import { metricsJudge, type Judge } from "../../../scripts/deploy/canary-judge";
import { TerraformDeployment, type Deployment } from "../../../scripts/deploy/canary-deployment";
import type { CommandContext, CommandResult, Progress } from "../../../scripts/kit/context";
import type { Clock } from "../../../scripts/gate/gate";

/** Where a canary runs, as text: a process of its own is given it as an argument. */
export interface RunPlace {
  /** Where the live file stands. */
  readonly projectDirectory: string;
  /** Folder that terraform runs in. */
  readonly stackDirectory: string;
  /** Of the judge: where the metrics are, with keys that open nothing. */
  readonly environment: NodeJS.ProcessEnv;
  /** How much faster the minutes of the metrics pass, and from when on, in milliseconds since 1970. */
  readonly factor: number;
  readonly originMs: number;
}

/** What is told of a run while it runs. */
export interface RunHooks {
  /** What it is at now. */
  readonly at: (phase: CanaryPhase) => void;
  /** Terraform has applied something; the run goes on once it is served. */
  readonly applied: () => Promise<void>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * How each canary goes in the time of the metrics. Of the KPIs those that a few dozen requests decide, whatever the
 * machine does beside.
 */
const HOW = { steps: "50,100", interval: "5m", deadline: "10h", only: ["error_rate", "failed_requests"] } as const;

/** What a run is to do: a new canary, or what is to become of one that was killed. */
export type Act = "start" | "resume" | "abort";

/** The command's options. Who takes a canary back gives none of its settings: it works from any machine. */
export function optionsOf(act: Act, vars: readonly string[]): CanaryOptions {
  return {
    ...(act === "start" ? HOW : { only: [] }),
    vars,
    autoApprove: true,
    resume: act === "resume",
    abort: act === "abort",
    retry: false,
    allowReplace: false,
  };
}

/** Runs the command that a pipeline runs, refresh included; only its minutes are short. */
export async function runCanary(
  place: RunPlace,
  options: CanaryOptions,
  terraform: Terraform,
  hooks: RunHooks,
): Promise<CommandResult> {
  const { projectDirectory, stackDirectory, environment } = place;
  const context: CommandContext = { projectDirectory, environment, progress: hooks.progress, signal: hooks.signal };
  const clock = clockOf(timeLapse(place.factor, place.originMs));
  const deployment = new TerraformDeployment(terraform, {
    whose: { projectDirectory },
    stackDirectory,
    input: { vars: options.vars ?? [] },
    progress: hooks.progress,
  });
  return canary(context, options, () =>
    Promise.resolve({
      deployment: toldDeployment(deployment, hooks),
      judge: toldJudge(metricsJudge(context, clock), hooks),
      clock,
    }),
  );
}

function clockOf(time: TimeLapse): Clock {
  return { nowMs: () => time.at(Date.now()), sleep: (ms, signal) => sleep(time.real(ms), undefined, { signal }) };
}

function toldDeployment(deployment: Deployment, { at, applied }: RunHooks): Deployment {
  return {
    outputs: () => deployment.outputs(),
    plan: (release, mode) => (at(phaseOf(release)), deployment.plan(release, mode)),
    keep: (release) => deployment.keep(release),
    apply: async (release) => {
      await deployment.apply(release);
      await applied();
    },
  };
}

function toldJudge(judge: Judge, { at }: RunHooks): Judge {
  return { open: (canary, outputs) => (at(watchOf(canary)), judge.open(canary, outputs)) };
}
