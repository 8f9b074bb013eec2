import { createReadStream, existsSync } from "node:fs";
import { createInterface } from "node:readline";
import { type RehearsalRelease, HOW, varsOf } from "./releases";
import { setTimeout as sleep } from "node:timers/promises";
import type { TimeLapse } from "../../../scripts/emulator";
import { canary } from "../../../scripts/deploy/canary";
import type { CanaryOptions } from "../../../scripts/deploy/canary-options";
import { metricsJudge } from "../../../scripts/deploy/canary-judge";
import type { TimelineEvent } from "../../../scripts/deploy/canary-steps";
import { TerraformDeployment, type Deployment } from "../../../scripts/deploy/canary-deployment";
import type { CommandContext } from "../../../scripts/kit/context";
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
  const clock: Clock = {
    nowMs: () => time.at(Date.now()),
    sleep: (ms, signal) => sleep(time.real(ms), undefined, { signal }),
  };
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

/** What terraform applied is what is served: nothing else tells the local runtime. */
function servedAfterwards(
  stack: LocalStack,
  { projectDirectory, progress }: CommandContext,
  { vars = [] }: CanaryOptions,
): Deployment {
  // Without a refresh: the emulator gives some attributes back in its own spelling.
  const deployment = new TerraformDeployment(stack.terraform, {
    whose: { projectDirectory },
    stackDirectory: stack.directory,
    input: { vars, refresh: false },
    progress,
  });
  return {
    outputs: () => deployment.outputs(),
    plan: (release, mode) => deployment.plan(release, mode),
    keep: (release) => deployment.keep(release),
    apply: async (release) => {
      await deployment.apply(release);
      await stack.serveApplied();
    },
  };
}

/** In the throw-away folder, asking the runtime's metrics with keys that open nothing. */
function contextOf({ context: { environment, signal, progress }, stack, detail }: CanaryPortOptions): CommandContext {
  const { metricsUrl } = stack.runtime;
  if (metricsUrl === undefined) throw new Error("The local runtime records no metrics; start it with them");
  const addresses = {
    AWS_ENDPOINT_URL: metricsUrl,
    AWS_ENDPOINT_URL_CLOUDWATCH: metricsUrl,
    AWS_ENDPOINT_URL_LAMBDA: metricsUrl,
  };
  return {
    projectDirectory: stack.folder,
    environment: { ...environment, ...addresses, AWS_ACCESS_KEY_ID: "local", AWS_SECRET_ACCESS_KEY: "local" },
    progress: {
      step: (title, work) => (detail(title), work(detail)),
      note: (text) => (isWaiting(text) ? detail(text.trim()) : progress.note(text)),
    },
    signal,
  };
}

const isWaiting = (text: string): boolean => text.startsWith("  waits:");
