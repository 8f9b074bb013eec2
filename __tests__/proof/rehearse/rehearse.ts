import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judgeRehearsal, type RehearsalVerdict, type RehearsedRelease } from "./rehearsal";
import { timeLapse, type TimeLapse } from "../../../scripts/emulator";
import { AgentApiClient } from "../../../scripts/kit/api-client";
import type { CommandContext, CommandResult } from "../../../scripts/kit/context";
import { CALLERS, LocalStack, REGION } from "../../../scripts/local/local-stack";
import { setTimeout as sleep } from "node:timers/promises";
import { canaryPort, endedVersions, type RehearsalEvent, type ReleasePort } from "./local-canary";
import { FIRST_AGENTS, MAX_STABLE_P95_MS, RELEASES, SETTINGS, type RehearsalRelease } from "./releases";
import { SteadyLoad } from "./steady-load";
import { describeRehearsal, timelineOf, type Timeline } from "./text";

/**
 * What the emulator (moto 5.2.1) gives back otherwise than it was applied, or the local runtime has switched off there:
 * no plan is to mend it, so that a canary touches what it is to touch, may refresh as it does against AWS, and a
 * further plan is empty.
 */
const SPELT_OTHERWISE: Readonly<Record<string, readonly string[]>> = {
  aws_lambda_event_source_mapping: ["function_name", "enabled"],
  aws_sqs_queue: ["redrive_policy", "policy"],
};

/** @param directory of the synthesized stack; its next plan goes by it */
export function leaveSpellingAlone(directory: string): void {
  const { resource } = JSON.parse(readFileSync(join(directory, "cdk.tf.json"), "utf8")) as {
    resource: Record<string, Record<string, unknown>>;
  };
  const ofType = (type: string, attributes: readonly string[]) =>
    [
      type,
      Object.fromEntries(
        Object.keys(resource[type] ?? {}).map((name) => [name, { lifecycle: { ignore_changes: attributes } }]),
      ),
    ] as const;
  const override = {
    resource: Object.fromEntries(Object.entries(SPELT_OTHERWISE).map(([type, attributes]) => ofType(type, attributes))),
  };
  writeFileSync(join(directory, "spelt_otherwise_override.tf.json"), JSON.stringify(override));
}

export interface RehearseOptions {
  /** Minutes of metrics that pass in a real minute. */
  readonly factor: number;
  /** Requests that callers begin each second. */
  readonly rate: number;
  /** Keep the folder with state and logs. */
  readonly keep: boolean;
  /** Names of releases to rehearse; empty = all, in their order. */
  readonly only: readonly string[];
}

/** What a rehearsal found. */
export interface RehearsalReport {
  readonly factor: number;
  readonly verdict: RehearsalVerdict;
  readonly timelines: readonly Timeline[];
}

/** Callers poll so often, and give up after so long. */
const POLL_MS = 500;
const PATIENCE_MS = 60_000;

/** Callers ask for so long before the first release, so that the first version is seen while nothing is released. */
const QUIET_MS = 5_000;

/** Opens what releases versions on a stack. */
export type OpenPort = (given: {
  readonly stack: LocalStack;
  readonly time: TimeLapse;
  readonly load: SteadyLoad;
  /** Shows the step of the release. */
  readonly detail: (text: string) => void;
}) => ReleasePort;

/**
 * Rehearses releases without an account: callers ask the local runtime all the while, and a good version and bad ones
 * are released by the canary that a pipeline uses, judged by the metrics of what really ran, in time-lapse. Exit code 1
 * where one did not end as it was to, or where anybody but the callers of a bad version was worse off.
 */
export function rehearse(
  context: CommandContext,
  options: RehearseOptions,
  open: OpenPort = canaryOf(context),
): Promise<CommandResult> {
  const time = timeLapse(options.factor, Date.now());
  const releases = RELEASES.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const runtime = () => Promise.resolve({ metrics: true, metricsTime: time });
  return LocalStack.with(
    context,
    { settings: { agents: FIRST_AGENTS }, vars: SETTINGS, keep: options.keep, runtime },
    async (stack) => {
      leaveSpellingAlone(stack.directory);
      const clients = CALLERS.map((caller) => new AgentApiClient(stack.runtime.url, REGION, caller));
      const load = new SteadyLoad({
        clients,
        requestsPerSecond: options.rate,
        patienceMs: PATIENCE_MS,
        pollMs: POLL_MS,
      });
      const report = await runReleases(context, releases, {
        stack,
        load,
        factor: options.factor,
        open: (detail) => open({ stack, time, load, detail }),
      }).finally(() => load.stop());
      return { exitCode: report.verdict.holds ? 0 : 1, text: describeRehearsal(report), json: report };
    },
  );
}

const canaryOf =
  (context: CommandContext): OpenPort =>
  ({ stack, time, load, detail }) =>
    canaryPort({ context, stack, time, detail, begunAtMs: load.begunAtMs });

/** Where versions are released. */
interface ReleasePlace {
  readonly stack: LocalStack;
  readonly load: SteadyLoad;
  /** Minutes of metrics that pass in a real minute. */
  readonly factor: number;
  readonly open: (detail: (text: string) => void) => ReleasePort;
}

async function runReleases(
  { progress, signal }: CommandContext,
  releases: readonly RehearsalRelease[],
  { stack, load, factor, open }: ReleasePlace,
): Promise<RehearsalReport> {
  await progress.step("Callers ask the first version", () => sleep(QUIET_MS, undefined, { signal }));
  const done: DoneRelease[] = [];
  for (const release of releases) {
    done.push(
      await progress.step(
        `Release a version that ${release.what}`,
        (detail) => runRelease({ stack, load }, release, open(detail)),
        ({ release: { exitCode, live } }) => `exit code ${exitCode}, version ${live} is live`,
      ),
    );
  }
  const requests = await progress.step(
    "Wait for the callers' last requests",
    () => load.stop(),
    ({ length }) => `${length} requests`,
  );
  const versions = await endedVersions(
    join(stack.folder, "logs", `${String(stack.output("worker_function_name"))}.log`),
  );
  const verdict = judgeRehearsal({
    releases: done.map(({ release }) => release),
    requests,
    versions,
    maxStableP95Ms: MAX_STABLE_P95_MS,
  });
  return {
    factor,
    verdict,
    timelines: done.map((each) => timelineOf(each, requests, versions)),
  };
}

interface DoneRelease {
  readonly release: RehearsedRelease;
  readonly events: readonly RehearsalEvent[];
}

async function runRelease(
  { stack, load }: Pick<ReleasePlace, "stack" | "load">,
  release: RehearsalRelease,
  port: ReleasePort,
): Promise<DoneRelease> {
  const [startedMs, stable] = [load.nowMs, String(stack.output("live_version"))];
  const { exitCode, events } = await port.release(release);
  const settings = stack.output("settings") as Readonly<Record<string, unknown>>;
  const [live, candidate] = [String(stack.output("live_version")), String(stack.output("newest_version"))];
  const { name, wanted } = release;
  return {
    release: {
      name,
      wanted,
      startedMs,
      endedMs: load.nowMs,
      exitCode,
      stable,
      candidate,
      live,
      weighted: Number(settings["canary_weight"] ?? 0) > 0,
    },
    events,
  };
}
