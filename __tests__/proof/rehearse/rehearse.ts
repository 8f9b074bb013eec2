import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { judgeRehearsal, type RehearsalEvent, type RehearsalVerdict, type RehearsedRelease } from "./rehearsal";
import { timeLapse } from "../../../scripts/emulator";
import { AgentApiClient } from "../../../scripts/kit/api-client";
import type { CommandContext, CommandResult, Progress } from "../../../scripts/kit/context";
import { CALLERS, LocalStack, REGION } from "../../../scripts/local/local-stack";
import { endsInLog } from "../soak/history";
import { optionsOf, placeOn, runCanary, type RunPlace } from "./local-canary";
import { FIRST_AGENTS, HOW, MAX_STABLE_P95_MS, RELEASES, SETTINGS, varsOf, type RehearsalRelease } from "./releases";
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
  const ignored = Object.entries(SPELT_OTHERWISE).map(([type, attributes]) => {
    const lifecycle = { ignore_changes: attributes };
    return [type, Object.fromEntries(Object.keys(resource[type] ?? {}).map((name) => [name, { lifecycle }]))] as const;
  });
  const override = { resource: Object.fromEntries(ignored) };
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

/**
 * Rehearses releases without an account: callers ask the local runtime all the while, and a good version and bad ones
 * are released by the canary that a pipeline uses, judged by the metrics of what really ran, in time-lapse. Exit code 1
 * where one did not end as it was to, or where anybody but the callers of a bad version was worse off.
 */
export function rehearse(context: CommandContext, options: RehearseOptions): Promise<CommandResult> {
  const time = { factor: options.factor, originMs: Date.now() };
  const releases = RELEASES.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const runtime = () => Promise.resolve({ metrics: true, metricsTime: timeLapse(time.factor, time.originMs) });
  const given = { settings: { agents: FIRST_AGENTS }, vars: SETTINGS, keep: options.keep, runtime };
  return LocalStack.with(context, given, async (stack) => {
    leaveSpellingAlone(stack.directory);
    const load = new SteadyLoad({
      clients: CALLERS.map((caller) => new AgentApiClient(stack.runtime.url, REGION, caller)),
      requestsPerSecond: options.rate,
      patienceMs: PATIENCE_MS,
      pollMs: POLL_MS,
    });
    const place = { stack, load, run: placeOn(stack, context, time) };
    const report = await runReleases(context, releases, place).finally(() => load.stop());
    return { exitCode: report.verdict.holds ? 0 : 1, text: describeRehearsal(report), json: report };
  });
}

/** Where versions are released. */
interface ReleasePlace {
  readonly stack: LocalStack;
  readonly load: SteadyLoad;
  readonly run: RunPlace;
}

async function runReleases(
  context: CommandContext,
  releases: readonly RehearsalRelease[],
  place: ReleasePlace,
): Promise<RehearsalReport> {
  const { progress, signal } = context;
  const { stack, load, run } = place;
  await progress.step("Callers ask the first version", () => sleep(QUIET_MS, undefined, { signal }));
  const done: DoneRelease[] = [];
  for (const release of releases)
    done.push(
      await progress.step(
        `Release a version that ${release.what}`,
        (detail) => runRelease({ ...context, progress: detailed(progress, detail) }, release, place),
        ({ release: { exitCode, live } }) => `exit code ${exitCode}, version ${live} is live`,
      ),
    );
  const requests = await progress.step(
    "Wait for the callers' last requests",
    () => load.stop(),
    ({ length }) => `${length} requests`,
  );
  // The version that ended a request is in the worker's log alone: callers are not told.
  const log = join(stack.folder, "logs", `${String(stack.output("worker_function_name"))}.log`);
  const versions = new Map(endsInLog(log).map(({ requestId, version }) => [requestId, version]));
  const verdict = judgeRehearsal({
    releases: done.map(({ release }) => release),
    requests,
    versions,
    maxStableP95Ms: MAX_STABLE_P95_MS,
  });
  return { factor: run.factor, verdict, timelines: done.map((each) => timelineOf(each, requests, versions)) };
}

/** Shows a canary's steps, and what it waits for, as details of the release. */
const detailed = (progress: Progress, detail: (text: string) => void): Progress => ({
  step: (title, work) => {
    detail(title);
    return work(detail);
  },
  note: (text) => (text.startsWith("  waits:") ? detail(text.trim()) : progress.note(text)),
});

interface DoneRelease {
  readonly release: RehearsedRelease;
  readonly events: readonly RehearsalEvent[];
}

async function runRelease(
  { progress, signal }: CommandContext,
  release: RehearsalRelease,
  { stack, load, run }: ReleasePlace,
): Promise<DoneRelease> {
  const [startedMs, stable] = [load.nowMs, String(stack.output("live_version"))];
  const { exitCode, json } = await runCanary(
    { terraform: stack.terraform, place: run },
    optionsOf("start", [...stack.vars, ...varsOf(release)], HOW),
    { applied: () => stack.serveApplied(), progress, signal },
  );
  const time = timeLapse(run.factor, run.originMs);
  const settings = stack.output("settings") as Readonly<Record<string, unknown>>;
  const { name, wanted } = release;
  return {
    release: {
      name,
      wanted,
      startedMs,
      endedMs: load.nowMs,
      exitCode,
      stable,
      candidate: String(stack.output("newest_version")),
      live: String(stack.output("live_version")),
      weighted: Number(settings["canary_weight"] ?? 0) > 0,
    },
    events: json.timeline.map(({ at, weight, says }) => ({
      atMs: time.real(Date.parse(at) - time.at(load.begunAtMs)),
      weight,
      says,
    })),
  };
}
