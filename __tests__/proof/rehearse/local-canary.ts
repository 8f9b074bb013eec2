import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { phaseOf, watchOf, type CanaryPhase } from "../kills/kill-points";
import { type RehearsalRelease, HOW, varsOf } from "./releases";
import { timeLapse, type TimeLapse } from "../../../scripts/emulator";
import type { Terraform } from "../../../scripts/kit/terraform";
import { canary, type CanaryOptions } from "../../../scripts/deploy/canary";
import { metricsJudge, TerraformDeployment, type Deployment, type Judge } from "../../../scripts/deploy/canary-target";
import type { TimelineEvent } from "../../../scripts/deploy/canary-steps";
import type { CommandContext, CommandResult, Progress } from "../../../scripts/kit/context";
import type { LocalStack } from "../../../scripts/local/local-stack";
import type { Clock } from "../../../scripts/gate/gate";

/** The version of the worker that ended each request, by the request's id, from its log: callers are not told. */
export async function endedVersions(logFile: string): Promise<ReadonlyMap<string, string>> {
  const versions = new Map<string, string>();
  if (!existsSync(logFile)) return versions;
  for await (const line of createInterface({ input: createReadStream(logFile), crlfDelay: Infinity })) {
    if (!line.includes('"event":"finished"')) continue;
    const { request_id: id, Version: version } = JSON.parse(line) as { request_id?: string; Version?: string };
    if (id !== undefined && version !== undefined) versions.set(id, version);
  }
  return versions;
}

/** One thing that happened while a version was released. */
export interface RehearsalEvent {
  /** Milliseconds since the callers began, real. */
  readonly atMs: number;
  /** Percent of the traffic that the new version has from then on. */
  readonly weight: number;
  readonly says: string;
}

/** How the command that releases ended. */
export interface ReleaseResult {
  readonly exitCode: number;
  readonly events: readonly RehearsalEvent[];
}

/** Brings a new version to callers, step by step, and decides by itself how that ends. */
export interface ReleasePort {
  release(release: RehearsalRelease): Promise<ReleaseResult>;
}

export interface CanaryPortOptions {
  readonly context: CommandContext;
  readonly stack: LocalStack;
  /** How time passes for the canary: as in the metrics that it reads. */
  readonly time: TimeLapse;
  /** When the callers began, in real milliseconds since 1970. */
  readonly begunAtMs: number;
  /** Shows what a wait waits for. */
  readonly detail: (text: string) => void;
}

/**
 * The command that a pipeline runs, on the local stack: the same plans, applies, gate and verdicts; only its minutes
 * are short.
 */
export function canaryPort(options: CanaryPortOptions): ReleasePort {
  const { stack, time, begunAtMs } = options;
  const context = contextOf(options);
  const clock = clockOf(time);
  const eventOf = ({ at, weight, says }: TimelineEvent) => ({
    atMs: time.real(Date.parse(at) - time.at(begunAtMs)),
    weight,
    says,
  });
  return {
    release: async (release) => {
      const given: CanaryOptions = {
        ...HOW,
        vars: [...stack.vars, ...varsOf(release)],
        autoApprove: true,
        resume: false,
        abort: false,
        retry: false,
        allowReplace: false,
      };
      const open = () =>
        Promise.resolve({
          deployment: servedAfterwards(stack, context, given),
          judge: metricsJudge(context, clock),
          clock,
        });
      const { exitCode, json } = await canary(context, given, open);
      return { exitCode, events: (json as { timeline: readonly TimelineEvent[] }).timeline.map(eventOf) };
    },
  };
}

/** The local runtime serves what terraform applied; on AWS no such step is needed. */
function servedAfterwards(
  stack: LocalStack,
  { projectDirectory, progress }: CommandContext,
  { vars = [] }: CanaryOptions,
): Deployment {
  // Without a refresh: the emulator gives some attributes back in its own spelling.
  const deployment = new TerraformDeployment(stack.terraform, {
    whose: { projectDirectory },
    input: { vars, refresh: false },
    progress,
  });
  return withHooks(deployment, { applied: () => stack.serveApplied() });
}

/** In the throw-away folder, asking the runtime's metrics with keys that open nothing. */
function contextOf({ context: { environment, signal, progress }, stack, detail }: CanaryPortOptions): CommandContext {
  return {
    projectDirectory: stack.folder,
    environment: { ...environment, ...metricsEnvironment(stack) },
    progress: {
      step: (title, work) => (detail(title), work(detail)),
      note: (text) => (isWaiting(text) ? detail(text.trim()) : progress.note(text)),
    },
    signal,
  };
}

const isWaiting = (text: string): boolean => text.startsWith("  waits:");

/** Where a canary runs; serializable, because another process receives it as an argument. */
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

/** Called while a canary runs. */
export interface RunHooks {
  /** The canary enters this phase. */
  readonly at: (phase: CanaryPhase) => void;
  /** Terraform has applied something; the run goes on once it is served. */
  readonly applied: () => Promise<void>;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Steps and times of a canary that is killed, in minutes of the metrics. Only KPIs that a few dozen requests decide are
 * judged, because latency depends on what else the machine does.
 */
const KILLED_CANARY = {
  steps: "50,100",
  interval: "5m",
  deadline: "10h",
  only: ["error_rate", "failed_requests"],
} as const;

/** What a run does: it starts a canary, or continues or takes back one that was killed. */
export type Act = "start" | "resume" | "abort";

/** The command's options. Abort is given no settings of the canary, because it must work from any machine. */
export function optionsOf(act: Act, vars: readonly string[]): CanaryOptions {
  return {
    ...(act === "start" ? KILLED_CANARY : { only: [] }),
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
  { terraform, place }: { readonly terraform: Terraform; readonly place: RunPlace },
  options: CanaryOptions,
  hooks: RunHooks,
): Promise<CommandResult> {
  const { projectDirectory, environment } = place;
  const context: CommandContext = { projectDirectory, environment, progress: hooks.progress, signal: hooks.signal };
  const clock = clockOf(timeLapse(place.factor, place.originMs));
  const deployment = new TerraformDeployment(terraform, {
    whose: { projectDirectory },
    input: { vars: options.vars ?? [] },
    progress: hooks.progress,
  });
  return canary(context, options, () =>
    Promise.resolve({
      deployment: withHooks(deployment, hooks),
      judge: withPhases(metricsJudge(context, clock), hooks),
      clock,
    }),
  );
}

function clockOf(time: TimeLapse): Clock {
  return { nowMs: () => time.at(Date.now()), sleep: (ms, signal) => sleep(time.real(ms), undefined, { signal }) };
}

function withPhases(judge: Judge, { at }: RunHooks): Judge {
  return { open: (canary, outputs) => (at(watchOf(canary)), judge.open(canary, outputs)) };
}

/** The environment in which a judge reads the local metrics, with keys that open nothing. */
export function metricsEnvironment({ runtime: { metricsUrl } }: LocalStack): Readonly<Record<string, string>> {
  if (metricsUrl === undefined) throw new Error("The local runtime records no metrics; start it with them.");
  return {
    AWS_ENDPOINT_URL: metricsUrl,
    AWS_ENDPOINT_URL_CLOUDWATCH: metricsUrl,
    AWS_ENDPOINT_URL_LAMBDA: metricsUrl,
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
  };
}

/** The deployment, with a call before each plan and after each apply. */
function withHooks(deployment: Deployment, { at, applied }: Pick<RunHooks, "applied"> & Partial<RunHooks>): Deployment {
  return {
    outputs: () => deployment.outputs(),
    plan: (release, mode) => {
      at?.(phaseOf(release));
      return deployment.plan(release, mode);
    },
    keep: (release) => deployment.keep(release),
    apply: async (release) => {
      await deployment.apply(release);
      await applied();
    },
  };
}
